-- +goose Up
-- Who keeps rows that are read often (internal/cache) is told on the channel row_changed of each that changes or goes, whoever changes
-- it, when its transaction commits. The payload is the row's name there: its kind and its key; * means all. Rows that are made are not
-- announced: that there is no such row is not kept.
-- +goose StatementBegin
CREATE FUNCTION announce_post_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('row_changed', 'post ' || OLD.owner_id || '/' || OLD.id);
    RETURN NULL;
END
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION announce_key_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('row_changed', 'key ' || OLD.prefix);
    RETURN NULL;
END
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION announce_all_rows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('row_changed', '*');
    RETURN NULL;
END
$$;
-- +goose StatementEnd

CREATE TRIGGER posts_announce_row AFTER UPDATE OR DELETE ON posts FOR EACH ROW EXECUTE FUNCTION announce_post_row();
CREATE TRIGGER posts_announce_all AFTER TRUNCATE ON posts FOR EACH STATEMENT EXECUTE FUNCTION announce_all_rows();
CREATE TRIGGER api_keys_announce_row AFTER UPDATE OR DELETE ON api_keys FOR EACH ROW EXECUTE FUNCTION announce_key_row();
CREATE TRIGGER api_keys_announce_all AFTER TRUNCATE ON api_keys FOR EACH STATEMENT EXECUTE FUNCTION announce_all_rows();

-- +goose Down
DROP TRIGGER api_keys_announce_all ON api_keys;
DROP TRIGGER api_keys_announce_row ON api_keys;
DROP TRIGGER posts_announce_all ON posts;
DROP TRIGGER posts_announce_row ON posts;
DROP FUNCTION announce_all_rows();
DROP FUNCTION announce_key_row();
DROP FUNCTION announce_post_row();
