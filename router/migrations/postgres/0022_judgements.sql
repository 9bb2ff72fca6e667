-- What is said of work that was done: reviews, ratings of answers, and that it was sent back. id is a hash of the tenant and of
-- what it is about. worker is whose work it is, judge who says so, once that is known; task is the one by which it is found: that
-- of whoever reviews, that which waited for the answer, that which came back. open: somebody is to say something.
CREATE TABLE judgements (
    id     uuid    PRIMARY KEY,
    tenant bigint  NOT NULL,
    at     bigint  NOT NULL,
    worker bigint,
    judge  bigint,
    task   bigint,
    shard  integer NOT NULL,
    open   boolean NOT NULL,
    kind   text    COLLATE "C" NOT NULL,
    body   text    NOT NULL
);
CREATE INDEX judgements_of_tenant ON judgements (tenant, at, id);
CREATE INDEX judgements_of_worker ON judgements (worker, at, id) WHERE worker IS NOT NULL;
CREATE INDEX judgements_by_judge ON judgements (judge, at, id) WHERE judge IS NOT NULL;
CREATE INDEX judgements_of_task ON judgements (task) WHERE task IS NOT NULL;
