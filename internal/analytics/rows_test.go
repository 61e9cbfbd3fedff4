package analytics

import (
	"testing"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/dbtest/rowtest"
)

func TestEveryColumnOfAnalyticsIsMapped(t *testing.T) {
	t.Parallel()
	rowtest.EveryColumnIsMapped(t, fromRow)
	rowtest.EveryColumnIsMapped(t, func(row db.AnalyticsListNumbersRow, err error) (Numbers, error) { return numbersFromRow(row), err })
}
