-- +goose Up
-- Lists of one account's posts, and by scheduled time: each is read by key, state by state.
CREATE INDEX posts_owner_account_newest ON posts (owner_id, account_id, state, created_at DESC, id DESC) WHERE account_id IS NOT NULL;
CREATE INDEX posts_owner_scheduled ON posts (owner_id, state, scheduled_at, id) WHERE scheduled_at IS NOT NULL;
CREATE INDEX posts_owner_account_scheduled ON posts (owner_id, account_id, state, scheduled_at, id)
    WHERE scheduled_at IS NOT NULL AND account_id IS NOT NULL;

-- +goose Down
DROP INDEX posts_owner_account_scheduled;
DROP INDEX posts_owner_scheduled;
DROP INDEX posts_owner_account_newest;
