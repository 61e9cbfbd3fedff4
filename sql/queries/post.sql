-- name: PostInsert :one
-- Claims the request id, where there is one, and makes the post; no row, and nothing done, when the id was used before, or the
-- account is not one of the owner's. Waits for a transaction that is claiming the same id.
WITH allowed AS (
    SELECT 1 WHERE sqlc.narg(account_id)::uuid IS NULL OR EXISTS (
        SELECT 1 FROM linkedin_accounts WHERE id = sqlc.narg(account_id)::uuid AND owner_id = @owner_id::uuid AND disconnected_at IS NULL
    )
), claimed AS (
    INSERT INTO requests (owner_id, operation, request_id, request_hash, hash_version, post_ids, created_at)
    SELECT @owner_id::uuid, 'CreatePost', @request_id::text, @request_hash::bytea, @hash_version::smallint, ARRAY[@id::uuid], @now::timestamptz
    FROM allowed WHERE @request_id::text <> ''
    ON CONFLICT DO NOTHING
    RETURNING 1
), new AS (
    SELECT 1 FROM allowed WHERE @request_id::text = '' UNION ALL SELECT 1 FROM claimed
), search AS (
    INSERT INTO post_search (post_id, folded) SELECT @id::uuid, @folded::text FROM new
)
INSERT INTO posts (id, owner_id, account_id, content, post_type, tone, target_audience, visibility, hashtags, state, created_at, updated_at)
SELECT
    @id::uuid, @owner_id::uuid, sqlc.narg(account_id)::uuid, @content::text, @post_type::text, @tone::text, @target_audience::text,
    @visibility::text, @hashtags::text[], 'draft', @now::timestamptz, @now::timestamptz
FROM new
RETURNING *;

-- name: PostInsertMany :exec
-- One round trip for any number of posts, all or none; element i of every array makes row i. account_ids holds the nil
-- UUID for "none", and hashtags the tags of a post joined by spaces, because unnest flattens arrays of arrays. It returns nothing:
-- of a thousand posts that is a third of a megabyte, and says no more than the caller wrote.
WITH search AS (INSERT INTO post_search (post_id, folded) SELECT unnest(@ids::uuid[]), unnest(@folded::text[]))
INSERT INTO posts (id, owner_id, account_id, content, post_type, tone, target_audience, visibility, hashtags, state, created_at, updated_at)
SELECT
    i.id, @owner_id::uuid, NULLIF(i.account_id, '00000000-0000-0000-0000-000000000000'::uuid), i.content, i.post_type,
    i.tone, i.target_audience, i.visibility, string_to_array(i.hashtags, ' '), 'draft', @now::timestamptz, @now::timestamptz
FROM (
    -- Set-returning functions side by side advance together, row by row (PostgreSQL manual, 38.5.9).
    SELECT
        unnest(@ids::uuid[]) AS id, unnest(@account_ids::uuid[]) AS account_id, unnest(@contents::text[]) AS content,
        unnest(@post_types::text[]) AS post_type, unnest(@tones::text[]) AS tone,
        unnest(@target_audiences::text[]) AS target_audience, unnest(@visibilities::text[]) AS visibility,
        unnest(@hashtags::text[]) AS hashtags
) AS i;

-- name: PostGet :one
SELECT * FROM posts WHERE id = @id AND owner_id = @owner_id;

-- name: PostGetMany :many
-- In no particular order; posts that are gone are missing.
SELECT * FROM posts WHERE id = ANY (@ids::uuid[]) AND owner_id = @owner_id;

-- name: PostGetForUpdate :one
-- Locks the row until the transaction ends. Whoever locks a post and its publication locks the post first.
SELECT * FROM posts WHERE id = @id AND owner_id = @owner_id FOR UPDATE;

-- name: PostUpdate :one
-- Only the fields whose set_ flag is true change. The caller holds the row's lock and has checked state and etag.
WITH search AS (
    INSERT INTO post_search (post_id, folded)
    SELECT p.id, @folded::text FROM posts p WHERE p.id = @id AND p.owner_id = @owner_id AND @set_content::boolean
    ON CONFLICT (post_id) DO UPDATE SET folded = excluded.folded
)
UPDATE posts SET
    account_id = CASE WHEN @set_account_id::boolean THEN sqlc.narg(account_id)::uuid ELSE account_id END,
    content = CASE WHEN @set_content::boolean THEN @content::text ELSE content END,
    post_type = CASE WHEN @set_post_type::boolean THEN @post_type::text ELSE post_type END,
    tone = CASE WHEN @set_tone::boolean THEN @tone::text ELSE tone END,
    target_audience = CASE WHEN @set_target_audience::boolean THEN @target_audience::text ELSE target_audience END,
    visibility = CASE WHEN @set_visibility::boolean THEN @visibility::text ELSE visibility END,
    hashtags = CASE WHEN @set_hashtags::boolean THEN @hashtags::text[] ELSE hashtags END,
    revision = revision + 1,
    updated_at = @now
