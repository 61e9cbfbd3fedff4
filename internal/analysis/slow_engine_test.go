package analysis_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/analysis"
	"github.com/postwright/postwright/internal/fault"
)

// silent is an engine that never answers, and tells what time it was given.
type silent struct {
	analysis.Engine
	had time.Duration
}

func (*silent) Name() string { return "silent" }

func (s *silent) Sentiment(ctx context.Context, _ string) (analysis.Sentiment, analysis.Model, error) {
	began := time.Now()
	<-ctx.Done()
	s.had = time.Since(began)
	return analysis.Sentiment{}, analysis.Model{Usage: analysis.Usage{InputTokens: 10, Cost: 0.5}}, fault.New(fault.Deadline, "Too slow.")
}

// However slow an engine is, those behind it answer within the caller's time.
func TestAnEngineThatNeverAnswersLeavesTheNextItsTime(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		callers time.Duration
		silent  []time.Duration // for how long each is waited for
	}{
		"a call's time":                 {45 * time.Second, []time.Duration{40 * time.Second}},
		"two that are slow":             {45 * time.Second, []time.Duration{35 * time.Second, 7500 * time.Millisecond}},
		"a caller who is in a hurry":    {4 * time.Second, []time.Duration{3 * time.Second}},
		"a hurry, and two that are not": {6 * time.Second, []time.Duration{4 * time.Second, 1500 * time.Millisecond}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var order []analysis.Engine
				for range c.silent {
					order = append(order, &silent{})
				}
				s := analysis.New(analysis.Dependencies{
					Engines: append(order, analysis.NewBuiltinEngine()), Observer: &observed{}, Now: time.Now,
				})
				ctx, cancel := context.WithTimeout(t.Context(), c.callers)
				defer cancel()
				found, err := s.Sentiment(ctx, glad)
				require.NoError(t, err)
				require.NoError(t, ctx.Err())
				require.Equal(t, analysis.Builtin, found.Source.Engine)
				require.Len(t, found.Source.PassedOver, len(c.silent))
				for i, engine := range order {
					require.Equal(t, c.silent[i], engine.(*silent).had)
				}
				require.Equal(t, analysis.Usage{InputTokens: 10 * len(order), Cost: 0.5 * float64(len(order))}, found.Source.Usage)
			})
		})
	}
}

// The last engine has all the time that there is.
func TestAnEngineAloneHasAllOfTheCallersTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		alone := &silent{}
		s := analysis.New(analysis.Dependencies{Engines: []analysis.Engine{alone}, Observer: &observed{}, Now: time.Now})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := s.Sentiment(ctx, glad)
		require.True(t, fault.Is(err, fault.Deadline), "%v", err)
		require.Equal(t, time.Minute, alone.had)
	})
}
