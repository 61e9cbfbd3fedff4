package publishing

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http/httptest"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertest"
	"github.com/riverqueue/river/rivertype"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace/noop"
	"pgregory.net/rapid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/jobs"
	"github.com/postwright/postwright/internal/origin"
	"github.com/postwright/postwright/internal/outbound"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/publishing/decision"
	"github.com/postwright/postwright/internal/sandbox"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

var (
	noon  = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	rules = decision.Rules{
		OverdueWindow: time.Hour, RetryWait: 4 * time.Second, AccountConcurrency: 5, DuplicateWindow: 365 * 24 * time.Hour,
	}
)

var tess = sandbox.Member{
	ID: "tester", GivenName: "Tess", FamilyName: "Ter", Token: "token-of-tess", Scopes: []string{"openid", "profile", "w_member_social"},
}

// world is publishing against the sandbox's LinkedIn over HTTP and a database of its own, with a clock and with jobs that
// run only when a test says so.
type world struct {
	publicationWorker
	store    *postgres.Store
	river    *river.Client[pgx.Tx]
	vendors  *sandbox.Sandbox
	owner    uuid.UUID
	account  uuid.UUID
	clock    time.Time
	accounts *accounts.Service
}

func newWorld(t testing.TB) *world {
	t.Helper()
	return newWorldOn(t, func(databaseURL string) string { return databaseURL })
}

// newWorldOn is a world that reaches its database in another way.
func newWorldOn(t testing.TB, reach func(databaseURL string) string) *world {
	t.Helper()
	w := &world{clock: noon}
	now := func() time.Time { return w.clock }
	log := slog.New(slog.DiscardHandler)
	w.vendors = sandbox.New(sandbox.Options{Clock: now, Log: log, MemberDayLimit: -1, AppDayLimit: -1, Members: []sandbox.Member{tess},
		DuplicateWindow: rules.DuplicateWindow}) // that a resend may come too late has a test of its own
	server := httptest.NewServer(w.vendors.Handler())
	t.Cleanup(server.Close)
	seam := outbound.New(outbound.Defaults(), outbound.DefaultPolicies(), outbound.Unobserved{}, log)
	t.Cleanup(seam.Close)
	linkedIn, err := linkedin.New(linkedin.Config{APIURL: server.URL, AuthURL: server.URL, Version: "202606"}, seam.Client(linkedin.Vendor), now)
	require.NoError(t, err)
	cfg := postgres.Defaults()
	cfg.URL, cfg.MinConns = reach(dbtest.New(t)), 0
	w.store, err = postgres.Open(t.Context(), cfg, postgres.Unobserved{}, log)
	require.NoError(t, err)
	t.Cleanup(w.store.Close)
	client, err := jobs.New(w.store, jobs.Config{}, noop.Tracer{}, now, log)
	require.NoError(t, err)
	w.river, err = river.NewClient(riverpgxv5.New(w.store.Pool()), &river.Config{Schema: postgres.JobSchema, Logger: log})
	require.NoError(t, err)
	keyset, err := accounts.NewKeyset()
	require.NoError(t, err)
	vault, err := accounts.NewVault(keyset)
	require.NoError(t, err)
	w.accounts = accounts.New(accounts.Dependencies{
		Store: w.store, Jobs: client, LinkedIn: linkedIn, Vault: vault, Now: now,
		Follow:   func(accounts.Event, accounts.Account) []river.JobArgs { return nil },
		Settings: accounts.Settings{Apps: []accounts.App{{Name: accounts.DefaultApp, Members: true}}},
	})
	w.Service = New(Dependencies{
		Store:    w.store,
		Jobs:     client,
		Posts:    posts.New(w.store, nil, now),
		Accounts: w.accounts,
		LinkedIn: linkedIn,
		Origin:   origin.New(w.store, now, log),
		Follow:   func(posts.Post, string) []river.JobArgs { return nil },
		Rules:    rules,
		Now:      now,
	})
	w.Register(client)
	user, err := db.New().UserInsert(
		t.Context(),
		w.store,
		db.UserInsertParams{ID: uuid.New(), Email: "tess@example.org", EmailKey: "tess@example.org", CreatedAt: noon},
	)
	require.NoError(t, err)
	w.owner = user.ID
	account, err := w.accounts.Add(t.Context(), accounts.AddInput{OwnerID: w.owner, Token: tess.Token})
	require.NoError(t, err)
	w.account = account.ID
	return w
}

