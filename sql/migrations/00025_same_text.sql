-- +goose Up
-- What two texts have in common that a reader takes for the same: see internal/text. It leaves out blanks and what shows
-- nothing, so it may be the same for texts that are not, and whoever finds one by it compares the texts.
-- +goose StatementBegin
CREATE FUNCTION post_text_key(content text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT md5(regexp_replace(normalize(content, NFC),
        '[\s\u0085\u00a0\u00ad\u180e\u2000-\u200f\u2028-\u202f\u205f-\u2064\u3000\ufe00-\ufe0f\ufeff]+', '', 'g'))
$$;
-- +goose StatementEnd
-- Drafts are not in it: making one costs nothing more.
CREATE INDEX posts_same_text ON posts (owner_id, post_text_key(content))
    WHERE state IN ('scheduled', 'queued', 'publishing', 'published', 'unconfirmed');

-- +goose Down
DROP INDEX posts_same_text;
DROP FUNCTION post_text_key;
