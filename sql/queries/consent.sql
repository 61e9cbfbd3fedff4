-- name: ConsentInsert :execrows
INSERT INTO consents (state_hash, owner_id, organization, app, expires_at) VALUES (@state_hash, @owner_id, @organization, @app, @expires_at);

-- name: ConsentTake :one
-- Uses a consent up. No row when it was used before, or never asked for.
DELETE FROM consents WHERE state_hash = @state_hash RETURNING *;

-- name: ConsentDeleteExpired :execrows
DELETE FROM consents WHERE expires_at < @now;

-- name: ConsentDeleteOldest :execrows
-- Keeps the owner's newest ones, as many as keep says.
DELETE FROM consents WHERE consents.owner_id = @owner_id AND state_hash IN (
    SELECT c.state_hash FROM consents c WHERE c.owner_id = @owner_id ORDER BY c.expires_at DESC OFFSET @keep);