// exec runs SQL of the test's own.
func (w *world) exec(t require.TestingT, sql string, args ...any) {
	_, err := w.store.Pool().Exec(context.Background(), sql, args...)
	require.NoError(t, err)
}

// attempts are a post's newest.
func (w *world) attempts(t require.TestingT, postID uuid.UUID) []Attempt {
	page, err := w.ListAttempts(context.Background(), AttemptsInput{OwnerID: w.owner, PostID: postID})
	require.NoError(t, err)
	return page.Attempts
}

// approved makes a post, approves it, and takes the job of its publication as River would.
func (w *world) approved(t *testing.T, text string) (posts.Post, *river.Job[PublicationArgs]) {
	t.Helper()
	post, err := w.posts.Create(t.Context(), posts.CreateInput{OwnerID: w.owner, Draft: posts.Draft{Content: text}})
	require.NoError(t, err)
	_, err = w.Publish(t.Context(), PublishInput{OwnerID: w.owner, ID: post.ID})
	require.NoError(t, err)
	return post, takeJob(t, w, PublicationArgs{}, post.ID)
}

// claimed takes a publication that nothing keeps from being sent.
func (w *world) claimed(t require.TestingT, job *river.Job[PublicationArgs]) *claimed {
	taken, err := w.claim(w.workContext(), job)
	require.NoError(t, err)
	require.NotNil(t, taken.claimed)
	require.True(t, taken.rest.over())
	return taken.claimed
}

// workContext is what River hands to a worker.
func (w *world) workContext() context.Context {
	return rivertest.WorkContext(context.Background(), w.river)
}

// flight is an attempt whose process was lost after it had been claimed: answered when LinkedIn had got it.
type flight struct {
	job    *river.Job[PublicationArgs]
	c      *claimed
	answer *decision.Outcome
}

// machine compares a post with a model of it: what it must be after each thing that can happen to it.
type machine struct {
	w    *world
	id   uuid.UUID
	text string

	state     string // as the model has it; "" when deleted
	approvals int
	due       time.Time // from when on the publication is late
	scheduled time.Time
	doubts    int  // attempts that may have arrived and are not settled
	arrived   bool // an attempt that had been in doubt is known to have arrived
	paused    bool
	held      time.Time
	there     time.Time // when LinkedIn last accepted the text; zero when it never did
	under     *flight   // an attempt whose process is gone, and whose job nobody has taken up yet
	lost      []*flight // attempts that were given up for lost, whose answers may still come
}

// The state machine against its model, with everything that can happen, in any order. Whatever happens, LinkedIn gets the
// post at most once per approval, and the database never calls failed what is there, nor published what is not.
func TestTheStateMachineKeepsItsPromises(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rapid.Check(t, func(t *rapid.T) {
		w.clock = noon
		w.vendors.Disarm()
		w.vendors.AddMember(tess) // with a token that lives for 60 days from now
		w.exec(t, `UPDATE linkedin_accounts SET paused_reason = '', held_until = NULL, held_reason = ''`)
		w.exec(t, `DELETE FROM posts`)
		m := &machine{w: w, id: uuid.New(), state: posts.StateDraft}
		m.text = "Machine " + m.id.String()
		require.NoError(t, w.store.InTx(context.Background(), func(tx *postgres.Tx) error {
			_, err := w.posts.InsertMany(context.Background(), tx, w.owner, []uuid.UUID{m.id}, []posts.Draft{{Content: m.text}})
			return err
		}))
		t.Repeat(map[string]func(*rapid.T){
			"": m.check, "publish": m.publish, "resend": m.resend, "schedule": m.schedule, "cancel": m.cancel, "delete": m.remove,
			"due": m.becomesDue, "send": m.send, "die": m.die, "rescue": m.rescue, "late answer": m.lateAnswer,
			"resolve": m.resolve, "connect": m.connect, "time passes": m.timePasses, "goes on": m.goOn, "goes on and on": m.goOn,
		})
	})
}

