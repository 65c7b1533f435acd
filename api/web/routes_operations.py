"""Outages, health and figures; `/live` and `/ready` for whoever watches the process."""

from __future__ import annotations

import time
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from prometheus_client import CONTENT_TYPE_LATEST

from yanji.api.web.desk import Desk, DeskOf
from yanji.api.web.documents import (
    ArchiveHealth,
    CameraCounts,
    CameraId,
    Gaps,
    Health,
    Ready,
    Time,
)
from yanji.api.web.given import filter_of, known_cameras
from yanji.api.web.openapi import errors
from yanji.api.web.words import API, gap_info
from yanji.configs.errors import ArchiveError
from yanji.index.disk import disk_free

router = APIRouter(prefix=API, tags=["operations"])
"""Under `/api/v1`."""
root_router = APIRouter(tags=["operations"])
"""At the root."""

_DOWN = ("down", "credentials", "connecting", "still", "black")


@router.get("/gaps", responses=errors(404))
def gaps(
    desk: DeskOf,
    from_: Annotated[Time | None, Query(alias="from")] = None,
    to: Annotated[Time | None, Query()] = None,
    camera: Annotated[list[CameraId], Query(max_length=1000)] = [],  # noqa: B006
) -> Gaps:
    """Times in which cameras saw nothing because they were down, oldest first."""
    wanted = filter_of(desk, from_, to, camera, ())
    found = desk.reader.gaps(wanted.from_ns, wanted.to_ns, wanted.cameras)
    return Gaps(gaps=tuple(gap_info(gap, desk.zone) for gap in found))


@router.get("/health", responses=errors())
def health(desk: DeskOf) -> Health:
    """How the installation is."""
    beats = desk.cameras.beats() if desk.cameras.live else {}
    counts = CameraCounts(
        total=len(known_cameras(desk)),
        up=sum(beat.state == "up" for beat in beats.values()),
        down=sum(beat.state in _DOWN for beat in beats.values()),
        degraded=sum(beat.state == "up" and beat.degraded for beat in beats.values()),
    )
    archive = _archive_health(desk)
    good = counts.down == 0 and counts.degraded == 0 and archive.state != "disk_full"
    return Health(
        status="ok" if good else "degraded",
        version=desk.version,
        uptime_s=round(time.monotonic() - desk.started_s, 1),
        cameras=counts,
        archive=archive,
    )


@root_router.get(
    "/metrics",
    responses={
        200: {
            "description": "Figures for Prometheus.",
            "content": {"text/plain": {"schema": {"type": "string"}}},
        },
        **errors(),
    },
    response_class=Response,
)
def metrics(desk: DeskOf) -> Response:
    """Figures for Prometheus; open to all by the setting `api.open_metrics`."""
    return Response(desk.metrics.exposition(desk), media_type=CONTENT_TYPE_LATEST)


_READY: dict[int | str, dict[str, Any]] = {503: {"model": Ready, "description": "Not now."}}


@root_router.get("/live")
async def live() -> Ready:
    """The process answers. Open to all."""
    return Ready(status="live", detail="")


@root_router.get("/ready", responses=_READY)
def ready(desk: DeskOf, response: Response) -> Ready:
    """The archive can be read, so questions are answered. Open to all."""
    try:
        with desk.reader.snapshot():
            pass
    except ArchiveError as error:
        response.status_code = 503
        return Ready(status="not_ready", detail=error.code)
    return Ready(status="ready", detail="")


def _archive_health(desk: Desk) -> ArchiveHealth:
    writer = desk.cameras.writer()
    state: Literal["reading", "writing", "disk_full"] = "reading"
    if writer is not None:
        state = "disk_full" if writer.state == "disk_full" else "writing"
    return ArchiveHealth(
        state=state,
        detail=writer.detail if writer is not None else "",
        num_sightings=desk.totals.newest().num_sightings,
        free_bytes=disk_free(desk.reader.folder),
    )
