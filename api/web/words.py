"""From what the archive answers to the documents of the API."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast
from urllib.parse import quote
from zoneinfo import ZoneInfo

from yanji.api.attributes import travel_fields
from yanji.api.pictures import picture_path
from yanji.api.plan import CameraBeat
from yanji.api.web.asked_about import asked_of
from yanji.api.web.desk import Desk
from yanji.api.web.documents import (
    CameraInfo,
    CameraState,
    CropInfo,
    FeedbackInfo,
    FoundVehicle,
    GapInfo,
    SightingDetail,
    SightingInfo,
    SnapshotInfo,
)
from yanji.api.web.snapshots import HeldSnapshot
from yanji.configs.times import format_time
from yanji.detect.classes import CLASSES
from yanji.index.feedback import StoredVerdict
from yanji.index.hit import StoredSighting
from yanji.index.select import StoredCrop
from yanji.index.totals import CameraTotals
from yanji.ingest.gap import Gap

API = "/api/v1"
_DOWN = ("down", "credentials", "still", "black")


def shown(time_ns: int | None, zone: ZoneInfo | None) -> str | None:
    """A time as text; None stays None."""
    return format_time(time_ns, zone) if time_ns is not None else None


def crop_url(sha256: str) -> str:
    """Address of a crop."""
    return f"{API}/crops/{sha256}"


def sighting_fields(sighting: StoredSighting, zone: ZoneInfo | None) -> dict[str, object]:
    """The fields that all documents of a sighting share."""
    return {
        "sighting_id": sighting.sighting_id,
        "camera_id": sighting.camera_id,
        "first_seen": format_time(sighting.first_ns, zone),
        "last_seen": format_time(sighting.last_ns, zone),
        "class_": sighting.vehicle_class,
        "class_score": round(sighting.class_score, 4),
        "colour": sighting.colour,
        "colour_score": sighting.colour_score,
        **travel_fields(sighting),
        "plate": sighting.plate,
        "quality": round(sighting.quality, 4),
        "state": sighting.state,
        "stationary": sighting.stationary,
        "crops": tuple(crop_url(sha256) for sha256 in sighting.crops),
    }


def sighting_info(sighting: StoredSighting, zone: ZoneInfo | None) -> SightingInfo:
    """A sighting as lists show it."""
    return SightingInfo.model_validate(sighting_fields(sighting, zone))


def sighting_detail(
    sighting: StoredSighting, crops: Iterable[StoredCrop], zone: ZoneInfo | None
) -> SightingDetail:
    """A sighting with all that is known of its crops."""
    details = tuple(
        CropInfo(
            url=crop_url(crop.sha256),
            width=crop.width,
            height=crop.height,
            box=crop.box_xyxy_px,
            at=format_time(crop.time_ns, zone),
            quality=round(crop.quality, 4),
        )
        for crop in crops
    )
    fields = sighting_fields(sighting, zone)
    return SightingDetail.model_validate({**fields, "crop_details": details})


def gap_info(gap: Gap, zone: ZoneInfo | None) -> GapInfo:
    """An outage."""
    return GapInfo.model_validate(
        {
            "camera_id": gap.camera_id,
            "from": format_time(gap.from_ns, zone),
            "to": shown(gap.to_ns, zone),
            "cause": gap.cause,
        }
    )


def verdict_info(stored: StoredVerdict, zone: ZoneInfo | None) -> FeedbackInfo:
    """What was said of a sighting."""
    snapshot_id, box, query_sighting_id = asked_of(stored.query)
    return FeedbackInfo(
        sighting_id=stored.sighting_id,
        verdict=stored.verdict,
        snapshot_id=snapshot_id,
        box=box,
        query_sighting_id=query_sighting_id,
        at=format_time(stored.at_ns, zone),
        audit_id=stored.audit_id,
    )


def snapshot_info(held: HeldSnapshot, zone: ZoneInfo | None) -> SnapshotInfo:
    """An upload and what was found in it, largest first."""
    boxes = held.found.boxes_N4
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    vehicles = tuple(
        FoundVehicle.model_validate(
            {
                "box": tuple(round(float(edge), 1) for edge in boxes[index]),
                "class": CLASSES[held.found.classes_N[index]],
                "score": round(float(held.found.scores_N[index]), 4),
            }
        )
        for index in sorted(range(len(boxes)), key=lambda index: -float(areas[index]))
    )
    return SnapshotInfo(
        snapshot_id=held.snapshot_id,
        width=held.width,
        height=held.height,
        picture=f"{API}/snapshots/{held.snapshot_id}/picture",
        taken=shown(held.taken_ns, zone),
        vehicles=vehicles,
    )


def camera_infos(desk: Desk) -> tuple[CameraInfo, ...]:
    """All cameras of the site and the archive, by id.

    Raises:
        ArchiveError: the archive cannot be read.
    """
    places: dict[str, tuple[str, float | None, float | None, float | None]] = {
        camera.camera_id: (camera.name, camera.longitude, camera.latitude, camera.heading_deg)
        for camera in desk.reader.cameras()
    }
    if desk.site is not None:
        for one in desk.site.cameras:
            places[one.id] = (one.name, one.longitude, one.latitude, one.heading_deg)
    beats = desk.cameras.beats() if desk.cameras.live else {}
    some_down = any(beat.state in _DOWN for beat in beats.values())
    still_open = {gap.camera_id: gap for gap in desk.reader.open_gaps()} if some_down else {}
    totals = desk.totals.newest().cameras
    return tuple(
        _camera_info(
            desk,
            (camera_id, *places[camera_id]),
            beats.get(camera_id),
            totals.get(camera_id),
            still_open.get(camera_id),
        )
        for camera_id in sorted(places)
    )


def _camera_info(
    desk: Desk,
    place: tuple[str, str, float | None, float | None, float | None],
    beat: CameraBeat | None,
    totals: CameraTotals | None,
    gap: Gap | None,
) -> CameraInfo:
    camera_id, name, longitude, latitude, heading_deg = place
    state = cast(CameraState, beat.state) if beat is not None else "recorded"
    is_down = state in _DOWN
    picture_ns = _picture_ns(desk, camera_id)
    return CameraInfo(
        camera_id=camera_id,
        name=name,
        longitude=longitude,
        latitude=latitude,
        heading_deg=heading_deg,
        state=state,
        since=shown(gap.from_ns, desk.zone) if gap is not None and is_down else None,
        cause=_cause(state, gap) if is_down else None,
        fps=round(beat.fps_in, 2) if beat is not None else None,
        analysed_fps=round(beat.fps_analysed, 2) if beat is not None else None,
        lag_s=round(beat.lag_s, 2) if beat is not None else None,
        num_sightings=totals.num_sightings if totals is not None else 0,
        degraded=beat is not None and beat.degraded,
        num_dropped=beat.num_dropped if beat is not None else None,
        num_reconnects=beat.num_reconnects if beat is not None else None,
        last_seen=shown(totals.last_ns, desk.zone) if totals is not None else None,
        picture=f"{API}/cameras/{quote(camera_id, safe='')}/picture" if picture_ns else None,
        picture_at=shown(picture_ns, desk.zone),
    )


def _cause(state: CameraState, gap: Gap | None) -> str | None:
    if gap is not None:
        return gap.cause
    return "credentials" if state == "credentials" else None


def _picture_ns(desk: Desk, camera_id: str) -> int | None:
    """When the latest picture of a camera was written; None where there is none."""
    if desk.pictures is None:
        return None
    try:
        return picture_path(desk.pictures, camera_id).stat().st_mtime_ns
    except OSError:
        return None
