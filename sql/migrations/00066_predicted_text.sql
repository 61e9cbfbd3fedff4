-- +goose Up
-- SHA-256 of the text, in UTF-8, that engagement_prediction is about, as post_analyses has it: it holds for that text alone. Nobody
-- predicted before.
ALTER TABLE post_analytics ADD COLUMN predicted_hash bytea;

-- +goose Down
ALTER TABLE post_analytics DROP COLUMN predicted_hash;
