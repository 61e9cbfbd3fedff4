-- +goose Up
ALTER TABLE linkedin_accounts
    -- How many requests were made with the account's token on the last UTC day on which there were any: LinkedIn counts by those.
    ADD COLUMN requests_day timestamptz,
    ADD COLUMN requests_made integer NOT NULL DEFAULT 0,
    -- Until when nobody asks for numbers of the account's posts by themselves: somebody does at this moment, LinkedIn refused,
    -- or what is left of the day is kept for publishing.
    ADD COLUMN numbers_held_until timestamptz;

-- An account's posts that went out since a time, for their numbers.
CREATE INDEX posts_account_published ON posts (account_id, published_at) WHERE state = 'published';

-- +goose Down
DROP INDEX posts_account_published;
ALTER TABLE linkedin_accounts DROP COLUMN numbers_held_until, DROP COLUMN requests_made, DROP COLUMN requests_day;
