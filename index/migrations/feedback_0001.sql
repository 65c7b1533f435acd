-- What people said of sightings, version 1: `feedback.db` beside the archive, a file of its own so
-- that a verdict neither changes the archive nor waits for its writer.

CREATE TABLE verdicts (
    verdict_key INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again: the highest is the newest
    case_number TEXT NOT NULL, -- Unicode NFC, without blanks at its ends
    sighting_id TEXT NOT NULL,
    verdict TEXT NOT NULL, -- confirmed, rejected or unsure
    query TEXT NOT NULL, -- what was asked about: a snapshot's or a sighting's id; may be empty
    audit_id TEXT NOT NULL, -- of the record of this verdict
    at_ns INTEGER NOT NULL -- host time, ns since 1970-01-01 UTC
);
CREATE INDEX verdicts_by_case ON verdicts (case_number, sighting_id, verdict_key);
CREATE INDEX verdicts_by_time ON verdicts (at_ns);
