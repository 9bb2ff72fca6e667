-- When a case is to be looked at next, for promises and targets that may be about to break; and when the first of its
-- promises is due that still hold. Cases from before are looked at at once.
ALTER TABLE cases ADD COLUMN look_at bigint, ADD COLUMN promise_due bigint;
UPDATE cases SET look_at = opened_at WHERE open;
CREATE INDEX cases_to_look_at ON cases (shard, look_at) WHERE look_at IS NOT NULL;
CREATE INDEX cases_that_promise ON cases (tenant, promise_due, id) WHERE promise_due IS NOT NULL;
