package main

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/dbtest"
)

// How many rows testdata/growth.sql has made in every table that grows when each query is run, the first and the second time.
const (
	few  = 10_000
	many = 300_000
)

// growing are the queries that may read more the more there is, and why. For some it depends on what PostgreSQL makes of its
// samples.
var growing = map[string]string{
	"PostListByState":   "where nearly all posts are in one state, and others are asked for, the owner's posts may be walked by time",
	"PostNewestURN":     "where most accounts have a post or two and one has very many, its posts may be sorted instead of read in order",
	"PostListUnfolded":  "`migrate up` goes through all posts once, and reads on until it has found some",
	"AccountListOwners": "everybody is warned of a version's end, once",
	"UserList":          "an operator asks for all users",
}

// idle are the queries that find nothing for these arguments, and why. All others do, or what they read would say nothing.
var idle = map[string]string{
	"OriginInsert": "there is one", "OriginRelease": "nothing is held", "OriginSeen": "the database was moved", "PostPutFolded": "it is there",
	"LLMBudgetSettle": "no model was asked yet",
}

// Arguments are SQL. The rows are those of testdata/growth.sql: an owner has every second row, the others one each.
var (
	owner, account = numbered(1, 0), numbered(3, 0)
	draft, planned = numbered(41, 0), numbered(42, 0)
	queued, going  = numbered(43, 0), numbered(44, 0)
	gone           = numbered(45, 0)
	doubtful       = numbered(47, 0)
	fresh          = numbered(99, 0)
)

// numbered is the n-th id of a kind, in the order of time as our ids are.
func numbered(kind, n int) string { return fmt.Sprintf("'%08x-0000-7000-8000-%012x'", n, kind) }

// usual are the arguments of that name of every query that says nothing else.
var usual = map[string]string{
	"owner_id": owner, "account_id": account, "id": gone, "post_id": gone, "ids": "ARRAY[" + gone + "]::uuid[]", "now": "now_at",
	"before_time": "now_at", "before_id": "'ffffffff-ffff-ffff-ffff-ffffffffffff'", "after_id": numbered(0, 0), "from_time": "'epoch'",
	"after_time": "'epoch'", "after_revision": "0", "page_size": "50", "most": "50", "most_each": "5", "failure_code": "'held'",
	"failure_message": "'m'", "failure_remedy": "'r'", "states": "ARRAY['published', 'failed']", "post_ids": "ARRAY[" + gone + "]::uuid[]",
	"account_ids": "ARRAY[" + account + "]::uuid[]", "contents": "ARRAY['Number 2']", "content": "'Number 2'", "token_revision": "1",
	"created_at": "now_at", "started_at": "now_at", "ended_at": "now_at", "settled_at": "now_at", "due_at": "now_at", "checked_at": "now_at",
	"before": "now_at", "day": "now_at", "since": "now_at - interval '1 day'", "until": "now_at", "is_default": "true",
	"linkedin_urn": "'urn:li:share:new'", "linkedin_urns": "ARRAY['urn:li:share:2']", "account_urn": "'urn:li:person:0'", "scheduled_at": "now_at",
	"sealed_token": "'s'", "sealed_refresh_token": "NULL", "token_expires_at": "now_at", "refresh_token_expires_at": "NULL",
	"token_expiry_assumed": "false", "scopes": "'{}'", "publication_id": numbered(53, 0), "settlement": "'late_accepted'", "status": "201",
	"code": "''", "message": "''", "request_id": "'r'", "time_zone": "'UTC'", "state": "'failed'", "hash": "decode(repeat('00', 32), 'hex')",
}

