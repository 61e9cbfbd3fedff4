package publishing

import (
	"testing"

	"github.com/postwright/postwright/internal/dbtest/rowtest"
)

func TestEveryColumnOfAnAttemptIsMapped(t *testing.T) {
	t.Parallel()
	rowtest.EveryColumnIsMapped(t, attemptFromRow)
}

func TestEveryColumnOfAPublicationIsMapped(t *testing.T) {
	t.Parallel()
	rowtest.EveryColumnIsMapped(t, publicationFromRow)
}
