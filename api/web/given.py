"""What requests give, checked: case headers, times, cameras, classes, boxes."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated
from urllib.parse import unquote_to_bytes

from fastapi import Depends, Header

from yanji.api.query import Box, parse_box
from yanji.api.questions import Case, open_case
from yanji.api.web.desk import CallerOf, Desk, DeskOf
from yanji.api.web.documents import SearchRequest, TraceRequest
from yanji.api.web.problems import RequestError
from yanji.configs.errors import UsageError
from yanji.configs.site import camera_id_of
from yanji.configs.times import parse_time
from yanji.detect.classes import expand
from yanji.index.hit import Filter

_LONGEST_HEADER = 8_000
_HEADERS_HINT = (
    "Send the headers Yanji-Case and Yanji-Reason (percent-encoded UTF-8); they go into the "
    "audit log."
)


def case_of(
    desk: DeskOf,
    _caller: CallerOf,
    number: Annotated[
        str | None,
        Header(
            alias="Yanji-Case",
            description="Number of the case, percent-encoded UTF-8; goes into the audit log.",
            examples=["2026-17"],
        ),
    ] = None,
    reason: Annotated[
        str | None,
        Header(
            alias="Yanji-Reason",
            description="Why it is asked, percent-encoded UTF-8; goes into the audit log.",
            examples=["hit%20and%20run%20at%20the%20bridge"],
        ),
    ] = None,
    purpose: Annotated[
        str | None,
        Header(
            alias="Yanji-Purpose",
            description="One of the installation's purposes, percent-encoded UTF-8; its default "
            "purpose where missing.",
            examples=["hit_and_run"],
        ),
    ] = None,
) -> Case:
    """Read the case headers.

    Raises:
        RequestError: `case_missing`; or a header is not percent-encoded UTF-8.
        UsageError: too long, or a purpose that the installation does not allow.
    """
    given_number = _decoded("Yanji-Case", number)
    given_reason = _decoded("Yanji-Reason", reason)
    if not given_number.strip() or not given_reason.strip():
        raise RequestError(
            "Case and reason are needed: every question is written to the audit log.",
            hint=_HEADERS_HINT,
            code="case_missing",
        )
    given_purpose = _decoded("Yanji-Purpose", purpose).strip()
    return open_case(desk.settings, given_number, given_reason, given_purpose or None)


CaseOf = Annotated[Case, Depends(case_of)]


def _decoded(name: str, value: str | None) -> str:
    if value is None:
        return ""
    if len(value) > _LONGEST_HEADER:
        raise RequestError(f"The header {name} is too long.")
    try:
        # Headers arrive as latin-1; whoever sent raw UTF-8 is understood all the same.
        return unquote_to_bytes(value.encode("latin-1")).decode("utf-8")
    except UnicodeError:
        raise RequestError(
            f"The header {name} is not percent-encoded UTF-8.", hint=_HEADERS_HINT
        ) from None


def time_of(desk: Desk, text: str | None, name: str) -> int | None:
    """Read a time; nanoseconds since 1970 UTC.

    Raises:
        RequestError: `bad_time`.
    """
    if text is None:
        return None
    try:
        return parse_time(text, desk.zone)
    except UsageError as error:
        hint = "Write it with its offset, like 2026-11-22T21:30:00+08:00."
        # Its sentence begins with the text, which may be a token in the wrong place.
        what = error.message.removeprefix(f"`{text[:60]}{'…' if len(text) > 60 else ''}`")
        sentence = f"`{name}`{what}" if what != error.message else f"`{name}` is not a time."
        raise RequestError(sentence, hint=hint, code="bad_time") from None


def filter_of(
    desk: Desk,
    from_text: str | None,
    to_text: str | None,
    cameras: Iterable[str],
    classes: Iterable[str],
) -> Filter:
    """Read a filter; nothing given means all.

    Raises:
        RequestError: `bad_time`, `unknown_camera`, or a class that is none.
    """
    from_ns, to_ns = time_of(desk, from_text, "from"), time_of(desk, to_text, "to")
    if from_ns is not None and to_ns is not None and from_ns > to_ns:
        raise RequestError("`from` is later than `to`.", code="bad_time")
    wanted = tuple(classes)
    try:
        chosen = expand(wanted) if wanted else None
    except KeyError:
        raise RequestError("A class is none that yanji knows.", hint="See /api/v1/site.") from None
    return Filter(from_ns, to_ns, cameras_of(desk, cameras), chosen)


def with_attributes(wanted: Filter, asked: SearchRequest | TraceRequest) -> Filter:
    """Add the colours and directions asked for; nothing given means all."""
    return replace(
        wanted,
        colours=frozenset(asked.colours) or None,
        directions=frozenset(asked.directions) or None,
        only_known=asked.only_known,
    )


def cameras_of(desk: Desk, given: Iterable[str]) -> frozenset[str] | None:
    """Check camera ids; None where none was given.

    Raises:
        RequestError: `unknown_camera`.
    """
    wanted = tuple(given)
    if not wanted:
        return None
    known = known_cameras(desk)
    return frozenset(_known(camera_id, known) for camera_id in wanted)


def camera_of(desk: Desk, given: str) -> str:
    """Check one camera id and normalise it.

    Raises:
        RequestError: `unknown_camera`.
    """
    return _known(given, known_cameras(desk))


def known_cameras(desk: Desk) -> set[str]:
    """Ids of the site's cameras and of those that the archive has."""
    known = {camera.camera_id for camera in desk.reader.cameras()}
    if desk.site is not None:
        known |= {camera.id for camera in desk.site.cameras}
    return known


def _known(given: str, known: set[str]) -> str:
    try:
        camera_id = camera_id_of(given)
    except UsageError:
        camera_id = ""
    if camera_id not in known:
        raise RequestError(
            "There is no such camera.", hint="See /api/v1/cameras.", code="unknown_camera"
        )
    return camera_id


def box_of(given: tuple[float, float, float, float] | None) -> Box | None:
    """Check a box of a JSON request.

    Raises:
        RequestError: `bad_box`.
    """
    if given is None:
        return None
    x1, y1, x2, y2 = given
    if not all(math.isfinite(edge) and abs(edge) < 1e6 for edge in given):
        raise RequestError("The box is not of pixels.", code="bad_box")
    if x2 - x1 < 2 or y2 - y1 < 2:
        raise RequestError(
            "The box is empty.",
            hint="Left, top, right, bottom: right and bottom must be the larger ones.",
            code="bad_box",
        )
    return given


def box_of_text(text: str | None) -> Box | None:
    """Read `x1,y1,x2,y2` of a form.

    Raises:
        RequestError: `bad_box`.
    """
    if text is None:
        return None
    try:
        box = parse_box(text[:200])
    except UsageError:
        hint = "Four numbers in pixels of the upright picture: 120,80,260,190"
        raise RequestError("`box` is not a box.", hint=hint, code="bad_box") from None
    return box_of(box)
