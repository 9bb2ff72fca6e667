-- What other systems sign their posts with. body is the row as JSON text, with the keys: they are needed as they are.
CREATE TABLE system_keys (
    tenant  INTEGER NOT NULL,
    system  TEXT    NOT NULL,
    version INTEGER NOT NULL,
    body    TEXT    NOT NULL,
    PRIMARY KEY (tenant, system)
) WITHOUT ROWID;
