-- +goose Up
-- The posts' contents as they are searched: folded by internal/text.Fold, which depends on no locale. A table of its own, because posts
-- change their state often, and this only with the content. `postwright migrate up` fills it for posts from before; until then, and for
-- what an older build makes meanwhile, the content itself is searched.
CREATE TABLE post_search (
    post_id uuid PRIMARY KEY, -- of posts; a foreign key would be looked up with every post that is made, which comes with its row
    folded  text NOT NULL
);

-- +goose StatementBegin
CREATE FUNCTION forget_post_search() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM post_search WHERE post_id = OLD.id;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER posts_search AFTER DELETE ON posts FOR EACH ROW EXECUTE FUNCTION forget_post_search();

-- +goose Down
DROP TRIGGER posts_search ON posts;
DROP FUNCTION forget_post_search;
DROP TABLE post_search;
