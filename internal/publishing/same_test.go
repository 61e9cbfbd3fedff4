package publishing

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/text"
)

// The database finds by a key what internal/text then compares: no two texts that are the same as read may differ in it.
func TestTextsThatReadTheSameHaveTheSameKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	same := func(of []string, as string) {
		t.Helper()
		var differ []string
		require.NoError(t, w.store.Pool().QueryRow(t.Context(), `SELECT coalesce(array_agg(s), '{}') FROM unnest($1::text[]) AS s
			WHERE post_text_key(s) <> post_text_key($2)`, of, as).Scan(&differ))
		require.Empty(t, differ, "%+q", differ)
	}
	var unseen []string // beside a letter, and between one and its accent
	var accented []string
	for r := rune(1); r <= 0x10ffff; r++ {
		s := "a" + string(r) + "b"
		if r >= 0xd800 && r <= 0xdfff || strings.NewReplacer(" ", "", "\n", "").Replace(text.AsRead(s)) != "ab" {
			continue
		}
		unseen = append(unseen, s)
		if accent := "e" + string(r) + "\u0301"; text.AsRead(accent) == "\u00e9" {
			accented = append(accented, accent)
		}
	}
	require.Greater(t, len(unseen), 300)
	require.Greater(t, len(accented), 300)
	same(unseen, "ab")
	same(accented, "\u00e9")
}
