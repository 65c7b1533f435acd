-- Version 4: gaps by their end. Before, every question and every look at the cameras read all gaps
-- that there ever were.

CREATE INDEX gaps_by_end ON gaps (to_ns);
