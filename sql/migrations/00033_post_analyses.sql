-- +goose Up
-- What analysis found in a post's text, with the text's hash: it holds for that text alone, so nobody has to take it back when
-- the text changes. post_analytics keeps LinkedIn's numbers.
CREATE TABLE post_analyses (
    post_id           uuid PRIMARY KEY REFERENCES posts (id) ON DELETE CASCADE,
    owner_id          uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    content_hash      bytea NOT NULL, -- SHA-256 of the content in UTF-8
    sentiment_label   text NOT NULL,
    sentiment_score   double precision NOT NULL,
    readability_score double precision, -- NULL: it can't be told
    analyzed_at       timestamptz NOT NULL,
    CONSTRAINT post_analyses_label_known CHECK (sentiment_label IN ('negative', 'neutral', 'positive')),
    CONSTRAINT post_analyses_score_range CHECK (sentiment_score BETWEEN -1 AND 1)
);

-- While this is rolled out, older builds run beside newer ones: they keep a text's analysis in post_analytics, and forget it
-- there when they change the text. So that neither misses what the other found, nor shows what holds for an earlier text, an
-- analysis is carried over to the other table as it is stored, and a changed text empties the older builds' columns. The three
-- triggers, their functions and the columns sentiment_label, sentiment_score, readability_score and analyzed_at of
-- post_analytics go a release later. Both builds lock a row of post_analyses before one of post_analytics.
-- +goose StatementBegin
CREATE FUNCTION keep_older_builds_analysis() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO post_analyses (post_id, owner_id, content_hash, sentiment_label, sentiment_score, readability_score, analyzed_at)
    SELECT p.id, p.owner_id, sha256(convert_to(p.content, 'UTF8')),
        NEW.sentiment_label, NEW.sentiment_score, NEW.readability_score, NEW.analyzed_at
    FROM posts p WHERE p.id = NEW.post_id AND p.owner_id = NEW.owner_id
    ON CONFLICT (post_id) DO UPDATE SET
        content_hash = excluded.content_hash,
        sentiment_label = excluded.sentiment_label, sentiment_score = excluded.sentiment_score,
        readability_score = excluded.readability_score, analyzed_at = excluded.analyzed_at;
    RETURN NEW;
END
$$;
CREATE FUNCTION show_older_builds_analysis() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO post_analytics (post_id, owner_id, sentiment_label, sentiment_score, readability_score, analyzed_at)
    VALUES (NEW.post_id, NEW.owner_id, NEW.sentiment_label, NEW.sentiment_score, NEW.readability_score, NEW.analyzed_at)
    ON CONFLICT (post_id) DO UPDATE SET
        sentiment_label = excluded.sentiment_label, sentiment_score = excluded.sentiment_score,
        readability_score = excluded.readability_score, analyzed_at = excluded.analyzed_at;
    RETURN NULL;
END
$$;
CREATE FUNCTION forget_older_builds_analysis() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE post_analytics SET sentiment_label = NULL, sentiment_score = NULL, readability_score = NULL, analyzed_at = NULL
    WHERE post_id = NEW.id AND analyzed_at IS NOT NULL;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
-- Before the row itself, which an older build inserts or else updates with the same values; not for what comes from the other
-- table.
CREATE TRIGGER post_analytics_keep_older BEFORE INSERT ON post_analytics
    FOR EACH ROW WHEN (NEW.analyzed_at IS NOT NULL AND pg_trigger_depth() = 0) EXECUTE FUNCTION keep_older_builds_analysis();
CREATE TRIGGER post_analyses_show_older AFTER INSERT OR UPDATE ON post_analyses
    FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION show_older_builds_analysis();
CREATE TRIGGER posts_forget_older AFTER UPDATE OF content ON posts
    FOR EACH ROW WHEN (OLD.content IS DISTINCT FROM NEW.content) EXECUTE FUNCTION forget_older_builds_analysis();

-- Nobody writes to post_analytics from here on until this is committed: making its trigger has locked it.
INSERT INTO post_analyses (post_id, owner_id, content_hash, sentiment_label, sentiment_score, readability_score, analyzed_at)
SELECT p.id, p.owner_id, sha256(convert_to(p.content, 'UTF8')),
    a.sentiment_label, a.sentiment_score, a.readability_score, a.analyzed_at
FROM post_analytics a JOIN posts p ON p.id = a.post_id
WHERE a.analyzed_at IS NOT NULL AND a.sentiment_label IS NOT NULL AND a.sentiment_score IS NOT NULL;

-- +goose Down
DROP TRIGGER posts_forget_older ON posts;
DROP TRIGGER post_analyses_show_older ON post_analyses;
DROP TRIGGER post_analytics_keep_older ON post_analytics;
DROP FUNCTION forget_older_builds_analysis;
DROP FUNCTION show_older_builds_analysis;
DROP FUNCTION keep_older_builds_analysis;
DROP TABLE post_analyses;
