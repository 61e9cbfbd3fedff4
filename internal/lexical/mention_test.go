package lexical

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNoRuleChangesAMention(t *testing.T) {
	t.Parallel()
	const mentioned = "@[In order to Utilize Basically Ltd. don't](urn:li:organization:5)"
	for _, kind := range []string{"engagement", "clarity", "brevity", "professional_tone"} {
		got, known := Optimize("In order to win, we basically utilize "+mentioned+" and "+mentioned+".", kind)
		require.True(t, known)
		require.Contains(t, got, mentioned+" and "+mentioned, kind)
	}
	require.Equal(t, "We met   and   at  .", Prose("We met @[Anna Müller](urn:li:person:1) and @carla at https://example.org/a."))
}
