package app_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"golang.org/x/sync/errgroup"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/app/apptest"
	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/devdb"
	"github.com/postwright/postwright/internal/postgres"
)

// wiredLimits are the limits of a wired world.
type wiredLimits struct{ acquire, lock, operation time.Duration }

var (
	// hurried are for what waits for a limit to pass, and leave time for a connection to be made on a busy machine. Those who wait
	// for a row keep their connections for longer than others wait.
	hurried = wiredLimits{acquire: 3 * time.Second, lock: 6 * time.Second, operation: 15 * time.Second}
	// unhurried are for all else: a busy machine takes a while to make a connection.
	unhurried = wiredLimits{acquire: 20 * time.Second, lock: 25 * time.Second, operation: 30 * time.Second}
)

// wired is a world whose API reaches its database over a wire that can be cut, with two connections and no workers.
type wired struct {
	*world
	wire *dbtest.Wire
	stop func() error
}

func newWired(t *testing.T, limits wiredLimits) *wired {
	t.Helper()
	var wire *dbtest.Wire
	w := newWorld(t, func(c *app.Config) {
		wire = dbtest.NewWire(t, c.Database.URL.Reveal())
		c.Database.URL = app.Secret(wire.URL())
		c.Role = "api"
		c.Database.MaxConnections.Value, c.Server.OwnerCalls.Value = 2, 10 // more calls than connections
		c.Database.AcquireTimeout.Value, c.Database.LockTimeout.Value = limits.acquire, limits.lock
		c.Database.OperationTimeout.Value = limits.operation
	})
	return &wired{w, wire, w.Serve()}
}

// holding runs do while another session holds the row of a post.
func (w *wired) holding(post string, do func()) {
	w.T.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, w.DatabaseURL)
	require.NoError(w.T, err)
	defer func() { require.NoError(w.T, conn.Close(ctx)) }()
	tx, err := conn.Begin(ctx)
	require.NoError(w.T, err)
	_, err = tx.Exec(ctx, "SELECT 1 FROM posts WHERE id = $1 FOR UPDATE", post)
	require.NoError(w.T, err)
	do()
	require.NoError(w.T, tx.Rollback(ctx))
}

// waitingForLocks is how many sessions of the service wait for a row.
func (w *wired) waitingForLocks() int {
	return w.Count(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)
}

// dbCall is a call of the API, and how to see whether it took effect.
type dbCall struct {
	name   string // read, write, create
	method string
	body   func(post string) string
	effect string // SQL that counts 1 when the call has taken effect; "" for one that only reads
}

var dbCalls = []dbCall{
	{"a read", "PostService/GetPost", func(post string) string { return `{"id":"` + post + `"}` }, ""},
	{"a list", "PostService/ListPosts", func(string) string { return `{}` }, ""},
	{"a create", "PostService/CreatePost", func(string) string { return `{"post":{"content":"Made on a bad day"}}` },
		`SELECT count(*) FROM posts WHERE content = 'Made on a bad day'`},
	{
		"a create with a request id",
		"PostService/CreatePost",
		func(string) string { return `{"requestId":"bad-day","post":{"content":"Made twice on a bad day"}}` },
		`SELECT count(*) FROM posts WHERE content = 'Made twice on a bad day'`,
	},
	{"a change", "PostService/UpdatePost", func(post string) string {
		return `{"post":{"id":"` + post + `","content":"Changed on a bad day"},"updateMask":"content"}`
	}, `SELECT count(*) FROM posts WHERE content = 'Changed on a bad day'`},
	{"an approval", "PostService/PublishPost", func(post string) string { return `{"id":"` + post + `"}` },
		`SELECT count(*) FROM publications`},
	{"a delete", "PostService/DeletePost", func(post string) string { return `{"id":"` + post + `"}` },
		`SELECT count(*) FROM users WHERE NOT EXISTS (SELECT 1 FROM posts WHERE content = 'Kept')`},
}

// dbBad is something that can be wrong with the database. strike makes the call meet it and returns its answer.
type dbBad struct {
	name   string
	meets  func(c dbCall) bool // nil for every call
	limits wiredLimits
	strike func(w *wired, c dbCall, post string) apptest.Answer
}

func writes(c dbCall) bool { return c.effect != "" }

// creates reports whether the call makes a post, in one statement.
func creates(c dbCall) bool { return strings.HasPrefix(c.name, "a create") }

