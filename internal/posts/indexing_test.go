package posts

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// Whoever searches again and again while they wait takes nobody's place.
func TestAnOwnerWaitsForTheIndexInOnePlace(t *testing.T) {
	t.Parallel()
	i := newIndexing()
	ada, bob := uuid.New(), uuid.New()
	for range 2 * maxWishes {
		i.wish(ada)
	}
	i.wish(bob)
	require.Equal(t, ada, <-i.wishes)
	i.begin(ada)
	i.wish(ada) // for what was made since
	require.Equal(t, bob, <-i.wishes)
	require.Equal(t, ada, <-i.wishes)
}
