-- name: WorkerBeat :exec
-- Says that a process works jobs now.
INSERT INTO workers (id, started_at, seen_at) VALUES (@id, now(), now())
ON CONFLICT (id) DO UPDATE SET seen_at = now();

-- name: WorkerDelete :exec
-- Says that a process works jobs no more.
DELETE FROM workers WHERE id = @id;

-- name: WorkerDeleteStale :execrows
-- Forgets processes that have not been heard of for a day.
DELETE FROM workers WHERE seen_at < now() - interval '1 day';

-- name: WorkerCountAlive :one
-- How many processes have said within so many seconds that they work jobs.
SELECT count(*) FROM workers WHERE seen_at > now() - make_interval(secs => @seconds::double precision);
