package accounts

import (
	"context"
	"time"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
)

const (
	// consentTimeout bounds what follows a consent that came back, which goes on when the member's browser has left: LinkedIn
	// takes a code once.
	consentTimeout = 30 * time.Second
	// keepTimeout bounds the writing of tokens, which goes on when the caller has left or the job's context has ended: what
	// LinkedIn has given is in no other place.
	keepTimeout = 15 * time.Second
	// keepRetry is the wait before tokens are written again when the database is away.
	keepRetry = 250 * time.Millisecond
)

// persist runs a transaction that keeps what LinkedIn has given, whatever becomes of the context, and tries on while the
// database is away. A transaction whose commit is in doubt is run again: do must come to the same then.
func (s *Service) persist(ctx context.Context, do func(context.Context, *postgres.Tx) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepTimeout)
	defer cancel()
	for {
		err := s.store.InTx(ctx, func(tx *postgres.Tx) error { return do(ctx, tx) })
		if !fault.Is(err, fault.Unavailable) && !fault.Is(err, fault.Deadline) && !fault.Is(err, fault.Busy) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(keepRetry):
		}
	}
}
