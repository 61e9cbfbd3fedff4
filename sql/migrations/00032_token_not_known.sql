-- +goose Up
ALTER TABLE linkedin_accounts
    -- When LinkedIn, asked what the token is worth, said no more than that it is not active; NULL once it says more, and of a new token.
    ADD COLUMN not_known_at timestamptz;

-- Ends that nobody knew were counted from the row's last change, which a hold or a pause is as well, and so may be too late. A token
-- that was never replaced was there when the row was made, and lives for 60 days at most. Nobody is warned of an assumed end that has
-- gone by, so the owner of such a token is given a day.
UPDATE linkedin_accounts SET token_expires_at = GREATEST(created_at + interval '60 days', now() + interval '1 day')
WHERE token_expiry_assumed AND token_revision = 1 AND disconnected_at IS NULL
    AND token_expires_at > GREATEST(created_at + interval '60 days', now() + interval '1 day');

-- +goose Down
ALTER TABLE linkedin_accounts DROP COLUMN not_known_at;