// goOn does something that the post's state allows, so that long stories are told too.
func (m *machine) goOn(t *rapid.T) {
	next := map[string][]func(*rapid.T){
		posts.StateDraft:       {m.publish, m.schedule},
		posts.StateScheduled:   {m.becomesDue},
		posts.StateQueued:      {m.send, m.send, m.die},
		posts.StatePublishing:  {m.rescue},
		posts.StateUnconfirmed: {m.resend, m.resend, m.resolve, m.lateAnswer},
		posts.StateFailed:      {m.publish},
		posts.StatePublished:   {m.lateAnswer},
		"":                     {m.publish},
	}[m.state]
	rapid.SampledFrom(next).Draw(t, "what")(t)
}

// refused reports whether a call must be refused: err has to be the fault of a state that does not allow it.
func (m *machine) refused(t *rapid.T, allowed bool, err error) bool {
	switch {
	case allowed:
		require.NoError(t, err)
	case m.state == "":
		require.True(t, fault.Is(err, fault.NotFound), "%v", err)
	default:
		require.True(t, fault.Is(err, fault.Precondition), "%v in state %s", err, m.state)
	}
	return !allowed
}

func (m *machine) publish(t *rapid.T) {
	_, err := m.w.Publish(context.Background(), PublishInput{OwnerID: m.w.owner, ID: m.id})
	if !m.refused(t, m.state == posts.StateDraft || m.state == posts.StateFailed, err) {
		m.state, m.due = posts.StateQueued, m.w.clock
		m.approvals++
	}
}

func (m *machine) resend(t *rapid.T) {
	_, err := m.w.Publish(context.Background(), PublishInput{OwnerID: m.w.owner, ID: m.id, Resend: true})
	if !m.refused(t, m.state == posts.StateDraft || m.state == posts.StateFailed || m.state == posts.StateUnconfirmed, err) {
		m.state, m.due = posts.StateQueued, m.w.clock
		m.approvals++
	}
}

func (m *machine) schedule(t *rapid.T) {
	at := m.w.clock.Add(time.Duration(rapid.IntRange(1, 120).Draw(t, "minutes")) * time.Minute)
	_, err := m.w.Schedule(context.Background(), ScheduleInput{OwnerID: m.w.owner, ID: m.id, Time: at})
	if !m.refused(t, m.state == posts.StateDraft || m.state == posts.StateFailed || m.state == posts.StateScheduled, err) {
		m.state, m.scheduled = posts.StateScheduled, at
	}
}

func (m *machine) cancel(t *rapid.T) {
	_, err := m.w.CancelSchedule(context.Background(), m.w.owner, m.id)
	if !m.refused(t, m.state == posts.StateScheduled, err) {
		m.state = posts.StateDraft
	}
}

func (m *machine) remove(t *rapid.T) {
	if rapid.IntRange(0, 9).Draw(t, "seldom") > 0 {
		t.Skip("a deleted post has no more stories to tell")
	}
	err := m.w.posts.Delete(context.Background(), posts.DeleteInput{OwnerID: m.w.owner, ID: m.id})
	if !m.refused(t, m.state != "" && m.state != posts.StatePublishing, err) {
		m.state, m.under, m.lost = "", nil, nil
	}
}