// arguments has every query, with those of its arguments that are not the usual ones.
var arguments = map[string]map[string]string{
	"AccountUpsert":           {"id": fresh, "urn": "'urn:li:person:new'", "display_name": "'n'", "app": "'default'"},
	"AccountGet":              {"id": account},
	"AccountGetDefault":       {},
	"AccountListByOwner":      {},
	"AccountListConnected":    {},
	"AccountListEnding":       {},
	"AccountListOwners":       {},
	"AccountGetForUpdate":     {"id": account},
	"AccountPause":            {"id": account, "paused_reason": "'p'"},
	"AccountHold":             {"id": account, "held_until": "now_at", "held_reason": "'h'", "hold_streak": "1"},
	"AccountEndHoldStreak":    {"id": account},
	"AccountDisconnect":       {"id": account},
	"AccountPromoteOldest":    {"owner_id": numbered(11, 0)},
	"AccountLeaseRenewal":     {"id": account, "renewing_until": "now_at"},
	"AccountRenewalRefused":   {"id": account},
	"AccountRenew":            {"id": account},
	"AccountChecked":          {"id": account},
	"AccountNotKnown":         {"id": account},
	"AccountWarned":           {"id": account, "warned_days": "7"},
	"AccountReseal":           {"id": account, "old_sealed_token": "'t'", "old_sealed_refresh_token": "NULL"},
	"AccountCountRequests":    {"id": account, "count": "1"},
	"AccountLeaseNumbers":     {"id": account, "as_read": "NULL"},
	"AccountHoldNumbers":      {"id": account},
	"AnalysisPut":             {"post_id": numbered(4, 2), "sentiment_label": "'neutral'", "sentiment_score": "0", "readability_score": "1"},
	"AnalyticsGet":            {"post_id": numbered(4, 2)},
	"AnalyticsPutNumbers":     {"post_id": numbered(4, 2), "views_count": "1", "likes_count": "1", "comments_count": "1", "shares_count": "NULL"},
	"AnalyticsListUncounted":  {"after_seconds": "ARRAY[60, 3600]"},
	"AnalyticsListNumbers":    {"post_id": numbered(4, 2)},
	"AnalyticsListEngagement": {},
	"AnalyticsPutPrediction":  {"post_id": numbered(4, 2), "engagement_prediction": "1", "revision": "1"},
	"AnalyticsPutDue":         {"post_id": numbered(4, 2)},
	"AnalyticsTakeDue":        {},
	"ConsentInsert":           {"state_hash": "'new'", "organization": "''", "app": "'default'", "expires_at": "now_at"},
	"ConsentTake":             {"state_hash": "'c2'"},
	"ConsentDeleteExpired":    {},
	"ConsentDeleteOldest":     {"keep": "1"},
	"LLMBudgetReserve":        {"tokens": "1", "daily": "1000000"},
	"LLMBudgetSettle":         {"change": "1"},
	"KeyInsert":               {"id": fresh, "label": "''", "prefix": "'new'"},
	"KeyGetByPrefix":          {"prefix": "'k2'"},
	"KeyListByOwner":          {},
	"KeyRevoke":               {"prefix": "'k2'", "revoked_at": "now_at"},
	"NotificationInsert": {"id": fresh, "channel": "'email'", "recipient": "'r'", "subject": "'s'", "delivered": "true", "problem": "''",
		"sender": "'log'", "event": "'failed'", "state": "'ended'", "attempts": "1", "content": "''", "html": "''"},
	"NotificationGet":            {"id": numbered(71, 0)},
	"NotificationList":           {},
	"NotificationListFailed":     {},
	"NotificationClaim":          {"id": numbered(73, 0)},
	"NotificationSettle":         {"id": numbered(74, 0), "state": "'ended'", "delivered": "true", "problem": "''", "sender": "'log'"},
	"NotificationResend":         {"id": numbered(72, 0)},
	"NotificationReached":        {"id": numbered(74, 0), "taken": "ARRAY[" + fresh + "]::uuid[]"},
	"NotificationPreferencesGet": {},
	"NotificationPreferencesUpsert": {"muted": "'{}'", "quiet_from": "NULL", "quiet_until": "NULL", "quiet_zone": "NULL", "set_muted": "true",
		"set_quiet": "true"},
	"NotificationCount":          {"allowance": "'news_email'"},
	"NotificationDeleteOld":      {},
	"NotificationCountDeleteOld": {},
	"OriginGet":                  {},
	"OriginLock":                 {},
	"OriginPlace":                {},
	"OriginInsert":               {},
	"OriginSeen":                 {"last": "now_at"},
	"OriginHold":                 {"reason": "'moved'"},
	"OriginRelease":              {"review": "true"},
	"PostInsert": {
		"id": fresh, "folded": "'f'", "post_type": "'story'", "tone": "'humorous'", "target_audience": "''", "visibility": "'public'",
		"hashtags": "'{}'", "request_hash": "''", "hash_version": "2",
	},
	"PostInsertMany": {
		"ids": "ARRAY[" + fresh + "]::uuid[]", "folded": "ARRAY['f']", "post_types": "ARRAY['story']", "tones": "ARRAY['humorous']",
		"target_audiences": "ARRAY['']", "visibilities": "ARRAY['public']", "hashtags": "ARRAY['#a #b']",
	},
	"PostGet":          {},
	"PostGetMany":      {},
	"PostGetForUpdate": {},
	"PostUpdate": {
		"id": draft, "folded": "'f'", "set_content": "true", "set_account_id": "true", "set_post_type": "true", "post_type": "'story'",
		"set_tone": "true", "tone": "'humorous'", "set_target_audience": "true", "target_audience": "''", "set_visibility": "true",
		"visibility": "'public'", "set_hashtags": "true", "hashtags": "'{}'",
	},
	"PostListAccounts":           {},
	"PostDelete":                 {"id": numbered(4, 2)},
	"PostListByOwner":            {},
	"PostListByState":            {},
	"PostListByAccount":          {},
	"PostListScheduled":          {"states": "ARRAY['scheduled']", "before_time": "'infinity'"},
	"PostListScheduledByAccount": {"states": "ARRAY['scheduled']", "before_time": "'infinity'"},
	"PostSearchWalk":             {"query": "'number'", "folded": "'number'"},
	"PostSearchWalked":           {},
	"PostSearchSample":           {},
	"PostSearchBeyond":           {"posts": "2000"},
	"PostSearchCandidates":       {"grams": "'{2}'"},
	"PostSearchAmong":            {"query": "'number 2'", "folded": "'number 2'", "ids": "ARRAY[" + numbered(4, 2) + "]::uuid[]"},
	"PostSearchTake":             {},
	"PostSearchTexts":            {"ids": "ARRAY[" + numbered(4, 2) + "]::uuid[]"},
	"PostSearchIndex":            {"ids": "ARRAY[" + fresh + "]::uuid[]", "created_at": "ARRAY[now_at]", "grams": "ARRAY['1 2']"},
	"PostVersionFindPost":        {},
	"PostVersionLockPost":        {},
	"PostVersionNewestText":      {"post_id": numbered(4, 2)},
	"PostVersionPut": {
		"post_id": numbered(4, 2), "kind": "'text'", "text_number": "0", "source_number": "0", "optimization_type": "''", "sentiment_label": "''",
		"sentiment_score": "NULL", "hashtags": "'{}'", "engine": "''", "model": "''", "model_version": "''", "prompt_hash": "''",
		"input_tokens": "0", "output_tokens": "0", "cost_micros": "0",
	},
	"PostVersionDeleteOldest":   {"post_id": numbered(4, 2), "other_texts": "0", "other_answers": "0"},
	"PostVersionList":           {"post_id": numbered(4, 2), "before_number": "9"},
	"PostVersionGetText":        {"post_id": numbered(4, 2), "number": "2"},
	"PostVersionIsOptimization": {"post_id": numbered(4, 2), "number": "2"},
	"PostListUnfolded":          {},
	"PostPutFolded":             {"folded": "ARRAY['f']", "ids": "ARRAY[" + numbered(4, 2) + "]::uuid[]"},
	"PostMarkQueued":            {"id": draft, "resend": "false"},
	"PostGetManyForUpdate":      {},
	"PostMarkQueuedMany":        {"ids": "ARRAY[" + draft + "]::uuid[]"},
	"PostListStates":            {},
	"PostListRevisions":         {},
	"PostMarkWaiting":           {"id": going},
	"PostMarkPublished":         {"id": going, "publication_id": numbered(54, 0)},
	"PostMarkNotPublished":      {"id": going, "publication_id": numbered(54, 0)},
	"PostMarkScheduled":         {"id": draft},
	"PostMarkUnscheduled":       {"id": planned},
	"PostMarkDue":               {"id": planned},
	"PostMarkHeldBack":          {"id": planned},
	"PostCountOpen":             {},
	"PostListHeldBack":          {},
	"PostMarkMissed":            {"id": planned},
	"PostSettle":                {"id": doubtful, "published_at": "NULL"},
	"PostSetAccount":            {},
	"PostListSameText":          {},
	"PostTellDoubt":             {"id": doubtful},
	"PostSetURN":                {"id": going},
	"PostListByURN":             {},
	"PostNewestURN":             {},
	"PostCountTwins":            {},
	"PostTransitionsAfter":      {},
	"PostOldestScheduled":       {},
	"PostTransitionDeleteOld":   {},
	"PostCountDue":              {"before_time": "'infinity'"},
	"PostCountScheduledFrom":    {},
	"QueueGet":                  {},
	"QueueGetForUpdate":         {},
	"QueuePut":                  {"time_zone": "'UTC'", "slots": "ARRAY[1]::smallint[]", "revision": "0"},
	"QueueFreeTimes":            {"times": "ARRAY[now_at]", "is_default": "true", "except_id": fresh},
	"PublicationInsertMany":     {"ids": "ARRAY[" + fresh + "]::uuid[]", "post_ids": "ARRAY[" + draft + "]::uuid[]", "job_ids": "ARRAY[1]"},
	"PublicationInsertEnded":    {"id": fresh, "state": "'published'"},
	"PublicationLock":           {"id": numbered(53, 0), "post_id": queued},
	"PublicationListWaiting":    {},
	"PublicationListHeldBack":   {},
	"PublicationBegin":          {"id": numbered(53, 0), "all_turns": "5", "attempt_id": fresh},
	"PublicationAwaitTurn":      {"id": numbered(53, 0)},
	"PublicationGiveTurn":       {"all_turns": "5", "lapsed": "'epoch'"},
	"PublicationDefer":          {"id": numbered(53, 0)},
	"PublicationMarkWaiting":    {"id": numbered(54, 0)},
	"PublicationWithdraw":       {"post_id": queued},
	"PublicationSettleByPost":   {"post_id": doubtful},
	"PublicationCountByState":   {},
	"PublicationOldestDue":      {},
	"AttemptInsert":             {"id": fresh},
	"AttemptGetOpen":            {"publication_id": numbered(54, 0)},
	"AttemptEnd":                {"id": numbered(64, 0), "outcome": "'accepted'", "settled_there": "ARRAY['late_accepted']"},
	"AttemptCount":              {"id": numbered(64, 0)},
	"AttemptDoubts":             {"post_id": doubtful, "settled_there": "ARRAY['late_accepted']"},
	"AttemptSettleLate": {
		"id": numbered(67, 0),
	},
	"AttemptSettleByPost": {"post_id": doubtful},
	"AttemptListByPost":   {"post_id": doubtful, "before_number": "9"},
	"AttemptListInDoubt": {
		"post_id": doubtful,
	},
	"AttemptCountByAccount": {"since": "now_at - interval '1 hour'"}, // whose share of a day does not grow with the years
	"RequestInsert":         {"operation": "'new'", "request_hash": "''", "hash_version": "2"},
	"RequestGet":            {"operation": "'o'", "request_id": "'r2'"},
	"RequestDeleteOld":      {},
	"DatabaseInfo":          {},
	"VersionWarningInsert":  {"version": "'202601'", "days_before": "1", "warned_at": "now_at"},
	"UserInsert":            {"id": fresh, "email": "'n@x.org'", "email_key": "'n@x.org'", "name": "''", "operator": "false"},
	"UserGet":               {"id": owner},
	"UserGetByEmail":        {"email_key": "'u2@example.org'"},
	"UserList":              {},
	"WorkerBeat":            {"id": fresh},
	"WorkerDelete":          {"id": numbered(8, 1)},
	"WorkerDeleteStale":     {},
	"WorkerCountAlive":      {"seconds": "30"},
}

