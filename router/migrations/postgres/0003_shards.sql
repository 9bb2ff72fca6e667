-- The shard of each tenant (P1), given once and moved only while nobody serves it.
CREATE TABLE tenant_shards (
    tenant bigint  PRIMARY KEY,
    shard  integer NOT NULL
);
