package analysis

import (
	"context"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/lexical"
)

// BuiltinEngine is the engine that needs nobody else: word lists and rules, for English.
type BuiltinEngine struct{ lexicon *lexical.Lexicon }

// NewBuiltinEngine returns the engine; the first call loads its lists.
func NewBuiltinEngine() BuiltinEngine { return BuiltinEngine{lexicon: lexical.New()} }

// builtinModel is what gives the built-in engine's answers.
var builtinModel = Model{Name: "lexical-en", Version: lexical.Version}

// ReasonLanguage marks the fault of a text in a language that an engine does not read.
const ReasonLanguage = "LANGUAGE_NOT_SUPPORTED"

// readable refuses what is not English: a wrong answer would look like a right one.
func (BuiltinEngine) readable(text string) error {
	language, english := lexical.Language(text)
	if english {
		return nil
	}
	seems := "does not seem to be"
	if language != "" {
		seems = "seems to be " + language + " and not"
	}
	return fault.Newf(fault.Precondition,
		"The built-in engine reads English only, and this text %s: an engine that reads other languages can be set with --analysis-engines.", seems).
		WithReason(ReasonLanguage)
}

// Name implements Engine.
func (BuiltinEngine) Name() string { return Builtin }

// Sentiment implements Engine.
func (e BuiltinEngine) Sentiment(_ context.Context, text string) (Sentiment, Model, error) {
	if err := e.readable(text); err != nil {
		return Sentiment{}, Model{}, err
	}
	label, score := e.lexicon.Sentiment(text)
	return Sentiment{Label: label, Score: score}, builtinModel, nil
}

// Hashtags implements Engine.
func (e BuiltinEngine) Hashtags(_ context.Context, content string) ([]string, Model, error) {
	if err := e.readable(content); err != nil {
		return nil, Model{}, err
	}
	return lexical.Hashtags(content), builtinModel, nil
}

// Optimize implements Engine.
func (e BuiltinEngine) Optimize(_ context.Context, content, kind string) (string, Model, error) {
	if err := e.readable(content); err != nil {
		return "", Model{}, err
	}
	optimized, known := lexical.Optimize(content, kind)
	if !known {
		return "", Model{}, fault.Newf(fault.Internal, "The built-in engine has no rules for %q.", kind)
	}
	return optimized, builtinModel, nil
}
