-- Version 5: how sure a colour is, and the direction of travel in the picture. Sightings written
-- before have neither, and no colour.

ALTER TABLE sightings ADD COLUMN colour_score DOUBLE PRECISION; -- 0..1; NULL without a colour
ALTER TABLE sightings ADD COLUMN travel_deg DOUBLE PRECISION; -- 0 <= angle < 360, clockwise from up in the picture; NULL: unmoved, or doubtful
ALTER TABLE sightings ADD COLUMN travel_score DOUBLE PRECISION; -- 0..1; NULL together with travel_deg
