-- +goose Up
-- The job that carries a publication out, so that one that waits for its account can be woken; and from when on it is
-- late: the approval or the scheduled time, or the end of a wait that LinkedIn or a pause imposed.
ALTER TABLE publications
    ADD COLUMN job_id bigint NOT NULL DEFAULT 0,
    ADD COLUMN due_at timestamptz;
UPDATE publications SET due_at = created_at;
ALTER TABLE publications ALTER COLUMN due_at SET NOT NULL;

-- What is on its way by account: to wake it, and to count how much of it is being sent at this moment.
CREATE INDEX publications_account_open ON publications (account_id, created_at) WHERE state IN ('queued', 'publishing');

ALTER TABLE publish_attempts
    DROP CONSTRAINT publish_attempts_settlement_known,
    ADD CONSTRAINT publish_attempts_settlement_known CHECK (settlement IN
        ('', 'person_published', 'person_not_published', 'duplicate_named', 'read_back_published', 'read_back_absent', 'late_accepted',
         'late_refused'));

-- +goose Down
-- The earlier schema knows no machine that settles: what it settled is told as a person's word.
UPDATE publish_attempts SET settlement = 'person_published' WHERE settlement IN ('read_back_published', 'late_accepted');
UPDATE publish_attempts SET settlement = 'person_not_published' WHERE settlement IN ('read_back_absent', 'late_refused');
ALTER TABLE publish_attempts
    DROP CONSTRAINT publish_attempts_settlement_known,
    ADD CONSTRAINT publish_attempts_settlement_known CHECK (settlement IN
        ('', 'person_published', 'person_not_published', 'duplicate_named'));
DROP INDEX publications_account_open;
ALTER TABLE publications DROP COLUMN due_at, DROP COLUMN job_id;
