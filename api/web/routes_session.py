"""Signing in and out: the token becomes a session cookie that scripts cannot read."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from yanji.api.web.access import COOKIE
from yanji.api.web.desk import CallerOf, DeskOf
from yanji.api.web.openapi import errors
from yanji.api.web.problems import RequestError
from yanji.api.web.words import API

router = APIRouter(prefix=API, tags=["session"])


@router.post("/session", status_code=204, responses=errors())
def sign_in(desk: DeskOf, caller: CallerOf, request: Request) -> Response:
    """Exchange the token (`Authorization: Bearer TOKEN`) for a session cookie."""
    if caller.via != "api":
        raise RequestError("This needs the token itself.", code="unauthorised")
    response = Response(status_code=204)
    response.set_cookie(
        COOKIE,
        desk.access.open_session(),
        path="/",
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return response


@router.get("/session", status_code=204, responses=errors())
def signed_in(_caller: CallerOf) -> Response:
    """Tell whether one is signed in: 204, else 401."""
    return Response(status_code=204)


@router.delete("/session", status_code=204, responses=errors())
def sign_out(desk: DeskOf, caller: CallerOf) -> Response:
    """End the session and clear its cookie."""
    if caller.session is not None:
        desk.access.close_session(caller.session)
    response = Response(status_code=204)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return response
