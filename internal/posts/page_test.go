package posts

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestAPageTokenLeadsBackToItsPlace(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		query := hashQuery(rapid.String().Draw(t, "query"))
		last := key{
			id: uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id")),
			at: time.UnixMicro(rapid.Int64Range(0, latest.UnixMicro()).Draw(t, "at")),
		}
		place, faults := decodeToken(query, encodeToken(query, last), newestFirst)
		require.Empty(t, faults)
		require.Equal(t, last.id, place.id)
		require.True(t, last.at.Equal(place.at))
	})
}

func TestAPageTokenThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	query := hashQuery("list", "ada", "draft")
	good := encodeToken(query, key{id: uuid.Max, at: time.UnixMicro(1)})
	raw, err := base64.RawURLEncoding.DecodeString(good)
	require.NoError(t, err)
	changed := func(i int, b byte) string {
		other := append([]byte{}, raw...)
		other[i] = b
		return base64.RawURLEncoding.EncodeToString(other)
	}
	for name, c := range map[string]struct {
		query   queryHash
		token   string
		problem string
	}{
		"not base64":                 {query, "%%%", "not one of ours"},
		"padded base64":              {query, good + "=", "not one of ours"},
		"too short":                  {query, good[:len(good)-4], "not one of ours"},
		"too long":                   {query, good + "AAAA", "not one of ours"},
		"of another version":         {query, changed(0, 2), "not one of ours"},
		"of a time after every post": {query, changed(9, 0x7f), "not one of ours"},
		"of a time before 1970":      {query, changed(9, 0xff), "not one of ours"},
		"of another state":           {hashQuery("list", "ada", ""), good, "another query"},
		"of another owner":           {hashQuery("list", "bob", "draft"), good, "another query"},
		"of a search":                {hashQuery("search", "ada", "draft"), good, "another query"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			place, faults := decodeToken(c.query, c.token, newestFirst)
			require.Len(t, faults, 1)
			require.Equal(t, "pageToken", faults[0].Path)
			require.Contains(t, faults[0].Problem, c.problem)
			require.Equal(t, key{}, place)
		})
	}
}

func TestTheFirstPageNeedsNoToken(t *testing.T) {
	t.Parallel()
	start := key{at: time.UnixMicro(7)}
	place, faults := decodeToken(hashQuery("any"), "", start)
	require.Empty(t, faults)
	require.Equal(t, start, place)
}

func TestQueriesWithTheSameWordsInOtherPlacesDiffer(t *testing.T) {
	t.Parallel()
	require.NotEqual(t, hashQuery("ab", "c"), hashQuery("a", "bc"))
	require.NotEqual(t, hashQuery("a", ""), hashQuery("a"))
}

func FuzzDecodeToken(f *testing.F) {
	query := hashQuery("list")
	f.Add("")
	f.Add("AQ")
	f.Add(encodeToken(query, key{id: uuid.Max, at: time.UnixMicro(1)}))
	f.Add(encodeToken(query, key{at: time.UnixMicro(-1)}))
	f.Fuzz(func(t *testing.T, token string) {
		place, faults := decodeToken(query, token, newestFirst)
		if len(faults) > 0 {
			require.Equal(t, key{}, place)
			return
		}
		// What is taken stands for one place, within the times that posts can have.
		require.False(t, place.at.After(latest))
		if token != "" {
			same := strings.NewReplacer("\r", "", "\n", "").Replace(token) // base64 skips line ends
			require.Equal(t, same, encodeToken(query, place))
		}
	})
}