WHERE posts.id = @id AND posts.owner_id = @owner_id
RETURNING *;

-- name: PostListAccounts :many
-- The accounts that the owner's posts may name.
SELECT id FROM linkedin_accounts WHERE owner_id = @owner_id AND disconnected_at IS NULL ORDER BY id;

-- name: PostDelete :execrows
-- Takes publications, attempts and numbers with it. A post in the middle of its create stays: the answer must have
-- somewhere to go.
DELETE FROM posts WHERE id = @id AND owner_id = @owner_id AND state <> 'publishing';

-- name: PostListByOwner :many
-- Newest first, after the key (before_time, before_id).
SELECT * FROM posts
WHERE owner_id = @owner_id AND (created_at, id) < (@before_time::timestamptz, @before_id::uuid)
ORDER BY created_at DESC, id DESC
LIMIT @page_size;

-- name: PostListByState :many
-- In any of the states, each of which must be there once: newest first, after the key (before_time, before_id). A page's
-- worth of each state is read by its index, whatever is between them.
SELECT p.* FROM unnest(@states::text[]) AS s (state) CROSS JOIN LATERAL (
    SELECT * FROM posts
    WHERE posts.owner_id = @owner_id AND posts.state = s.state AND posts.created_at >= @from_time::timestamptz
        AND (posts.created_at, posts.id) < (@before_time::timestamptz, @before_id::uuid)
    ORDER BY posts.created_at DESC, posts.id DESC
    LIMIT @page_size
) AS p
ORDER BY p.created_at DESC, p.id DESC
LIMIT @page_size;

-- name: PostListByAccount :many
-- PostListByState for one account.
SELECT p.* FROM unnest(@states::text[]) AS s (state) CROSS JOIN LATERAL (
    SELECT * FROM posts
    WHERE posts.owner_id = @owner_id AND posts.account_id = @account_id::uuid AND posts.state = s.state
        AND posts.created_at >= @from_time::timestamptz
        AND (posts.created_at, posts.id) < (@before_time::timestamptz, @before_id::uuid)
    ORDER BY posts.created_at DESC, posts.id DESC
    LIMIT @page_size
) AS p
ORDER BY p.created_at DESC, p.id DESC
LIMIT @page_size;

-- name: PostListScheduled :many
-- In any of the states, by scheduled time, earliest first, after the key (after_time, after_id).
SELECT p.* FROM unnest(@states::text[]) AS s (state) CROSS JOIN LATERAL (
    SELECT * FROM posts
    WHERE posts.owner_id = @owner_id AND posts.state = s.state AND posts.scheduled_at < @before_time::timestamptz
        AND (posts.scheduled_at, posts.id) > (@after_time::timestamptz, @after_id::uuid)
    ORDER BY posts.scheduled_at, posts.id
    LIMIT @page_size
) AS p
ORDER BY p.scheduled_at, p.id
LIMIT @page_size;

-- name: PostListScheduledByAccount :many
-- PostListScheduled for one account.
SELECT p.* FROM unnest(@states::text[]) AS s (state) CROSS JOIN LATERAL (
    SELECT * FROM posts
    WHERE posts.owner_id = @owner_id AND posts.account_id = @account_id::uuid AND posts.state = s.state
        AND posts.scheduled_at < @before_time::timestamptz
        AND (posts.scheduled_at, posts.id) > (@after_time::timestamptz, @after_id::uuid)
    ORDER BY posts.scheduled_at, posts.id
    LIMIT @page_size
) AS p
ORDER BY p.scheduled_at, p.id
LIMIT @page_size;

