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

-- name: PublicationGetForUpdate :one
-- Locks the row until the transaction ends; lock the post first.
SELECT * FROM publications WHERE id = @id AND owner_id = @owner_id FOR UPDATE;

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

-- name: PublicationCountByAccount :one
-- How many of an account's publications are being sent at this moment, and how many are queued ahead of the one with the
-- key (before_time, before_id). The caller holds the account's lock.
SELECT
    count(*) FILTER (WHERE state = 'publishing') AS sending,
    count(*) FILTER (WHERE state = 'queued' AND (created_at, id) < (@before_time::timestamptz, @before_id::uuid)) AS ahead
FROM publications WHERE account_id = @account_id AND owner_id = @owner_id AND state IN ('queued', 'publishing');

-- name: PublicationDefer :execrows
-- A queued publication is late only from due_at on. No row when it is not queued.
UPDATE publications SET due_at = @due_at WHERE id = @id AND owner_id = @owner_id AND state = 'queued';

-- name: PublicationMarkWaiting :execrows
-- Back to the queue, for another attempt. No row when it is not being sent.
UPDATE publications SET state = 'queued', due_at = @due_at WHERE id = @id AND owner_id = @owner_id AND state = 'publishing';

-- name: PublicationMarkPublishing :execrows
-- No row when the publication is not queued.
UPDATE publications SET state = 'publishing' WHERE id = @id AND owner_id = @owner_id AND state = 'queued';

-- name: PublicationEnd :execrows
-- state is published, failed or unconfirmed. No row when the publication has ended already.
UPDATE publications SET state = @state, ended_at = @ended_at::timestamptz
WHERE id = @id AND owner_id = @owner_id AND state IN ('queued', 'publishing');

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
-- Written and committed before the call. Numbers run from 1 over all publications of the post; the caller holds the
-- post's lock. Fails on publish_attempts_sent_key when the publication has an attempt that may have reached LinkedIn.
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

-- name: AttemptEnd :execrows
-- No row when the attempt has an outcome already.
UPDATE publish_attempts a SET
    ended_at = @ended_at::timestamptz, outcome = @outcome, status = @status, code = @code, message = @message, request_id = @request_id
FROM publications p
WHERE a.id = @id AND a.outcome = 'started' AND p.id = a.publication_id AND p.owner_id = @owner_id;

-- name: AttemptCount :one
-- Whether there is an attempt, with an outcome or without: 0 or 1.
SELECT count(*) FROM publish_attempts a JOIN publications p ON p.id = a.publication_id WHERE a.id = @id AND p.owner_id = @owner_id;

-- name: AttemptDoubts :one
-- Of a post's attempts whose answer was lost: how many are not settled and when the first of those began (1970 for none), and
-- how many turned out to be on LinkedIn.
SELECT
    coalesce(min(a.started_at) FILTER (WHERE a.settlement = ''), 'epoch')::timestamptz AS open_since,
    count(*) FILTER (WHERE a.settlement = '') AS open,
    count(*) FILTER (WHERE a.settlement IN ('person_published', 'duplicate_named', 'read_back_published', 'late_accepted')) AS there
FROM publish_attempts a JOIN publications p ON p.id = a.publication_id
WHERE a.post_id = @post_id AND p.owner_id = @owner_id AND a.outcome = 'in_doubt';

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
