package analysis

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/postwright/postwright/internal/fault"
)

// Engine analyses and improves texts. Its errors are faults, and each answer names the model that gave it; beside an error the Model
// has no more than what the failure took. It is safe for concurrent use.
type Engine interface {
	// Name is the engine's in settings, answers and metrics.
	Name() string
	Sentiment(ctx context.Context, text string) (Sentiment, Model, error)
	// Hashtags suggests hashtags without "#", best first; none is an answer.
	Hashtags(ctx context.Context, content string) ([]string, Model, error)
	// Optimize rewrites content for one of the kinds of optimisation; content unchanged is an answer.
	Optimize(ctx context.Context, content, kind string) (string, Model, error)
}

// Model is what of an engine gave an answer, and what that took; empty where the engine does not tell.
type Model struct {
	Name, Version string
	// PromptHash is the SHA-256, in hex, of all that a language model was told beside the text; "" for engines without a prompt.
	PromptHash string
	Usage      Usage
}

// Usage is what an answer took of a model that counts; zero for engines that cost nothing.
type Usage struct {
	// As the model's server counts them, or estimated at four bytes each where it does not tell.
	InputTokens, OutputTokens int
	// Cost is in the currency of the prices that are set.
	Cost float64
}

func (u Usage) plus(other Usage) Usage {
	return Usage{InputTokens: u.InputTokens + other.InputTokens, OutputTokens: u.OutputTokens + other.OutputTokens, Cost: u.Cost + other.Cost}
}

// Source says who gave an answer. Its Usage is what the answer took in all, of the engines that were passed over too.
type Source struct {
	Engine string
	Model
	// PassedOver are the engines that were asked before and gave no answer, in their order.
	PassedOver []PassedOver
}

// PassedOver is an engine that gave no answer, and why, as a caller may know it.
type PassedOver struct{ Engine, Reason, Message string }

// Answer is what an engine found, and who it was.
type Answer[T any] struct {
	Value  T
	Source Source
}

// Observer counts what becomes of the questions to engines.
type Observer interface {
	Answered(engine, operation string)
	PassedOver(engine, operation, kind string)
}

// ask asks the engines in their order until one answers. Where none does, the fault tells what each said. A caller who has left,
// or is out of time, is the end of it: another engine would be asked for nobody.
func ask[T any](
	ctx context.Context, s *Service, operation string, call func(context.Context, Engine) (T, Model, error),
) (answer Answer[T], failed error) {
	var faults []error
	var spent Usage
	for i, engine := range s.engines {
		its, cancel := s.withTimeFor(ctx, len(s.engines)-1-i)
		value, model, err := call(its, engine)
		cancel()
		spent = spent.plus(model.Usage)
		if err == nil {
			s.observer.Answered(engine.Name(), operation)
			model.Usage = spent
			answer.Value, answer.Source.Engine, answer.Source.Model = value, engine.Name(), model
			return answer, nil
		}
		f := fault.Of(err)
		s.observer.PassedOver(engine.Name(), operation, f.Kind.String())
		if ctx.Err() != nil {
			return Answer[T]{}, err
		}
		faults = append(faults, err)
		answer.Source.PassedOver = append(answer.Source.PassedOver, PassedOver{Engine: engine.Name(), Reason: reasonOf(f), Message: f.Message})
	}
	return Answer[T]{}, noAnswer(answer.Source.PassedOver, faults)
}

// longestReserve is the most of a caller's time that is kept for each engine that may be asked yet.
const longestReserve = 5 * time.Second

// withTimeFor keeps some of a caller's time for so many other engines: one that is slow would use up what the next needs to answer.
func (s *Service) withTimeFor(ctx context.Context, others int) (context.Context, context.CancelFunc) {
	deadline, limited := ctx.Deadline()
	if !limited || others == 0 {
		return ctx, func() {}
	}
	reserve := min(longestReserve, deadline.Sub(s.now())/time.Duration(2*(others+1)))
	return context.WithDeadline(ctx, deadline.Add(-reserve*time.Duration(others)))
}

// reasonOf is a stable code for every fault.
func reasonOf(f *fault.Error) string {
	if f.Reason != "" {
		return f.Reason
	}
	return strings.ToUpper(strings.ReplaceAll(f.Kind.String(), " ", "_"))
}

// noAnswer is the fault of engines that all failed: that of the only one, or else the first that is not about the text's language,
// which may pass, with the words of all.
func noAnswer(passedOver []PassedOver, faults []error) error {
	if len(faults) == 1 {
		return faults[0]
	}
	told := fault.Of(faults[0])
	for _, err := range faults {
		if f := fault.Of(err); f.Reason != ReasonLanguage {
			told = f
			break
		}
	}
	var message strings.Builder
	message.WriteString("No engine could do it.")
	for _, engine := range passedOver {
		message.WriteString(" " + engine.Engine + ": " + engine.Message)
	}
	all := fault.New(told.Kind, message.String()).WithReason(told.Reason).WithCause(errors.Join(faults...))
	all.RetryAfter, all.Answer, all.Fields = told.RetryAfter, told.Answer, told.Fields
	return all
}
