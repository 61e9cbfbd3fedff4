package notify

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestEveryFaultOfTheAllowListIsToldAtOnce(t *testing.T) {
	t.Parallel()
	_, problems := ParseAllowed([]string{
		" ada@example.org",
		"@example.com ",
		"@intranet",
		"@bücher.example",
		"ada@bücher.example", // fine
		"",
		"example.org",
		"*@example.org",
		"@*.example.org",
		"@.example.org",
		"@example.org.",
		"Ada <ada@example.org>",
		`"ada"@example.org`,
		"ada@exa_mple.org",
		"@büch er.example",
		"ada@b@example.org",
		"ada@example.org\n",
		"@",
		"@-example.org",
		"@" + strings.Repeat("a", 64) + ".org",
		strings.Repeat("a", 250) + "@example.org",
		"ada @example.org",
	})
	require.Len(t, problems, 16, "%s", strings.Join(problems, "\n")) // "ada@example.org\n" is fine once trimmed
	require.Contains(t, problems[0], "empty entry")
	require.Contains(t, problems[1], `"example.org", which is neither one plain address`)
}

// Whatever is written, a message goes to the caller's registered address, to an address that the operator wrote, or to an
// address at a domain that the operator wrote.
func TestNoSpellingReachesAnybodyElse(t *testing.T) {
	t.Parallel()
	allowed, problems := ParseAllowed([]string{"Team@Example.com", "@allowed.example"})
	require.Empty(t, problems)
	const own = "Ada@Example.org"
	parts := rapid.SampledFrom(
		[]string{"ada", "ADA", "team", "x", "@", "example", "EXAMPLE", ".", "org", "com", "allowed", "+", "Kelvin", "\u212a", "ſ", ",", " "},
	)
	rapid.Check(t, func(t *rapid.T) {
		to := strings.Join(rapid.SliceOfN(parts, 1, 9).Draw(t, "to"), "")
		if rapid.Bool().Draw(t, "at a domain that is named") {
			to += rapid.SampledFrom([]string{"@example.org", "@Example.COM", "@allowed.example", "@sub.allowed.example"}).Draw(t, "domain")
		}
		address, may := allowed.reach(to, own)
		switch {
		case !may:
		case address == "Ada@example.org", address == "Team@example.com":
		case strings.HasSuffix(address, "@allowed.example") && strings.HasPrefix(to, strings.TrimSuffix(address, "allowed.example")):
		default:
			t.Fatalf("%q reached %q", to, address)
		}
	})
}

// What is made into a subject is one line that misleads nobody, whatever it was.
func TestASubjectIsOneLineWhateverItIsMadeFrom(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.OneOf(rapid.Rune(), rapid.SampledFrom([]rune("\r\n\t\x00\x1b\u0085\u2028\u2029\u202e\u2066 a")))).Draw(t, "text")
		line := oneLine(text)
		require.False(t, strings.ContainsFunc(line, misleads), "%q", line)
		require.LessOrEqual(t, len([]rune(line)), longestSubject)
		require.Equal(t, line, oneLine(line))
		require.False(t, strings.ContainsFunc(lines(text), misleadsInText))
	})
	require.Equal(t, "Ada Bcc: x@example.org", oneLine("Ada\r\nBcc:\u2028x@example.org\u202e"))
	require.Equal(t, "Ada Lovelace", oneLine("Ada Lovelace"))
	require.Equal(t, "one\ntwo\tthree", lines("one\ntwo\x1b\tthree"))
}
