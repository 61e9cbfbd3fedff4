-- +goose Up
CREATE TABLE users (
    id         uuid PRIMARY KEY,
    email      text NOT NULL,
    name       text NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT users_email_length CHECK (char_length(email) BETWEEN 3 AND 254),
    CONSTRAINT users_name_length CHECK (char_length(name) <= 200)
);

-- An address names one user whatever its case.
CREATE UNIQUE INDEX users_email_key ON users (lower(email));

-- The key itself is never kept: prefix finds the row, hash (SHA-256 of the whole key) proves the rest.
CREATE TABLE api_keys (
    id         uuid PRIMARY KEY,
    owner_id   uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    label      text NOT NULL,
    prefix     text NOT NULL,
    hash       bytea NOT NULL,
    created_at timestamptz NOT NULL,
    revoked_at timestamptz,
    CONSTRAINT api_keys_prefix_key UNIQUE (prefix),
    CONSTRAINT api_keys_hash_length CHECK (octet_length(hash) = 32),
    CONSTRAINT api_keys_label_length CHECK (char_length(label) <= 200)
);

CREATE INDEX api_keys_owner ON api_keys (owner_id, created_at);

-- +goose Down
DROP TABLE api_keys;
DROP TABLE users;
