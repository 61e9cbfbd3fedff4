-- +goose Up
-- The index that a search in very many posts reads. It needs no extension: pg_trgm knows no letters beyond ASCII in a database with
-- locale C, and no term of less than three letters, no word of two Chinese characters and no emoji in any.

-- The grams of posts that are indexed: numbers for all one to three characters that follow each other in the folded content, made by
-- internal/posts of the owner and the characters, so that what a search reads depends on one owner's posts.
CREATE TABLE post_search_grams (
    post_id    uuid PRIMARY KEY, -- of posts, without a foreign key as in post_search
    owner_id   uuid NOT NULL,
    created_at timestamptz NOT NULL,
    grams      integer[] NOT NULL
) WITH (toast_tuple_target = 128);
-- Grams are read by the index alone: they lie apart, and uncompressed, for they are hashes.
ALTER TABLE post_search_grams ALTER COLUMN grams SET STORAGE EXTERNAL;
-- Each search reads what was added to the index and not yet sorted in: 1 MiB of it at most.
CREATE INDEX post_search_grams_grams ON post_search_grams USING gin (grams) WITH (gin_pending_list_limit = 1024);

-- The posts that are not indexed, in the order in which they are. Triggers keep it, whichever build makes or edits a post.
CREATE TABLE post_search_backlog (
    owner_id   uuid NOT NULL,
    created_at timestamptz NOT NULL,
    post_id    uuid NOT NULL,
    PRIMARY KEY (owner_id, created_at, post_id)
);

-- +goose StatementBegin
CREATE FUNCTION await_post_search() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO post_search_backlog (owner_id, created_at, post_id) SELECT owner_id, created_at, id FROM made;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER posts_search_made AFTER INSERT ON posts REFERENCING NEW TABLE AS made
    FOR EACH STATEMENT EXECUTE FUNCTION await_post_search();

-- First the backlog: whoever indexes the post has its row locked, and this waits until the grams that are to go are there. Postwright
-- changes contents alone; the rest is for those who mend rows by hand.
-- +goose StatementBegin
CREATE FUNCTION renew_post_search() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.owner_id, OLD.created_at) IS DISTINCT FROM (NEW.owner_id, NEW.created_at) THEN
        DELETE FROM post_search_backlog WHERE owner_id = OLD.owner_id AND created_at = OLD.created_at AND post_id = OLD.id;
    END IF;
    INSERT INTO post_search_backlog (owner_id, created_at, post_id) VALUES (NEW.owner_id, NEW.created_at, NEW.id)
        ON CONFLICT (owner_id, created_at, post_id) DO UPDATE SET post_id = excluded.post_id;
    DELETE FROM post_search_grams WHERE post_id = NEW.id;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER posts_search_edited AFTER UPDATE OF content, owner_id, created_at ON posts
    FOR EACH ROW WHEN ((OLD.content, OLD.owner_id, OLD.created_at) IS DISTINCT FROM (NEW.content, NEW.owner_id, NEW.created_at))
    EXECUTE FUNCTION renew_post_search();

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION forget_post_search() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM post_search_backlog WHERE owner_id = OLD.owner_id AND created_at = OLD.created_at AND post_id = OLD.id;
    DELETE FROM post_search_grams WHERE post_id = OLD.id;
    DELETE FROM post_search WHERE post_id = OLD.id;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION forget_post_search() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM post_search WHERE post_id = OLD.id;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
DROP TRIGGER posts_search_edited ON posts;
DROP TRIGGER posts_search_made ON posts;
DROP FUNCTION renew_post_search;
DROP FUNCTION await_post_search;
DROP TABLE post_search_backlog;
DROP TABLE post_search_grams;
