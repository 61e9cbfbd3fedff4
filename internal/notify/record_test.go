package notify

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/dbtest/rowtest"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/identity"
	"github.com/postwright/postwright/internal/postgres"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

// counting is a vendor that counts what reaches it.
type counting struct {
	sent int
	err  error
}

func (c *counting) Send(context.Context, Message) (bool, error) {
	c.sent++
	return c.err == nil, c.err
}

// unobserved observes nothing.
type unobserved struct{}

func (unobserved) Notified(string, string, string) {}

// A message that is out is told as sent though the database does not take its record, so that neither a caller nor a job sends
// it again.
func TestAMessageThatIsOutIsNotSentAgainBecauseItsRecordFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ refusal error }{
		"taken by the vendor": {nil}, "refused by the vendor": {fault.New(fault.Unavailable, "The vendor is away.")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := postgres.Defaults()
			cfg.URL, cfg.MinConns = dbtest.New(t), 0
			store, err := postgres.Open(t.Context(), cfg, postgres.Unobserved{}, slog.New(slog.DiscardHandler))
			require.NoError(t, err)
			t.Cleanup(store.Close)
			user, err := db.New().UserInsert(
				t.Context(),
				store,
				db.UserInsertParams{ID: uuid.New(), Email: "ada@example.org", EmailKey: "ada@example.org", CreatedAt: time.Now()},
			)
			require.NoError(t, err)
			written := uuid.New()
			_, err = store.Pool().Exec(t.Context(), `INSERT INTO notifications (id, owner_id, channel, recipient, subject, delivered, problem, created_at,
				event, state, attempts, content) VALUES ($1, $2, 'email', 'ada@example.org', 's', false, '', now(), 'failed', 'waiting', 0, 'c')`,
				written, user.ID)
			require.NoError(t, err)
			_, err = store.Pool().Exec(t.Context(), `ALTER TABLE notifications ADD CONSTRAINT nothing_is_taken CHECK (state = 'sending') NOT VALID`)
			require.NoError(t, err)
			var log bytes.Buffer
			vendor := &counting{err: c.refusal}
			route := Route{Sender: API, Channel: vendor}
			s := New(Dependencies{
				Store: store, Sources: Sources{Users: identity.New(store, nil, time.Now)}, Email: route, Push: route, Limits: Limits{Daily: 10},
				Observer: unobserved{}, Now: time.Now, Log: slog.New(slog.NewTextHandler(&log, nil)),
			})

			sent, err := s.SendEmail(t.Context(), EmailInput{OwnerID: user.ID, To: "ada@example.org", Subject: "Hello", Content: "Text"})
			require.NoError(t, err)
			require.Equal(t, Sent{c.refusal == nil, API}, sent)
			sent, err = s.SendPush(t.Context(), PushInput{OwnerID: user.ID, UserID: user.ID.String(), Title: "Hello", Message: "Text"})
			require.NoError(t, err)
			require.Equal(t, Sent{c.refusal == nil, API}, sent)
			wait, err := s.deliver(t.Context(), DeliveryArgs{OwnerID: user.ID, NotificationID: written})
			require.NoError(t, err, "a job whose run fails runs again")
			require.Equal(t, unsettledWait, wait)
			require.Equal(t, 3, vendor.sent)
			require.Contains(t, log.String(), "could not be recorded")
			require.NotContains(t, log.String(), "ada@example.org")

			_, err = store.Pool().Exec(t.Context(), `ALTER TABLE notifications DROP CONSTRAINT nothing_is_taken`)
			require.NoError(t, err)
			wait, err = s.deliver(t.Context(), DeliveryArgs{OwnerID: user.ID, NotificationID: written})
			require.NoError(t, err)
			require.Zero(t, wait)
			require.Equal(t, 3, vendor.sent, "nobody knows whether it went out")
			page, err := s.List(t.Context(), ListInput{OwnerID: user.ID, Failed: true})
			require.NoError(t, err)
			require.Len(t, page.Notifications, 1)
			require.Equal(t, doubtful, page.Notifications[0].Problem)
		})
	}
}

func TestEveryColumnOfANotificationIsMapped(t *testing.T) {
	t.Parallel()
	rowtest.EveryColumnIsMapped(t, fromRow, "Delivered") // of what has ended, see the states
}
