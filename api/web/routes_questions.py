"""Search and trace: audited before they are answered, and never on the event loop."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Request
from fastapi.openapi.models import Example
from pydantic import ValidationError

from yanji.api.web.answers import search_document, trace_document
from yanji.api.web.asking import search_for, trace_of
from yanji.api.web.desk import CallerOf, DeskOf
from yanji.api.web.documents import SearchAnswer, SearchRequest, TraceAnswer, TraceRequest
from yanji.api.web.given import CaseOf, box_of_text, camera_of, filter_of, time_of
from yanji.api.web.holding import hold, in_lane
from yanji.api.web.openapi import errors
from yanji.api.web.problems import RequestError, field_errors
from yanji.api.web.routes_snapshots import form_body
from yanji.api.web.subjects import Asking, take, take_snapshot
from yanji.api.web.uploads import UploadForm, read_form
from yanji.api.web.words import API
from yanji.index.route import QueryPoint

router = APIRouter(prefix=API, tags=["questions"])

_ONE: Final = ("box", "from", "to", "limit", "only_known")
_MANY: Final = ("camera", "class", "colour", "direction")
_TEXT: Final[dict[str, Any]] = {"type": "string"}
_UPLOAD_BODY = form_body(
    box={**_TEXT, "description": "x1,y1,x2,y2 in upright pixels", "example": "120,80,260,190"},
    **{"from": {**_TEXT, "description": "Time", "example": "2026-11-22T21:30:00+08:00"}},
    to={**_TEXT, "description": "Time", "example": "2026-11-22T22:30:00+08:00"},
    camera={"type": "array", "items": _TEXT, "description": "Only these cameras."},
    **{"class": {"type": "array", "items": _TEXT, "description": "Only these classes, groups."}},
    colour={"type": "array", "items": _TEXT, "description": "Only these colours, or none known."},
    direction={"type": "array", "items": _TEXT, "description": "Only these ways, or none known."},
    only_known={"type": "boolean", "description": "Leave out what is not known."},
    limit={"type": "integer", "minimum": 1, "maximum": 500, "default": 50},
)


_SNAPSHOT_ID: Final = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_SIGHTING_ID: Final = "5d41402abc4b2a76b9719d911017c592"
_SEARCH_EXAMPLES: Final[dict[str, Example]] = {
    "snapshot": {
        "summary": "The vehicle in a box of a snapshot, in one evening, two-wheelers only",
        "value": {
            "snapshot_id": _SNAPSHOT_ID,
            "box": [398, 298, 530, 416],
            "from": "2026-11-22T18:00:00+08:00",
            "to": "2026-11-22T23:00:00+08:00",
            "classes": ["two_wheeler"],
            "limit": 50,
        },
    },
    "again": {
        "summary": "What looks like a stored sighting, after a verdict",
        "value": {"sighting_id": _SIGHTING_ID, "rejected": ["0cc175b9c0f1b6a831c399e269772661"]},
    },
}
_TRACE_EXAMPLES: Final[dict[str, Example]] = {
    "snapshot": {
        "summary": "A snapshot whose place and time are known",
        "value": {
            "snapshot_id": _SNAPSHOT_ID,
            "at": {"camera_id": "K01", "time": "2026-11-22T21:30:00+08:00"},
            "window_s": 10800,
        },
    },
    "sighting": {
        "summary": "A stored sighting, which brings its own place and time",
        "value": {"sighting_id": _SIGHTING_ID},
    },
}


@router.post("/search", responses=errors(404, 409))
async def search(
    desk: DeskOf,
    caller: CallerOf,
    case: CaseOf,
    asked: Annotated[SearchRequest, Body(openapi_examples=_SEARCH_EXAMPLES)],
) -> SearchAnswer:
    """The sightings that look most like the subject; audited."""
    wanted = await in_lane(
        desk.lanes.heavy,
        lambda: filter_of(desk, asked.from_, asked.to, asked.cameras, asked.classes),
    )
    asking = Asking(desk, case, caller, "search")
    taken = await take(asking, asked)
    found = await in_lane(
        desk.lanes.heavy,
        lambda: search_for(asking, taken, wanted, asked),
    )
    return search_document(desk, taken, *found)


@router.post("/search/upload", responses=errors(404, 408, 409), openapi_extra=_UPLOAD_BODY)
async def search_upload(
    desk: DeskOf, caller: CallerOf, case: CaseOf, request: Request
) -> SearchAnswer:
    """Hand in a picture and search for its vehicle in one call; for programs. Audited."""
    async with desk.lanes.uploads:
        form = await read_form(request, frozenset((*_ONE, *_MANY)))
        asked = _asked(form)
        box = box_of_text(_one(form, "box"))
        wanted = await in_lane(
            desk.lanes.heavy,
            lambda: filter_of(desk, asked.from_, asked.to, asked.cameras, asked.classes),
        )
        held = await hold(desk, form.content)
    asking = Asking(desk, case, caller, "search")
    taken = await take_snapshot(asking, held, box)
    found = await in_lane(desk.lanes.heavy, lambda: search_for(asking, taken, wanted, asked))
    return search_document(desk, taken, *found)


@router.post("/trace", responses=errors(404, 409))
async def trace(
    desk: DeskOf,
    caller: CallerOf,
    case: CaseOf,
    asked: Annotated[TraceRequest, Body(openapi_examples=_TRACE_EXAMPLES)],
) -> TraceAnswer:
    """The routes that the subject can have driven; audited."""
    point = await in_lane(desk.lanes.heavy, lambda: _point(desk, asked))
    asking = Asking(desk, case, caller, "trace")
    taken = await take(asking, asked)
    traced = await in_lane(
        desk.lanes.heavy,
        lambda: trace_of(asking, taken, point or taken.point, asked),
    )
    return trace_document(desk, taken, traced)


def _point(desk: DeskOf, asked: TraceRequest) -> QueryPoint | None:
    if asked.at is None:
        return None
    if asked.sighting_id is not None:
        raise RequestError("A sighting brings its own place and time; leave `at` out.")
    at_ns = time_of(desk, asked.at.time, "at.time")
    if at_ns is None:
        raise AssertionError("a time that is given is read or refused")
    return QueryPoint(camera_of(desk, asked.at.camera_id), at_ns, at_ns)


def _one(form: UploadForm, name: str) -> str | None:
    values = form.fields.get(name, [])
    if len(values) > 1:
        raise RequestError(f"The field `{name}` is given more than once.")
    return values[0].strip() or None if values else None


def _asked(form: UploadForm) -> SearchRequest:
    """The fields of a form by the same rules as those of a JSON request."""
    given: dict[str, Any] = {"from": _one(form, "from"), "to": _one(form, "to")}
    for name in ("limit", "only_known"):
        if (value := _one(form, name)) is not None:
            given[name] = value
    for name, key in (
        ("camera", "cameras"),
        ("class", "classes"),
        ("colour", "colours"),
        ("direction", "directions"),
    ):
        given[key] = [value for value in form.fields.get(name, []) if value]
    try:
        return SearchRequest.model_validate(given)
    except ValidationError as error:
        raise RequestError(
            "The form is not as it should be.", errors=field_errors(error.errors(), "body")
        ) from None
