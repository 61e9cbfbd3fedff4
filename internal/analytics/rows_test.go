package analytics

import (
	"testing"

	"github.com/postwright/postwright/internal/dbtest/rowtest"
)

func TestEveryColumnOfAnalyticsIsMapped(t *testing.T) {
	t.Parallel()
	rowtest.EveryColumnIsMapped(t, fromRow)
}
