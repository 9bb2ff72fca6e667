-- Notices to people's devices. push_keys has one row: what push services know this installation by.
CREATE TABLE push_keys (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    public_key  BLOB    NOT NULL,
    private_key BLOB    NOT NULL,
    made_at     INTEGER NOT NULL
);

-- id is a hash of the endpoint. taken_at is when the push service last took something, failures how often on end it did not.
-- body is the row as JSON text.
CREATE TABLE push_devices (
    id         BLOB    NOT NULL,
    tenant     INTEGER NOT NULL,
    worker     INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    taken_at   INTEGER,
    failures   INTEGER NOT NULL DEFAULT 0,
    name       TEXT    NOT NULL,
    body       TEXT    NOT NULL,
    PRIMARY KEY (id)
) WITHOUT ROWID;
CREATE INDEX push_devices_of_worker ON push_devices (tenant, worker);
CREATE INDEX push_devices_of_user ON push_devices (tenant, name);
