package notify_test

import (
	"testing"

	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/app/apptest"
)

// world is a whole Postwright, with what the tests of this package do to it.
type world struct{ apptest.World }

func newWorld(t *testing.T, change ...func(*app.Config)) *world {
	t.Helper()
	return &world{*apptest.New(t, change...)}
}
