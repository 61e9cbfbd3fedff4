-- +goose Up
-- One approval by a person to publish a post: what is sent, and what came of it.
CREATE TABLE publications (
    id         uuid PRIMARY KEY,
    post_id    uuid NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
    owner_id   uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- No cascade: what may stand on LinkedIn must not be forgotten with the account that sent it.
    account_id uuid NOT NULL REFERENCES linkedin_accounts (id),
    state      text NOT NULL,
    created_at timestamptz NOT NULL,
    ended_at   timestamptz,
    CONSTRAINT publications_state_known CHECK (state IN
        ('queued', 'publishing', 'published', 'failed', 'unconfirmed')),
    CONSTRAINT publications_ended CHECK ((state IN ('queued', 'publishing')) = (ended_at IS NULL))
);

-- A post is on its way at most once.
CREATE UNIQUE INDEX publications_open_key ON publications (post_id) WHERE state IN ('queued', 'publishing');
CREATE INDEX publications_post ON publications (post_id, created_at);

-- One create sent, or about to be sent, to LinkedIn. The row is committed before the call, so that a row without an
-- outcome means that a process died while the create may have been under way.
CREATE TABLE publish_attempts (
    id             uuid PRIMARY KEY,
    publication_id uuid NOT NULL REFERENCES publications (id) ON DELETE CASCADE,
    post_id        uuid NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
    number         integer NOT NULL,
    started_at     timestamptz NOT NULL,
    ended_at       timestamptz,
    outcome        text NOT NULL,
    status         integer NOT NULL DEFAULT 0,
    code           text NOT NULL DEFAULT '',
    message        text NOT NULL DEFAULT '',
    request_id     text NOT NULL DEFAULT '',
    CONSTRAINT publish_attempts_number_key UNIQUE (post_id, number),
    CONSTRAINT publish_attempts_outcome_known CHECK (outcome IN
        ('started', 'accepted', 'rejected', 'not_sent', 'in_doubt')),
    CONSTRAINT publish_attempts_ended CHECK ((outcome = 'started') = (ended_at IS NULL))
);

-- At most one create per approval may have reached LinkedIn, whatever runs the job how often.
CREATE UNIQUE INDEX publish_attempts_sent_key ON publish_attempts (publication_id)
    WHERE outcome IN ('started', 'accepted', 'in_doubt');

-- +goose Down
DROP TABLE publish_attempts;
DROP TABLE publications;
