"""The archive's tables as SQLAlchemy sees them.

The schema itself, with units, is in `migrations/*.sql`; a test compares the two.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

METADATA: Final = MetaData()


def _int(name: str, *, key: bool = False) -> Column[int]:
    return Column(name, BigInteger, primary_key=key, autoincrement=False)


def _real(name: str) -> Column[float]:
    return Column(name, Double)


def _text(name: str, *, key: bool = False) -> Column[str]:
    return Column(name, Text, primary_key=key)


META = Table("meta", METADATA, _text("name", key=True), _text("value"))
COUNTERS = Table("counters", METADATA, _text("name", key=True), _int("value"))
SCHEMA_VERSION = Table("schema_version", METADATA, _int("version", key=True), _int("applied_ns"))
CAMERAS = Table(
    "cameras",
    METADATA,
    _int("camera_key", key=True),
    _text("camera_id"),
    _text("name"),
    _real("longitude"),
    _real("latitude"),
    _real("heading_deg"),
)
CLOCK_OFFSETS = Table(
    "clock_offsets",
    METADATA,
    _int("camera_key", key=True),
    _int("valid_from_ns", key=True),
    _int("offset_ns"),
    _real("sigma_s"),
    _text("source"),
)
RUNS = Table(
    "runs",
    METADATA,
    _int("run_key", key=True),
    _text("run_id"),
    _int("camera_key"),
    _text("kind"),
    _text("source"),
    _int("started_ns"),
    _int("ended_ns"),
    _text("end_reason"),
    _text("boot_id"),
    _text("content_sha256"),
    _text("state"),
    _text("path"),
    _real("progress_s"),
    _text("start_source"),
    _real("start_sigma_s"),
)
SIGHTINGS = Table(
    "sightings",
    METADATA,
    _int("sighting_key", key=True),
    _text("sighting_id"),
    _int("seq"),
    _int("run_key"),
    _int("camera_key"),
    _int("day"),
    _text("state"),
    _int("stationary"),
    _int("first_wall_ns"),
    _int("last_wall_ns"),
    _real("first_stream_s"),
    _real("last_stream_s"),
    _text("vehicle_class"),
    _real("class_score"),
    _text("colour"),
    _text("plate"),
    _real("quality"),
    _real("colour_score"),
    _real("travel_deg"),
    _real("travel_score"),
)
CROPS = Table(
    "crops",
    METADATA,
    _int("sighting_key", key=True),
    _int("rank", key=True),
    _text("sha256"),
    _int("size_bytes"),
    _int("width_px"),
    _int("height_px"),
    _real("x1_px"),
    _real("y1_px"),
    _real("x2_px"),
    _real("y2_px"),
    _int("wall_ns"),
    _real("quality"),
)
CROP_DELETIONS = Table("crop_deletions", METADATA, _text("sha256", key=True))
MODELS = Table(
    "models",
    METADATA,
    _int("model_key", key=True),
    _text("model_id"),
    _text("weights_sha256"),
    _int("dimension"),
)
VECTORS = Table(
    "vectors",
    METADATA,
    _int("sighting_key", key=True),
    _int("model_key", key=True),
    _int("day"),
    _int("seq"),
    Column("vector", LargeBinary),
)
DELETIONS = Table(
    "deletions",
    METADATA,
    _int("sighting_key", key=True),
    _int("seq"),
    _int("deleted_ns"),
)
GAPS = Table(
    "gaps",
    METADATA,
    _int("camera_key", key=True),
    _int("from_ns", key=True),
    _int("to_ns"),
    _text("cause"),
    _int("seq"),
)

DAY_NS: Final = 86_400 * 10**9
"""One UTC day in nanoseconds: the unit of `day` columns and of vector segments."""

INCOMPLETE: Final = "incomplete"
"""State of a run of a recording that is not finished: its sightings are not seen by readers."""
