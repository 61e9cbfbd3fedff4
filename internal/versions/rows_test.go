package versions

import (
	"testing"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/dbtest/rowtest"
)

func TestEveryColumnOfAVersionIsMapped(t *testing.T) {
	t.Parallel()
	rowtest.EveryColumnIsMapped(t, func(row db.PostVersion, err error) (Version, error) { return fromRow(row), err })
}
