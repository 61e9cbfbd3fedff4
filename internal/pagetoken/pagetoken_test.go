package pagetoken_test

import (
	"math"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/pagetoken"
)

func TestATokenSaysWhatItWasMadeFor(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		post := uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "post"))
		before := rapid.Int64Min(0).Draw(t, "before")
		got, err := pagetoken.Before(post, pagetoken.Make(post, before))
		require.NoError(t, err)
		require.Equal(t, before, got)
	})
}

func TestATokenThatIsNotOursIsRefused(t *testing.T) {
	t.Parallel()
	post := uuid.New()
	for name, token := range map[string]string{
		"another post's":   pagetoken.Make(uuid.New(), 7),
		"cut off":          pagetoken.Make(post, 7)[:30],
		"longer":           pagetoken.Make(post, 7) + "AAAA",
		"not base64":       "%%%",
		"a negative place": pagetoken.Make(post, -1),
	} {
		_, err := pagetoken.Before(post, token)
		require.True(t, fault.Is(err, fault.Invalid), name)
		require.Equal(t, "pageToken", fault.Of(err).Fields[0].Path, name)
	}
	last, err := pagetoken.Before(post, "")
	require.NoError(t, err)
	require.Equal(t, int64(math.MaxInt64), last)
}
