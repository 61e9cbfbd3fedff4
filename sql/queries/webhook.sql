-- name: WebhookInsert :one
INSERT INTO webhooks (id, owner_id, url, description, event_types, sealed_secret, free_at, created_at, updated_at)
VALUES (@id, @owner_id, @url, @description, @event_types::text[], @sealed_secret, @now::timestamptz, @now::timestamptz, @now::timestamptz)
RETURNING *;

-- name: WebhookLockOwner :one
-- Whoever adds an endpoint waits here for others who do, so that none counts past another.
SELECT id FROM users WHERE id = @owner_id FOR NO KEY UPDATE;

-- name: WebhookCount :one
SELECT count(*) FROM webhooks WHERE owner_id = @owner_id AND off_reason <> 'deleted';

-- name: WebhookGet :one
SELECT * FROM webhooks WHERE id = @id AND owner_id = @owner_id AND off_reason <> 'deleted';

-- name: WebhookGetForUpdate :one
-- Locks the row until the transaction ends. Whoever changes what waits for an endpoint locks the endpoint first.
SELECT * FROM webhooks WHERE id = @id AND owner_id = @owner_id AND off_reason <> 'deleted' FOR NO KEY UPDATE;

-- name: WebhookListByOwner :many
-- Oldest first.
SELECT * FROM webhooks WHERE owner_id = @owner_id AND off_reason <> 'deleted' ORDER BY created_at, id;

-- name: WebhookListSealed :many
-- Of all owners, in the order of their ids, after one.
SELECT id, owner_id, sealed_secret, sealed_previous_secret, previous_secret_until FROM webhooks
WHERE id > @after_id AND off_reason <> 'deleted' ORDER BY id LIMIT @page_size;

-- name: WebhookUpdate :one
-- Only the fields whose set_ flag is true change. The caller holds the row's lock.
UPDATE webhooks SET
    url = CASE WHEN @set_url::boolean THEN @url::text ELSE url END,
    description = CASE WHEN @set_description::boolean THEN @description::text ELSE description END,
    event_types = CASE WHEN @set_event_types::boolean THEN @event_types::text[] ELSE event_types END,
    updated_at = @now::timestamptz
WHERE id = @id AND owner_id = @owner_id
RETURNING *;

-- name: WebhookMoved :one
-- An endpoint at another URL has failed nowhere there: it does not rest, and what waits is due now. The caller holds the row's lock.
WITH due AS (
    UPDATE webhook_deliveries SET next_attempt_at = LEAST(next_attempt_at, @now::timestamptz) WHERE webhook_id = @id AND state = 'pending'
)
UPDATE webhooks SET
    failures = 0, failing_since = NULL, last_failed_at = NULL,
    free_at = CASE WHEN failures > 0 THEN LEAST(free_at, @now::timestamptz) ELSE free_at END,
    due_at = CASE WHEN due_at IS NOT NULL THEN LEAST(due_at, @now::timestamptz) END
WHERE id = @id AND owner_id = @owner_id RETURNING *;

-- name: WebhookSwitchOff :one
-- The caller holds the row's lock.
UPDATE webhooks SET off_reason = @off_reason, off_at = @now::timestamptz, due_at = NULL, updated_at = @now::timestamptz
WHERE id = @id AND owner_id = @owner_id RETURNING *;

-- name: WebhookSwitchOn :one
-- What was before counts no more. The caller holds the row's lock.
UPDATE webhooks SET
    off_reason = '', off_at = NULL, failures = 0, failing_since = NULL, last_failed_at = NULL, free_at = @now::timestamptz,
    updated_at = @now::timestamptz
WHERE id = @id AND owner_id = @owner_id RETURNING *;

-- name: WebhookRotate :one
-- The caller holds the row's lock.
UPDATE webhooks SET
    sealed_previous_secret = sqlc.narg(sealed_previous_secret)::bytea, previous_secret_until = sqlc.narg(previous_secret_until)::timestamptz,
    sealed_secret = @sealed_secret, rotated_at = @now::timestamptz, updated_at = @now::timestamptz
WHERE id = @id AND owner_id = @owner_id
RETURNING *;

-- name: WebhookReseal :execrows
-- No row when the secrets are others by now.
UPDATE webhooks SET sealed_secret = @sealed_secret, sealed_previous_secret = sqlc.narg(sealed_previous_secret)::bytea
WHERE id = @id AND owner_id = @owner_id AND sealed_secret = @old_sealed_secret::bytea
    AND sealed_previous_secret IS NOT DISTINCT FROM sqlc.narg(old_sealed_previous_secret)::bytea;

