-- The shard of each tenant (P1), given once and moved only while nobody serves it.
CREATE TABLE tenant_shards (
    tenant INTEGER PRIMARY KEY,
    shard  INTEGER NOT NULL
);
-- Before there was a choice, everything was on the one shard.
INSERT INTO tenant_shards (tenant, shard) SELECT handle, 0 FROM names WHERE kind = 'tenant';
