-- The views of open work that people keep for themselves. body is the row as JSON text.
CREATE TABLE work_views (
    tenant INTEGER NOT NULL,
    owner  TEXT    NOT NULL,
    name   TEXT    NOT NULL,
    body   TEXT    NOT NULL,
    PRIMARY KEY (tenant, owner, name)
) WITHOUT ROWID;
