"""Errors as application/problem+json (RFC 9457): one table says which status a code has.

An error of yanji keeps its sentence and hint. What fails inside (status 500 and above) is written
to the log and answered without details: a message may name folders of the machine.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from yanji.api.web.body_limit import TooLargeError
from yanji.api.web.documents import FieldError, Problem
from yanji.configs.errors import (
    ArchiveError,
    AuditError,
    ModelError,
    NothingFoundError,
    PictureError,
    UsageError,
    YanjiError,
)

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
_STATUS = {
    "unauthorised": 401,
    "forbidden_origin": 403,
    "not_found": 404,
    "nothing_found": 404,
    "unknown_sighting": 404,
    "unknown_snapshot": 404,
    "unknown_camera": 404,
    "unknown_crop": 404,
    "method_not_allowed": 405,
    "too_slow": 408,
    "model_not_in_archive": 409,
    "too_large": 413,
    "no_vehicle": 422,
    "too_many_attempts": 429,
}
_KINDS: tuple[tuple[type[YanjiError], int], ...] = (
    (PictureError, 422),
    (UsageError, 422),
    (NothingFoundError, 404),
    (AuditError, 503),
    (ArchiveError, 503),
    (ModelError, 503),
)
_INSIDE = {
    "audit": "The audit log cannot be written, so nothing is answered.",
    "disk_full": "The disk is full.",
    "archive_busy": "The archive is busy.",
}
_HTTP_CODES = {
    400: "invalid",
    401: "unauthorised",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    422: "invalid",
}
_HTTP_TITLES = {
    404: "There is nothing at this address.",
    405: "This address does not take this method.",
    413: "The request is too large.",
    422: "The request cannot be read.",
}
_LONGEST_ERRORS = 20
_LONGEST_NAME = 15


class RequestError(YanjiError):
    """A request that is refused, with the code that says why; never one of ours inside."""

    code = "invalid"

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        code: str | None = None,
        errors: Sequence[FieldError] = (),
    ) -> None:
        super().__init__(message, hint=hint, code=code)
        self.errors = tuple(errors)


def status_of(error: YanjiError) -> int:
    """The HTTP status of an error of yanji."""
    if error.code in _STATUS:
        return _STATUS[error.code]
    if isinstance(error, RequestError):
        return 422
    return next((status for kind, status in _KINDS if isinstance(error, kind)), 500)


def problem_response(problem: Problem, headers: dict[str, str] | None = None) -> Response:
    """Write a problem as an answer."""
    return Response(
        problem.model_dump_json(by_alias=True),
        problem.status,
        {"Cache-Control": "no-store", **(headers or {})},
        MEDIA_TYPE,
    )


def problem_of(
    code: str,
    title: str,
    status: int,
    hint: str = "",
    errors: Sequence[FieldError] = (),
) -> Problem:
    """Build a problem; its type is a URN of the code."""
    return Problem(
        type=f"urn:yanji:problem:{code}",
        title=title,
        status=status,
        code=code,
        hint=hint,
        errors=tuple(errors),
    )


def answer_to(error: YanjiError) -> Response:
    """The answer for an error of yanji."""
    status = status_of(error)
    if status >= 500:
        log.error("%s: %s", error.code, error.message)
        title = _INSIDE.get(error.code, "The question cannot be answered now.")
        return problem_response(problem_of(error.code, title, status, "See the server's log."))
    code = "invalid" if error.code == "usage" else error.code
    errors = error.errors if isinstance(error, RequestError) else ()
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return problem_response(problem_of(code, error.message, status, error.hint, errors), headers)


def internal_error() -> Response:
    """The answer when something failed that nobody foresaw; details are in the log only."""
    title = "Something failed inside; the server's log says what."
    return problem_response(problem_of("internal", title, 500))


def field_errors(found: Sequence[Any], prefix: str = "") -> list[FieldError]:
    """What the validation says, without values: a token in the wrong field must not come back."""
    return [
        FieldError(where=_place(prefix, item), message=str(item["msg"]))
        for item in found[:_LONGEST_ERRORS]
    ]


def _place(prefix: str, item: Any) -> str:
    steps = [str(step) for step in (prefix, *item["loc"]) if step != ""]
    if item["type"] == "extra_forbidden" and len(steps[-1]) > _LONGEST_NAME:
        # A name that the client made up; no field's name is that long, but a token may be.
        steps[-1] = "…"
    return ".".join(steps)[:200]


def install(app: FastAPI) -> None:
    """Make every error that leaves the app a problem."""
    app.add_exception_handler(YanjiError, _on_yanji_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http_error)


async def _on_yanji_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, YanjiError)  # noqa: S101 - registered for it
    return answer_to(error)


async def _on_invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it
    found = field_errors(error.errors())
    where = f": {found[0].where}: {found[0].message}" if found else ""
    return problem_response(
        problem_of("invalid", f"The request is not as it should be{where}.", 422, errors=found)
    )


async def _on_http_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
    status = 422 if error.status_code == 400 else error.status_code
    code = _HTTP_CODES.get(status, "failed")
    title = _HTTP_TITLES.get(status) or f"{HTTPStatus(status).phrase}."
    if isinstance(error, TooLargeError):
        title = error.detail
    return problem_response(problem_of(code, title, status), dict(error.headers or {}))
