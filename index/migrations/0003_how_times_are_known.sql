-- Version 3: how a time is known stands beside it. Before, an offset that a person had compared and
-- one that was estimated looked alike, and so did a start that was given and one read off a name.

ALTER TABLE clock_offsets ADD COLUMN source TEXT NOT NULL DEFAULT ''; -- site, clock, given, pairs; '' before version 3
ALTER TABLE runs ADD COLUMN start_source TEXT NOT NULL DEFAULT ''; -- given, manifest, name, container; '' live, or before version 3
ALTER TABLE runs ADD COLUMN start_sigma_s DOUBLE PRECISION NOT NULL DEFAULT 0; -- of started_ns, beside the clock's
