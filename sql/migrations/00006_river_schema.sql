-- +goose Up
-- River's own migrations fill this schema right after goose has run; River does not create it.
CREATE SCHEMA river;

-- +goose Down
-- CASCADE, because River's tables in it are not goose's to drop one by one.
DROP SCHEMA river CASCADE;
