package chaos

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postwright/postwright/internal/devdb"
)

// database is the run's own PostgreSQL, which can be restarted under its users' feet.
type database struct {
	dir  string // keeps the data
	link string // the folder of the server's socket, by a name that outlives the server
	log  *slog.Logger
	now  func() time.Time

	mu      sync.Mutex // held while the server is away
	server  *devdb.Server
	outages []outage
}

// startTime is how long a node may take from its start to its first look at the database.
const startTime = 2 * time.Second

// awayLately reports whether the server is away, or was until moments ago.
func (d *database) awayLately() bool {
	if !d.mu.TryLock() {
		return true
	}
	defer d.mu.Unlock()
	return len(d.outages) > 0 && d.now().Sub(d.outages[len(d.outages)-1].To) < startTime
}

const databaseName = "postwright"

func startDatabase(ctx context.Context, dir string, log *slog.Logger, now func() time.Time) (*database, error) {
	sockets, err := os.MkdirTemp("", "chaos-")
	if err != nil {
		return nil, err
	}
	d := &database{dir: filepath.Join(dir, "postgres"), link: filepath.Join(sockets, "s"), log: log, now: now}
	if err := d.start(ctx); err != nil {
		return nil, errors.Join(err, os.RemoveAll(sockets))
	}
	return d, d.server.EnsureDatabase(ctx, databaseName)
}

func (d *database) start(ctx context.Context) error {
	server, err := devdb.Start(ctx, devdb.Options{Dir: d.dir, Log: d.log})
	if err != nil {
		return err
	}
	d.server = server
	at, err := url.Parse(server.URL(databaseName))
	if err != nil {
		return err
	}
	fresh := d.link + ".new"
	if err := os.Symlink(at.Query().Get("host"), fresh); err != nil {
		return err
	}
	return os.Rename(fresh, d.link)
}

// url is the same before and after a restart.
func (d *database) url() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	at, err := url.Parse(d.server.URL(databaseName))
	if err != nil {
		panic(err) // devdb made it
	}
	query := at.Query()
	query.Set("host", d.link)
	at.RawQuery = query.Encode()
	return at.String()
}

// restart stops the server and starts it again; hard kills it instead of letting it shut down.
func (d *database) restart(ctx context.Context, hard bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := outage{From: d.now()}
	patience := 20 * time.Second
	if hard {
		patience = 0
	}
	stopping, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := d.server.Stop(stopping); err != nil && !hard {
		return err
	}
	err := d.start(ctx)
	// The backends of a server that was killed hold its folder for moments.
	for tries := 0; err != nil && tries < restartTries && ctx.Err() == nil; tries++ {
		select {
		case <-ctx.Done():
		case <-time.After(restartPause):
		}
		err = d.start(ctx)
	}
	out.To = d.now()
	d.outages = append(d.outages, out)
	return err
}

// How often the start of a restart is tried, and how long is waited in between.
const (
	restartTries = 50
	restartPause = 200 * time.Millisecond
)

func (d *database) report() []outage {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]outage(nil), d.outages...)
}

func (d *database) stop(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return errors.Join(d.server.Stop(ctx), os.RemoveAll(filepath.Dir(d.link)))
}

// unrest counts the posts that are still on their way.
func (d *database) unrest(ctx context.Context) (n int, err error) {
	conn, err := pgx.Connect(ctx, d.url())
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close(ctx) }()
	err = conn.QueryRow(ctx, `SELECT count(*) FROM posts WHERE state IN ('scheduled', 'queued', 'publishing')`).Scan(&n)
	return n, err
}

// posts reads everything that was done to publish the posts.
func (d *database) posts(ctx context.Context) ([]post, error) {
	conn, err := pgx.Connect(ctx, d.url())
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(ctx) }()
	rows, err := conn.Query(ctx, `SELECT id::text, content, state, linkedin_urn, failure_code,
		(SELECT count(*) FROM publications WHERE post_id = posts.id),
		(SELECT COALESCE(min(created_at), posts.created_at) FROM publications WHERE post_id = posts.id),
		(SELECT min((error->>'at')::timestamptz) FROM publications u JOIN river.river_job j ON j.id = u.job_id, unnest(j.errors) AS error
			WHERE u.post_id = posts.id) FROM posts ORDER BY id`)
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p post, err error) {
		return p, row.Scan(&p.ID, &p.Text, &p.State, &p.URN, &p.FailureCode, &p.Approvals, &p.Approved, &p.LostTurn)
	})
	if err != nil {
		return nil, err
	}
	place := make(map[string]int, len(list))
	for i, p := range list {
		place[p.ID] = i
	}
	rows, err = conn.Query(
		ctx,
		`SELECT post_id::text, number, outcome, code, settlement, started_at, ended_at FROM publish_attempts ORDER BY post_id, number`,
	)
	if err != nil {
		return nil, err
	}
	var id string
	var a attempt
	_, err = pgx.ForEachRow(rows, []any{&id, &a.Number, &a.Outcome, &a.Code, &a.Settlement, &a.Started, &a.Ended}, func() error {
		p := &list[place[id]]
		p.Attempts = append(p.Attempts, a)
		a.Ended = nil
		return nil
	})
	return list, err
}
