-- What happened in a matter is found by the matter. Events from before have none: to read it out of the whole log would keep
-- every router waiting, so journeys begin here.
ALTER TABLE events ADD COLUMN matter bigint;
CREATE INDEX events_of_matter ON events (matter, id) WHERE matter IS NOT NULL;
