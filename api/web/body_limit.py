"""How large a request may be: looked at before it is read, and counted while it is."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_PICTURE_BYTES: Final = 20 * 2**20
_FORM_BYTES: Final = 64 * 2**10
"""What stands around a picture in a form: fields and part headers."""
MAX_UPLOAD_BYTES: Final = MAX_PICTURE_BYTES + _FORM_BYTES
MAX_JSON_BYTES: Final = 2**20
UPLOADS: Final = frozenset({"/api/v1/snapshots", "/api/v1/search/upload"})
_DRAIN_BYTES: Final = 64 * 2**20
_DRAIN_S: Final = 2.0


class TooLargeError(HTTPException):
    """More was sent than is taken; an HTTPException, which the framework lets pass."""

    def __init__(self, is_picture: bool) -> None:
        what = "The picture is larger than 20 MiB." if is_picture else "The request is too large."
        super().__init__(413, what, {"Connection": "close"})


class BodyLimit:
    """ASGI middleware: refuses a request that says it is too large, and one that is."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a `receive` that counts."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_upload = scope["path"] in UPLOADS
        limit = MAX_UPLOAD_BYTES if is_upload else MAX_JSON_BYTES
        body = _CountedBody(receive, send, limit, is_upload)
        said = Headers(scope=scope).get("content-length", "")
        body.is_over = said.isdecimal() and int(said[:20]) > limit
        await self._app(scope, body.receive, body.send)


class _CountedBody:
    """One request's body on its way in; its answer on its way out."""

    def __init__(self, receive: Receive, send: Send, limit: int, is_upload: bool) -> None:
        self._receive = receive
        self._send = send
        self._limit = limit
        self._is_upload = is_upload
        self._num_bytes = 0
        self._is_read = False
        self.is_over = False

    async def receive(self) -> Message:
        """The next piece, unless it is too much.

        Raises:
            TooLargeError: more than the limit, by what was said or by what came.
        """
        if self.is_over:
            raise TooLargeError(self._is_upload)
        message = await self._receive()
        self._note(message)
        if self._num_bytes > self._limit:
            self.is_over = True
            raise TooLargeError(self._is_upload)
        return message

    async def send(self, message: Message) -> None:
        """Pass the answer on; behind a refusal, swallow what the client is still sending.

        Closing at once would reset the connection, and the client would never read the answer.
        """
        is_last = message["type"] == "http.response.body" and not message.get("more_body", False)
        if not (self.is_over and is_last):
            await self._send(message)
            return
        await self._send({**message, "more_body": True})
        with suppress(TimeoutError):
            await asyncio.wait_for(self._drain(), _DRAIN_S)
        await self._send({"type": "http.response.body", "body": b""})

    async def _drain(self) -> None:
        until = self._num_bytes + _DRAIN_BYTES
        while not self._is_read and self._num_bytes < until:
            self._note(await self._receive())

    def _note(self, message: Message) -> None:
        if message["type"] != "http.request":
            self._is_read = True
            return
        self._num_bytes += len(message.get("body", b""))
        self._is_read = not message.get("more_body", False)