// becomesDue runs the newest of the jobs of the post's schedules; those before it must do nothing, see cancel and schedule.
func (m *machine) becomesDue(t *rapid.T) {
	j := takeJob(t, m.w, DueArgs{}, m.id)
	if j == nil {
		t.Skip("never scheduled")
	}
	if m.state == posts.StateScheduled && m.w.clock.Before(m.scheduled) {
		m.w.clock = m.scheduled
	}
	m.finish(t, j.JobRow, (&dueWorker{Service: m.w.Service}).Work(m.w.workContext(), j))
	if m.state != posts.StateScheduled {
		return
	}
	if m.w.clock.Sub(m.scheduled) > rules.OverdueWindow {
		m.state = posts.StateFailed
		return
	}
	m.state, m.due = posts.StateQueued, m.scheduled
	m.approvals++
}

// answers are what LinkedIn may do with a create.
var answers = map[string]sandbox.Fault{
	"accepts":            {},
	"refuses":            {Mode: sandbox.Status, Value: "403"},
	"breaks down":        {Mode: sandbox.Status, Value: "500"},
	"drops":              {Mode: sandbox.Drop},
	"accepts and drops":  {Mode: sandbox.AcceptThenDrop},
	"serves not version": {Mode: sandbox.VersionSunset},
	"asks to wait":       {Mode: sandbox.RetryAfter, Value: "30"},
	"parks for the day":  {Mode: sandbox.RateLimitedDay},
	"refuses the token":  {Mode: sandbox.TokenExpired},
}

// arm makes LinkedIn give an answer to the next create.
func (m *machine) arm(t *rapid.T) (answer string) {
	answer = rapid.SampledFrom(slices.Sorted(maps.Keys(answers))).Draw(t, "LinkedIn")
	m.w.vendors.Disarm()
	if f := answers[answer]; f.Mode != "" {
		f.Vendor, f.Operation, f.Times = "linkedin", "createPost", 1
		require.NoError(t, m.w.vendors.Arm(f))
	}
	return answer
}

// send runs the publication's job.
func (m *machine) send(t *rapid.T) {
	if m.under != nil {
		t.Skip("its process died: that is for rescue")
	}
	answer := m.arm(t)
	j := takeJob(t, m.w, PublicationArgs{}, m.id)
	if j == nil {
		t.Skip("never approved")
	}
	m.finish(t, j.JobRow, m.w.Work(m.w.workContext(), j))
	if m.state != posts.StateQueued || m.obstructed() {
		return
	}
	m.answered(answer)
}

// obstructed predicts what keeps a queued publication from being sent, and what becomes of it.
func (m *machine) obstructed() bool {
	now := m.w.clock
	switch {
	case now.Sub(m.due) > rules.OverdueWindow:
		m.fails()
	case m.paused:
		m.due = now.Add(decision.PausedRecheck)
	case now.Before(m.held):
		m.due = m.held
		if m.held.Equal(m.held.Truncate(24 * time.Hour)) {
			m.due = m.held.Add(decision.DayMargin)
		}
	default:
		return false
	}
	return true
}

// known reports whether the post is known to be there, and nothing about it is in doubt.
func (m *machine) known() bool { return m.arrived && m.doubts == 0 }

// fails is a definite failure of this attempt: what it means depends on those before.
func (m *machine) fails() {
	switch {
	case m.doubts > 0:
		m.state = posts.StateUnconfirmed
	case m.arrived:
		m.state = posts.StatePublished
	default:
		m.state = posts.StateFailed
	}
}

// answered predicts what an answer makes of the post.
func (m *machine) answered(answer string) {
	now := m.w.clock
	remembered := !m.there.IsZero() && now.Sub(m.there) < 24*time.Hour
	switch answer {
	case "accepts":
		switch {
		case !remembered:
			m.state, m.there = posts.StatePublished, now
		case m.doubts > 0: // the duplicate that LinkedIn names is the attempt in doubt
			m.state, m.doubts, m.arrived = posts.StatePublished, 0, true
		default:
			m.fails()
		}
	case "refuses":
		m.fails()
	case "accepts and drops":
		if !remembered {
			m.there = now
		}
		m.state, m.doubts = posts.StateUnconfirmed, m.doubts+1
	case "breaks down", "drops":
		m.state, m.doubts = posts.StateUnconfirmed, m.doubts+1
	case "serves not version":
		wait := min(max(now.Sub(m.due)/2, rules.RetryWait), decision.LongestRetryWait)
		if now.Add(wait).After(m.due.Add(rules.OverdueWindow)) || m.known() {
			m.fails()
		}
	default:
		if m.known() { // there is nothing to wait for
			m.fails()
			return
		}
		switch answer {
		case "asks to wait":
			m.held = now.Add(30 * time.Second)
			m.due = m.held
		case "parks for the day":
			m.held = now.Truncate(24 * time.Hour).Add(24 * time.Hour)
			m.due = m.held.Add(decision.DayMargin)
		case "refuses the token":
			m.paused, m.due = true, now.Add(decision.PausedRecheck)
		}
	}
}

