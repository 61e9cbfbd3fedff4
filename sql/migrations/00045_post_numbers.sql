-- +goose Up
-- What LinkedIn counted of a post, each time it was asked: a NULL was not said that time. post_analytics has what was said last of
-- each. While this is rolled out, older builds ask without adding to it.
CREATE TABLE post_numbers (
    post_id        uuid NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
    counted_at     timestamptz NOT NULL,
    views_count    bigint,
    likes_count    bigint,
    comments_count bigint,
    shares_count   bigint,
    PRIMARY KEY (post_id, counted_at)
);

INSERT INTO post_numbers (post_id, counted_at, views_count, likes_count, comments_count, shares_count)
SELECT post_id, refreshed_at, views_count, likes_count, comments_count, shares_count FROM post_analytics WHERE refreshed_at IS NOT NULL;

-- +goose Down
DROP TABLE post_numbers;
