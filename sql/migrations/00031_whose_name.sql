-- +goose Up
-- Whose name on LinkedIn is this, and who else posts with an account: looked up across owners, so by itself.
CREATE INDEX posts_linkedin_urn ON posts (linkedin_urn) WHERE linkedin_urn <> '';
CREATE INDEX linkedin_accounts_urn ON linkedin_accounts (urn);

-- +goose Down
DROP INDEX linkedin_accounts_urn;
DROP INDEX posts_linkedin_urn;
