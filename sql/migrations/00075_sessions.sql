-- +goose Up
-- People sign in, where programs have keys. Who is an operator may see what is nobody's own, such as the jobs.
ALTER TABLE users
    ADD COLUMN operator  boolean NOT NULL DEFAULT false,
    ADD COLUMN time_zone text NOT NULL DEFAULT '';

-- Of a password only a slow hash is kept, and in a table of its own: whoever reads users reads none.
CREATE TABLE passwords (
    owner_id   uuid PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    hash       text NOT NULL,
    changed_at timestamptz NOT NULL
);

-- Of the token that is in the browser's cookie only the hash is kept. ends_at is when the session ends however often it is used,
-- expires_at when it does unless it is used before.
CREATE TABLE sessions (
    id           uuid PRIMARY KEY,
    number       bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    owner_id     uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    token_hash   text NOT NULL,
    user_agent   text NOT NULL,
    address      text NOT NULL,
    created_at   timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    ends_at      timestamptz NOT NULL,
    CONSTRAINT sessions_user_agent_length CHECK (char_length(user_agent) <= 300)
);
CREATE UNIQUE INDEX sessions_token ON sessions (token_hash);
CREATE UNIQUE INDEX sessions_newest ON sessions (owner_id, number DESC);
CREATE INDEX sessions_least_used ON sessions (owner_id, last_used_at DESC);
CREATE INDEX sessions_from ON sessions (owner_id, address);
CREATE INDEX sessions_expired ON sessions (expires_at);

-- As of keys (00040): a session that ended, or was used, is forgotten by all who keep it.
-- +goose StatementBegin
CREATE FUNCTION announce_session_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('row_changed', 'session ' || OLD.token_hash);
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER sessions_announce_row AFTER UPDATE OR DELETE ON sessions FOR EACH ROW EXECUTE FUNCTION announce_session_row();
CREATE TRIGGER sessions_announce_all AFTER TRUNCATE ON sessions FOR EACH STATEMENT EXECUTE FUNCTION announce_all_rows();

-- A link that signs in once: owner_id, or whoever opens it makes the first user, where that is NULL.
CREATE TABLE sign_in_links (
    token_hash bytea PRIMARY KEY,
    owner_id   uuid REFERENCES users (id) ON DELETE CASCADE,
    expires_at timestamptz NOT NULL
);
CREATE INDEX sign_in_links_owner ON sign_in_links (owner_id);
CREATE INDEX sign_in_links_expired ON sign_in_links (expires_at);

-- +goose Down
DROP TABLE sign_in_links;
DROP TABLE sessions;
DROP FUNCTION announce_session_row();
DROP TABLE passwords;
ALTER TABLE users DROP COLUMN time_zone, DROP COLUMN operator;
