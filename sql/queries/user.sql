-- name: UserInsert :one
INSERT INTO users (id, email, name, created_at)
VALUES (@id, @email, @name, @created_at)
RETURNING *;

-- name: UserGet :one
SELECT * FROM users WHERE id = @id;

-- name: UserGetByEmail :one
-- Whatever the case of the address.
SELECT * FROM users WHERE lower(email) = lower(@email::text);

-- name: UserList :many
-- Oldest first, all of them: users are few and made by an operator.
SELECT * FROM users ORDER BY created_at, id;