// die loses the process in the middle of an attempt: before the create left, or after LinkedIn answered.
func (m *machine) die(t *rapid.T) {
	if m.state != posts.StateQueued || m.under != nil || m.paused || m.w.clock.Before(m.held) || m.w.clock.Sub(m.due) > rules.OverdueWindow {
		t.Skip("no attempt would be made")
	}
	j := takeJob(t, m.w, PublicationArgs{}, m.id)
	c := m.w.claimed(t, j)
	m.state, m.under = posts.StatePublishing, &flight{job: j, c: c}
	if rapid.Bool().Draw(t, "sent") {
		m.arm(t)
		before := m.inLedger()
		created, err := m.w.send(context.Background(), c)
		answer := decision.Answered(created, err)
		m.under.answer = &answer
		if m.inLedger() > before {
			m.there = m.w.clock
		}
	}
}

// rescue lets River take up the job of a process that died.
func (m *machine) rescue(t *rapid.T) {
	if m.under == nil {
		t.Skip("nobody died")
	}
	j := takeJob(t, m.w, PublicationArgs{}, m.id)
	require.NotNil(t, j, "the job is not lost")
	m.finish(t, j.JobRow, m.w.Work(m.w.workContext(), j))
	if m.under.answer != nil {
		m.lost = append(m.lost, m.under)
	}
	m.state, m.doubts, m.under = posts.StateUnconfirmed, m.doubts+1, nil
}

// lateAnswer lets a process that was given up for lost write down what LinkedIn had answered.
func (m *machine) lateAnswer(t *rapid.T) {
	if len(m.lost) == 0 {
		t.Skip("no answer is on its way")
	}
	f := m.lost[0]
	m.lost = m.lost[1:]
	settled := m.settled(t, f)
	_, err := m.w.record(m.w.workContext(), f.job, f.c, *f.answer)
	require.NoError(t, err)
	if settled || f.answer.Answer.Result == decision.InDoubt { // LinkedIn did not tell that process more
		return
	}
	m.doubts--
	if f.answer.Answer.Result == decision.Accepted || (f.answer.Answer.DuplicateOf != "" && m.doubts > 0) {
		m.doubts, m.arrived = 0, true
	}
	switch {
	case m.doubts > 0:
	case m.arrived && (m.state == posts.StateUnconfirmed || m.state == posts.StateQueued):
		m.state = posts.StatePublished
	case m.state == posts.StateUnconfirmed:
		m.state = posts.StateFailed
	}
}

// settled reports whether the doubt about an attempt was settled before its answer came.
func (m *machine) settled(t *rapid.T, f *flight) bool {
	attempts := m.w.attempts(t, m.id)
	for _, a := range attempts {
		if a.ID == f.c.attempt.ID {
			return a.Settlement != ""
		}
	}
	t.Fatalf("attempt %s is gone", f.c.attempt.ID)
	return false
}

// resolve asks a person, who looks at LinkedIn and tells the truth.
func (m *machine) resolve(t *rapid.T) {
	in := ResolveInput{OwnerID: m.w.owner, ID: m.id, Published: m.inLedger() > 0}
	_, err := m.w.Resolve(context.Background(), in)
	if m.refused(t, m.state == posts.StateUnconfirmed, err) {
		return
	}
	m.state, m.doubts = posts.StateFailed, 0
	if in.Published {
		m.state, m.arrived = posts.StatePublished, true
	}
}

