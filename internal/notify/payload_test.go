package notify

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/postwright/postwright/internal/dbtest/rowtest"
	"github.com/postwright/postwright/internal/vendors/webpush"
)

// Whatever is told, a browser gets JSON that fits, with the beginning of the text; all of it where it fits.
func TestAPayloadFits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		piece := rapid.SampledFrom([]string{"a", "\"", "\n", "é", "<", "\u2028", "👍", "\x01", "text "})
		text := strings.Repeat(strings.Join(rapid.SliceOfN(piece, 0, 40).Draw(t, "pieces"), ""), rapid.IntRange(0, 300).Draw(t, "times"))
		subject := strings.Repeat(piece.Draw(t, "subject"), rapid.IntRange(0, 300).Draw(t, "length"))
		m := Message{Event: Published, Subject: subject, Content: text, id: uuid.New()}
		got := payloadOf(m)
		require.LessOrEqual(t, len(got), webpush.MostBytes)
		var p payload
		require.NoError(t, json.Unmarshal(got, &p))
		require.True(t, utf8.ValidString(p.Body))
		require.True(t, strings.HasPrefix(text, strings.TrimSuffix(p.Body, "…")))
		if p.Body != text {
			require.Greater(t, len(got), webpush.MostBytes-20, "as much as fits")
		}
	})
}

func TestEveryColumnOfABrowserIsMapped(t *testing.T) {
	t.Parallel()
	rowtest.EveryColumnIsMapped(t, browserFromRow)
}
