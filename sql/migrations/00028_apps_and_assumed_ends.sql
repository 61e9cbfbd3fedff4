-- +goose Up
ALTER TABLE linkedin_accounts
    -- The LinkedIn app that the token belongs to, by its name in the configuration.
    ADD COLUMN app text NOT NULL DEFAULT 'default',
    -- Whether nobody but Postwright says when the token ends: 60 days after it was added, as LinkedIn's tokens do.
    ADD COLUMN token_expiry_assumed boolean NOT NULL DEFAULT FALSE;
ALTER TABLE consents ADD COLUMN app text NOT NULL DEFAULT 'default';

-- Of tokens whose end nobody knew, it is assumed as well: their rows changed last no earlier than they were added.
UPDATE linkedin_accounts SET token_expires_at = updated_at + interval '60 days', token_expiry_assumed = TRUE
WHERE token_expires_at IS NULL AND sealed_token IS NOT NULL;

-- +goose Down
UPDATE linkedin_accounts SET token_expires_at = NULL WHERE token_expiry_assumed;
ALTER TABLE consents DROP COLUMN app;
ALTER TABLE linkedin_accounts DROP COLUMN token_expiry_assumed, DROP COLUMN app;
