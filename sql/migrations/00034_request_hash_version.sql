-- +goose Up
-- What request_hash is made of: 1 is of builds from before this, of their own data types; 2 is of the request message. A hash of
-- one kind says nothing about one of the other. The default is what an older build writes that runs beside newer ones.
ALTER TABLE requests ADD COLUMN hash_version smallint NOT NULL DEFAULT 1;

-- +goose Down
ALTER TABLE requests DROP COLUMN hash_version;
