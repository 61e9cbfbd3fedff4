-- name: AnalysisPut :execrows
-- What analysis found in a post's text. No row when the post has another text by now, or is gone.
INSERT INTO post_analyses (post_id, owner_id, content_hash, sentiment_label, sentiment_score, readability_score, analyzed_at)
SELECT p.id, p.owner_id, sha256(convert_to(p.content, 'UTF8')),
    @sentiment_label, @sentiment_score, sqlc.narg(readability_score), @now
FROM posts p
WHERE p.id = @post_id AND p.owner_id = @owner_id AND p.content = @content
ON CONFLICT (post_id) DO UPDATE SET
    content_hash = excluded.content_hash,
    sentiment_label = excluded.sentiment_label,
    sentiment_score = excluded.sentiment_score,
    readability_score = excluded.readability_score,
    analyzed_at = excluded.analyzed_at;
