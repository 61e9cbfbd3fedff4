package accounts

import (
	"testing"

	"github.com/postwright/postwright/internal/dbtest/rowtest"
)

func TestEveryColumnOfAnAccountIsMapped(t *testing.T) {
	t.Parallel()
	rowtest.EveryColumnIsMapped(t, FromRow)
}
