"""The live WebSocket: sightings as they begin, go on and end, and how the cameras are.

One task follows the archive for all clients, by its `seq`, and only while somebody listens. It
reads in threads and writes to bounded queues, so that a slow client holds nobody up.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import anyio
from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from yanji.api.web.access import Access, Caller
from yanji.api.web.documents import (
    CameraInfo,
    LiveCameras,
    LiveHello,
    LiveSighting,
    SightingInfo,
)
from yanji.api.web.listener import Listener
from yanji.configs.errors import YanjiError
from yanji.index.hit import StoredSighting
from yanji.index.reader import ArchiveReader

if TYPE_CHECKING:
    from yanji.api.web.desk import Desk

log = logging.getLogger(__name__)

POLL_S = 0.5
CAMERAS_S = 1.0
SESSION_S = 60.0
"""How often an open connection is asked whether its session still is."""
NUM_LATEST = 50
MOST_AT_ONCE = 1000
"""A recording brings in thousands of sightings in one go: they are no news, and are not read."""
_MOST_KNOWN = 10_000
UNAUTHORISED = 4401
"""Close code of a connection whose session has ended."""
FAILED = 1011
"""Close code when the archive cannot be read."""

Event = Literal["new", "update", "end"]


class LiveHub:
    """Follows an archive for all clients that listen; of one event loop."""

    def __init__(
        self,
        reader: ArchiveReader,
        cameras: Callable[[], Sequence[CameraInfo]],
        describe: Callable[[StoredSighting], SightingInfo],
        *,
        poll_s: float = POLL_S,
        cameras_s: float = CAMERAS_S,
    ) -> None:
        """Both functions are called in threads.

        Args:
            reader: of the archive.
            cameras: how all cameras are now.
            describe: a sighting as a document.
            poll_s: how often the archive is asked for news, seconds.
            cameras_s: how often `cameras` is asked, seconds.
        """
        self._reader = reader
        self._cameras = cameras
        self._describe = describe
        self._poll_s = poll_s
        self._cameras_s = cameras_s
        self._listeners: set[Listener] = set()
        self._following: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self._seq = 0
        self._known: OrderedDict[str, None] = OrderedDict()
        """Sightings that go on, the newest last."""
        self._failed = False

    @property
    def num_listeners(self) -> int:
        """How many clients are connected."""
        return len(self._listeners)

    @asynccontextmanager
    async def listen(self) -> AsyncIterator[Listener]:
        """Take part; the archive is followed from before this returns, so nothing is missed."""
        listener = Listener()
        async with self._starting:
            if not self._listeners:
                self._seq = await asyncio.to_thread(self._newest_seq)
            self._listeners.add(listener)
            if self._following is None:
                self._following = asyncio.create_task(self._follow())
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
            if not self._listeners and self._following is not None:
                self._following.cancel()
                self._following = None

    async def hello(self) -> str:
        """The first message for a client, JSON: how everything is now."""
        return await asyncio.to_thread(self._hello)

    def _hello(self) -> str:
        latest = self._reader.sightings(limit=NUM_LATEST, newest_first=True)
        hello = LiveHello(
            cameras=tuple(self._cameras()), latest=tuple(self._describe(one) for one in latest)
        )
        return hello.model_dump_json(by_alias=True)

    def _newest_seq(self) -> int:
        with self._reader.snapshot() as now:
            return now.seq

    async def _follow(self) -> None:
        known: dict[str, CameraInfo] = {}
        next_cameras_s = 0.0
        loop = asyncio.get_running_loop()
        while True:
            try:
                await self._pass_on_sightings()
                if loop.time() >= next_cameras_s:
                    next_cameras_s = loop.time() + self._cameras_s
                    cameras = await asyncio.to_thread(self._cameras)
                    changed = tuple(one for one in cameras if known.get(one.camera_id) != one)
                    known.update((one.camera_id, one) for one in changed)
                    if changed:
                        self._tell(LiveCameras(cameras=changed).model_dump_json(by_alias=True))
                self._failed = False
            except Exception:
                # The border of the task: an archive that cannot be read now may be again soon, and
                # clients that hear nothing for ever would not know.
                if not self._failed:
                    log.exception("the live view cannot follow the archive")
                self._failed = True
            await asyncio.sleep(self._poll_s)

    async def _pass_on_sightings(self) -> None:
        newest = await asyncio.to_thread(self._newest_seq)
        if newest <= self._seq:
            return
        num_changed = await asyncio.to_thread(self._reader.num_sightings_since, self._seq)
        if num_changed > MOST_AT_ONCE:
            self._seq = newest
            for listener in self._listeners:
                listener.lose(num_changed)
            return
        changed = await asyncio.to_thread(self._changed_since, self._seq)
        self._seq = max([newest, *(sighting.seq for sighting, _ in changed)])
        for sighting, shown in changed:
            message = LiveSighting(event=self._event_of(sighting), sighting=shown)
            self._tell(message.model_dump_json(by_alias=True))

    def _changed_since(self, seq: int) -> list[tuple[StoredSighting, SightingInfo]]:
        return [(one, self._describe(one)) for one in self._reader.sightings_since(seq)]

    def _event_of(self, sighting: StoredSighting) -> Event:
        known = sighting.sighting_id in self._known
        if sighting.state == "closed":
            self._known.pop(sighting.sighting_id, None)
            return "end"
        self._known[sighting.sighting_id] = None
        if len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)
        return "update" if known else "new"

    def _tell(self, message: str) -> None:
        for listener in self._listeners:
            listener.offer(message)


def live_router(desk: Desk) -> APIRouter:
    """The route of the WebSocket; who may connect is decided before (`guard.py`)."""
    router = APIRouter()

    @router.websocket("/live")
    async def live(websocket: WebSocket) -> None:
        await websocket.accept()
        caller: Caller | None = getattr(websocket.state, "caller", None)
        with suppress(WebSocketDisconnect):
            try:
                async with desk.hub.listen() as listener:
                    await websocket.send_text(await desk.hub.hello())
                    await _first_of(
                        partial(_send, websocket, listener),
                        partial(_until_gone, websocket),
                        partial(_while_signed_in, websocket, desk.access, caller),
                    )
            except YanjiError as error:
                log.error("live: %s", error.message)
                await websocket.close(FAILED, error.code)

    return router


async def _send(websocket: WebSocket, listener: Listener) -> None:
    with suppress(WebSocketDisconnect):
        while True:
            await websocket.send_text(await listener.next())


async def _until_gone(websocket: WebSocket) -> None:
    """Clients say nothing that counts, but only who listens hears that they left."""
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass


async def _while_signed_in(websocket: WebSocket, access: Access, caller: Caller | None) -> None:
    while True:
        await asyncio.sleep(SESSION_S)
        session = caller.session if caller is not None else None
        if session is not None and not access.use_session(session):
            await websocket.close(UNAUTHORISED, "the session has ended")
            return


async def _first_of(*works: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run all until one ends, and end the others."""
    async with anyio.create_task_group() as group:

        async def run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
            await work()
            group.cancel_scope.cancel()

        for work in works:
            group.start_soon(run, work)
