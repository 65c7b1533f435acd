-- Version 2: lists in the order of time are read from an index. Without it a page of fifty
-- sightings read the whole day, a third of a million rows in a large archive.

CREATE INDEX sightings_by_time ON sightings (first_wall_ns);
CREATE INDEX sightings_by_class ON sightings (vehicle_class, first_wall_ns);
