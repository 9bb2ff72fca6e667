-- Cases: matters with a typed process. body is the row as JSON text; the columns beside it are only those that are asked
-- for. id is a hash of the tenant and of the key under which the case was opened. due_at is when its stage should be left,
-- while something is due.
CREATE TABLE cases (
    id        BLOB    NOT NULL,
    shard     INTEGER NOT NULL,
    tenant    INTEGER NOT NULL,
    case_type TEXT    NOT NULL,
    stage     TEXT    NOT NULL,
    contact   BLOB,
    matter    INTEGER,
    task      INTEGER,
    owner     INTEGER,
    open      INTEGER NOT NULL,
    opened_at INTEGER NOT NULL,
    due_at    INTEGER,
    body      TEXT    NOT NULL,
    PRIMARY KEY (id)
) WITHOUT ROWID;
CREATE INDEX cases_of_tenant ON cases (tenant, id);
CREATE INDEX cases_of_matter ON cases (matter, id) WHERE matter IS NOT NULL;
CREATE INDEX cases_of_contact ON cases (contact, id) WHERE contact IS NOT NULL;
CREATE INDEX cases_of_task ON cases (task) WHERE task IS NOT NULL;
CREATE INDEX cases_due ON cases (shard, due_at) WHERE due_at IS NOT NULL;
