"""From an upload to a held snapshot, and from there to a vehicle that can be searched for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread
import cv2

from yanji.api.query import Box, check_box, confident
from yanji.api.web.desk import Desk
from yanji.api.web.problems import RequestError
from yanji.api.web.snapshots import DescribedVehicle, HeldSnapshot
from yanji.configs.errors import PictureError, UsageError
from yanji.configs.times import parse_time
from yanji.detect.overview import overview
from yanji.ingest.array_picture import ArrayPicture
from yanji.ingest.snapshot import Snapshot, read_snapshot

Result = TypeVar("Result")

SHOWN_LONG_SIDE_PX = 1600
_JPEG_QUALITY = 85
_NAME = "The picture"


async def in_lane(lane: anyio.CapacityLimiter, work: Callable[[], Result]) -> Result:
    """Run long work in a thread of a lane; the event loop goes on answering."""
    return await anyio.to_thread.run_sync(work, limiter=lane)


async def hold(desk: Desk, content: bytes) -> HeldSnapshot:
    """Decode an upload, find its vehicles and hold it; the same file again costs nothing.

    Raises:
        PictureError: no readable picture.
    """
    return await in_lane(desk.lanes.decode, lambda: _hold(desk, content))


async def described(desk: Desk, held: HeldSnapshot, box: Box | None) -> DescribedVehicle:
    """The vehicle in the box, or the largest one, as something to search for.

    Raises:
        UsageError: the box is not in the picture (`bad_box`).
        NothingFoundError: no box, and no vehicle was found (`no_vehicle`).
    """
    known = held.described.get(box)
    if known is not None:
        return known
    return await in_lane(desk.lanes.decode, lambda: _describe(desk, held, box))


def _hold(desk: Desk, content: bytes) -> HeldSnapshot:
    known = desk.snapshots.find(hashlib.sha256(content).hexdigest())
    if known is not None:
        return known
    snapshot = read_snapshot(content, name=_NAME)
    found = desk.models.find(snapshot)
    shown = overview(ArrayPicture(snapshot.image), found, SHOWN_LONG_SIDE_PX)
    done, jpeg = cv2.imencode(".jpg", shown, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    if not done:
        raise PictureError("The picture cannot be shown.")
    return desk.snapshots.put(
        HeldSnapshot(
            snapshot_id=snapshot.sha256,
            content=content,
            width=snapshot.width,
            height=snapshot.height,
            picture=jpeg.tobytes(),
            taken_ns=_taken_ns(desk, snapshot.taken),
            found=confident(found),
        )
    )


def _taken_ns(desk: Desk, taken: str | None) -> int | None:
    """What a camera notes is local time mostly, and sometimes no time that there was."""
    try:
        return parse_time(taken, desk.zone) if taken is not None else None
    except UsageError:
        return None


def _describe(desk: Desk, held: HeldSnapshot, box: Box | None) -> DescribedVehicle:
    if box is not None:
        # Before the picture is decoded: a wrong box is refused at once.
        check_box(box, held)
    snapshot: Snapshot = read_snapshot(held.content, name=_NAME)
    try:
        vehicle = desk.models.describe(snapshot, box, held.found)
    except UsageError as error:
        # Less than two pixels of it lie in the picture.
        raise RequestError(error.message, hint=error.hint, code="bad_box") from None
    desk.snapshots.remember(held, box, vehicle)
    return vehicle
