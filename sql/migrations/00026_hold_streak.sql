-- +goose Up
ALTER TABLE linkedin_accounts
    -- How many holds of the day followed each other for limits of which LinkedIn did not say how long they last: each is twice
    -- as long as the one before.
    ADD COLUMN hold_streak smallint NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE linkedin_accounts DROP COLUMN hold_streak;
