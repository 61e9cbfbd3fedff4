package analysis

import (
	"context"
	"time"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
)

// ReasonBudget marks the fault of a question for which the day has no tokens left.
const ReasonBudget = "TOKEN_BUDGET_USED"

// budget is how many tokens may be used in a day (UTC). It is kept in the database, and so is one for all processes: a limit that
// grows with their number would be none. The day is that of the database's clock; now tells no more than how long it still lasts.
type budget struct {
	store   *postgres.Store
	queries *db.Queries
	daily   int64 // 0 for no limit
	now     func() time.Time
}

// setAside is what was taken from a day's budget for a question, before it is known what that takes.
type setAside struct {
	budget budget
	day    time.Time
	once   int64 // for each time that it is sent
	times  int64
}

// reserve sets tokens aside. A day that has not as many is an OverLimit fault.
func (b budget) reserve(ctx context.Context, tokens int64) (*setAside, error) {
	s := &setAside{budget: b, once: tokens}
	if b.daily == 0 {
		return s, nil
	}
	day, err := b.queries.LLMBudgetReserve(ctx, b.store, db.LLMBudgetReserveParams{Tokens: tokens, Daily: b.daily})
	if fault.Is(err, fault.NotFound) {
		f := fault.Newf(fault.OverLimit, "The language model's tokens for today are used up, or nearly so: %d a day (UTC), set with --llm-daily-tokens.",
			b.daily).WithReason(ReasonBudget)
		now := b.now().UTC()
		f.RetryAfter = now.Truncate(24 * time.Hour).Add(24 * time.Hour).Sub(now)
		return nil, f
	}
	if err != nil {
		return nil, err
	}
	s.day, s.times = day, 1
	return s, nil
}

// again sets as many aside once more, and reports whether they were there. It is asked by one goroutine.
func (s *setAside) again(ctx context.Context) bool {
	if s.budget.daily == 0 {
		return true
	}
	day, err := s.budget.queries.LLMBudgetReserve(ctx, s.budget.store, db.LLMBudgetReserveParams{Tokens: s.once, Daily: s.budget.daily})
	if err != nil {
		return false
	}
	if !day.Equal(s.day) { // what was set aside yesterday is over
		s.day, s.times = day, 0
	}
	s.times++
	return true
}

// settle gives back what the question did not use, also for a caller who has left. Where it may have been worked on before, too,
// nobody knows how much that took: it stays counted, and so does all of it where the database is away.
func (s *setAside) settle(ctx context.Context, used int64, before bool) {
	if s.budget.daily == 0 {
		return
	}
	held := s.once * s.times
	if before {
		held = s.once
	}
	_, _ = s.budget.queries.LLMBudgetSettle(context.WithoutCancel(ctx), s.budget.store, db.LLMBudgetSettleParams{
		Change: used - held, Day: s.day,
	})
}
