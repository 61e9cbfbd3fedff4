-- +goose Up
-- What happens to posts is told to the endpoints that want to know, whoever changes the posts: it is written down in the statement that
-- changes them, so that there is no event without the change, and no change without the event. Where nobody wants to know, a statement
-- looks that up once and writes nothing. The functions that look it up are PL/pgSQL, which keeps their plans.
-- The contents of posts are not in the events: whoever may read them asks for them.
-- +goose StatementBegin
CREATE FUNCTION webhook_time(moment timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION webhook_post(post posts) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object('post', jsonb_strip_nulls(jsonb_build_object(
        'id', post.id, 'accountId', post.account_id, 'state', 'POST_STATE_' || upper(post.state), 'etag', post.revision::text,
        'scheduledTime', webhook_time(post.scheduled_at), 'publishedTime', webhook_time(post.published_at),
        'linkedinUrn', NULLIF(post.linkedin_urn, ''),
        'failure', CASE WHEN post.failure_code <> '' THEN
            jsonb_build_object('code', post.failure_code, 'message', post.failure_message, 'remedy', post.failure_remedy) END)))
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION webhook_wanted(owner uuid, event text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM webhooks w WHERE w.owner_id = owner AND w.off_reason = '' AND event = ANY (w.event_types));
END
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION record_posts_created() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Nearly always nobody wants to know: this costs a create 25 microseconds, and a batch as much.
    IF EXISTS (
        SELECT FROM webhooks w WHERE w.owner_id = ANY (ARRAY(SELECT DISTINCT m.owner_id FROM made m)) AND w.off_reason = ''
            AND 'post.created' = ANY (w.event_types)
    ) THEN
        INSERT INTO webhook_events (owner_id, type, data, occurred_at)
        SELECT m.owner_id, 'post.created', webhook_post(ROW(m.*)::posts), m.created_at
        FROM made m WHERE webhook_wanted(m.owner_id, 'post.created');
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION record_post_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    event text := CASE
        WHEN NEW.state IN ('published', 'failed', 'unconfirmed') AND OLD.state <> NEW.state THEN 'post.' || NEW.state
        WHEN NEW.state = 'scheduled'
            AND (OLD.state <> 'scheduled' OR (OLD.scheduled_at, OLD.time_zone) IS DISTINCT FROM (NEW.scheduled_at, NEW.time_zone))
            THEN 'post.scheduled'
        ELSE 'post.updated' END;
BEGIN
    IF webhook_wanted(NEW.owner_id, event) THEN
        INSERT INTO webhook_events (owner_id, type, data, occurred_at) VALUES (NEW.owner_id, event, webhook_post(NEW), NEW.updated_at);
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION record_post_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- With its owner everything of an owner goes: nobody is left to be told.
    IF webhook_wanted(OLD.owner_id, 'post.deleted') AND EXISTS (SELECT FROM users WHERE id = OLD.owner_id) THEN
        INSERT INTO webhook_events (owner_id, type, data, occurred_at) VALUES (OLD.owner_id, 'post.deleted', webhook_post(OLD), clock_timestamp());
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

CREATE TRIGGER posts_record_created AFTER INSERT ON posts REFERENCING NEW TABLE AS made
    FOR EACH STATEMENT EXECUTE FUNCTION record_posts_created();
-- How far a post is on its way to LinkedIn is no event, and neither is the account that it is given on the way.
CREATE TRIGGER posts_record_changed AFTER UPDATE ON posts FOR EACH ROW WHEN (
    (OLD.state <> NEW.state AND NEW.state IN ('scheduled', 'published', 'failed', 'unconfirmed'))
    OR (OLD.state = 'scheduled' AND NEW.state = 'draft')
    OR (OLD.state = 'scheduled' AND NEW.state = 'scheduled'
        AND (OLD.scheduled_at, OLD.time_zone) IS DISTINCT FROM (NEW.scheduled_at, NEW.time_zone))
    OR (OLD.content, OLD.hashtags, OLD.post_type, OLD.tone, OLD.target_audience, OLD.visibility)
        IS DISTINCT FROM (NEW.content, NEW.hashtags, NEW.post_type, NEW.tone, NEW.target_audience, NEW.visibility)
    OR (OLD.state = NEW.state AND NEW.state IN ('draft', 'scheduled', 'failed') AND OLD.account_id IS DISTINCT FROM NEW.account_id)
) EXECUTE FUNCTION record_post_changed();
CREATE TRIGGER posts_record_deleted AFTER DELETE ON posts FOR EACH ROW EXECUTE FUNCTION record_post_deleted();

-- +goose Down
DROP TRIGGER posts_record_deleted ON posts;
DROP TRIGGER posts_record_changed ON posts;
DROP TRIGGER posts_record_created ON posts;
DROP FUNCTION record_post_deleted();
DROP FUNCTION record_post_changed();
DROP FUNCTION record_posts_created();
DROP FUNCTION webhook_wanted(uuid, text);
DROP FUNCTION webhook_post(posts);
DROP FUNCTION webhook_time(timestamptz);
