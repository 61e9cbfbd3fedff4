-- +goose Up
-- What two texts have in common that a reader takes for the same: it leaves out blanks and all that internal/text.AsRead leaves
-- out, and composes accents once that is gone, which may have stood between a letter and its accent. A test compares the two
-- over every character. It may be the same for texts that are not, so whoever finds one by it compares the texts.
-- +goose StatementBegin
CREATE FUNCTION post_text_key(content text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT md5(normalize(regexp_replace(content,
        '[\u0001-\u0020\u007f-\u00a0\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u1680\u180b-\u180f\u2000-\u200f'
        '\u2028-\u202f\u205f-\u2064\u2066-\u206f\u3000\ufe00-\ufe0f\ufeff\ufff9-\ufffb\U000110bd\U000110cd'
        '\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f\U000e0100-\U000e01ef]+',
        '', 'g'), NFC))
$$;
-- +goose StatementEnd
-- Drafts are not in it: making one costs nothing more.
CREATE INDEX posts_same_text ON posts (owner_id, post_text_key(content))
    WHERE state IN ('scheduled', 'queued', 'publishing', 'published', 'unconfirmed');

-- +goose Down
DROP INDEX posts_same_text;
DROP FUNCTION post_text_key;
