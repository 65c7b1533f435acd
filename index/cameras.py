"""Cameras of the archive: a public id for people, an integer key for the tables."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select

from yanji.configs.errors import ArchiveError, UsageError
from yanji.index.counters import give_out
from yanji.index.tables import CAMERAS, CLOCK_OFFSETS

MAX_CAMERA_ID: Final = 64


@dataclass(frozen=True, slots=True)
class Camera:
    """A fixed view with an id, a place and a heading; the place may be unknown."""

    camera_id: str
    name: str = ""
    longitude: float | None = None
    """Degrees, WGS 84."""
    latitude: float | None = None
    """Degrees, WGS 84."""
    heading_deg: float | None = None
    """Clockwise from north."""


def camera_id_of(given: str) -> str:
    """Normalise a camera id as a user gave it: Unicode NFC.

    Raises:
        UsageError: empty, longer than 64 characters, or with '/' or control characters.
    """
    camera_id = unicodedata.normalize("NFC", given)
    bad = "/" in camera_id or any(unicodedata.category(letter)[0] == "C" for letter in camera_id)
    if not camera_id.strip() or len(camera_id) > MAX_CAMERA_ID or bad:
        raise UsageError(
            f"camera id {given[:80]!r} is not accepted",
            hint=f"1 to {MAX_CAMERA_ID} characters, no '/' and no control characters",
        )
    return camera_id


def camera_key(connection: Connection, camera_id: str) -> int:
    """Key of a camera.

    Raises:
        ArchiveError: the archive does not know it.
    """
    wanted = camera_id_of(camera_id)
    query = select(CAMERAS.c.camera_key).where(CAMERAS.c.camera_id == wanted)
    key = connection.execute(query).scalar()
    if key is None:
        raise ArchiveError(
            f"the archive has no camera {camera_id!r}",
            hint="register it first",
            code="unknown_camera",
        )
    return int(key)


def put_camera(connection: Connection, camera: Camera) -> int:
    """Add a camera, or update its name and place (a place that is not given is kept).

    Returns:
        Its key.
    """
    camera_id = camera_id_of(camera.camera_id)
    row = connection.execute(select(CAMERAS).where(CAMERAS.c.camera_id == camera_id)).first()
    if row is None:
        key = give_out(connection, "camera")
        connection.execute(
            CAMERAS.insert().values(
                camera_key=key,
                camera_id=camera_id,
                name=camera.name,
                longitude=camera.longitude,
                latitude=camera.latitude,
                heading_deg=camera.heading_deg,
            )
        )
        return key
    given: dict[str, object] = {
        "name": camera.name or None,
        "longitude": camera.longitude,
        "latitude": camera.latitude,
        "heading_deg": camera.heading_deg,
    }
    changed = {
        name: value
        for name, value in given.items()
        if value is not None and value != row._mapping[name]
    }
    if changed:
        connection.execute(
            CAMERAS.update().where(CAMERAS.c.camera_key == row.camera_key).values(**changed)
        )
    return int(row.camera_key)


def put_clock_offset(
    connection: Connection,
    camera_id: str,
    valid_from_ns: int,
    offset_s: float,
    sigma_s: float,
    source: str = "",
) -> None:
    """Add an offset, or replace the one that is valid from the same moment."""
    key = camera_key(connection, camera_id)
    same = (CLOCK_OFFSETS.c.camera_key == key) & (CLOCK_OFFSETS.c.valid_from_ns == valid_from_ns)
    connection.execute(CLOCK_OFFSETS.delete().where(same))
    connection.execute(
        CLOCK_OFFSETS.insert().values(
            camera_key=key,
            valid_from_ns=valid_from_ns,
            offset_ns=round(offset_s * 1e9),
            sigma_s=sigma_s,
            source=source,
        )
    )


def read_headings(connection: Connection) -> dict[int, float]:
    """Headings by camera key, degrees clockwise from north; cameras without one are left out."""
    query = select(CAMERAS.c.camera_key, CAMERAS.c.heading_deg)
    rows = connection.execute(query.where(CAMERAS.c.heading_deg.is_not(None)))
    return {int(key): float(heading_deg) for key, heading_deg in rows}
