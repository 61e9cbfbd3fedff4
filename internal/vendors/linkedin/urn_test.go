package linkedin

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseURN(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"urn:li:person:8675309AbC_-", "urn:li:organization:2414183", "urn:li:share:7141138937766391808",
		"urn:li:ugcPost:6844785523593134080", "urn:li:activity:1",
	} {
		urn, err := ParseURN(s)
		require.NoError(t, err)
		require.Equal(t, s, urn.String())
		require.False(t, urn.IsZero())
		require.Equal(t, strings.Split(s, ":")[2], string(urn.Kind()))
		require.Equal(t, strings.Split(s, ":")[3], urn.ID())
	}
	for name, s := range map[string]string{
		"nothing": "", "no id": "urn:li:share:", "another kind": "urn:li:comment:1", "no kind": "urn:li::1",
		"another name space": "urn:example:share:1", "a tuple": "urn:li:comment:(urn:li:activity:1,2)", "a space": "urn:li:share:1 ",
		"a line more": "urn:li:share:1\n", "encoded": "urn%3Ali%3Ashare%3A1", "a colon more": "urn:li:share:1:2",
		"capitals": "URN:LI:SHARE:1", "a path": "urn:li:share:../1", "far too long": "urn:li:share:" + strings.Repeat("1", 101),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			urn, err := ParseURN(s)
			require.Error(t, err)
			require.True(t, urn.IsZero())
			require.Empty(t, urn.String())
		})
	}
}

func FuzzParseURN(f *testing.F) {
	f.Add("urn:li:share:1")
	f.Add("urn:li:person:a-b_c")
	f.Add("urn:li:share:1\n")
	f.Fuzz(func(t *testing.T, s string) {
		urn, err := ParseURN(s)
		if err != nil {
			require.True(t, urn.IsZero())
			return
		}
		require.Equal(t, s, urn.String(), "a URN is kept as it came")
		require.NotContains(t, urn.encoded(), ":")
		decoded, err := url.PathUnescape(urn.encoded())
		require.NoError(t, err)
		require.Equal(t, s, decoded)
	})
}
