-- +goose Up
-- Who works jobs: each process says so every few seconds. Times are the database's, which all processes share.
CREATE TABLE workers (
    id         uuid PRIMARY KEY, -- of the process; a new one at every start
    started_at timestamptz NOT NULL,
    seen_at    timestamptz NOT NULL
);

-- Which warnings of the end of a LinkedIn version have been given, so that each is given once.
CREATE TABLE version_warnings (
    version     text        NOT NULL,
    days_before integer     NOT NULL, -- 0 for a version that LinkedIn serves no more
    warned_at   timestamptz NOT NULL,
    PRIMARY KEY (version, days_before)
);

-- +goose Down
DROP TABLE version_warnings;
DROP TABLE workers;
