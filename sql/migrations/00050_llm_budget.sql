-- +goose Up
-- How many tokens of language models were used today, over all processes. One row, for the newest day there was: a day's count is
-- nobody's any more on the next.
CREATE TABLE llm_budget (
    only_row boolean PRIMARY KEY DEFAULT true,
    day      timestamptz NOT NULL, -- when it began, at 00:00 UTC
    tokens   bigint NOT NULL, -- used, and set aside for questions under way
    CONSTRAINT llm_budget_only_row CHECK (only_row)
);

-- +goose Down
DROP TABLE llm_budget;