-- name: PostSearchWalk :many
-- Of the owner's 200 newest posts after the key those that contain the text, newest first. strpos takes % and _ as the plain
-- characters that they are to the caller. What is not folded yet is searched as it is. The first condition is asked before the
-- posts themselves are read. 200 in the text, as in the next query, so that the planner knows that few rows are meant.
SELECT p.* FROM (
    SELECT n.id, n.created_at FROM posts n WHERE n.owner_id = @owner_id AND (n.created_at, n.id) < (@before_time::timestamptz, @before_id::uuid)
    ORDER BY n.created_at DESC, n.id DESC
    LIMIT 200
) AS newest LEFT JOIN post_search s ON s.post_id = newest.id JOIN posts p ON p.id = newest.id
WHERE (s.post_id IS NULL OR strpos(s.folded, @folded::text) > 0)
    AND (s.post_id IS NOT NULL OR strpos(lower(p.content), lower(@query::text)) > 0)
ORDER BY newest.created_at DESC, newest.id DESC
LIMIT @page_size;

-- name: PostSearchWalked :one
-- The last one of those that PostSearchWalk looks at; no row when they are all that the owner has after the key, or less.
SELECT created_at, id FROM posts WHERE owner_id = @owner_id AND (created_at, id) < (@before_time::timestamptz, @before_id::uuid)
ORDER BY created_at DESC, id DESC
OFFSET 199 LIMIT 1;

-- name: PostSearchSample :many
-- The folded contents of the owner's 50 newest posts after the key, of those that are folded.
SELECT s.folded FROM (
    SELECT n.id FROM posts n WHERE n.owner_id = @owner_id AND (n.created_at, n.id) < (@before_time::timestamptz, @before_id::uuid)
    ORDER BY n.created_at DESC, n.id DESC
    LIMIT 50
) AS newest JOIN post_search s ON s.post_id = newest.id;

-- name: PostSearchBeyond :one
-- Whether the owner has more posts after the key than so many.
SELECT EXISTS (
    SELECT FROM posts WHERE owner_id = @owner_id AND (created_at, id) < (@before_time::timestamptz, @before_id::uuid)
    ORDER BY created_at DESC, id DESC
    OFFSET @posts::bigint LIMIT 1
);

-- name: PostSearchCandidates :many
-- Of the owner's posts after the key those that may contain a text by its grams, and those that are not indexed, newest first; of
-- either no more than 1,001, and then any. Both parts are planned as if all rows were wanted, which are then not read.
WITH indexed AS MATERIALIZED (
    SELECT g.created_at, g.post_id FROM post_search_grams g
    WHERE g.grams @> @grams::integer[] AND g.owner_id = @owner_id AND (g.created_at, g.post_id) < (@before_time::timestamptz, @before_id::uuid)
), unindexed AS MATERIALIZED (
    SELECT b.created_at, b.post_id FROM post_search_backlog b
    WHERE b.owner_id = @owner_id AND (b.created_at, b.post_id) < (@before_time::timestamptz, @before_id::uuid)
)
SELECT c.post_id, c.indexed FROM (
    SELECT i.created_at, i.post_id, true AS indexed FROM (SELECT created_at, post_id FROM indexed LIMIT 1001) AS i
    UNION ALL
    SELECT u.created_at, u.post_id, false AS indexed FROM (SELECT created_at, post_id FROM unindexed LIMIT 1001) AS u
) AS c
ORDER BY c.created_at DESC, c.post_id DESC;

-- name: PostSearchAmong :many
-- Of these posts those that contain the text, newest first; how it is looked for, PostSearchWalk says.
SELECT p.* FROM posts p LEFT JOIN post_search s ON s.post_id = p.id
WHERE p.id = ANY (@ids::uuid[]) AND p.owner_id = @owner_id
    AND CASE WHEN s.post_id IS NULL THEN strpos(lower(p.content), lower(@query::text)) ELSE strpos(s.folded, @folded::text) END > 0
ORDER BY p.created_at DESC, p.id DESC
LIMIT @page_size;

-- name: PostSearchTake :many
-- Locks the next 200 of the owner's posts after the key that are to be indexed, oldest first, until the transaction ends. Those that
-- others index or edit at the moment are left out.
SELECT created_at, post_id FROM post_search_backlog
WHERE owner_id = @owner_id AND (created_at, post_id) > (@after_time::timestamptz, @after_id::uuid)
ORDER BY created_at, post_id
LIMIT 200 FOR UPDATE SKIP LOCKED;