// locks reports whether the call takes the lock of the post that is there.
func locks(c dbCall) bool { return writes(c) && !creates(c) }

// commits reports whether the call ends a transaction: a create is one statement.
func commits(c dbCall) bool { return locks(c) }

func (w *wired) do(c dbCall, post string) apptest.Answer {
	w.T.Helper()
	return w.Curl(w.Key, c.method, []byte(c.body(post)))
}

// first is what the client sends first of a call's own work, after its key was looked up.
var firstStatement = map[string]string{
	"a read":                     "name: PostGet ",
	"a list":                     "name: PostListByOwner ",
	"a create":                   "name: PostInsert ",
	"a create with a request id": "name: PostInsert ",
	"a change":                   "name: PostGetForUpdate ",
	"an approval":                "name: PostGetForUpdate ",
	"a delete":                   "name: PostGetForUpdate ",
}

var dbBads = []dbBad{
	{"every connection was cut since the last call", nil, unhurried, func(w *wired, c dbCall, post string) apptest.Answer {
		w.wire.Cut()
		return w.do(c, post)
	}},
	{"the server ends the sessions", nil, unhurried, func(w *wired, c dbCall, post string) apptest.Answer {
		w.Exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
		return w.do(c, post)
	}},
	{"the connection is cut before a statement arrives", nil, unhurried, func(w *wired, c dbCall, post string) apptest.Answer {
		w.wire.CutAt(firstStatement[c.name], false)
		return w.do(c, post)
	}},
	{"the connection is cut before its answer", nil, unhurried, func(w *wired, c dbCall, post string) apptest.Answer {
		w.wire.CutAt(firstStatement[c.name], true)
		return w.do(c, post)
	}},
	{"the connection is cut before a create arrives", creates, unhurried, func(w *wired, c dbCall, post string) apptest.Answer {
		w.wire.CutAt("on a bad day", false)
		return w.do(c, post)
	}},
	{"the connection is cut after a create", creates, unhurried, func(w *wired, c dbCall, post string) apptest.Answer {
		w.wire.CutAt("on a bad day", true)
		return w.do(c, post)
	}},
	{"the connection is cut before the commit arrives", commits, unhurried, func(w *wired, c dbCall, post string) apptest.Answer {
		w.wire.CutAt("commit\x00", false)
		return w.do(c, post)
	}},
	{"the connection is cut after the commit", commits, unhurried, func(w *wired, c dbCall, post string) apptest.Answer {
		w.wire.CutAt("commit\x00", true)
		return w.do(c, post)
	}},
	{"the server can not be reached", nil, unhurried, func(w *wired, c dbCall, post string) apptest.Answer {
		w.wire.Refuse(1000)
		w.wire.Cut()
		defer w.wire.Refuse(0)
		return w.do(c, post)
	}},
	{"all connections are in use", nil, hurried, func(w *wired, c dbCall, post string) (a apptest.Answer) {
		other := w.Draft("Held").GetId()
		w.holding(other, func() {
			var busy sync.WaitGroup
			held := dbCalls[4]
			for range 2 { // as many as there are connections; each gives up when its lock does not come
				busy.Go(func() { _ = w.do(held, other) })
			}
			require.Eventually(w.T, func() bool { return w.waitingForLocks() == 2 }, apptest.WaitLimit, time.Millisecond)
			a = w.do(c, post)
			busy.Wait()
		})
		return a
	}},
	{"the database's disk is full", writes, unhurried, func(w *wired, c dbCall, post string) apptest.Answer {
		w.Exec(`CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
			$$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$`)
		w.Exec(`CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE OR DELETE ON posts FOR EACH ROW EXECUTE FUNCTION full_disk()`)
		return w.do(c, post)
	}},
	{"another session holds the row", locks, hurried, func(w *wired, c dbCall, post string) (a apptest.Answer) {
		w.holding(post, func() { a = w.do(c, post) })
		return a
	}},
}

// dbOutcome is what a call comes to.
type dbOutcome struct{ code, reason, wait, effect string }

