// Package lexical analyses and rewrites English texts with word lists and rules: sentiment by the VADER lexicon, hashtags
// from key phrases, improvement by small safe edits. It is the built-in engine, and what the sandbox's analysis API answers with:
// not clever, but real, and the same on every machine.
//
// It must not know HTTP, nor who asks.
package lexical

import (
	"sync"

	"github.com/jonreiter/govader"
)

// Version says which lists and rules give the answers. It changes whenever an answer may.
const Version = "5"

// Lexicon judges sentiment. It only reads after New and is safe for concurrent use.
type Lexicon struct {
	vader *govader.SentimentIntensityAnalyzer
}

// New returns the lexicon. The first call loads it, which takes some milliseconds.
var New = sync.OnceValue(func() *Lexicon { return &Lexicon{vader: govader.NewSentimentIntensityAnalyzer()} })

// threshold is the compound score from which VADER's authors call a text positive, or negative below its opposite
// (Hutto and Gilbert, 2014).
const threshold = 0.05

// Sentiment says how a text sounds: negative, neutral or positive, and VADER's compound score from -1 to 1.
func (l *Lexicon) Sentiment(text string) (label string, score float64) {
	score = l.vader.PolarityScores(text).Compound
	switch {
	case score >= threshold:
		return "positive", score
	case score <= -threshold:
		return "negative", score
	}
	return "neutral", score
}