var (
	argument = regexp.MustCompile(`sqlc\.narg\((\w+)\)|@(\w+)`)
	embedded = regexp.MustCompile(`sqlc\.embed\((\w+)\)`)
)

// prepared is a query with $1, $2, … and the arguments in that order. In the arguments now_at becomes the time of the newest row.
func prepared(t *testing.T, q query, now time.Time) (text string, args []string) {
	t.Helper()
	own, known := arguments[q.name]
	require.True(t, known, "%s is missing in arguments", q.name)
	var names []string
	text = embedded.ReplaceAllString(q.text, "$1.*")
	text = argument.ReplaceAllStringFunc(text, func(found string) string {
		name := strings.Trim(strings.TrimPrefix(found, "sqlc.narg("), "@)")
		for i, n := range names {
			if n == name {
				return fmt.Sprintf("$%d", i+1)
			}
		}
		value, is := own[name]
		if !is {
			value, is = usual[name]
		}
		assert.True(t, is, "%s: what is %s?", q.name, name)
		names = append(names, name)
		args = append(args, strings.ReplaceAll(value, "now_at", "'"+now.Format(time.RFC3339)+"'::timestamptz"))
		return fmt.Sprintf("$%d", len(names))
	})
	for name := range own {
		assert.Contains(t, names, name, "%s has no such argument", q.name)
	}
	return strings.TrimSuffix(strings.TrimSpace(text), ";"), args
}

