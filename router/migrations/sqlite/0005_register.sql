-- The register: what is known of people and files beside the core's rows; the latest entry of a key counts. kind is
-- consent, person, media or account.
CREATE TABLE register (
    key    BLOB    NOT NULL,
    kind   TEXT    NOT NULL,
    tenant INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    body   TEXT    NOT NULL,
    PRIMARY KEY (key)
) WITHOUT ROWID;
CREATE INDEX register_of_tenant ON register (tenant, kind, key);

-- Messages of ours that were not sent: a worker repairs them.
CREATE INDEX outbound_failed ON outbound (tenant, id) WHERE state = 'failed';
