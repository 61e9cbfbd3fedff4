-- name: PublicationInsertMany :execrows
-- Element i of every array makes row i.
INSERT INTO publications (id, post_id, owner_id, account_id, state, created_at, due_at, job_id)
SELECT
    unnest(@ids::uuid[]), unnest(@post_ids::uuid[]), @owner_id, unnest(@account_ids::uuid[]), 'queued', @created_at, @due_at,
    unnest(@job_ids::bigint[]);

-- name: PublicationInsertEnded :execrows
-- One that was carried out, of which the database knows nothing any more. state is published or unconfirmed.
INSERT INTO publications (id, post_id, owner_id, account_id, state, created_at, due_at, ended_at)
VALUES (@id, @post_id, @owner_id, @account_id, @state, @created_at, @created_at, @ended_at::timestamptz);

-- name: PublicationLock :one
-- Locks a publication's post, itself and its account until the transaction ends, in the order of the last line, which whoever locks
-- some of them keeps. The account's lock keeps nobody from referring to it. Each row is as it is once it is locked; what else is to
-- be read under the locks takes a statement of its own, which sees what was committed while this one waited.
SELECT sqlc.embed(posts), sqlc.embed(publications), sqlc.embed(linkedin_accounts)
FROM posts
JOIN publications ON publications.post_id = posts.id
JOIN linkedin_accounts ON linkedin_accounts.id = publications.account_id
WHERE posts.id = @post_id AND posts.owner_id = @owner_id AND publications.id = @id AND publications.owner_id = @owner_id
    AND linkedin_accounts.owner_id = @owner_id
FOR UPDATE OF posts FOR UPDATE OF publications FOR NO KEY UPDATE OF linkedin_accounts;

-- name: PublicationListWaiting :many
-- Those of an account that are queued and wait for something, as their posts say; the oldest first.
SELECT u.* FROM publications u JOIN posts p ON p.id = u.post_id
WHERE u.account_id = @account_id AND u.owner_id = @owner_id AND u.state = 'queued' AND p.failure_code <> ''
ORDER BY u.created_at, u.id;

-- name: PublicationListHeldBack :many
-- Of all owners: those that are queued and say so, the oldest first.
SELECT u.id, u.job_id FROM publications u JOIN posts p ON p.id = u.post_id
WHERE u.state = 'queued' AND p.failure_code = @failure_code
ORDER BY u.created_at, u.id;

-- name: PublicationBegin :many
-- Writes down what is committed before the call: the attempt, and that publication and post are being sent. Returns the post; no
-- row, and nothing done, when publication and post are not both queued, or as many of the account's as all_turns are being sent. The
-- caller holds the locks of PublicationLock. Attempts are numbered from 1 over all publications of the post. Fails on
-- publish_attempts_sent_key when the publication has an attempt that may have reached LinkedIn. Rows are found by their keys alone:
-- IS TRUE keeps indexes of some states out of it, which look small to the planner whatever they have grown to since.
WITH begun AS (
    UPDATE publications SET state = 'publishing', turn = ''
    WHERE publications.id = @id AND publications.owner_id = @owner_id AND (publications.state = 'queued') IS TRUE AND (
        SELECT count(*) FROM publications t WHERE t.account_id = @account_id AND t.owner_id = @owner_id AND t.state = 'publishing'
    ) < @all_turns::bigint AND (SELECT q.state FROM posts q WHERE q.id = publications.post_id) = 'queued'
    RETURNING publications.id, publications.post_id
), attempt AS (
    INSERT INTO publish_attempts (id, publication_id, post_id, number, started_at, outcome)
    SELECT
        @attempt_id::uuid, begun.id, begun.post_id,
        (SELECT COALESCE(max(a.number), 0) + 1 FROM publish_attempts a WHERE a.post_id = begun.post_id), @started_at::timestamptz, 'started'
    FROM begun
)
UPDATE posts SET
    state = 'publishing', failure_code = '', failure_message = '', failure_remedy = '', revision = posts.revision + 1, updated_at = @now
FROM begun
WHERE posts.id = begun.post_id AND posts.owner_id = @owner_id AND (posts.state = 'queued') IS TRUE
RETURNING posts.*;

