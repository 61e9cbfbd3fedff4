-- +goose Up
-- The texts that a post has and had, and what engines found in them or suggest instead, in the order they came. A post whose text was
-- never changed nor analysed has no row: its text is its first version. While this is rolled out, older builds change texts without
-- adding to it: the next change, or analysis, adds what it finds.
CREATE TABLE post_versions (
    post_id           uuid NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
    number            integer NOT NULL,
    kind              text NOT NULL,
    text_number       integer NOT NULL, -- of the version whose text this is, or is about
    content           text NOT NULL, -- of a text, or of what an optimisation suggests
    source_number     integer NOT NULL, -- of the optimisation that a text was taken from; 0: its author's own
    optimization_type text NOT NULL,
    sentiment_label   text NOT NULL,
    sentiment_score   double precision, -- NULL: it is not about that
    hashtags          text[] NOT NULL,
    engine            text NOT NULL,
    model             text NOT NULL,
    model_version     text NOT NULL,
    prompt_hash       text NOT NULL,
    input_tokens      bigint NOT NULL,
    output_tokens     bigint NOT NULL,
    cost_micros       bigint NOT NULL,
    created_at        timestamptz NOT NULL,
    PRIMARY KEY (post_id, number),
    CONSTRAINT post_versions_kind_known CHECK (kind IN ('text', 'sentiment', 'hashtags', 'optimization'))
);

-- +goose Down
DROP TABLE post_versions;
