-- Rule sets: every version that was ever live, the latest of a tenant is live now; and the draft of each tenant. body is
-- the row as JSON text. A version is never changed: a decision that bears its number is explained from it for ever.
CREATE TABLE rule_sets (
    tenant  INTEGER NOT NULL,
    version INTEGER NOT NULL,
    body    TEXT NOT NULL,
    PRIMARY KEY (tenant, version)
) WITHOUT ROWID;

CREATE TABLE rule_drafts (
    tenant INTEGER PRIMARY KEY,
    body   TEXT NOT NULL
);
