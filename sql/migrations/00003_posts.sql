-- +goose Up
CREATE TABLE posts (
    id              uuid PRIMARY KEY,
    owner_id        uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    account_id      uuid REFERENCES linkedin_accounts (id) ON DELETE SET NULL,
    content         text NOT NULL,
    post_type       text NOT NULL,
    tone            text NOT NULL,
    target_audience text NOT NULL,
    visibility      text NOT NULL,
    hashtags        text[] NOT NULL,
    state           text NOT NULL,
    scheduled_at    timestamptz,
    time_zone       text NOT NULL DEFAULT '',
    published_at    timestamptz,
    linkedin_urn    text NOT NULL DEFAULT '',
    failure_code    text NOT NULL DEFAULT '',
    failure_message text NOT NULL DEFAULT '',
    failure_remedy  text NOT NULL DEFAULT '',
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    -- Grows by one with every change of the row; the API's etag is made from it.
    revision        bigint NOT NULL DEFAULT 1,
    -- LinkedIn counts UTF-16 units and PostgreSQL code points, so this is the looser of the two bounds; the exact one
    -- is checked in internal/posts.
    CONSTRAINT posts_content_length CHECK (char_length(content) BETWEEN 1 AND 3000),
    CONSTRAINT posts_target_audience_length CHECK (char_length(target_audience) <= 500),
    CONSTRAINT posts_hashtags_count CHECK (cardinality(hashtags) <= 30),
    CONSTRAINT posts_post_type_known CHECK (post_type IN
        ('unspecified', 'educational', 'story', 'announcement', 'opinion', 'question', 'case_study', 'hiring')),
    CONSTRAINT posts_tone_known CHECK (tone IN
        ('unspecified', 'professional', 'conversational', 'inspirational', 'humorous', 'authoritative')),
    CONSTRAINT posts_visibility_known CHECK (visibility IN ('public', 'connections')),
    CONSTRAINT posts_state_known CHECK (state IN
        ('draft', 'scheduled', 'queued', 'publishing', 'published', 'failed', 'unconfirmed')),
    CONSTRAINT posts_published_has_time CHECK ((state = 'published') = (published_at IS NOT NULL)),
    CONSTRAINT posts_failed_has_code CHECK (state NOT IN ('failed', 'unconfirmed') OR failure_code <> '')
);

-- Newest first by key: page 1,000 costs what page 1 costs.
CREATE INDEX posts_owner_newest ON posts (owner_id, created_at DESC, id DESC);
CREATE INDEX posts_owner_state_newest ON posts (owner_id, state, created_at DESC, id DESC);
CREATE INDEX posts_account ON posts (account_id);

-- Every state a post has been in, in order, so that a watcher misses none however fast they follow each other.
CREATE TABLE post_transitions (
    post_id     uuid NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
    revision    bigint NOT NULL,
    state       text NOT NULL,
    occurred_at timestamptz NOT NULL,
    PRIMARY KEY (post_id, revision)
);

-- +goose StatementBegin
CREATE FUNCTION record_post_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO post_transitions (post_id, revision, state, occurred_at)
    VALUES (NEW.id, NEW.revision, NEW.state, NEW.updated_at);
    RETURN NULL;
END
$$;
-- +goose StatementEnd

CREATE TRIGGER posts_record_insert AFTER INSERT ON posts
    FOR EACH ROW EXECUTE FUNCTION record_post_transition();
CREATE TRIGGER posts_record_update AFTER UPDATE ON posts
    FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION record_post_transition();

-- A request id that was answered, with what it made: the same id again gives the same posts back. request_hash tells a
-- repeat from another request under the same id. The posts may be gone since, so there is no foreign key.
CREATE TABLE requests (
    owner_id     uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    operation    text NOT NULL,
    request_id   text NOT NULL,
    request_hash bytea NOT NULL,
    post_ids     uuid[] NOT NULL,
    created_at   timestamptz NOT NULL,
    PRIMARY KEY (owner_id, operation, request_id)
);

-- +goose Down
DROP TABLE requests;
DROP TABLE post_transitions;
DROP TABLE posts;
DROP FUNCTION record_post_transition();
