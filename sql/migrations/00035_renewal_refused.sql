-- +goose Up
ALTER TABLE linkedin_accounts
    -- When LinkedIn last refused the refresh token; NULL while it has not, and of a new token.
    ADD COLUMN renewal_refused_at timestamptz;

-- +goose Down
ALTER TABLE linkedin_accounts DROP COLUMN renewal_refused_at;