-- name: PublicationAwaitTurn :execrows
-- Puts a queued publication into its account's line; it is late only from due_at on. No row when it is not queued.
UPDATE publications SET turn = 'awaited', due_at = @due_at WHERE id = @id AND owner_id = @owner_id AND state = 'queued';

-- name: PublicationGiveTurn :many
-- Gives a turn of an account, if one is free, to whom has awaited one longest, and returns its job; no row when none is free, or
-- awaited. Of all_turns those are not free in which a publication is being sent, or that were given after lapsed and have not been
-- taken up. The caller holds the account's lock; one whose row another transaction has locked is looking itself, and waits for that.
UPDATE publications p SET turn = 'given', due_at = @now
FROM (
    SELECT w.id FROM publications w
    WHERE w.account_id = @account_id AND w.owner_id = @owner_id AND w.state = 'queued' AND w.turn = 'awaited' AND (
        SELECT count(*) FROM publications t
        WHERE t.account_id = @account_id AND t.owner_id = @owner_id
            AND (t.state = 'publishing' OR (t.state = 'queued' AND t.turn = 'given' AND t.due_at > @lapsed::timestamptz))
    ) < @all_turns::bigint
    ORDER BY w.created_at, w.id LIMIT 1
    FOR UPDATE SKIP LOCKED
) AS next
WHERE p.id = next.id
RETURNING p.job_id;

-- name: PublicationDefer :execrows
-- A queued publication is late only from due_at on, and looks by itself. No row when it is not queued.
UPDATE publications SET turn = '', due_at = @due_at WHERE id = @id AND owner_id = @owner_id AND state = 'queued';

-- name: PublicationMarkWaiting :execrows
-- Back to the queue, for another attempt. No row when it is not being sent.
UPDATE publications SET state = 'queued', due_at = @due_at WHERE id = @id AND owner_id = @owner_id AND state = 'publishing';

-- name: PublicationWithdraw :execrows
-- Ends the publication of a post that is queued and need not go out any more.
UPDATE publications SET state = 'failed', ended_at = @ended_at::timestamptz
WHERE post_id = @post_id AND owner_id = @owner_id AND state = 'queued';

-- name: PublicationSettleByPost :execrows
-- state is published or failed; every publication of the post that ended in doubt takes it.
UPDATE publications SET state = @state WHERE post_id = @post_id AND owner_id = @owner_id AND state = 'unconfirmed';

-- name: PublicationCountByState :many
-- Of all owners, for the operator: those that somebody or something still has to end. The others grow for ever, and so would the
-- reading of them.
SELECT state, count(*) FROM publications WHERE state IN ('queued', 'publishing', 'unconfirmed') GROUP BY state ORDER BY state;

-- name: PublicationOldestDue :one
-- When that publication of all owners was due which has waited longest; no row when none is on its way.
SELECT due_at FROM publications WHERE state IN ('queued', 'publishing') ORDER BY due_at LIMIT 1;

-- name: AttemptInsert :one
-- One that was made, and that the database lost: others are written by PublicationBegin, and this one like them.
INSERT INTO publish_attempts (id, publication_id, post_id, number, started_at, outcome)
SELECT
    @id, p.id, p.post_id, (SELECT COALESCE(max(a.number), 0) + 1 FROM publish_attempts a WHERE a.post_id = p.post_id),
    @started_at, 'started'
FROM publications p
WHERE p.id = @publication_id AND p.owner_id = @owner_id
RETURNING *;

-- name: AttemptGetOpen :one
-- The attempt of a publication that has no outcome yet; no row when there is none.
SELECT a.* FROM publish_attempts a JOIN publications p ON p.id = a.publication_id
WHERE a.publication_id = @publication_id AND p.owner_id = @owner_id AND a.outcome = 'started';

