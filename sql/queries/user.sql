-- name: UserInsert :one
INSERT INTO users (id, email, email_key, name, operator, time_zone, created_at)
VALUES (@id, @email, @email_key::text, @name, @operator, @time_zone, @created_at)
RETURNING *;

-- name: UserGet :one
SELECT * FROM users WHERE id = @id;

-- name: UserGetByEmail :one
-- Whatever the spelling of the address.
SELECT * FROM users WHERE COALESCE(email_key, lower(email)) = @email_key::text;

-- name: UserList :many
-- Oldest first, all of them: users are few and made by an operator.
SELECT * FROM users ORDER BY created_at, id;

-- name: UserExists :one
-- Whether there is any user.
SELECT EXISTS (SELECT FROM users);

-- name: UserUpdateProfile :one
-- No row where there is no such user.
UPDATE users SET name = @name, time_zone = @time_zone WHERE id = @id RETURNING *;
