-- What other systems sign their posts with. body is the row as JSON text, with the keys: they are needed as they are.
CREATE TABLE system_keys (
    tenant  bigint NOT NULL,
    system  text   COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    body    text   NOT NULL,
    PRIMARY KEY (tenant, system)
) WITH (fillfactor = 70);