func (m *machine) connect(t *rapid.T) {
	var waits bool
	require.NoError(t, m.w.store.Pool().QueryRow(context.Background(), `SELECT count(*) > 0 FROM posts WHERE failure_code <> ''`).Scan(&waits))
	_, err := m.w.accounts.Add(context.Background(), accounts.AddInput{OwnerID: m.w.owner, Token: tess.Token})
	require.NoError(t, err)
	j := &river.Job[AccountChangedArgs]{JobRow: &rivertype.JobRow{}, Args: AccountChangedArgs{OwnerID: m.w.owner, AccountID: m.w.account}}
	err = (&accountChangedWorker{Service: m.w.Service}).Work(m.w.workContext(), j)
	var snooze *river.JobSnoozeError
	require.True(t, err == nil || errors.As(err, &snooze), "%v", err)
	m.paused = false
	if m.state == posts.StateQueued && waits {
		m.due = m.w.clock
	}
}

func (m *machine) timePasses(t *rapid.T) {
	m.w.clock = m.w.clock.Add(time.Duration(rapid.SampledFrom([]int{1, 5, 40, 600, 1800, 4000, 30000}).Draw(t, "seconds")) * time.Second)
}

func (m *machine) inLedger() (n int) {
	for _, entry := range m.w.vendors.Ledger() {
		if entry.Shown == m.text {
			n++
		}
	}
	return n
}

// check compares the post with the model, and holds the promises to both sides.
func (m *machine) check(t *rapid.T) {
	there := m.inLedger()
	require.LessOrEqual(t, there, m.approvals, "at most one create per approval")
	post, err := m.w.posts.Get(context.Background(), m.w.owner, m.id)
	if m.state == "" {
		require.True(t, fault.Is(err, fault.NotFound))
		return
	}
	require.NoError(t, err)
	require.Equal(t, m.state, post.State)
	switch post.State {
	case posts.StatePublished:
		require.Positive(t, there, "published, and LinkedIn does not have it")
	case posts.StateFailed, posts.StateDraft, posts.StateScheduled:
		require.Zero(t, there, "%s, and LinkedIn has it", post.State)
	}
	attempts := m.w.attempts(t, m.id)
	open := 0
	for i, a := range attempts {
		require.EqualValues(t, i+1, a.Number, "no attempt is missing")
		if a.Outcome == decision.InDoubt && a.Settlement == "" {
			open++
		}
	}
	require.Equal(t, m.doubts, open)
}

// takeJob takes the newest unfinished job of a kind for a post, to be run as River runs it; nil when there is none.
func takeJob[T river.JobArgs](t require.TestingT, w *world, args T, postID uuid.UUID) *river.Job[T] {
	j := &river.Job[T]{JobRow: &rivertype.JobRow{State: rivertype.JobStateRunning, Kind: args.Kind()}}
	err := w.store.Pool().QueryRow(context.Background(), `UPDATE river.river_job SET state = 'running', attempt = attempt + 1, attempted_at = now()
		WHERE id = (SELECT max(id) FROM river.river_job WHERE kind = $1 AND args->>'post_id' = $2 AND finalized_at IS NULL)
		RETURNING id, args, attempt`, args.Kind(), postID.String()).Scan(&j.ID, &j.EncodedArgs, &j.Attempt)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(j.EncodedArgs, &j.Args))
	return j
}

// finish does with a job what River does when its run has ended.
func (m *machine) finish(t *rapid.T, job *rivertype.JobRow, err error) {
	var snooze *river.JobSnoozeError
	if errors.As(err, &snooze) {
		m.w.exec(t, `UPDATE river.river_job SET state = 'scheduled', scheduled_at = now() + interval '1 hour' WHERE id = $1`, job.ID)
		return
	}
	require.NoError(t, err)
	m.w.exec(t, `UPDATE river.river_job SET state = 'completed', finalized_at = now() WHERE id = $1 AND finalized_at IS NULL`, job.ID)
}
