// Package engagement learns from published posts what the next one may come to, and when posts come to most.
//
// It must not know where the posts come from, nor whose they are. It keeps nothing: a few hundred posts are learned from in
// milliseconds.
package engagement

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/postwright/postwright/internal/text"
)

// Least is how many posts it takes to learn from.
const Least = 20

// Post is what is known of a post before it goes out.
type Post struct {
	Content   string
	Hashtags  []string
	At        time.Time // when it went or goes out
	Sentiment float64   // -1 to 1; 0 where nobody knows
}

// Published is a post that went out, and what it came to.
type Published struct {
	Post
	ID         string
	Engagement float64 // less than 0 is taken as 0
}

// The traits of a post that may make a difference.
const (
	Length    = "length"    // of the text
	Hook      = "hook"      // how long the first line is: more of it than is shown before "see more" is not read
	Hour      = "hour"      // of the day, around the clock
	Weekday   = "weekday"   //
	Hashtag   = "hashtags"  // how many
	Question  = "question"  // whether it asks one
	Sentiment = "sentiment" //
)

// shownOfHook is about how many characters of a post LinkedIn shows before "see more".
const shownOfHook = 210

// traits name the columns of a post's row, see row; a trait with several columns stands there several times.
var traits = []string{
	Length, Hook, Hour, Hour, Weekday, Weekday, Weekday, Weekday, Weekday, Weekday, Weekday, Hashtag, Question, Sentiment,
}

// row are a post's traits as numbers, on the clocks of a zone.
func row(p Post, zone *time.Location) []float64 {
	at := p.At.In(zone)
	angle := 2 * math.Pi * (float64(at.Hour()) + float64(at.Minute())/60) / 24
	hook, _, _ := strings.Cut(strings.TrimSpace(p.Content), "\n")
	values := []float64{
		math.Log1p(float64(utf8.RuneCountInString(p.Content))),
		math.Log1p(float64(min(utf8.RuneCountInString(hook), shownOfHook))),
		math.Sin(angle), math.Cos(angle),
	}
	for day := range time.Saturday + 1 {
		values = append(values, truth(at.Weekday() == day))
	}
	return append(values, math.Log1p(float64(hashtags(p))), truth(strings.Contains(p.Content, "?")), p.Sentiment)
}

// hashtags is how many different ones a post goes out with.
func hashtags(p Post) int {
	different := map[string]bool{}
	for _, tag := range slices.Concat(text.Hashtags(p.Content), p.Hashtags) {
		different[text.HashtagKey(tag)] = true
	}
	return len(different)
}

func truth(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// inOrder are posts in an order that does not depend on the one they come in.
func inOrder(published []Published) []Published {
	sorted := slices.Clone(published)
	slices.SortFunc(sorted, func(a, b Published) int {
		return cmp.Or(a.At.Compare(b.At), strings.Compare(a.ID, b.ID))
	})
	return sorted
}
