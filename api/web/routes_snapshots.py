"""Uploads: the picture that a question is about, held in memory for about an hour."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from yanji.api.web.desk import DeskOf
from yanji.api.web.documents import SnapshotId, SnapshotInfo
from yanji.api.web.holding import hold
from yanji.api.web.openapi import errors, picture
from yanji.api.web.uploads import read_form
from yanji.api.web.words import API, snapshot_info

router = APIRouter(prefix=API, tags=["snapshots"])

FILE_SCHEMA: dict[str, Any] = {
    "type": "string",
    "format": "binary",
    "description": "JPEG, PNG, WebP or HEIC; at most 20 MiB and 25 million pixels.",
}


def form_body(**fields: dict[str, Any]) -> dict[str, Any]:
    """The body of an upload for OpenAPI: `file` and the optional fields given."""
    schema = {
        "type": "object",
        "required": ["file"],
        "properties": {"file": FILE_SCHEMA, **fields},
        "additionalProperties": False,
    }
    content = {"multipart/form-data": {"schema": schema}}
    return {"requestBody": {"required": True, "content": content}}


@router.post("/snapshots", status_code=201, responses=errors(408), openapi_extra=form_body())
async def upload(desk: DeskOf, request: Request) -> SnapshotInfo:
    """Hand in a picture; its vehicles are found at once. The same file again has the same id."""
    async with desk.lanes.uploads:
        form = await read_form(request)
        held = await hold(desk, form.content)
    return snapshot_info(held, desk.zone)


@router.get("/snapshots/{snapshot_id}", responses=errors(404))
def snapshot(desk: DeskOf, snapshot_id: SnapshotId) -> SnapshotInfo:
    """A picture that was handed in."""
    return snapshot_info(desk.snapshots.get(snapshot_id), desk.zone)


@router.get(
    "/snapshots/{snapshot_id}/picture",
    responses={**picture("Upright, at most 1600 pixels, heads blurred."), **errors(404)},
    response_class=Response,
)
def snapshot_picture(desk: DeskOf, snapshot_id: SnapshotId) -> Response:
    """A picture that was handed in, as the page shows it."""
    held = desk.snapshots.get(snapshot_id)
    headers = {"Cache-Control": "private, max-age=3600"}
    return Response(held.picture, media_type="image/jpeg", headers=headers)
