-- +goose Up
-- What is known of a post: of its text by analysis, of its reception by LinkedIn. NULL means unknown, never zero.
CREATE TABLE post_analytics (
    post_id               uuid PRIMARY KEY REFERENCES posts (id) ON DELETE CASCADE,
    owner_id              uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    sentiment_label       text,
    sentiment_score       double precision,
    readability_score     double precision,
    engagement_prediction double precision,
    views_count           bigint,
    likes_count           bigint,
    comments_count        bigint,
    shares_count          bigint,
    analyzed_at           timestamptz,
    refreshed_at          timestamptz,
    CONSTRAINT post_analytics_label_known CHECK (sentiment_label IN ('negative', 'neutral', 'positive')),
    CONSTRAINT post_analytics_score_range CHECK (sentiment_score BETWEEN -1 AND 1)
);

CREATE TABLE notifications (
    id         uuid PRIMARY KEY,
    owner_id   uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    post_id    uuid REFERENCES posts (id) ON DELETE SET NULL,
    channel    text NOT NULL,
    recipient  text NOT NULL,
    subject    text NOT NULL,
    delivered  boolean NOT NULL,
    -- Why it was not delivered, in words for the owner; empty when it was.
    problem    text NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT notifications_channel_known CHECK (channel IN ('email', 'push'))
);

CREATE INDEX notifications_post ON notifications (post_id);
CREATE INDEX notifications_owner_newest ON notifications (owner_id, created_at DESC, id DESC);

-- +goose Down
DROP TABLE notifications;
DROP TABLE post_analytics;