-- name: PostSearchTexts :many
-- What the posts are indexed by; those that are gone are missing, and what is not folded yet has no folded content. Not read together
-- with PostSearchTake, which may have waited for an edit that it then sees and this would not.
SELECT p.id, p.content, s.folded FROM posts p LEFT JOIN post_search s ON s.post_id = p.id WHERE p.id = ANY (@ids::uuid[]);

-- name: PostSearchIndex :exec
-- Element i of every array is one of the owner's posts, which PostSearchTake has locked; its grams are joined by blanks, because
-- unnest flattens arrays of arrays, and there are none where the post is gone.
WITH i AS MATERIALIZED (
    SELECT unnest(@ids::uuid[]) AS id, unnest(@created_at::timestamptz[]) AS created_at, unnest(@grams::text[]) AS grams
), done AS (
    DELETE FROM post_search_backlog b USING i WHERE b.owner_id = @owner_id AND b.created_at = i.created_at AND b.post_id = i.id
)
INSERT INTO post_search_grams (post_id, owner_id, created_at, grams)
SELECT i.id, @owner_id, i.created_at, string_to_array(i.grams, ' ')::integer[] FROM i WHERE i.grams <> '';

-- name: PostListUnfolded :many
-- Of all owners, by id, after the one given: those that are searched by their content itself.
SELECT p.id, p.content FROM posts p
WHERE p.id > @after_id AND NOT EXISTS (SELECT 1 FROM post_search s WHERE s.post_id = p.id)
ORDER BY p.id LIMIT @page_size;

-- name: PostPutFolded :execrows
-- Element i of both arrays is one post. One whose content has changed meanwhile, or that is gone, is left out.
INSERT INTO post_search (post_id, folded)
SELECT p.id, i.folded
FROM (SELECT unnest(@ids::uuid[]) AS id, unnest(@contents::text[]) AS content, unnest(@folded::text[]) AS folded) AS i
JOIN posts p ON p.id = i.id AND p.content = i.content
FOR KEY SHARE OF p
ON CONFLICT DO NOTHING;

-- name: PostMarkQueued :one
-- No row when the post is gone or in a state from which it can't be published; resend allows one in doubt. account_id is
-- fixed from here on.
UPDATE posts SET
    state = 'queued', account_id = @account_id::uuid, failure_code = '', failure_message = '', failure_remedy = '',
    revision = revision + 1, updated_at = @now
WHERE id = @id AND owner_id = @owner_id
    AND (state IN ('draft', 'failed') OR (@resend::boolean AND state = 'unconfirmed'))
RETURNING *;

-- name: PostGetManyForUpdate :many
-- Locks the rows until the transaction ends, in the order of their ids, as every transaction that locks several must. Posts
-- that are gone are missing.
SELECT * FROM posts WHERE id = ANY (@ids::uuid[]) AND owner_id = @owner_id ORDER BY id FOR UPDATE;

-- name: PostMarkQueuedMany :many
-- PostMarkQueued for many; element i of both arrays belongs to one post. In no particular order.
UPDATE posts SET
    state = 'queued', account_id = i.account_id, failure_code = '', failure_message = '', failure_remedy = '',
    revision = revision + 1, updated_at = @now
FROM (SELECT unnest(@ids::uuid[]) AS id, unnest(@account_ids::uuid[]) AS account_id) AS i
WHERE posts.id = i.id AND owner_id = @owner_id AND state IN ('draft', 'failed')
RETURNING posts.*;

-- name: PostListStates :many
-- How far posts are, without their texts. Posts that are gone are missing.
SELECT id, revision, state, linkedin_urn, failure_code, failure_message, failure_remedy
FROM posts WHERE id = ANY (@ids::uuid[]) AND owner_id = @owner_id;

-- name: PostListRevisions :many
-- Which versions of posts there are, of all owners: who watches which is known to who asks. Posts that are gone are missing.
SELECT id, revision FROM posts WHERE id = ANY (@ids::uuid[]);

-- name: PostMarkWaiting :one
-- A post that is queued, or was being sent and could not be, waits in the queue for another attempt; the failure says for
-- what. No row when the post is not on its way. For IS TRUE see PublicationBegin, here and below.
UPDATE posts SET
    state = 'queued', failure_code = @failure_code, failure_message = @failure_message, failure_remedy = @failure_remedy,
    revision = revision + 1, updated_at = @now
WHERE id = @id AND owner_id = @owner_id AND (state IN ('queued', 'publishing')) IS TRUE
RETURNING *;

