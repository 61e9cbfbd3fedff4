-- +goose Up
-- Who waits for a post is told when it may look: each change that a watcher shows, and each deletion, is announced on the
-- channel post_changed with the post's id, when its transaction commits. Nobody waits for a post that is not there yet, so
-- making posts announces nothing. Commits that announce follow one another (PostgreSQL's Async_Notify): edits, which no
-- watcher shows, don't announce either.
-- +goose StatementBegin
CREATE FUNCTION announce_post_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('post_changed', OLD.id::text);
    RETURN NULL;
END
$$;
-- +goose StatementEnd

CREATE TRIGGER posts_announce_update AFTER UPDATE ON posts
    FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state OR OLD.failure_code IS DISTINCT FROM NEW.failure_code)
    EXECUTE FUNCTION announce_post_change();
CREATE TRIGGER posts_announce_delete AFTER DELETE ON posts
    FOR EACH ROW EXECUTE FUNCTION announce_post_change();

-- +goose Down
DROP TRIGGER posts_announce_delete ON posts;
DROP TRIGGER posts_announce_update ON posts;
DROP FUNCTION announce_post_change();
