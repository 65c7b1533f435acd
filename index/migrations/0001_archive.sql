-- The archive, version 1.
--
-- Every *_ns is nanoseconds since 1970-01-01 UTC, integer. `wall` is raw host or recording time;
-- corrected time = wall - offset_ns of the camera's newest clock_offsets row with
-- valid_from_ns <= wall, and is never stored. *_s are seconds, *_px pixels of the upright picture.
-- Keys are given out by the writer from `counters`, and never used again.
-- Types are INTEGER (64 bits), DOUBLE PRECISION, TEXT, BLOB; the store of another database maps them.

CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL -- archive_id (uuid), active_model_key, clock_seen_ns
);

CREATE TABLE counters (
    name TEXT PRIMARY KEY, -- seq, camera, run, sighting, model
    value INTEGER NOT NULL -- the last one given out
);

CREATE TABLE cameras (
    camera_key INTEGER PRIMARY KEY,
    camera_id TEXT NOT NULL UNIQUE, -- public id, Unicode NFC, at most 64 characters, never in a path
    name TEXT NOT NULL,
    longitude DOUBLE PRECISION, -- degrees, WGS 84
    latitude DOUBLE PRECISION, -- degrees, WGS 84
    heading_deg DOUBLE PRECISION -- clockwise from north
);

CREATE TABLE clock_offsets (
    camera_key INTEGER NOT NULL REFERENCES cameras (camera_key),
    valid_from_ns INTEGER NOT NULL, -- wall time of the camera's host
    offset_ns INTEGER NOT NULL, -- clock minus true time: positive for a clock that is ahead
    sigma_s DOUBLE PRECISION NOT NULL, -- one standard deviation
    PRIMARY KEY (camera_key, valid_from_ns)
);

CREATE TABLE runs (
    run_key INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL UNIQUE,
    camera_key INTEGER NOT NULL REFERENCES cameras (camera_key),
    kind TEXT NOT NULL, -- file or rtsp
    source TEXT NOT NULL, -- URL without credentials, or file name
    started_ns INTEGER NOT NULL, -- wall time of the first frame
    ended_ns INTEGER, -- wall time; NULL while open
    end_reason TEXT,
    boot_id TEXT NOT NULL,
    content_sha256 TEXT, -- of the file; NULL for a live stream
    -- open, ended (live); incomplete, done (recordings). Sightings of an incomplete one are not seen.
    state TEXT NOT NULL,
    path TEXT, -- of the recording as given; NULL for a live stream
    progress_s DOUBLE PRECISION NOT NULL -- of the recording, how far it has been read
);
CREATE INDEX runs_by_camera ON runs (camera_key, started_ns);

CREATE TABLE sightings (
    sighting_key INTEGER PRIMARY KEY,
    sighting_id TEXT NOT NULL UNIQUE,
    seq INTEGER NOT NULL, -- of the transaction that wrote it last
    run_key INTEGER NOT NULL REFERENCES runs (run_key),
    camera_key INTEGER NOT NULL REFERENCES cameras (camera_key),
    day INTEGER NOT NULL, -- first_wall_ns in whole UTC days since 1970, fixed at the first write
    state TEXT NOT NULL, -- provisional or closed
    stationary INTEGER NOT NULL, -- 0 or 1
    first_wall_ns INTEGER NOT NULL,
    last_wall_ns INTEGER NOT NULL,
    first_stream_s DOUBLE PRECISION NOT NULL, -- since the first frame of the run
    last_stream_s DOUBLE PRECISION NOT NULL,
    vehicle_class TEXT NOT NULL,
    class_score DOUBLE PRECISION NOT NULL, -- 0..1
    colour TEXT,
    plate TEXT,
    quality DOUBLE PRECISION NOT NULL -- 0..1, of the best crop
);
CREATE INDEX sightings_by_seq ON sightings (seq);
CREATE INDEX sightings_by_day ON sightings (day, last_wall_ns);
CREATE INDEX sightings_by_camera ON sightings (camera_key, first_wall_ns);
CREATE INDEX sightings_by_run ON sightings (run_key);

CREATE TABLE crops (
    sighting_key INTEGER NOT NULL REFERENCES sightings (sighting_key),
    rank INTEGER NOT NULL, -- 0 is the best
    sha256 TEXT NOT NULL, -- of the JPEG, and its name: crops/ab/abcd...jpg
    size_bytes INTEGER NOT NULL,
    width_px INTEGER NOT NULL,
    height_px INTEGER NOT NULL,
    x1_px DOUBLE PRECISION NOT NULL, -- the vehicle's box in the upright frame
    y1_px DOUBLE PRECISION NOT NULL,
    x2_px DOUBLE PRECISION NOT NULL,
    y2_px DOUBLE PRECISION NOT NULL,
    wall_ns INTEGER NOT NULL,
    quality DOUBLE PRECISION NOT NULL, -- 0..1
    PRIMARY KEY (sighting_key, rank)
);
CREATE INDEX crops_by_sha256 ON crops (sha256);

CREATE TABLE crop_deletions (
    sha256 TEXT PRIMARY KEY -- a file that no row names any more and that is still to be unlinked
);

CREATE TABLE models (
    model_key INTEGER PRIMARY KEY,
    model_id TEXT NOT NULL,
    weights_sha256 TEXT NOT NULL,
    dimension INTEGER NOT NULL,
    UNIQUE (model_id, weights_sha256)
);

CREATE TABLE vectors (
    sighting_key INTEGER NOT NULL REFERENCES sightings (sighting_key),
    model_key INTEGER NOT NULL REFERENCES models (model_key),
    day INTEGER NOT NULL, -- that of the sighting
    seq INTEGER NOT NULL, -- of the transaction that wrote it last
    vector BLOB NOT NULL, -- dimension x float16, little endian, unit length
    PRIMARY KEY (sighting_key, model_key)
);
CREATE INDEX vectors_by_day ON vectors (model_key, day);
CREATE INDEX vectors_by_seq ON vectors (model_key, seq);

CREATE TABLE deletions (
    sighting_key INTEGER PRIMARY KEY, -- a sighting that is gone; tells readers to forget it
    seq INTEGER NOT NULL,
    deleted_ns INTEGER NOT NULL -- host time; forgotten itself after a week
);
CREATE INDEX deletions_by_seq ON deletions (seq);

CREATE TABLE gaps (
    camera_key INTEGER NOT NULL REFERENCES cameras (camera_key),
    from_ns INTEGER NOT NULL, -- wall time
    to_ns INTEGER, -- wall time; NULL while it lasts
    cause TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (camera_key, from_ns)
);
