package lexical_test

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/postwright/postwright/internal/lexical"
)

// longTexts are texts of about 10,000 characters: what people write, and what takes the rules longest.
func longTexts() map[string]string {
	const length = 10_000
	fill := func(piece string) string { return strings.Repeat(piece, length/len(piece)+1)[:length] }
	return map[string]string{
		"prose": fill("We are really proud of the new release, and it is not just about speed. In order to ship it, the team leveraged " +
			"the whole platform — don't you love it? Read more at https://example.com/a, or ask @carla.\n\n"),
		"one word":   fill("a"),
		"dots":       fill("a."),
		"fillers":    fill("really very "),
		"emoji":      fill("🎉 good ")[:length/9*9],
		"mail":       fill("a@b"),
		"shouting":   fill("GOOD!!! ?"),
		"hyphens":    fill("in-order-to-"),
		"short runs": fill("ab cd. "),
		"tags":       fill("x#a-"),
		"websites":   fill("a.de,"),
		"joints":     fill("it is, and we, "),
		"contrast":   fill("not good but VERY bad! "),
		"phrases":    fill(phrases()),
	}
}

// phrases are some of those that are replaced, so that each is found.
func phrases() string {
	return "in order to due to the fact that at this point in time a large number of with regard to prior to utilize facilitate can't I'm gonna "
}

// cost runs a rule on a text, and reports the time that it had a core: that is the same on a machine that does other things.
func cost(b *testing.B, rule string, run func(text string)) {
	for name, text := range longTexts() {
		b.Run(rule+"/"+name, func(b *testing.B) {
			before := used(b)
			for b.Loop() {
				run(text)
			}
			b.ReportMetric(float64((used(b)-before).Microseconds())/1000/float64(b.N), "core-ms/op")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// used is the time that this process has had a core.
func used(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkTenThousandCharacters(b *testing.B) {
	lexicon := lexical.New()
	cost(b, "language", func(text string) { lexical.Language(text) })
	cost(b, "sentiment", func(text string) { lexicon.Sentiment(text) })
	cost(b, "hashtags", func(text string) { lexical.Hashtags(text) })
	for _, kind := range kinds {
		cost(b, kind, func(text string) { lexical.Optimize(text, kind) })
	}
}