// blocksRead are those of our tables and their indexes that this session has asked for, from memory or not, also in triggers and
// for foreign keys, which EXPLAIN does not count.
const blocksRead = `SELECT sum(pg_stat_get_xact_blocks_fetched(oid)) FROM pg_class WHERE relnamespace IN (current_schema()::regnamespace, ` +
	`'pg_toast'::regnamespace)`

// read runs a query as often as it takes PostgreSQL to settle on a plan, takes back what it did, and returns how many blocks the
// run took that took most, how many rows it found, and the plan.
func read(t *testing.T, conn *pgx.Conn, q query, now time.Time) (blocks, rows int64, plan string) {
	t.Helper()
	text, args := prepared(t, q, now)
	exec := func(sql string) int64 {
		results, err := conn.PgConn().Exec(t.Context(), sql).ReadAll()
		require.NoError(t, err, "%s: %s", q.name, sql)
		return results[0].CommandTag.RowsAffected()
	}
	count := func() (n int64) {
		require.NoError(t, conn.QueryRow(t.Context(), blocksRead).Scan(&n))
		return n
	}
	call := "EXECUTE q"
	if len(args) > 0 {
		call += " (" + strings.Join(args, ", ") + ")"
	}
	exec("PREPARE q AS " + text)
	defer exec("DEALLOCATE q")
	const customPlans = 5 // until PostgreSQL considers one plan for all arguments
	for run := range 2 {
		if run == 1 {
			for range customPlans {
				exec("EXPLAIN " + call)
			}
		}
		exec("BEGIN")
		before := count()
		rows = exec(call)
		blocks = max(blocks, count()-before)
		exec("ROLLBACK")
	}
	lines, err := conn.PgConn().Exec(t.Context(), "EXPLAIN "+call).ReadAll()
	require.NoError(t, err)
	for _, line := range lines[0].Rows {
		plan += string(line[0]) + "\n"
	}
	return blocks, rows, plan
}

