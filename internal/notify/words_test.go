package notify

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
	"pgregory.net/rapid"
)

// What each event says, as text and as a page with the same in it.
func TestWhatEachEventSays(t *testing.T) {
	t.Parallel()
	const link = "https://www.linkedin.com/feed/update/urn:li:share:1/"
	for name, c := range map[string]struct {
		event         Event
		words         words
		subject, text string
		page          []string
	}{
		"published": {Published, words{Opening: "Hi <b>", Link: link}, "Your post is on LinkedIn", `"Hi <b>" was published.` + "\n\n" + link,
			[]string{`“Hi &lt;b&gt;” was published.`, `<a href="` + link + `">`}},
		"published, nobody knows where": {Published, words{Opening: "Hi"}, "Your post is on LinkedIn",
			"\"Hi\" was published.\n\nLinkedIn did not say under which address.", []string{"did not say under which address"}},
		"failed": {Failed, words{Opening: "Hi", Problem: "It is too long.", Remedy: "Shorten it.", PostID: "1-2"}, "Your post was not published",
			"\"Hi\": It is too long.\n\nShorten it.\n\nThe post's id is 1-2.", []string{"<p>Shorten it.</p>", "<code>1-2</code>"}},
		"unconfirmed": {Unconfirmed, words{Opening: "Hi", Problem: "No answer came.", Remedy: "Look.", PostID: "1-2", Link: link},
			"It is not known whether your post is on LinkedIn", "\"Hi\": No answer came.\n\nLook.\n\n" + link + "\n\nThe post's id is 1-2.",
			[]string{"No answer came.", `<a href="` + link + `">`}},
		"waiting": {Waiting, words{Opening: "Hi", Problem: "Its token ends.", PostID: "1-2", Last: true}, "Your scheduled post may not go out",
			"\"Hi\": Its token ends.\n\nThe post's id is 1-2.\n\n" +
				"No more messages like this come today (UTC): ListPosts shows how your other posts ended.",
			[]string{"Its token ends.", "No more messages like this come today"}},
		"a token that ends": {TokenExpiring, words{Account: "Ada & Co", Until: "2026-03-04T12:00:00Z", Days: 4, Scheduled: 2},
			"Ada & Co must be connected again within 4 days",
			"The account's token ends at 2026-03-04T12:00:00Z. 2 scheduled posts are due after that.\n\n" +
				"Connect the account again, with ConnectAccount.",
			[]string{"<title>Ada &amp; Co must be connected again within 4 days</title>", "2 scheduled posts are due after that."}},
		"a token that is assumed to end": {TokenExpiring, words{Account: "Ada", Until: "2026-03-04T12:00:00Z", Days: 4, Assumed: true},
			"Ada must be connected again within 4 days",
			"The account's token is assumed to end, 60 days after it was added, at 2026-03-04T12:00:00Z.\n\n" +
				"Connect the account again, with ConnectAccount.",
			[]string{"is assumed to end"}},
		"a token that is refused": {TokenExpiring, words{Account: "Ada", Refused: "REVOKED_ACCESS_TOKEN"}, "LinkedIn does not accept Ada any more",
			"LinkedIn refuses the account's token (REVOKED_ACCESS_TOKEN), so nothing goes out with it. What is queued waits and goes out once the " +
				"account is connected again; delete what is not to.\n\nConnect the account again, with ConnectAccount.",
			[]string{"(REVOKED_ACCESS_TOKEN)"}},
		"a version that ends": {VersionEnding, words{Subject: "LinkedIn ends it", Text: "One.\n\nTwo."}, "LinkedIn ends it", "One.\n\nTwo.",
			[]string{"<p>One.</p>", "<p>Two.</p>"}},
		"a webhook that is off": {WebhookOff, words{Link: "https://example.org/a?b&c", Problem: "it answered that it is gone (410)"},
			"A webhook was switched off",
			"Events are not sent to https://example.org/a?b&c any more: it answered that it is gone (410). ListWebhookDeliveries shows what it " +
				"answered.\n\nSet enabled with UpdateWebhook once it works again, and send again what it missed with ResendWebhookDelivery.",
			[]string{"https://example.org/a?b&amp;c any more"}},
	} {
		m, err := write(c.event, c.words)
		require.NoError(t, err, name)
		require.Equal(t, c.subject, m.Subject, name)
		require.Equal(t, c.text, m.Content, name)
		for _, part := range c.page {
			require.Contains(t, m.HTML, part, name)
		}
		require.Contains(t, m.HTML, "UpdatePreferences", name)
	}
}

// Whatever stands in a post or a name, the page has the elements that it has for a harmless one, and leads nowhere else.
func TestNoTextOfOthersBecomesPartOfAPage(t *testing.T) {
	t.Parallel()
	nasty := rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]string{
		"<script>", "</p>", "<img src=x onerror=1>", `"`, "'", "&", "{{.Link}}", "{{", "javascript:alert(1)", "\r\n", "\u202e", "<!--", "-->", "a", "`",
	}), 1, 8), func(parts []string) string { return "x" + strings.Join(parts, "") })
	rapid.Check(t, func(t *rapid.T) {
		event := rapid.SampledFrom(Events()).Draw(t, "event")
		harmless := words{Opening: "x", Link: "https://www.linkedin.com/", PostID: "x", Problem: "x", Remedy: "x", Account: "x", Refused: "x", Until: "x",
			Subject: "x", Text: "x"}
		w := words{
			Opening: nasty.Draw(t, "opening"), Link: "https://www.linkedin.com/", PostID: nasty.Draw(t, "id"), Problem: nasty.Draw(t, "problem"),
			Remedy: nasty.Draw(t, "remedy"), Account: nasty.Draw(t, "account"), Refused: nasty.Draw(t, "refused"), Until: nasty.Draw(t, "until"),
			Subject: nasty.Draw(t, "subject"), Text: nasty.Draw(t, "text"),
		}
		m, err := write(event, w)
		require.NoError(t, err)
		plain, err := write(event, harmless)
		require.NoError(t, err)
		require.Equal(t, elements(plain.HTML), elements(m.HTML))
		require.False(t, strings.ContainsFunc(m.Subject, misleads))
		require.False(t, strings.ContainsFunc(m.HTML, misleadsInText))
		require.False(t, strings.ContainsFunc(m.Content, misleadsInText))
	})
	m, err := write(Published, words{Opening: "x", Link: "javascript:alert(1)"})
	require.NoError(t, err)
	require.NotContains(t, m.HTML, "javascript:")
}

// elements are the tags of a page in order, with their attributes.
func elements(page string) (tags []string) {
	z := html.NewTokenizer(strings.NewReader(page))
	for z.Next() != html.ErrorToken {
		if token := z.Token(); token.Type != html.TextToken {
			tags = append(tags, token.String())
		}
	}
	return tags
}
