package text

import (
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// The short way gives what the long one does.
func TestFoldingOneByOneIsFolding(t *testing.T) {
	t.Parallel()
	for r := range rune(unicode.MaxRune + 1) {
		if !unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z, unicode.Cc, unicode.Cf) || unicode.Is(unicode.Han, r) {
			continue // nothing is written with it, or it has neither case nor forms
		}
		s := "a" + string(r) + "b " + string(r) + string(r)
		if got, want := Fold(s), fold(s); got != want {
			t.Fatalf("%q folds to %q and one by one to %q", s, want, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOf(
			rapid.OneOf(rapid.Rune(), rapid.SampledFrom([]rune("ßẞΣσςİıKÅﬁe\u0301\u0308\u0345\u1100\u1161\u11a8ｶﾞ \n\u200d´¨"))),
		).Draw(
			t,
			"text",
		)
		require.Equal(t, fold(s), Fold(s), "%q", s)
	})
}