// A query that finds what it looks for by an index reads a block more where there is thirty times as much. One that doesn't is
// noticed by the first who has much.
func TestNoQueryReadsMoreTheMoreThereIs(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	conn, err := pgx.Connect(ctx, dbtest.New(t))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	rows, err := os.ReadFile("testdata/growth.sql")
	require.NoError(t, err)
	_, err = conn.Exec(ctx, string(rows))
	require.NoError(t, err)
	first := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	all := queries(t)
	measured := map[string]int64{}
	made := 0
	for _, size := range []int{few, many} {
		_, err := conn.Exec(ctx, fmt.Sprintf("CALL grow(%d, %d)", made+1, size))
		require.NoError(t, err)
		for _, finish := range []string{"REINDEX SCHEMA public", "VACUUM ANALYZE"} {
			_, err = conn.Exec(ctx, finish)
			require.NoError(t, err)
		}
		made = size
		for _, q := range all {
			blocks, found, plan := read(t, conn, q, first.Add(time.Duration(size)*time.Minute))
			_, nothing := idle[q.name]
			assert.Equal(t, nothing, found == 0, "%s found %d rows", q.name, found)
			if size == few {
				measured[q.name] = blocks
				continue
			}
			if _, may := growing[q.name]; may {
				continue
			}
			const deeper = 20 // the indexes that a query goes through are one level deeper
			assert.LessOrEqual(t, blocks, 2*measured[q.name]+deeper,
				"%s reads %d blocks with %d rows and %d with %d\n%s", q.name, measured[q.name], few, blocks, many, plan)
		}
	}
	for name := range growing {
		assert.Contains(t, measured, name, "there is no such query")
	}
	for name := range arguments {
		assert.Contains(t, measured, name, "there is no such query")
	}
}