-- name: WebhookDelete :execrows
-- Nobody sees it any more, and its secrets are erased; its deliveries, which may be very many, go bit by bit, and then its row.
UPDATE webhooks SET off_reason = 'deleted', off_at = @now::timestamptz, due_at = NULL, url = '', description = '', event_types = '{}',
    sealed_secret = '', sealed_previous_secret = NULL, previous_secret_until = NULL, updated_at = @now::timestamptz
WHERE id = @id AND owner_id = @owner_id AND off_reason <> 'deleted';

-- name: WebhookRecordEvent :execrows
-- What does not happen to a post. No row when nobody wants to know, or it is written down already.
INSERT INTO webhook_events (id, owner_id, type, data, occurred_at)
SELECT @id, @owner_id::uuid, @type::text, @data::jsonb, @occurred_at::timestamptz
WHERE webhook_wanted(@owner_id::uuid, @type::text) AND EXISTS (SELECT FROM users u WHERE u.id = @owner_id::uuid)
ON CONFLICT (id) DO NOTHING;

-- name: WebhookLockFanOut :one
-- One process fans out at a time; the others find that somebody does.
SELECT pg_try_advisory_xact_lock(8452604190183207001);

-- name: WebhookListWaitingOwners :many
-- Owners with events that were not fanned out, in the order of their ids, after one. It looks up one after the other in the index, however
-- many events an owner has.
WITH RECURSIVE waiting AS (
    (SELECT e.owner_id, 1 AS place FROM webhook_events e WHERE NOT e.fanned_out AND e.owner_id > @after_owner::uuid ORDER BY e.owner_id LIMIT 1)
    UNION ALL
    SELECT n.owner_id, w.place + 1 FROM waiting w CROSS JOIN LATERAL (
        SELECT e.owner_id FROM webhook_events e WHERE NOT e.fanned_out AND e.owner_id > w.owner_id ORDER BY e.owner_id LIMIT 1
    ) n WHERE w.place < @most::integer
)
SELECT w.owner_id::uuid AS owner_id FROM waiting w ORDER BY w.owner_id;

-- name: WebhookLockOn :many
-- Locks an owner's endpoints that are switched on until the transaction ends; those that somebody else has locked are left out.
SELECT id FROM webhooks WHERE owner_id = @owner_id AND off_reason = '' ORDER BY id FOR NO KEY UPDATE SKIP LOCKED;

-- name: WebhookCountOn :one
SELECT count(*) FROM webhooks WHERE owner_id = @owner_id AND off_reason = '';

-- name: WebhookFanOut :one
-- Gives an owner's oldest events to the endpoints that want them, and says how many there were. Of those above the owner's number for a
-- day each endpoint keeps the first, which counts them. Events that no endpoint has go. The caller holds the endpoints' locks; an endpoint's
-- is taken before that of a day's count.
WITH taken AS (
    SELECT e.id, e.owner_id, e.type, e.occurred_at FROM webhook_events e
    WHERE NOT e.fanned_out AND e.owner_id = @owner_id ORDER BY e.occurred_at, e.id LIMIT @most
), wanted AS (
    SELECT t.id AS event_id, t.owner_id, w.id AS webhook_id,
        row_number() OVER (ORDER BY t.occurred_at, t.id, w.id) AS place, count(*) OVER () AS places
    FROM taken t JOIN webhooks w ON w.id = ANY (@webhook_ids::uuid[]) AND w.owner_id = t.owner_id AND t.type = ANY (w.event_types)
), counted AS (
    INSERT INTO webhook_counts AS c (owner_id, day, deliveries)
    SELECT w.owner_id, @day::timestamptz, count(*) FROM wanted w GROUP BY w.owner_id
    ON CONFLICT (owner_id, day) DO UPDATE SET deliveries = c.deliveries + excluded.deliveries
    RETURNING c.owner_id, c.deliveries
), placed AS (
    SELECT w.*, c.deliveries - w.places + w.place <= @daily_most::bigint AS within FROM wanted w JOIN counted c ON c.owner_id = w.owner_id
), beyond AS (
    SELECT p.webhook_id, count(*) AS events, min(p.place) AS first_place FROM placed p WHERE NOT p.within GROUP BY p.webhook_id
), known AS (
    UPDATE webhook_deliveries d SET left_out = d.left_out + b.events FROM beyond b
    WHERE d.webhook_id = b.webhook_id AND d.state = 'over_limit' AND d.created_at >= @day::timestamptz
    RETURNING d.webhook_id
), made AS (
    INSERT INTO webhook_deliveries (webhook_id, event_id, state, problem, left_out, next_attempt_at, give_up_at, created_at, ended_at)
    SELECT p.webhook_id, p.event_id, CASE WHEN p.within THEN 'pending' ELSE 'over_limit' END,
        CASE WHEN p.within THEN '' ELSE @over_limit::text END, CASE WHEN p.within THEN 0 ELSE b.events END,
        CASE WHEN p.within THEN @now::timestamptz END, @give_up_at::timestamptz, @now::timestamptz,
        CASE WHEN NOT p.within THEN @now::timestamptz END
    FROM placed p LEFT JOIN beyond b ON b.webhook_id = p.webhook_id
    WHERE p.within OR (p.place = b.first_place AND NOT EXISTS (SELECT FROM known k WHERE k.webhook_id = p.webhook_id))
    ORDER BY p.place
    RETURNING event_id
), due AS (
    UPDATE webhooks SET due_at = LEAST(COALESCE(due_at, @now::timestamptz), @now::timestamptz)
    WHERE id IN (SELECT p.webhook_id FROM placed p WHERE p.within)
), kept AS (
    UPDATE webhook_events SET fanned_out = true WHERE id IN (SELECT m.event_id FROM made m)
), gone AS (
    DELETE FROM webhook_events WHERE id IN (SELECT t.id FROM taken t EXCEPT SELECT m.event_id FROM made m)
)
SELECT count(*) FROM taken;

