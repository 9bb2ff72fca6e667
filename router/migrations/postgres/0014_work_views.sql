-- The views of open work that people keep for themselves. body is the row as JSON text.
CREATE TABLE work_views (
    tenant bigint NOT NULL,
    owner  text   COLLATE "C" NOT NULL,
    name   text   COLLATE "C" NOT NULL,
    body   text   NOT NULL,
    PRIMARY KEY (tenant, owner, name)
);
