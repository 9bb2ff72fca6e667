-- What people at desks keep beside the tasks: the draft of a reply, one for each worker and task, and the answers that
-- the company has ready. body is the row as JSON text.
CREATE TABLE drafts (
    tenant INTEGER NOT NULL,
    worker INTEGER NOT NULL,
    task   INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    body   TEXT    NOT NULL,
    PRIMARY KEY (tenant, worker, task)
) WITHOUT ROWID;

CREATE TABLE canned_answers (
    tenant  INTEGER NOT NULL,
    name    TEXT    NOT NULL,
    version INTEGER NOT NULL,
    body    TEXT    NOT NULL,
    PRIMARY KEY (tenant, name)
) WITHOUT ROWID;