-- name: WebhookClaim :one
-- The endpoint that has waited longest for what is due, of an owner who is not among those who have their share: nobody else sends to it
-- until leased_until. No row when there is none.
UPDATE webhooks SET free_at = @leased_until::timestamptz WHERE id = (
    SELECT w.id FROM webhooks w
    WHERE w.due_at IS NOT NULL AND w.off_reason = '' AND GREATEST(w.due_at, w.free_at) <= @now::timestamptz
        AND w.owner_id <> ALL (@busy_owners::uuid[])
    ORDER BY GREATEST(w.due_at, w.free_at) LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
)
RETURNING id, owner_id;

-- name: WebhookNextLook :one
-- When an endpoint is next to be looked at for what is due. No row when nothing waits.
SELECT GREATEST(w.due_at, w.free_at)::timestamptz AS look_at FROM webhooks w
WHERE w.due_at IS NOT NULL ORDER BY GREATEST(w.due_at, w.free_at) LIMIT 1;

-- name: WebhookAnnounce :exec
-- Has all processes look for what is due, once this has committed.
SELECT pg_notify('webhook_work', '');

-- name: WebhookNextDue :one
-- What is to be sent to an endpoint next, and how. No row when nothing is due, or it is switched off.
SELECT w.url, w.sealed_secret, w.sealed_previous_secret, w.previous_secret_until, d.tries, d.give_up_at, e.id AS event_id, e.type, e.data,
    e.occurred_at
FROM webhooks w
JOIN webhook_deliveries d ON d.webhook_id = w.id AND d.state = 'pending' AND d.next_attempt_at <= @now::timestamptz
JOIN webhook_events e ON e.id = d.event_id
WHERE w.id = @id AND w.owner_id = @owner_id AND w.off_reason = ''
ORDER BY d.next_attempt_at, d.number LIMIT 1;

-- name: WebhookEndOverdue :execrows
-- Ends all that was tried for a day, with what was wrong the last time it was tried. The caller holds the endpoint's lock.
UPDATE webhook_deliveries SET state = 'failed', problem = COALESCE(NULLIF(problem, ''), @problem::text), next_attempt_at = NULL,
    ended_at = @now::timestamptz
WHERE webhook_id = @webhook_id AND state = 'pending' AND give_up_at <= @now::timestamptz;

-- name: WebhookRecordAttempt :execrows
-- What came of an attempt. No row when the delivery does not wait any more. The caller holds the endpoint's lock.
WITH tried AS (
    UPDATE webhook_deliveries d SET attempts = d.attempts + 1, tries = d.tries + 1, state = @state::text, problem = @problem::text,
        next_attempt_at = sqlc.narg(next_attempt_at)::timestamptz, ended_at = CASE WHEN @state::text <> 'pending' THEN @now::timestamptz END
    WHERE d.webhook_id = @webhook_id AND d.event_id = @event_id AND d.state = 'pending'
    RETURNING d.webhook_id, d.event_id, d.attempts
)
INSERT INTO webhook_attempts (webhook_id, event_id, number, started_at, took_ms, status, answer, problem)
SELECT t.webhook_id, t.event_id, t.attempts, @started_at, @took_ms, @status, @answer, @problem::text FROM tried t;

