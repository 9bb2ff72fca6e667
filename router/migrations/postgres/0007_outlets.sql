-- What goes out to other systems: how far each sink has the events of a tenant, who wants them, and the ledger of what was
-- posted to whom. A sink is `exchange`, or `webhook:` and the name of an endpoint.
CREATE TABLE outlet_positions (
    tenant bigint NOT NULL,
    sink   text   COLLATE "C" NOT NULL,
    event  bigint NOT NULL,
    PRIMARY KEY (tenant, sink)
) WITH (fillfactor = 50);

-- body is the row as JSON text, with the keys that sign: they are needed as they are.
CREATE TABLE outlet_endpoints (
    tenant  bigint NOT NULL,
    name    text   COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    body    text   NOT NULL,
    PRIMARY KEY (tenant, name)
) WITH (fillfactor = 70);

-- lane is what order is kept in. next_at is when it is tried next or, once it is settled, since when it is.
CREATE TABLE outlet_deliveries (
    tenant   bigint  NOT NULL,
    event    bigint  NOT NULL,
    at       bigint  NOT NULL,
    next_at  bigint  NOT NULL,
    attempts integer NOT NULL,
    endpoint text    COLLATE "C" NOT NULL,
    lane     text    COLLATE "C" NOT NULL,
    state    text    COLLATE "C" NOT NULL,
    cause    text    NOT NULL,
    PRIMARY KEY (tenant, endpoint, event)
) WITH (fillfactor = 70);
CREATE INDEX outlet_deliveries_pending ON outlet_deliveries (tenant, endpoint, event) WHERE state = 'pending';
CREATE INDEX outlet_deliveries_in_lane ON outlet_deliveries (tenant, endpoint, lane, event) WHERE state = 'pending';
CREATE INDEX outlet_deliveries_failed ON outlet_deliveries (tenant, endpoint, event) WHERE state = 'failed';
CREATE INDEX outlet_deliveries_settled ON outlet_deliveries (next_at) WHERE state <> 'pending';
