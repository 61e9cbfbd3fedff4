-- +goose Up
-- The posts' contents as they are searched: folded by internal/text.Fold, which depends on no locale. A table of its own, because posts
-- change their state often, and this only with the content. `postwright migrate up` fills it for posts from before; until then, and for
-- what an older build makes meanwhile, the content itself is searched.
CREATE TABLE post_search (
    post_id uuid PRIMARY KEY REFERENCES posts (id) ON DELETE CASCADE,
    folded  text NOT NULL
);

-- +goose Down
DROP TABLE post_search;