-- name: WebhookSucceeded :execrows
UPDATE webhooks SET failures = 0, failing_since = NULL, last_failed_at = NULL WHERE id = @id AND owner_id = @owner_id AND failing_since IS NOT NULL;

-- name: WebhookFailed :one
-- What failed before counts only where it was not before same_since: an endpoint that is sent something once a month, and misses it
-- twice, has not failed for a month. The caller holds the row's lock.
UPDATE webhooks SET
    failures = CASE WHEN last_failed_at >= @same_since::timestamptz THEN failures + 1 ELSE 1 END,
    failing_since = CASE WHEN last_failed_at >= @same_since::timestamptz THEN COALESCE(failing_since, @now::timestamptz) ELSE @now::timestamptz END,
    last_failed_at = @now::timestamptz
WHERE id = @id AND owner_id = @owner_id RETURNING *;

-- name: WebhookFailPending :execrows
-- Ends what waits for an endpoint. The caller holds the endpoint's lock.
UPDATE webhook_deliveries SET state = 'failed', problem = @problem, next_attempt_at = NULL, ended_at = @now::timestamptz
WHERE webhook_id = @webhook_id AND state = 'pending';

-- name: WebhookRelease :execrows
-- Lets others send to an endpoint from a time on. The caller holds the row's lock, and took it in a statement before: what was fanned
-- out meanwhile is seen then.
UPDATE webhooks SET free_at = @free_at, due_at = (
    SELECT d.next_attempt_at FROM webhook_deliveries d WHERE d.webhook_id = webhooks.id AND d.state = 'pending'
    ORDER BY d.next_attempt_at, d.number LIMIT 1
)
WHERE id = @id AND owner_id = @owner_id AND off_reason = '';

-- name: WebhookListDeliveries :many
-- The newest first, before a number.
SELECT d.*, e.type, e.occurred_at FROM webhook_deliveries d JOIN webhook_events e ON e.id = d.event_id
WHERE d.webhook_id = @webhook_id AND e.owner_id = @owner_id AND d.number < @before_number
ORDER BY d.number DESC LIMIT @most;

-- name: WebhookGetDelivery :one
SELECT d.*, e.type, e.occurred_at FROM webhook_deliveries d JOIN webhook_events e ON e.id = d.event_id
WHERE d.webhook_id = @webhook_id AND d.event_id = @event_id AND e.owner_id = @owner_id;

-- name: WebhookListAttempts :many
-- Of some deliveries of an endpoint, in order.
SELECT a.* FROM webhook_attempts a WHERE a.webhook_id = @webhook_id AND a.event_id = ANY (@event_ids::uuid[]) ORDER BY a.event_id, a.number;

-- name: WebhookCountResent :one
-- Counts one more delivery of a day. No row when there have been as many as daily_most.
INSERT INTO webhook_counts AS c (owner_id, day, deliveries)
SELECT @owner_id, @day, 1 WHERE @daily_most::bigint > 0
ON CONFLICT (owner_id, day) DO UPDATE SET deliveries = c.deliveries + 1 WHERE c.deliveries < @daily_most::bigint
RETURNING c.deliveries;

-- name: WebhookResend :one
-- Whoever sends again has mended the endpoint: it does not rest any more. The caller holds the endpoint's lock.
WITH due AS (
    UPDATE webhooks SET due_at = LEAST(COALESCE(due_at, @now::timestamptz), @now::timestamptz),
        free_at = CASE WHEN failures > 0 THEN LEAST(free_at, @now::timestamptz) ELSE free_at END
    WHERE id = @webhook_id
)
UPDATE webhook_deliveries SET state = 'pending', tries = 0, next_attempt_at = @now::timestamptz, give_up_at = @give_up_at, ended_at = NULL
WHERE webhook_id = @webhook_id AND event_id = @event_id
RETURNING event_id;

