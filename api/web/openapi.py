"""What the API says of itself: security and error answers; the rest stands at the routes."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from yanji.api.web.documents import Problem
from yanji.api.web.problems import MEDIA_TYPE

TAGS: Final = [
    {"name": "session", "description": "Signing in: the token becomes a cookie for the page."},
    {"name": "site", "description": "The site: its cameras, roads and map."},
    {"name": "cameras", "description": "Cameras, how they are, their latest pictures."},
    {"name": "sightings", "description": "What the archive holds, page by page, with its crops."},
    {"name": "snapshots", "description": "The picture that a question is about."},
    {"name": "questions", "description": "Search and trace. Audited before they are answered."},
    {"name": "feedback", "description": "What people say of hits; it re-ranks the next answer."},
    {"name": "operations", "description": "Outages, health, figures."},
]
_DESCRIPTION = """
A city's cameras as an index of vehicle sightings, and one snapshot as the route a vehicle took.

Vehicles only: no face is shown or stored, heads are blurred. Times are ISO 8601 with an offset;
boxes are pixels of the upright picture; scores are cosines. Every question carries a case and a
reason (headers `Yanji-Case` and `Yanji-Reason`, percent-encoded UTF-8) and is written to the audit
log before its answer leaves. Errors are `application/problem+json`; programs look at `code`.

What happens now comes over the WebSocket `/api/v1/live` (with the token, or the session of the own
page): a `LiveHello`, then `LiveSighting`, `LiveCameras` and `LiveLost`.
"""
_EXAMPLE = {
    401: ("unauthorised", "This needs the token or a session."),
    403: ("forbidden_origin", "The request comes from a page of another origin."),
    404: ("not_found", "There is nothing at this address."),
    405: ("method_not_allowed", "This address does not take this method."),
    408: ("too_slow", "The picture took too long to arrive."),
    409: ("model_not_in_archive", "The archive has vectors, but none of this model."),
    413: ("too_large", "The request is too large."),
    422: ("bad_box", "The box is empty."),
    429: ("too_many_attempts", "Too many wrong tokens."),
    500: ("internal", "Something failed inside; the server's log says what."),
    503: ("audit", "The audit log cannot be written, so nothing is answered."),
}
_ALWAYS = (401, 403, 405, 413, 422, 429, 500, 503)


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Error answers of a route, for its `responses=`; those that every route has are added."""
    return {status: _answer(status) for status in (*statuses, *_ALWAYS)}


def picture(description: str) -> dict[int | str, dict[str, Any]]:
    """An answer that is a JPEG, for `responses=`."""
    schema = {"type": "string", "format": "binary"}
    return {200: {"description": description, "content": {"image/jpeg": {"schema": schema}}}}


def _answer(status: int) -> dict[str, Any]:
    code, title = _EXAMPLE[status]
    example = {
        "type": f"urn:yanji:problem:{code}",
        "title": title,
        "status": status,
        "code": code,
        "hint": "",
        "errors": [],
    }
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": title, "content": {MEDIA_TYPE: {"schema": schema, "example": example}}}


def describe(app: FastAPI) -> None:
    """Make `app.openapi()` complete."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title="yanji",
        version=app.version,
        description=_DESCRIPTION,
        routes=app.routes,
        tags=TAGS,
        license_info={"name": "AGPL-3.0-or-later", "identifier": "AGPL-3.0-or-later"},
    )
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    problem = Problem.model_json_schema(
        mode="serialization", ref_template="#/components/schemas/{model}"
    )
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem
    components["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "For programs."},
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": "yanji_session",
            "description": "For the page: HttpOnly, same site, 12 hours without use.",
        },
    }
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if path in ("/live", "/ready"):
                operation["security"] = []
            elif (method, path) == ("post", "/api/v1/session"):
                operation["security"] = [{"token": []}]
            else:
                operation["security"] = [{"token": []}, {"session": []}]
    return document
