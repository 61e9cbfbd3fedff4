package identity

import (
	"testing"

	"github.com/postwright/postwright/internal/dbtest/rowtest"
)

func TestEveryColumnOfAUserIsMapped(t *testing.T) {
	t.Parallel()
	rowtest.EveryColumnIsMapped(t, userFromRow, "EmailKey")
}

func TestEveryColumnOfAKeyIsMapped(t *testing.T) {
	t.Parallel()
	rowtest.EveryColumnIsMapped(t, keyFromRow)
}

func TestEveryColumnOfASessionIsMapped(t *testing.T) {
	t.Parallel()
	rowtest.EveryColumnIsMapped(t, sessionFromRow)
}
