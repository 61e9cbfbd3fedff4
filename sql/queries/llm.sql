-- name: LLMBudgetReserve :one
-- Set tokens aside for a question, from those of the day, and say which that is, at 00:00 UTC. No row when they are not there. The day is
-- that of the database's clock: processes whose own are ahead or behind count for the same.
INSERT INTO llm_budget AS b (only_row, day, tokens)
SELECT true, date_trunc('day', now(), 'UTC'), @tokens::bigint WHERE @tokens::bigint <= @daily::bigint
ON CONFLICT (only_row) DO UPDATE SET
    day = excluded.day,
    tokens = CASE WHEN b.day = excluded.day THEN b.tokens ELSE 0 END + excluded.tokens
WHERE CASE WHEN b.day = excluded.day THEN b.tokens ELSE 0 END + excluded.tokens <= @daily::bigint
RETURNING b.day;

-- name: LLMBudgetSettle :execrows
-- Put right what was set aside, by how many tokens the question has used. No row when the day is over.
UPDATE llm_budget SET tokens = greatest(tokens + @change::bigint, 0)
WHERE only_row AND day = @day;
