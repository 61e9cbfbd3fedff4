package webhooks

import (
	"context"
	"net/http"
	"net/url"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
)

// What becomes of deliveries that wait for an endpoint as it is switched off by itself.
const (
	switchedOffFailing = "The endpoint was switched off, because nothing had reached it for three days."
	switchedOffGone    = "The endpoint was switched off, because it answered 410: it is gone."
)

// record writes down what came of an attempt, and what follows for its endpoint. It returns how often in a row the endpoint has failed.
func (s *Service) record(ctx context.Context, to endpoint, of db.WebhookNextDueRow, came result) (failures int32, err error) {
	err = s.store.InTx(ctx, func(tx *postgres.Tx) error {
		failures = 0
		_, err := fromRow(s.queries.WebhookGetForUpdate(ctx, tx, db.WebhookGetForUpdateParams{ID: to.id, OwnerID: to.owner}))
		if fault.Is(err, fault.NotFound) { // it was deleted meanwhile
			return nil
		}
		if err != nil {
			return err
		}
		now := s.now()
		attempt := db.WebhookRecordAttemptParams{
			WebhookID: to.id, EventID: of.EventID, StartedAt: came.startedAt, TookMs: came.took.Milliseconds(),
			Status: int32(came.status), Answer: came.answer, Problem: came.problem, State: Delivered, Now: now, //nolint:gosec // three digits
		}
		if came.problem != "" {
			attempt.State = Failed
			if at, again := nextAttempt(of.Tries+1, of.GiveUpAt, now, came.asked); again && came.status != http.StatusGone {
				attempt.State, attempt.NextAttemptAt = Pending, &at
			}
		}
		recorded, err := s.queries.WebhookRecordAttempt(ctx, tx, attempt)
		if err != nil || recorded == 0 { // it was ended meanwhile
			return err
		}
		if came.problem == "" {
			_, err = s.queries.WebhookSucceeded(ctx, tx, db.WebhookSucceededParams{ID: to.id, OwnerID: to.owner})
			return err
		}
		failed, err := fromRow(s.queries.WebhookFailed(ctx, tx, db.WebhookFailedParams{
			ID: to.id, OwnerID: to.owner, Now: now, SameSince: now.Add(-failingFor),
		}))
		if err != nil {
			return err
		}
		failures = failed.failures
		switch {
		case came.status == http.StatusGone:
			return s.giveUp(ctx, tx, failed, OffGone, switchedOffGone)
		case failed.failsForGood(now):
			return s.giveUp(ctx, tx, failed, OffFailing, switchedOffFailing)
		}
		return nil
	})
	return failures, err
}

// giveUp switches an endpoint off and has its owner told.
func (s *Service) giveUp(ctx context.Context, tx *postgres.Tx, w Webhook, reason, problem string) error {
	if _, err := s.switchOff(ctx, tx, w, reason, problem); err != nil {
		return err
	}
	return s.jobs.Insert(ctx, tx, s.follow(w.OwnerID, origin(w.URL), reason == OffGone)...)
}

// origin is a URL without its path and query, which are often as good as a password.
func origin(of string) string {
	parsed, err := url.Parse(of)
	if err != nil {
		return ""
	}
	return parsed.Scheme + "://" + parsed.Host
}
