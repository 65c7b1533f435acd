"""What the archive holds: sightings, page by page, and their crops."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from yanji.api.web.auditing import filter_words, record
from yanji.api.web.cursor import Order, after_of, cursor_of
from yanji.api.web.desk import CallerOf, DeskOf
from yanji.api.web.documents import (
    CameraId,
    ClassOrGroup,
    SightingDetail,
    SightingId,
    Sightings,
    Time,
)
from yanji.api.web.given import CaseOf, filter_of
from yanji.api.web.openapi import errors, picture
from yanji.api.web.problems import RequestError
from yanji.api.web.words import API, sighting_detail, sighting_info
from yanji.configs.errors import NothingFoundError

router = APIRouter(prefix=API, tags=["sightings"])


@router.get("/sightings", responses=errors(404))
def sightings(
    desk: DeskOf,
    caller: CallerOf,
    case: CaseOf,
    from_: Annotated[
        Time | None, Query(alias="from", description="Only sightings in view after this time.")
    ] = None,
    to: Annotated[Time | None, Query(description="Only sightings in view before it.")] = None,
    camera: Annotated[
        list[CameraId], Query(max_length=1000, description="Only these cameras.")
    ] = [],  # noqa: B006 - the framework makes a new one each time
    class_: Annotated[
        list[ClassOrGroup],
        Query(alias="class", max_length=20, description="Only these classes or groups."),
    ] = [],  # noqa: B006
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: Annotated[
        str | None, Query(max_length=200, description="`next` of the page before.")
    ] = None,
    order: Annotated[Order, Query(description="By their first moment.")] = "newest",
) -> Sightings:
    """Sightings page by page; audited. New ones that arrive meanwhile move no page."""
    wanted = filter_of(desk, from_, to, camera, class_)
    after = after_of(cursor, order)
    found = desk.reader.sightings_page(
        wanted, after=after, limit=limit + 1, newest_first=order == "newest"
    )
    page = found[:limit]
    audit_id = record(
        desk,
        case,
        caller,
        "sightings",
        {**filter_words(wanted), "limit": limit, "order": order, "cursor": cursor},
        result_ids=[one.sighting_id for one in page],
    )
    return Sightings(
        sightings=tuple(sighting_info(one, desk.zone) for one in page),
        next=cursor_of(page[-1], order) if len(found) > limit else None,
        audit_id=audit_id,
    )


@router.get("/sightings/{sighting_id}", responses=errors(404))
def sighting(desk: DeskOf, sighting_id: SightingId) -> SightingDetail:
    """One sighting with the details of its crops."""
    try:
        found = desk.reader.sighting(sighting_id)
    except NothingFoundError:
        raise unknown_sighting() from None
    return sighting_detail(found, desk.reader.crops(sighting_id), desk.zone)


@router.get(
    "/crops/{sha256}",
    responses={**picture("The crop; heads are blurred."), **errors(404)},
    response_class=Response,
)
def crop(
    desk: DeskOf,
    sha256: Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="From a crop's address.")],
) -> Response:
    """One stored picture of a vehicle."""
    try:
        content = desk.reader.crop_path(sha256).read_bytes()
    except (NothingFoundError, FileNotFoundError):
        raise RequestError(
            "There is no such crop.", hint="It may have been deleted.", code="unknown_crop"
        ) from None
    headers = {"Cache-Control": "private, max-age=31536000, immutable"}
    return Response(content, media_type="image/jpeg", headers=headers)


def unknown_sighting() -> RequestError:
    """There is none with this id."""
    return RequestError(
        "There is no such sighting.", hint="It may have been deleted.", code="unknown_sighting"
    )