-- name: PostMarkPublished :one
-- Ends the post's publication too; publication_id is nil where that has ended already. No row when the post is not on its way.
-- linkedin_urn is empty where LinkedIn accepted and did not say.
WITH ended AS (
    UPDATE publications SET state = 'published', ended_at = @now::timestamptz
    WHERE publications.id = @publication_id AND publications.owner_id = @owner_id AND (publications.state IN ('queued', 'publishing')) IS TRUE
)
UPDATE posts SET
    state = 'published', published_at = @now::timestamptz, linkedin_urn = @linkedin_urn, failure_code = '', failure_message = '',
    failure_remedy = '', revision = revision + 1, updated_at = @now::timestamptz
WHERE posts.id = @id AND posts.owner_id = @owner_id AND (posts.state IN ('queued', 'publishing')) IS TRUE
RETURNING *;

-- name: PostMarkNotPublished :one
-- Ends the post's publication too; state is failed or unconfirmed, of both. No row when the post is not on its way.
WITH ended AS (
    UPDATE publications SET state = @state::text, ended_at = @now::timestamptz
    WHERE publications.id = @publication_id AND publications.owner_id = @owner_id AND (publications.state IN ('queued', 'publishing')) IS TRUE
)
UPDATE posts SET
    state = @state::text, failure_code = @failure_code, failure_message = @failure_message, failure_remedy = @failure_remedy,
    revision = revision + 1, updated_at = @now::timestamptz
WHERE posts.id = @id AND posts.owner_id = @owner_id AND (posts.state IN ('queued', 'publishing')) IS TRUE
RETURNING *;

-- name: PostMarkScheduled :one
-- Gives a post a time, or another one. No row when the post is gone or in a state from which it can't be published.
UPDATE posts SET
    state = 'scheduled', scheduled_at = @scheduled_at::timestamptz, time_zone = @time_zone, failure_code = '', failure_message = '',
    failure_remedy = '', revision = revision + 1, updated_at = @now
WHERE id = @id AND owner_id = @owner_id AND state IN ('draft', 'failed', 'scheduled')
RETURNING *;

-- name: PostMarkUnscheduled :one
-- No row when the post is not scheduled.
UPDATE posts SET state = 'draft', scheduled_at = NULL, time_zone = '', revision = revision + 1, updated_at = @now
WHERE id = @id AND owner_id = @owner_id AND state = 'scheduled'
RETURNING *;

-- name: PostMarkDue :one
-- No row when the post is not scheduled. account_id is fixed from here on.
UPDATE posts SET
    state = 'queued', account_id = @account_id::uuid, failure_code = '', failure_message = '', failure_remedy = '',
    revision = revision + 1, updated_at = @now
WHERE id = @id AND owner_id = @owner_id AND state = 'scheduled'
RETURNING *;

-- name: PostMarkHeldBack :execrows
-- A scheduled post that is due stays scheduled for now; the failure says why. No row when it is not scheduled, or says so
-- already.
UPDATE posts SET
    failure_code = @failure_code, failure_message = @failure_message, failure_remedy = @failure_remedy,
    revision = revision + 1, updated_at = @now
WHERE id = @id AND owner_id = @owner_id AND state = 'scheduled' AND failure_code <> @failure_code;

-- name: PostCountOpen :one
-- Of all owners, what goes out when its turn or its time comes: being sent, queued, scheduled until now, scheduled for later.
-- What is on its way is counted by its publications, which have an index of those that are open.
SELECT
    (SELECT count(*) FROM publications WHERE state = 'publishing') AS publishing,
    (SELECT count(*) FROM publications WHERE state = 'queued') AS queued,
    (SELECT count(*) FROM posts WHERE state = 'scheduled' AND scheduled_at <= @now::timestamptz) AS due,
    (SELECT count(*) FROM posts WHERE state = 'scheduled' AND scheduled_at > @now::timestamptz) AS scheduled;

-- name: PostListHeldBack :many
-- Of all owners: the scheduled posts that are due and were held back.
SELECT id, owner_id, scheduled_at::timestamptz AS due_at FROM posts
WHERE state = 'scheduled' AND failure_code = @failure_code AND scheduled_at <= @now::timestamptz ORDER BY scheduled_at, id;

