-- +goose Up
-- Posts from before the index. Apart from it, so that nobody waits for the triggers' lock meanwhile: this one locks no post.
INSERT INTO post_search_backlog (owner_id, created_at, post_id) SELECT owner_id, created_at, id FROM posts ORDER BY owner_id, created_at, id
ON CONFLICT DO NOTHING;
-- A post that was deleted while this ran may be left; a search finds nothing by it, and it goes when its turn to be indexed comes.

-- +goose Down
