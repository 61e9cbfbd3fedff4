-- name: AnalyticsGet :one
-- What is known of a post: LinkedIn's numbers, and what analysis found in the text that it has now. NULL means unknown, never
-- zero.
SELECT
    a.sentiment_label, a.sentiment_score, a.readability_score, a.analyzed_at,
    n.engagement_prediction, n.views_count, n.likes_count, n.comments_count, n.shares_count, n.refreshed_at
FROM posts p
LEFT JOIN post_analyses a ON a.post_id = p.id AND a.content_hash = sha256(convert_to(p.content, 'UTF8'))
LEFT JOIN post_analytics n ON n.post_id = p.id
WHERE p.id = @post_id AND p.owner_id = @owner_id;

-- name: AnalyticsPutNumbers :execrows
-- What LinkedIn counted. A number that LinkedIn did not give this time keeps its last known value. No row when the post is gone.
INSERT INTO post_analytics (post_id, owner_id, views_count, likes_count, comments_count, shares_count, refreshed_at)
SELECT p.id, p.owner_id, sqlc.narg(views_count)::bigint, sqlc.narg(likes_count)::bigint, sqlc.narg(comments_count)::bigint,
    sqlc.narg(shares_count)::bigint, @now::timestamptz
FROM posts p WHERE p.id = @post_id AND p.owner_id = @owner_id
ON CONFLICT (post_id) DO UPDATE SET
    views_count = COALESCE(excluded.views_count, post_analytics.views_count),
    likes_count = COALESCE(excluded.likes_count, post_analytics.likes_count),
    comments_count = COALESCE(excluded.comments_count, post_analytics.comments_count),
    shares_count = COALESCE(excluded.shares_count, post_analytics.shares_count),
    refreshed_at = excluded.refreshed_at
WHERE post_analytics.owner_id = excluded.owner_id;

-- name: AnalyticsListUncounted :many
-- An account's posts that went out between two times and whose numbers LinkedIn was not asked for as long afterwards as they
-- say little before, the first first.
SELECT p.id, p.linkedin_urn FROM posts p
WHERE p.account_id = @account_id::uuid AND p.owner_id = @owner_id AND p.state = 'published' AND p.linkedin_urn <> ''
    AND p.published_at BETWEEN @since::timestamptz AND @until::timestamptz
    AND NOT EXISTS (SELECT 1 FROM post_analytics a WHERE a.post_id = p.id
        AND a.refreshed_at >= p.published_at + make_interval(secs => @after_seconds::double precision))
ORDER BY p.published_at, p.id LIMIT @most;