// Every sort of call on every bad day of the database: how it reaches the caller, whether it took effect, within which time,
// and that nothing is left behind.
func TestEverySortOfCallOnEveryBadDayOfTheDatabase(t *testing.T) {
	// Not parallel: goroutines of other tests would be taken for leaks.
	dbtest.New(t) // the test server's own goroutines are there before
	before := goleak.IgnoreCurrent()
	var table strings.Builder
	table.WriteString("| what is wrong | with | code | reason | come again after | took effect |\n|---|---|---|---|---|---|\n")
	outcomes := make([]map[string]dbOutcome, len(dbBads))
	t.Run("cells", func(t *testing.T) {
		var mu sync.Mutex
		for i, bad := range dbBads {
			outcomes[i] = map[string]dbOutcome{}
			for _, call := range dbCalls {
				if bad.meets != nil && !bad.meets(call) {
					continue
				}
				t.Run(call.name+" when "+bad.name, func(t *testing.T) {
					t.Parallel()
					o := dbCell(t, call, bad)
					mu.Lock()
					defer mu.Unlock()
					outcomes[i][call.name] = o
				})
			}
		}
	})
	for i, bad := range dbBads {
		alike, order := map[dbOutcome][]string{}, []dbOutcome{}
		for _, call := range dbCalls {
			if o, met := outcomes[i][call.name]; met {
				if alike[o] == nil {
					order = append(order, o)
				}
				alike[o] = append(alike[o], call.name)
			}
		}
		for _, o := range order {
			fmt.Fprintf(
				&table,
				"| %s | %s | %s | %s | %s | %s |\n",
				bad.name,
				strings.Join(alike[o], ", "),
				o.code,
				o.reason,
				strings.Trim(o.wait, "-"),
				o.effect,
			)
		}
	}
	compare(t, "database", table.String())
	goleak.VerifyNone(t, before)
}

// draftInTime makes a post, however hurried the limits are and however busy the machine is: a connection that is only being made
// when the limit ends is there for the next call.
func (w *world) draftInTime(content string) (id string) {
	w.T.Helper()
	require.Eventually(w.T, func() bool {
		res, err := w.Posts.CreatePost(w.T.Context(), &postwrightv1.CreatePostRequest{Post: &postwrightv1.Post{Content: content}})
		id = res.GetPost().GetId()
		return err == nil
	}, apptest.WaitLimit, apptest.WaitStep)
	return id
}

