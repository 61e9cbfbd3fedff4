-- name: AnalyticsGet :one
-- What is known of a post: LinkedIn's numbers, and what analysis found in the text that it has now. NULL means unknown, never
-- zero.
SELECT
    a.sentiment_label, a.sentiment_score, a.readability_score, a.analyzed_at,
    e.engagement_prediction, n.views_count, n.likes_count, n.comments_count, n.shares_count, n.refreshed_at
FROM posts p
LEFT JOIN post_analyses a ON a.post_id = p.id AND a.content_hash = sha256(convert_to(p.content, 'UTF8'))
LEFT JOIN post_analytics n ON n.post_id = p.id
LEFT JOIN post_analytics e ON e.post_id = p.id AND e.predicted_hash =
    sha256(convert_to(jsonb_build_array(p.content, p.hashtags, extract(epoch FROM p.scheduled_at), p.time_zone)::text, 'UTF8'))
WHERE p.id = @post_id AND p.owner_id = @owner_id;

-- name: AnalyticsPutNumbers :execrows
-- What LinkedIn counted, now and beside what it counted before. Of what it did not say this time the last known number stays. No row
-- when the post is gone.
WITH counted AS (
    SELECT p.id AS post_id, p.owner_id, sqlc.narg(views_count)::bigint AS views_count, sqlc.narg(likes_count)::bigint AS likes_count,
        sqlc.narg(comments_count)::bigint AS comments_count, sqlc.narg(shares_count)::bigint AS shares_count, @now::timestamptz AS counted_at
    FROM posts p WHERE p.id = @post_id AND p.owner_id = @owner_id
), kept AS (
    INSERT INTO post_numbers (post_id, counted_at, views_count, likes_count, comments_count, shares_count)
    SELECT post_id, counted_at, views_count, likes_count, comments_count, shares_count FROM counted
    ON CONFLICT (post_id, counted_at) DO NOTHING
)
INSERT INTO post_analytics (post_id, owner_id, views_count, likes_count, comments_count, shares_count, refreshed_at)
SELECT post_id, owner_id, views_count, likes_count, comments_count, shares_count, counted_at FROM counted
ON CONFLICT (post_id) DO UPDATE SET
    views_count = COALESCE(excluded.views_count, post_analytics.views_count),
    likes_count = COALESCE(excluded.likes_count, post_analytics.likes_count),
    comments_count = COALESCE(excluded.comments_count, post_analytics.comments_count),
    shares_count = COALESCE(excluded.shares_count, post_analytics.shares_count),
    refreshed_at = excluded.refreshed_at
WHERE post_analytics.owner_id = excluded.owner_id;

-- name: AnalyticsListNumbers :many
-- What LinkedIn counted of a post before a time, the newest first.
SELECT n.counted_at, n.views_count, n.likes_count, n.comments_count, n.shares_count FROM post_numbers n JOIN posts p ON p.id = n.post_id
WHERE n.post_id = @post_id AND p.owner_id = @owner_id AND n.counted_at < @before::timestamptz
ORDER BY n.counted_at DESC LIMIT @most;

-- name: AnalyticsListUncounted :many
-- An account's posts for which a time of the plan has come within the last while, and of which LinkedIn was not asked since: the
-- plan's times are seconds after a post went out, and hold until the next of them. The first first.
SELECT DISTINCT ON (one.published_at, one.id) one.id, one.linkedin_urn
FROM (SELECT make_interval(secs => unnest(@after_seconds::double precision[])) AS age) AS plan
CROSS JOIN LATERAL (
    SELECT p.id, p.linkedin_urn, p.published_at FROM posts p
    WHERE p.account_id = @account_id::uuid AND p.owner_id = @owner_id AND p.state = 'published' AND p.linkedin_urn <> ''
        AND p.published_at BETWEEN (@since::timestamptz) - plan.age AND (@until::timestamptz) - plan.age
        AND NOT EXISTS (SELECT 1 FROM post_analytics a WHERE a.post_id = p.id AND a.refreshed_at >= p.published_at + plan.age)
    ORDER BY p.published_at, p.id LIMIT @most
) AS one
ORDER BY one.published_at, one.id LIMIT @most;

-- name: AnalyticsListEngagement :many
-- The newest 500 posts that went out with an account before a time, those of them of which reactions and comments were counted when
-- they were one to four days old: the count next to two days. 500 in the text, so that the planner knows that few rows are meant.
SELECT p.id, p.content, p.hashtags, p.published_at::timestamptz AS published_at, a.sentiment_score,
    n.likes_count::bigint AS likes_count, n.comments_count::bigint AS comments_count
FROM (
    SELECT * FROM posts
    WHERE posts.account_id = @account_id::uuid
        AND (posts.owner_id = @owner_id::uuid) IS TRUE -- by posts_account_published alone, which is in this order
        AND posts.state = 'published' AND posts.published_at < @before::timestamptz
    ORDER BY posts.published_at DESC LIMIT 500
) AS p
CROSS JOIN LATERAL (
    SELECT c.likes_count, c.comments_count FROM post_numbers c
    WHERE c.post_id = p.id AND c.likes_count IS NOT NULL AND c.comments_count IS NOT NULL
        AND c.counted_at BETWEEN p.published_at + interval '1 day' AND p.published_at + interval '4 days'
    ORDER BY abs(extract(epoch FROM c.counted_at - p.published_at) - 172800), c.counted_at LIMIT 1
) AS n
LEFT JOIN post_analyses a ON a.post_id = p.id AND a.content_hash = sha256(convert_to(p.content, 'UTF8'))
ORDER BY p.published_at DESC, p.id DESC;

-- name: AnalyticsPutPrediction :execrows
-- What was predicted for a post, NULL for what is unknown, with all of the post that it was learned for: its text, its hashtags and its
-- schedule. No row when the post has changed by now, or is gone.
INSERT INTO post_analytics (post_id, owner_id, engagement_prediction, predicted_hash)
SELECT p.id, p.owner_id, sqlc.narg(engagement_prediction),
    sha256(convert_to(jsonb_build_array(p.content, p.hashtags, extract(epoch FROM p.scheduled_at), p.time_zone)::text, 'UTF8'))
FROM posts p WHERE p.id = @post_id AND p.owner_id = @owner_id AND p.revision = @revision
ON CONFLICT (post_id) DO UPDATE SET
    engagement_prediction = excluded.engagement_prediction, predicted_hash = excluded.predicted_hash;

-- name: AnalyticsPutDue :execrows
-- When the next time of a post's plan comes. No row when the post is gone.
INSERT INTO post_numbers_due (post_id, due_at)
SELECT p.id, @due_at::timestamptz FROM posts p WHERE p.id = @post_id AND p.owner_id = @owner_id
ON CONFLICT (post_id) DO UPDATE SET due_at = excluded.due_at;

-- name: AnalyticsTakeDue :many
-- Of all owners: takes the posts off the list for which a time of the plan has come, the longest due first.
WITH due AS (
    DELETE FROM post_numbers_due d WHERE d.post_id IN (
        SELECT n.post_id FROM post_numbers_due n WHERE n.due_at <= @now::timestamptz ORDER BY n.due_at LIMIT @most FOR UPDATE SKIP LOCKED
    )
    RETURNING d.post_id
)
SELECT p.id, p.owner_id FROM due JOIN posts p ON p.id = due.post_id;
