-- What people at desks keep beside the tasks: the draft of a reply, one for each worker and task, and the answers that
-- the company has ready. body is the row as JSON text. A draft is written again and again while somebody types.
CREATE TABLE drafts (
    tenant bigint NOT NULL,
    worker bigint NOT NULL,
    task   bigint NOT NULL,
    at     bigint NOT NULL,
    body   text   NOT NULL,
    PRIMARY KEY (tenant, worker, task)
) WITH (fillfactor = 50);

CREATE TABLE canned_answers (
    tenant  bigint NOT NULL,
    version bigint NOT NULL,
    name    text   COLLATE "C" NOT NULL,
    body    text   NOT NULL,
    PRIMARY KEY (tenant, name)
) WITH (fillfactor = 70);
