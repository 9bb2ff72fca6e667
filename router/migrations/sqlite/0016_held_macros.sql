-- Macros that are done on several tasks after a time in which they can be taken back: one for each worker, and what came of
-- the last. due is null once it was done. body is the row as JSON text.
CREATE TABLE held_macros (
    tenant INTEGER NOT NULL,
    worker INTEGER NOT NULL,
    number TEXT    NOT NULL,
    due    INTEGER,
    body   TEXT    NOT NULL,
    PRIMARY KEY (tenant, worker)
) WITHOUT ROWID;
CREATE INDEX held_macros_due ON held_macros (due) WHERE due IS NOT NULL;