-- name: WebhookOldestDue :one
-- Since when the endpoint waits that has waited longest for what is due; now where none does.
SELECT COALESCE((
    SELECT GREATEST(w.due_at, w.free_at) FROM webhooks w
    WHERE w.due_at IS NOT NULL AND GREATEST(w.due_at, w.free_at) <= @now::timestamptz
    ORDER BY GREATEST(w.due_at, w.free_at) LIMIT 1
), @now::timestamptz)::timestamptz;

-- name: WebhookOldestWaiting :one
-- When the oldest event happened that was not fanned out, of the first ten owners who have some: who fans out takes all in turn, so that
-- where nobody does it is so with theirs too. now where there is none.
WITH RECURSIVE waiting AS (
    (SELECT e.owner_id, e.occurred_at, 1 AS place FROM webhook_events e WHERE NOT e.fanned_out ORDER BY e.owner_id, e.occurred_at LIMIT 1)
    UNION ALL
    SELECT n.owner_id, n.occurred_at, w.place + 1 FROM waiting w CROSS JOIN LATERAL (
        SELECT e.owner_id, e.occurred_at FROM webhook_events e WHERE NOT e.fanned_out AND e.owner_id > w.owner_id
        ORDER BY e.owner_id, e.occurred_at LIMIT 1
    ) n WHERE w.place < 10
)
SELECT COALESCE(min(w.occurred_at), @now::timestamptz)::timestamptz FROM waiting w;

-- name: WebhookOldestWaitingOf :one
-- The same of one owner.
SELECT COALESCE((
    SELECT e.occurred_at FROM webhook_events e WHERE e.owner_id = @owner_id AND NOT e.fanned_out ORDER BY e.occurred_at LIMIT 1
), @now::timestamptz)::timestamptz;

-- name: WebhookCountUnreached :one
-- Of all owners: how many endpoints nothing has reached since a time, though something is tried, and how many were switched off by themselves.
SELECT
    (SELECT count(*) FROM webhooks w
        WHERE w.failing_since <= @before::timestamptz AND w.off_reason = '' AND w.due_at IS NOT NULL) AS failing,
    (SELECT count(*) FROM webhooks w WHERE w.failing_since IS NOT NULL AND w.off_reason IN ('failing', 'gone')) AS switched_off;

-- name: WebhookEraseSecrets :execrows
-- Erases the secrets whose time was over before a time, 1,000 at most.
UPDATE webhooks SET sealed_previous_secret = NULL, previous_secret_until = NULL WHERE id = ANY (ARRAY(
    SELECT w.id FROM webhooks w WHERE w.previous_secret_until <= @before::timestamptz ORDER BY w.previous_secret_until LIMIT 1000
    FOR NO KEY UPDATE SKIP LOCKED));

-- name: WebhookDeliveryDeleteGone :execrows
-- Forgets deliveries to endpoints that were deleted before a time, 1,000 at most.
DELETE FROM webhook_deliveries WHERE ctid = ANY (ARRAY(
    SELECT d.ctid FROM webhooks w JOIN webhook_deliveries d ON d.webhook_id = w.id
    WHERE w.off_reason = 'deleted' AND w.off_at < @before::timestamptz LIMIT 1000 FOR UPDATE OF d SKIP LOCKED));

-- name: WebhookDeleteGone :execrows
-- Forgets endpoints that were deleted before a time and have no deliveries any more, 1,000 at most.
DELETE FROM webhooks WHERE id = ANY (ARRAY(
    SELECT w.id FROM webhooks w WHERE w.off_reason = 'deleted' AND w.off_at < @before::timestamptz
        AND NOT EXISTS (SELECT FROM webhook_deliveries d WHERE d.webhook_id = w.id)
    LIMIT 1000 FOR UPDATE SKIP LOCKED));

-- name: WebhookEventDeleteOld :execrows
-- Forgets the oldest events from before a time, with their deliveries, 1,000 at most, as RequestDeleteOld does.
DELETE FROM webhook_events WHERE ctid = ANY (ARRAY(
    SELECT e.ctid FROM webhook_events e WHERE e.occurred_at < @before ORDER BY e.occurred_at LIMIT 1000 FOR UPDATE SKIP LOCKED));

-- name: WebhookCountDeleteOld :execrows
-- Forgets the counts of the oldest days that began before a time, 1,000 at most, as RequestDeleteOld does.
DELETE FROM webhook_counts WHERE ctid = ANY (ARRAY(
    SELECT c.ctid FROM webhook_counts c WHERE c.day < @before ORDER BY c.day LIMIT 1000 FOR UPDATE SKIP LOCKED));