-- name: PostMarkMissed :one
-- The schedule could not be kept: state is failed, or unconfirmed where it may have been kept by somebody else. No row when the
-- post is not scheduled.
UPDATE posts SET
    state = @state, failure_code = @failure_code, failure_message = @failure_message, failure_remedy = @failure_remedy,
    revision = revision + 1, updated_at = @now
WHERE id = @id AND owner_id = @owner_id AND state = 'scheduled'
RETURNING *;

-- name: PostSettle :one
-- state is published, failed or unconfirmed. No row when the post is on its way or published.
UPDATE posts SET
    state = @state, published_at = sqlc.narg(published_at), linkedin_urn = @linkedin_urn, failure_code = @failure_code,
    failure_message = @failure_message, failure_remedy = @failure_remedy, revision = revision + 1, updated_at = @now
WHERE id = @id AND owner_id = @owner_id AND state IN ('draft', 'scheduled', 'failed', 'unconfirmed')
RETURNING *;

-- name: PostSetAccount :execrows
-- The account with which LinkedIn has, or may have, a post of which the database lost that it was sent.
UPDATE posts SET account_id = @account_id::uuid WHERE id = @id AND owner_id = @owner_id;

-- name: PostListSameText :many
-- The owner's posts on their way to LinkedIn with an account, or there, that may have the same text as others, at most so many
-- for each; element i of all arrays is one of those others, with its account. One without an account goes out with the default.
-- Of many those that are not there yet come first, then those published last, which is what LinkedIn may refuse a text for.
SELECT i.id::uuid AS same_as, o.id, o.account_id, o.state, o.content, o.hashtags, o.linkedin_urn, o.published_at, o.scheduled_at
FROM (SELECT unnest(@ids::uuid[]) AS id, unnest(@account_ids::uuid[]) AS account_id, unnest(@contents::text[]) AS content) AS i
CROSS JOIN LATERAL (
    SELECT * FROM posts
    WHERE posts.owner_id = @owner_id AND post_text_key(posts.content) = post_text_key(i.content) AND posts.id <> i.id
        AND coalesce(posts.account_id, (SELECT a.id FROM linkedin_accounts a WHERE a.owner_id = @owner_id AND a.is_default)) = i.account_id
        AND posts.state IN ('scheduled', 'queued', 'publishing', 'published', 'unconfirmed')
    ORDER BY posts.published_at DESC NULLS FIRST, posts.id
    LIMIT @most_each
) AS o
ORDER BY i.id, o.published_at DESC NULLS FIRST, o.id;

-- name: PostTellDoubt :execrows
-- What was seen of a post in doubt, which stays in doubt.
UPDATE posts SET failure_message = @failure_message, failure_remedy = @failure_remedy, revision = revision + 1, updated_at = @now
WHERE id = @id AND owner_id = @owner_id AND state = 'unconfirmed';

-- name: PostSetURN :execrows
-- LinkedIn's name for a post that is still being sent once more: an earlier attempt is known to have arrived.
UPDATE posts SET linkedin_urn = @linkedin_urn, revision = revision + 1, updated_at = @now
WHERE id = @id AND owner_id = @owner_id AND state = 'publishing';

-- name: PostListByURN :many
-- Of all owners, who may post with one LinkedIn account: other posts than one that LinkedIn knows by these names.
SELECT id, owner_id, linkedin_urn FROM posts
WHERE linkedin_urn = ANY (@linkedin_urns::text[]) AND linkedin_urn <> '' AND id <> @id;

-- name: PostNewestURN :many
-- Of all owners, who may post with one LinkedIn account: LinkedIn's name for the newest other post than one that is known to be
-- there; no row when there is none.
SELECT newest.linkedin_urn
FROM linkedin_accounts a CROSS JOIN LATERAL (
    SELECT p.linkedin_urn, p.published_at FROM posts p
    WHERE p.account_id = a.id AND (p.owner_id = a.owner_id) IS TRUE -- by posts_account_published, and not through all of an owner's
        AND p.state = 'published' AND p.linkedin_urn <> '' AND p.id <> @id
    ORDER BY p.published_at DESC LIMIT 1
) AS newest
WHERE a.urn = @account_urn
ORDER BY newest.published_at DESC LIMIT 1;

