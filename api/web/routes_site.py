"""The site: what the page needs first, the roads, the site's own map."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import FileResponse

from yanji.api.web.desk import Desk, DeskOf
from yanji.api.web.documents import Basemap, Road, Roads, SiteInfo
from yanji.api.web.given import known_cameras
from yanji.api.web.openapi import errors
from yanji.api.web.problems import RequestError
from yanji.api.web.words import API, shown
from yanji.configs.basemap import basemap_kind
from yanji.reid.calibration import is_calibrated

router = APIRouter(prefix=API, tags=["site"])
_MEDIA_TYPES = {"geojson": "application/geo+json", "pmtiles": "application/vnd.pmtiles"}


@router.get("/site", responses=errors())
def site(desk: DeskOf) -> SiteInfo:
    """What the page needs before anything else."""
    totals = desk.totals.newest()
    zone = desk.zone
    return SiteInfo(
        name=desk.site.name if desk.site is not None else "",
        timezone=zone.key if zone is not None else None,
        version=desk.version,
        live=desk.cameras.live,
        purposes=desk.settings.purposes,
        default_purpose=desk.settings.default_purpose,
        model=desk.models.model_id,
        calibrated=is_calibrated(desk.models.model_id, desk.settings.models),
        num_cameras=len(known_cameras(desk)),
        num_sightings=totals.num_sightings,
        first_seen=shown(totals.first_ns, zone),
        last_seen=shown(totals.last_ns, zone),
        basemap=_basemap(desk),
    )


@router.get("/roads", responses=errors())
def roads(desk: DeskOf) -> Roads:
    """All roads of the site; none without a site."""
    found = desk.site.roads if desk.site is not None else ()
    return Roads(
        roads=tuple(
            Road(
                from_camera=road.from_camera,
                to_camera=road.to_camera,
                distance_m=road.distance_m,
                oneway=road.oneway,
            )
            for road in found
        )
    )


@router.get(
    "/basemap",
    responses={
        200: {
            "description": "The map, whole or the range asked for.",
            "content": {
                "application/geo+json": {"schema": {"type": "object"}},
                "application/vnd.pmtiles": {"schema": {"type": "string", "format": "binary"}},
            },
        },
        206: {"description": "A range of it."},
        416: {"description": "There is no such range."},
        **errors(404),
    },
    response_class=FileResponse,
)
def basemap(desk: DeskOf) -> FileResponse:
    """The map that the site supplies; ranges are honoured."""
    kind = basemap_kind(desk.basemap) if desk.basemap is not None else None
    if desk.basemap is None or kind is None or not desk.basemap.is_file():
        raise RequestError("The site supplies no map.", code="not_found")
    headers = {"Cache-Control": "private, no-cache"}
    return FileResponse(desk.basemap, media_type=_MEDIA_TYPES[kind], headers=headers)


def _basemap(desk: Desk) -> Basemap | None:
    kind = basemap_kind(desk.basemap) if desk.basemap is not None else None
    return Basemap(kind=kind, url=f"{API}/basemap") if kind is not None else None
