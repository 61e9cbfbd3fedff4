-- +goose Up
-- When the next time comes at which a post's numbers are asked for, of each post whose plan goes on: a row for a quarter of a year. A
-- job for each would stand as long among those that are counted, and looked through, every few seconds.
CREATE TABLE post_numbers_due (
    post_id uuid PRIMARY KEY REFERENCES posts (id) ON DELETE CASCADE,
    due_at  timestamptz NOT NULL
);
CREATE INDEX post_numbers_due_at ON post_numbers_due (due_at);

-- +goose Down
DROP TABLE post_numbers_due;