func dbCell(t *testing.T, call dbCall, bad dbBad) dbOutcome {
	w := newWired(t, bad.limits)
	post := w.draftInTime("Kept")
	began := time.Now()

	given := bad.strike(w, call, post)

	// Each of the few operations of a call is bounded; the rest is for a busy machine.
	require.Less(t, time.Since(began), 2*bad.limits.operation+busyMachine)
	o := dbOutcome{code: "ok", wait: "-"}
	if given.Status != http.StatusOK {
		failure := given.Failure(t)
		o.code = failure.Code
		require.NotContains(t, failure.Message, "127.0.0.1")
		require.NotContains(t, failure.Message, "SQLSTATE")
		for _, d := range failure.Details {
			switch d.Type {
			case "google.rpc.RetryInfo":
				o.wait = "1s"
			case "google.rpc.ErrorInfo":
				o.reason = between(string(d.Debug), `"reason":"`, `"`)
			}
		}
	}
	if call.effect != "" {
		o.effect = []string{"no", "yes"}[w.Count(call.effect)]
	}
	require.Contains(t, []string{"ok", "unavailable", "aborted"}, o.code)
	require.False(t, o.code == "ok" && o.effect == "no", "what was said to be done is done")
	require.False(t, o.effect == "yes" && o.code != "ok" && o.reason != "COMMIT_IN_DOUBT", "what was said to have failed was not done")
	if o.code != "ok" {
		require.NotEqual(t, "-", o.wait, "the caller is told when to come again")
	}
	require.Eventually(t, func() bool {
		return w.Count(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
			AND state NOT IN ('idle')`) == 0
	}, apptest.WaitLimit, apptest.WaitStep, "no session is left in a transaction")
	require.Equal(t, http.StatusOK, w.do(dbCalls[1], post).Status, "the next call goes well")
	return o
}

func between(text, begin, end string) string {
	_, rest, _ := strings.Cut(text, begin)
	found, _, _ := strings.Cut(rest, end)
	return found
}

// PostgreSQL is stopped and started while callers call: they get answers or are told to come again, nobody's request is
// lost or done twice, and afterwards all is well.
func TestCallsAroundARestartOfPostgreSQL(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	log := slog.New(slog.DiscardHandler)
	dir, err := os.MkdirTemp("", "restart-") //nolint:usetesting // PostgreSQL's own account has to enter it
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(dir)) })
	link := filepath.Join(dir, "socket") // a server's socket has another folder after every start
	start := func() (*devdb.Server, string) {
		server, err := devdb.Start(ctx, devdb.Options{Dir: filepath.Join(dir, "data"), Log: log})
		require.NoError(t, err)
		at, err := url.Parse(server.URL("restarted"))
		require.NoError(t, err)
		query := at.Query()
		_ = os.Remove(link)
		require.NoError(t, os.Symlink(query.Get("host"), link))
		query.Set("host", link)
		at.RawQuery = query.Encode()
		return server, at.String()
	}
	server, databaseURL := start()
	require.NoError(t, server.EnsureDatabase(ctx, "restarted"))
	require.NoError(t, postgres.Migrate(ctx, databaseURL, log))
	w := newWorld(t, func(c *app.Config) { c.Database.URL, c.Role = app.Secret(databaseURL), "api" })
	stopServing := w.Serve()

	var callers errgroup.Group
	restarted := make(chan struct{})
	for n := range 4 {
		callers.Go(func() error {
			for i := 0; ; i++ {
				body := fmt.Appendf(nil, `{"post":{"content":"Caller %d, post %d"},"requestId":"%d-%d"}`, n, i, n, i)
				for { // until it is answered
					a := w.Curl(w.Key, "PostService/CreatePost", body)
					if a.Status == http.StatusOK {
						break
					}
					if !strings.Contains(string(a.Body), `"code":"unavailable"`) {
						return fmt.Errorf("caller %d: %s", n, a.Body)
					}
				}
				select {
				case <-restarted:
					if i >= 3 {
						return nil
					}
				default:
				}
			}
		})
	}
	stopping, cancel := context.WithTimeout(ctx, apptest.WaitLimit)
	defer cancel()
	require.NoError(t, server.Stop(stopping))
	server, _ = start()
	close(restarted)
	require.NoError(t, callers.Wait())

	conn, err := pgx.Connect(ctx, databaseURL)
	require.NoError(t, err)
	var made, different int
	require.NoError(t, conn.QueryRow(ctx, `SELECT count(*), count(DISTINCT content) FROM posts`).Scan(&made, &different))
	require.Equal(t, different, made, "what was repeated was done once")
	require.GreaterOrEqual(t, made, 4*4)
	require.NoError(t, conn.Close(ctx))
	require.Eventually(t, func() bool { return w.Get(w.URL+"/readyz").Status == http.StatusOK }, apptest.WaitLimit, apptest.WaitStep)
	require.NoError(t, stopServing())
	w.App.Close()
	require.NoError(t, server.Stop(stopping))
}

// A caller who leaves while their call waits for a row changes nothing, and holds nothing.
func TestACallerWhoLeavesOnABadDayHoldsNothing(t *testing.T) {
	t.Parallel()
	w := newWired(t, unhurried)
	post := w.Draft("Kept").GetId()
	w.holding(post, func() {
		ctx, leave := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			req, err := http.NewRequestWithContext(
				ctx,
				http.MethodPost,
				w.URL+"/postwright.v1."+dbCalls[4].method,
				strings.NewReader(dbCalls[4].body(post)),
			)
			if err == nil {
				req.Header.Set("Content-Type", "application/json")
				req.Header.Set("Authorization", "Bearer "+w.Key)
				transport := &http.Transport{DisableKeepAlives: true}
				_, err = transport.RoundTrip(req) //nolint:bodyclose // there is no answer
			}
			ended <- err
		}()
		require.Eventually(t, func() bool { return w.waitingForLocks() == 1 }, apptest.WaitLimit, time.Millisecond)
		leave()
		require.ErrorIs(t, <-ended, context.Canceled)
		require.Eventually(t, func() bool { return w.waitingForLocks() == 0 }, unhurried.lock, time.Millisecond, "before its own limit would end it")
	})
	require.Zero(t, w.Count(dbCalls[4].effect))
	require.Equal(t, 1, w.Count(`SELECT count(*) FROM posts WHERE id = '`+uuid.MustParse(post).String()+`'`))
}