-- name: PostCountTwins :one
-- Of all owners, who may post with one LinkedIn account: other posts than one that may have the same text and are on their way,
-- may be there, or were published since a time under a name that nobody knows.
-- Found by the text, whose index an account with many posts must not seem to do without.
SELECT count(*)
FROM linkedin_accounts a
CROSS JOIN (SELECT DISTINCT post_text_key(c.content) AS key FROM (SELECT unnest(@contents::text[]) AS content) AS c) AS same
CROSS JOIN LATERAL (
    SELECT p.id FROM posts p
    WHERE p.owner_id = a.owner_id AND post_text_key(p.content) = same.key AND (p.account_id = a.id) IS TRUE AND p.id <> @id
        AND p.state IN ('queued', 'publishing', 'unconfirmed', 'published') -- as posts_same_text has it
        AND (p.state IN ('queued', 'publishing', 'unconfirmed')
            OR p.state = 'published' AND p.linkedin_urn = '' AND p.published_at > @since::timestamptz)
    OFFSET 0
) AS twin
WHERE a.urn = @account_urn;

-- name: PostTransitionsAfter :many
-- Every state the post entered after a revision, in order.
SELECT t.* FROM post_transitions t JOIN posts p ON p.id = t.post_id
WHERE t.post_id = @post_id AND p.owner_id = @owner_id AND t.revision > @after_revision
ORDER BY t.revision;

-- name: PostOldestScheduled :one
-- When that scheduled post of all owners is due whose time comes first, or has passed; no row when none is scheduled.
SELECT scheduled_at::timestamptz AS due_at FROM posts WHERE state = 'scheduled' ORDER BY scheduled_at LIMIT 1;

-- name: PostTransitionDeleteOld :one
-- Looks at the oldest state changes from before a time and after a key, 1,000 at most, and forgets those of posts that rest. The
-- key of the last one looked at is where the next bite begins, so that what is kept is looked at once; no row at the end.
-- Those that others have locked, as whoever deletes their post has, are left for later. A number in the text, not an argument,
-- so that the planner knows that few rows are meant.
WITH old AS MATERIALIZED (
    SELECT t.occurred_at, t.post_id, t.revision FROM post_transitions t
    WHERE t.occurred_at < @before AND (t.occurred_at, t.post_id, t.revision) > (@after_time::timestamptz, @after_id::uuid, @after_revision::bigint)
    ORDER BY t.occurred_at, t.post_id, t.revision
    LIMIT 1000
), gone AS (
    DELETE FROM post_transitions WHERE ctid = ANY (ARRAY(
        SELECT t.ctid FROM post_transitions t JOIN old ON t.post_id = old.post_id AND t.revision = old.revision
        WHERE (SELECT p.state FROM posts p WHERE p.id = old.post_id) IN ('draft', 'published', 'failed', 'unconfirmed')
        FOR UPDATE OF t SKIP LOCKED))
    RETURNING post_id
)
SELECT last.occurred_at, last.post_id, last.revision, (SELECT count(*) FROM gone) AS deleted
FROM old AS last
ORDER BY last.occurred_at DESC, last.post_id DESC, last.revision DESC
LIMIT 1;

-- name: PostCountDue :one
-- How many posts of an account go out before a time, by what is known now: those on their way, and those that are scheduled. Of
-- either at most 1,000 are counted. Posts without an account go out with the default one.
SELECT (
    (SELECT count(*) FROM ( -- state by state, or all of an account's posts are looked through for these
        SELECT 1 FROM posts q WHERE q.owner_id = @owner_id AND q.account_id = @account_id::uuid AND q.state = 'queued'
        UNION ALL
        SELECT 1 FROM posts q WHERE q.owner_id = @owner_id AND q.account_id = @account_id::uuid AND q.state = 'publishing'
        LIMIT 1000
    ) AS underway)
    + (SELECT count(*) FROM (
        SELECT 1 FROM posts s WHERE s.owner_id = @owner_id AND s.state = 'scheduled' AND s.scheduled_at < @before_time::timestamptz
            AND (s.account_id = @account_id::uuid OR (s.account_id IS NULL AND @is_default::boolean)) LIMIT 1000
    ) AS scheduled)
)::integer AS due;

-- name: PostCountScheduledFrom :one
-- How many posts of an account are scheduled for a time or later. Posts without an account go out with the default one.
SELECT count(*) FROM posts
WHERE owner_id = @owner_id AND state = 'scheduled' AND scheduled_at >= @from_time::timestamptz
    AND (account_id = @account_id::uuid OR (account_id IS NULL AND @is_default::boolean));
