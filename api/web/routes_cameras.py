"""Cameras: how they are and their latest pictures."""

from __future__ import annotations

from fastapi import APIRouter, Response

from yanji.api.pictures import picture_path
from yanji.api.web.desk import DeskOf
from yanji.api.web.documents import CameraInfo, Cameras
from yanji.api.web.given import camera_of
from yanji.api.web.openapi import errors, picture
from yanji.api.web.problems import RequestError
from yanji.api.web.words import API, camera_infos

router = APIRouter(prefix=API, tags=["cameras"])
_NOT_KEPT = {"Cache-Control": "private, no-store"}


@router.get("/cameras", responses=errors())
def cameras(desk: DeskOf) -> Cameras:
    """All cameras of the site and of the archive, by id."""
    return Cameras(cameras=camera_infos(desk))


@router.get("/cameras/{camera_id}", responses=errors(404))
def camera(desk: DeskOf, camera_id: str) -> CameraInfo:
    """One camera."""
    known = camera_of(desk, camera_id)
    return next(one for one in camera_infos(desk) if one.camera_id == known)


@router.get(
    "/cameras/{camera_id}/picture",
    responses={**picture("Its latest picture, heads blurred."), **errors(404)},
    response_class=Response,
)
def camera_picture(desk: DeskOf, camera_id: str) -> Response:
    """The latest picture of a camera, heads blurred; 404 while there is none."""
    known = camera_of(desk, camera_id)
    try:
        content = picture_path(desk.pictures, known).read_bytes() if desk.pictures else b""
    except OSError:
        content = b""
    if not content:
        raise RequestError("There is no picture of this camera (yet).", code="not_found")
    return Response(content, media_type="image/jpeg", headers=_NOT_KEPT)
