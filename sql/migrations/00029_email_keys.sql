-- +goose Up
-- What two spellings of one address have in common: small letters, and the domain in ASCII. The program makes it, by the one rule of
-- internal/email: lower() depends on the database's locale, and knows nothing of domains. It is missing for users from before.
ALTER TABLE users ADD COLUMN email_key text;
DROP INDEX users_email_key;
CREATE UNIQUE INDEX users_email_key ON users (COALESCE(email_key, lower(email)));

-- +goose Down
DROP INDEX users_email_key;
CREATE UNIQUE INDEX users_email_key ON users (lower(email));
ALTER TABLE users DROP COLUMN email_key;
