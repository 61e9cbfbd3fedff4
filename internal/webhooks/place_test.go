package webhooks

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/jobs"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/reach"
)

// place is a Service on a database of its own, with a clock that the test sets, an owner, and an endpoint of theirs that answers with a
// status that the test sets.
type place struct {
	*Service
	t       *testing.T
	owner   uuid.UUID
	hook    Created
	ahead   atomic.Int64
	status  atomic.Int64
	after   atomic.Value // Retry-After
	reached atomic.Int64
	last    atomic.Pointer[http.Header]
	told    []string // of endpoints that were switched off
	held    bool
}

type unobserved struct{}

func (unobserved) WebhookAttempt(string, time.Duration) {}

func newPlace(t *testing.T, change ...func(*Dependencies)) *place {
	t.Helper()
	cfg := postgres.Defaults()
	cfg.URL, cfg.MinConns = dbtest.New(t), 0
	log := slog.New(slog.DiscardHandler)
	store, err := postgres.Open(t.Context(), cfg, postgres.Unobserved{}, log)
	require.NoError(t, err)
	t.Cleanup(store.Close)
	keyset, err := accounts.NewKeyset()
	require.NoError(t, err)
	vault, err := accounts.NewVault(keyset)
	require.NoError(t, err)
	client, err := jobs.New(store, jobs.Config{}, noop.NewTracerProvider().Tracer(""), time.Now, log)
	require.NoError(t, err)
	p := &place{t: t, owner: uuid.New()}
	p.status.Store(200)
	on := Dependencies{
		Store: store, Jobs: client, Vault: vault, Observer: unobserved{}, Log: log,
		Settings: Settings{Reach: reach.Reach{Private: true, HTTP: true}, DailyDeliveries: 1000},
		Hold:     func(context.Context) (bool, error) { return p.held, nil },
		Now:      func() time.Time { return time.Now().Add(time.Duration(p.ahead.Load())).Truncate(time.Microsecond) },
		Follow: func(_ uuid.UUID, url string, gone bool) []river.JobArgs {
			p.told = append(p.told, url)
			return []river.JobArgs{RecordEventArgs{Type: map[bool]string{true: OffGone, false: OffFailing}[gone], Data: []byte(`{}`)}}
		},
	}
	for _, c := range change {
		c(&on)
	}
	p.Service = New(on)
	p.Register(client)
	_, err = db.New().UserInsert(t.Context(), store, db.UserInsertParams{ID: p.owner, Email: "a@b.org", EmailKey: "a@b.org", CreatedAt: p.now()})
	require.NoError(t, err)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.reached.Add(1)
		p.last.Store(&r.Header)
		if after, _ := p.after.Load().(string); after != "" {
			w.Header().Set("Retry-After", after)
		}
		w.WriteHeader(int(p.status.Load()))
		_, _ = io.WriteString(w, "an answer")
	}))
	t.Cleanup(server.Close)
	p.hook = p.listen(server.URL)
	return p
}

func (p *place) listen(url string) Created {
	p.t.Helper()
	made, err := p.Create(p.t.Context(), CreateInput{
		OwnerID: p.owner, Draft: Draft{URL: url, EventTypes: []string{PostWaiting}, Reach: p.Reach()},
	})
	require.NoError(p.t, err)
	return made
}

// happens writes an event down, and fans it out.
func (p *place) happens() uuid.UUID {
	p.t.Helper()
	id := uuid.New()
	rows, err := p.queries.WebhookRecordEvent(p.t.Context(), p.store, db.WebhookRecordEventParams{
		ID: id, OwnerID: p.owner, Type: PostWaiting, Data: []byte(`{"n": 1}`), OccurredAt: p.now(),
	})
	require.NoError(p.t, err)
	require.Equal(p.t, int64(1), rows)
	p.fan()
	return id
}

func (p *place) fan() {
	p.t.Helper()
	_, _, err := p.fanOut(p.t.Context(), uuid.Nil)
	require.NoError(p.t, err)
}

// works sends what is due now, as a process does, and returns how many endpoints something was due for.
func (p *place) works() (endpoints int) {
	p.t.Helper()
	for {
		require.Less(p.t, endpoints, 100, "it is never done")
		endpoint, err := p.claim(p.t.Context(), []uuid.UUID{})
		if err != nil {
			return endpoints
		}
		p.slice(p.t.Context(), endpoint)
		endpoints++
	}
}

func (p *place) later(d time.Duration) { p.ahead.Add(int64(d)) }

func (p *place) deliveries() []Sent {
	p.t.Helper()
	page, err := p.Deliveries(p.t.Context(), DeliveriesInput{OwnerID: p.owner, WebhookID: p.hook.Webhook.ID})
	require.NoError(p.t, err)
	return page.Deliveries
}

func (p *place) webhook() Webhook {
	p.t.Helper()
	w, err := p.Get(p.t.Context(), p.owner, p.hook.Webhook.ID)
	require.NoError(p.t, err)
	return w
}
