package app_test

import (
	"log/slog"
	"os"
	"testing"

	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/app/apptest"
	"github.com/postwright/postwright/internal/dbtest"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

// world is a whole Postwright, with what the tests of this package do to it.
type world struct{ apptest.World }

func newWorld(t *testing.T, change ...func(*app.Config)) *world {
	t.Helper()
	return &world{*apptest.New(t, change...)}
}

// newLoggedWorld is newWorld with a log.
func newLoggedWorld(t *testing.T, log *slog.Logger, change ...func(*app.Config)) *world {
	t.Helper()
	return &world{*apptest.NewLogged(t, log, change...)}
}
