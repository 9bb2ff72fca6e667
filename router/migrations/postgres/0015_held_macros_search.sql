-- Macros that are done on several tasks after a time in which they can be taken back: one for each worker, and what came of
-- the last. due is null once it was done. body is the row as JSON text.
CREATE TABLE held_macros (
    tenant bigint NOT NULL,
    worker bigint NOT NULL,
    number text   COLLATE "C" NOT NULL,
    due    bigint,
    body   text   NOT NULL,
    PRIMARY KEY (tenant, worker)
);
CREATE INDEX held_macros_due ON held_macros (due) WHERE due IS NOT NULL;

-- Whoever had few tasks finds in their lines: by a word that many lines hold he would look through all of them.
CREATE INDEX search_lines_of_task ON search_lines ((coalesce(task, transcript)));