-- name: AttemptEnd :one
-- ended is 0 when the attempt has an outcome already, and else 1. Beside that the post's doubts as AttemptDoubts tells them, this
-- attempt's own among them: in one round trip, which every send takes. For IS TRUE see PublicationBegin.
WITH ended AS (
    UPDATE publish_attempts a SET
        ended_at = @ended_at::timestamptz, outcome = @outcome, status = @status, code = @code, message = @message, request_id = @request_id
    FROM publications p
    WHERE a.id = @id AND a.outcome = 'started' AND p.id = a.publication_id AND p.owner_id = @owner_id
    RETURNING a.started_at, a.settlement, a.outcome
), doubted AS (
    SELECT e.started_at, e.settlement FROM ended e WHERE e.outcome = 'in_doubt'
    UNION ALL -- where the one that ends is still as it was before
    SELECT a.started_at, a.settlement FROM publish_attempts a JOIN publications p ON p.id = a.publication_id
    WHERE a.post_id = @post_id AND p.owner_id = @owner_id AND (a.outcome = 'in_doubt') IS TRUE
)
SELECT
    (SELECT count(*) FROM ended) AS ended,
    coalesce(min(started_at) FILTER (WHERE settlement = ''), 'epoch')::timestamptz AS open_since,
    count(*) FILTER (WHERE settlement = '') AS open,
    count(*) FILTER (WHERE settlement = ANY(@settled_there::text[])) AS there
FROM doubted;

-- name: AttemptCount :one
-- Whether there is an attempt, with an outcome or without: 0 or 1.
SELECT count(*) FROM publish_attempts a JOIN publications p ON p.id = a.publication_id WHERE a.id = @id AND p.owner_id = @owner_id;

-- name: AttemptDoubts :one
-- Of a post's attempts whose answer was lost: how many are not settled and when the first of those began (1970 for none), and
-- how many turned out to be on LinkedIn.
SELECT
    coalesce(min(a.started_at) FILTER (WHERE a.settlement = ''), 'epoch')::timestamptz AS open_since,
    count(*) FILTER (WHERE a.settlement = '') AS open,
    count(*) FILTER (WHERE a.settlement = ANY(@settled_there::text[])) AS there
FROM publish_attempts a JOIN publications p ON p.id = a.publication_id
WHERE a.post_id = @post_id AND p.owner_id = @owner_id AND (a.outcome = 'in_doubt') IS TRUE;

-- name: AttemptSettleLate :execrows
-- The answer of an attempt that had been given up for lost. No row when the doubt was settled meanwhile.
UPDATE publish_attempts a SET
    settled_at = @settled_at::timestamptz, settlement = @settlement, status = @status, code = @code, message = @message,
    request_id = @request_id
FROM publications p
WHERE a.id = @id AND a.outcome = 'in_doubt' AND a.settlement = '' AND p.id = a.publication_id AND p.owner_id = @owner_id;

-- name: AttemptSettleByPost :execrows
-- Settles every doubt about a post's attempts.
UPDATE publish_attempts a SET settled_at = @settled_at::timestamptz, settlement = @settlement
FROM publications p
WHERE a.post_id = @post_id AND a.outcome = 'in_doubt' AND a.settlement = '' AND p.id = a.publication_id AND p.owner_id = @owner_id;

-- name: AttemptListByPost :many
-- The newest first of those before a number.
SELECT a.* FROM publish_attempts a JOIN posts p ON p.id = a.post_id
WHERE a.post_id = @post_id AND p.owner_id = @owner_id AND a.number < @before_number
ORDER BY a.number DESC LIMIT @most;

-- name: AttemptListInDoubt :many
-- In the order they were made: those of a post that nothing has settled yet, however many have followed.
SELECT a.* FROM publish_attempts a JOIN posts p ON p.id = a.post_id
WHERE a.post_id = @post_id AND p.owner_id = @owner_id AND a.outcome = 'in_doubt' AND a.settlement = ''
ORDER BY a.number;

-- name: AttemptCountByAccount :many
-- Of all owners, for the operator: how many creates went to LinkedIn since a time, the accounts with most first.
SELECT p.account_id, count(*) FROM publish_attempts a JOIN publications p ON p.id = a.publication_id
WHERE a.started_at >= @since AND a.outcome <> 'not_sent'
GROUP BY p.account_id ORDER BY count(*) DESC, p.account_id LIMIT @most;
