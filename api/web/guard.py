"""The door: every request of `/api` and `/metrics`, HTTP or WebSocket, passes here first.

Closed unless listed: a route that is added later is guarded without anybody thinking of it.
"""

from __future__ import annotations

import asyncio
from http.cookies import CookieError, SimpleCookie
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from yanji.api.web.access import COOKIE, MAX_WAITING, Access, Caller, own_origin
from yanji.api.web.problems import RequestError, answer_to

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_GUARDED: Final = ("/api", "/metrics")


class Guard:
    """ASGI middleware that lets in whoever shows the token or an open session."""

    def __init__(self, app: ASGIApp, access: Access, *, open_metrics: bool) -> None:
        self._app = app
        self._access = access
        self._open_metrics = open_metrics
        self._num_waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 401 or 403, or pass on with `scope["state"]["caller"]` set."""
        if scope["type"] not in ("http", "websocket") or not self._is_guarded(scope):
            await self._app(scope, receive, send)
            return
        try:
            caller = await self._caller(scope)
        except RequestError as error:
            await _refuse(error, scope, receive, send)
            return
        scope.setdefault("state", {})["caller"] = caller
        await self._app(scope, receive, send)

    def _is_guarded(self, scope: Scope) -> bool:
        path = str(scope["path"])
        if path == "/metrics" and self._open_metrics:
            return False
        if scope["type"] == "websocket":
            return True
        # A prefix of text, not of path segments: `/apifoo` being closed too costs nothing.
        return path.lower().lstrip("/").startswith(tuple(one.lstrip("/") for one in _GUARDED))

    async def _caller(self, scope: Scope) -> Caller:
        headers = Headers(scope=scope)
        client = str(scope["client"][0]) if scope.get("client") else ""
        offered = bearer_of(headers)
        if offered is not None:
            if self._access.is_token(offered):
                return Caller("api", client)
            await self._wait_after_failure()
            raise RequestError("The token is not the right one.", code="unauthorised")
        session = session_of(headers)
        if session is not None and self._access.use_session(session):
            self._check_origin(scope, headers)
            return Caller("page", client, session)
        raise RequestError(
            "This needs the token or a session.",
            hint="Open the link that was printed at start, or send `Authorization: Bearer TOKEN`.",
            code="unauthorised",
        )

    def _check_origin(self, scope: Scope, headers: Headers) -> None:
        """The browser adds the cookie by itself, so what may change something must be our page."""
        if scope["type"] == "http" and scope["method"] in SAFE:
            return
        origin = headers.get("origin")
        own = own_origin(str(scope.get("scheme", "http")), headers.get("host", ""))
        if origin is not None and origin.lower() != own:
            raise RequestError(
                "The request comes from a page of another origin.", code="forbidden_origin"
            )

    async def _wait_after_failure(self) -> None:
        delay_s = self._access.note_failure()
        if not delay_s:
            return
        if self._num_waiting >= MAX_WAITING:
            raise RequestError("Too many wrong tokens.", code="too_many_attempts")
        self._num_waiting += 1
        try:
            await asyncio.sleep(delay_s)
        finally:
            self._num_waiting -= 1


def bearer_of(headers: Headers) -> str | None:
    """The token of `Authorization: Bearer TOKEN`; None without such a header."""
    scheme, _, value = headers.get("authorization", "").strip().partition(" ")
    return value.strip() if scheme.lower() == "bearer" else None


def session_of(headers: Headers) -> str | None:
    """The id in the session cookie; None without one."""
    for raw in headers.getlist("cookie"):
        jar: SimpleCookie = SimpleCookie()
        try:
            jar.load(raw)
        except CookieError:
            continue
        if COOKIE in jar:
            return jar[COOKIE].value
    return None


async def _refuse(error: RequestError, scope: Scope, receive: Receive, send: Send) -> None:
    response = answer_to(error)
    if scope["type"] == "http":
        await response(scope, receive, send)
        return
    if "websocket.http.response" in scope.get("extensions", {}):
        await response(scope, receive, send)
        return
    # Before the handshake is accepted a close is answered with HTTP 403.
    await send({"type": "websocket.close", "code": 4401, "reason": error.code})
