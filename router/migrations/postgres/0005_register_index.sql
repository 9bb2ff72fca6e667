-- One entry comes with each new contact, and is looked for by the beginning of its key alone: the index by tenant and kind
-- would cost a place of its own for each, and nobody would read it.
DROP INDEX register_of_tenant;
CREATE INDEX register_of_tenant ON register (tenant, kind, key) WHERE kind <> 'person';
