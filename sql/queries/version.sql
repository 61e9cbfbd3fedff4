-- name: PostVersionFindPost :one
-- The post whose versions are asked for, with the text that it has now.
SELECT content, created_at FROM posts WHERE id = @post_id AND owner_id = @owner_id;

-- name: PostVersionLockPost :one
-- The same, and its text stays so until the transaction ends. Rows that refer to the post are made meanwhile: what LinkedIn counted is
-- written by transactions that hold what this one writes next.
SELECT content, created_at FROM posts WHERE id = @post_id AND owner_id = @owner_id FOR NO KEY UPDATE;

-- name: PostVersionNewestText :one
-- The last text that is kept of a post; no row where none is.
SELECT number, content FROM post_versions WHERE post_id = @post_id AND kind = 'text'
ORDER BY number DESC LIMIT 1;

-- name: PostVersionPut :one
-- Keeps a version of a post that the caller has locked, under the next number. text_number is 0 for a text, which is its own.
WITH next AS (SELECT coalesce(max(v.number), 0) + 1 AS number FROM post_versions v WHERE v.post_id = @post_id)
INSERT INTO post_versions (post_id, number, kind, text_number, content, source_number, optimization_type, sentiment_label, sentiment_score, hashtags,
    engine, model, model_version, prompt_hash, input_tokens, output_tokens, cost_micros, created_at)
SELECT @post_id, next.number, @kind, coalesce(nullif(@text_number::integer, 0), next.number), @content, @source_number, @optimization_type,
    @sentiment_label, sqlc.narg(sentiment_score), @hashtags::text[], @engine, @model, @model_version, @prompt_hash, @input_tokens, @output_tokens,
    @cost_micros, @created_at
FROM next
RETURNING number;

-- name: PostVersionDeleteOldest :execrows
-- Keeps of a post the newest text and so many others, with all that is about them and the optimisations that they came from; and the
-- newest answer and so many others.
WITH oldest AS (
    SELECT coalesce((SELECT t.number FROM post_versions t WHERE t.post_id = @post_id AND t.kind = 'text' ORDER BY t.number DESC
            OFFSET @other_texts::integer LIMIT 1), 0) AS of_texts,
        coalesce((SELECT a.number FROM post_versions a WHERE a.post_id = @post_id AND a.kind <> 'text' ORDER BY a.number DESC
            OFFSET @other_answers::integer LIMIT 1), 0) AS of_answers
)
DELETE FROM post_versions v USING oldest
WHERE v.post_id = @post_id AND (v.number < oldest.of_texts OR v.kind <> 'text' AND v.number < oldest.of_answers)
    AND NOT EXISTS (SELECT FROM post_versions t WHERE t.post_id = @post_id AND t.kind = 'text' AND t.number >= oldest.of_texts
        AND t.source_number = v.number);

-- name: PostVersionList :many
-- A post's versions before a number, the newest first.
SELECT v.* FROM post_versions v JOIN posts p ON p.id = v.post_id
WHERE v.post_id = @post_id AND p.owner_id = @owner_id AND v.number < @before_number::bigint
ORDER BY v.number DESC LIMIT @page_size;

-- name: PostVersionGetText :one
-- A version's text: its own, or the one that it is about.
SELECT t.content FROM post_versions v
JOIN posts p ON p.id = v.post_id
JOIN post_versions t ON t.post_id = v.post_id
    AND t.number = CASE WHEN v.kind IN ('text', 'optimization') THEN v.number ELSE v.text_number END
WHERE v.post_id = @post_id AND p.owner_id = @owner_id AND v.number = @number;

-- name: PostVersionIsOptimization :one
-- Whether a post has an optimisation of that number.
SELECT EXISTS (SELECT FROM post_versions WHERE post_id = @post_id AND number = @number AND kind = 'optimization');
