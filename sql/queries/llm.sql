-- name: LLMBudgetReserve :execrows
-- Set tokens aside for a question, from those of the day. No row when they are not there. A process whose clock is behind counts
-- for the newest day.
INSERT INTO llm_budget AS b (only_row, day, tokens)
SELECT true, @day, @tokens::bigint WHERE @tokens::bigint <= @daily::bigint
ON CONFLICT (only_row) DO UPDATE SET
    day = greatest(b.day, excluded.day),
    tokens = CASE WHEN b.day >= excluded.day THEN b.tokens ELSE 0 END + excluded.tokens
WHERE CASE WHEN b.day >= excluded.day THEN b.tokens ELSE 0 END + excluded.tokens <= @daily::bigint;

-- name: LLMBudgetSettle :execrows
-- Put right what was set aside, by how many tokens the question has used. No row when the day is over.
UPDATE llm_budget SET tokens = greatest(tokens + @change::bigint, 0)
WHERE only_row AND day = @day;
