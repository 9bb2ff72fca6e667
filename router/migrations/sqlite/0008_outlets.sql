-- What goes out to other systems: how far each sink has the events of a tenant, who wants them, and the ledger of what was
-- posted to whom. A sink is `exchange`, or `webhook:` and the name of an endpoint.
CREATE TABLE outlet_positions (
    tenant INTEGER NOT NULL,
    sink   TEXT    NOT NULL,
    event  INTEGER NOT NULL,
    PRIMARY KEY (tenant, sink)
) WITHOUT ROWID;

-- body is the row as JSON text, with the keys that sign: they are needed as they are.
CREATE TABLE outlet_endpoints (
    tenant  INTEGER NOT NULL,
    name    TEXT    NOT NULL,
    version INTEGER NOT NULL,
    body    TEXT    NOT NULL,
    PRIMARY KEY (tenant, name)
) WITHOUT ROWID;

-- lane is what order is kept in. next_at is when it is tried next or, once it is settled, since when it is.
CREATE TABLE outlet_deliveries (
    tenant   INTEGER NOT NULL,
    endpoint TEXT    NOT NULL,
    event    INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    lane     TEXT    NOT NULL,
    state    TEXT    NOT NULL,
    attempts INTEGER NOT NULL,
    next_at  INTEGER NOT NULL,
    cause    TEXT    NOT NULL,
    PRIMARY KEY (tenant, endpoint, event)
) WITHOUT ROWID;
CREATE INDEX outlet_deliveries_pending ON outlet_deliveries (tenant, endpoint, event) WHERE state = 'pending';
CREATE INDEX outlet_deliveries_in_lane ON outlet_deliveries (tenant, endpoint, lane, event) WHERE state = 'pending';
CREATE INDEX outlet_deliveries_failed ON outlet_deliveries (tenant, endpoint, event) WHERE state = 'failed';
CREATE INDEX outlet_deliveries_settled ON outlet_deliveries (next_at) WHERE state <> 'pending';
