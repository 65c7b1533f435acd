"""The live WebSocket: what happens in the archive arrives, and a slow client is its own affair."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from starlette.websockets import WebSocketDisconnect

from yanji.api.web import live as live_module
from yanji.api.web.access import COOKIE, Access
from yanji.api.web.documents import CameraInfo, SightingInfo
from yanji.api.web.guard import Guard
from yanji.api.web.listener import Listener
from yanji.api.web.live import MOST_AT_ONCE, LiveHub, live_router
from yanji.configs.errors import ArchiveError
from yanji.index.cameras import Camera
from yanji.index.hit import StoredSighting
from yanji.index.reader import ArchiveReader, read_archive
from yanji.index.writer import ArchiveWriter, open_archive
from yanji.ingest.frame import Run, run_id_of
from yanji.reid.sighting import CropFile, Embedding, Sighting

with warnings.catch_warnings():
    # It asks for a successor of httpx that is not needed here.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient, WebSocketDenialResponse

EIGHT_NS = 1_795_132_800 * 10**9
TOKEN = "a token of the test"
ORIGIN = "http://testserver"


def camera_info(**changes: object) -> CameraInfo:
    fields: dict[str, object] = dict.fromkeys(CameraInfo.model_fields)
    fields |= {"camera_id": "K01", "name": "K01", "state": "up", "num_sightings": 0}
    fields["degraded"] = False
    return CameraInfo.model_validate(fields | changes)


def describe(sighting: StoredSighting) -> SightingInfo:
    return SightingInfo.model_validate(
        {
            "sighting_id": sighting.sighting_id,
            "camera_id": sighting.camera_id,
            "first_seen": "2026-11-20T08:00:00+08:00",
            "last_seen": "2026-11-20T08:00:00+08:00",
            "class": sighting.vehicle_class,
            "class_score": sighting.class_score,
            "colour": None,
            "colour_score": None,
            "travel_deg": None,
            "travel_score": None,
            "direction": None,
            "view": None,
            "view_score": None,
            "plate": None,
            "quality": sighting.quality,
            "state": sighting.state,
            "stationary": sighting.stationary,
            "crops": (),
        }
    )


@dataclass
class Street:
    """An archive that is being written, with one camera."""

    writer: ArchiveWriter
    reader: ArchiveReader
    run: Run

    def see(self, number: int, state: str = "provisional", seconds: int = 0) -> str:
        """Write a sighting, or more of it; returns its id."""
        sighting = self._sighting(number)
        last_ns = sighting.first_wall_ns + seconds * 10**9
        self.writer.write([replace(sighting, state=state, last_wall_ns=last_ns)])
        return sighting.sighting_id

    def see_many(self, count: int) -> None:
        self.writer.write([self._sighting(number) for number in range(count)])

    def _sighting(self, number: int) -> Sighting:
        at_ns = EIGHT_NS + number * 10**9
        jpeg = f"crop {number}".encode()
        crop = CropFile(jpeg, hashlib.sha256(jpeg).hexdigest(), 8, 6, (1, 2, 9, 8), at_ns, 0.5)
        vector_D = np.zeros(8, np.float32)
        vector_D[0] = 1
        return Sighting(
            sighting_id=hashlib.sha256(str(number).encode()).hexdigest()[:32],
            run=self.run,
            state="provisional",
            stationary=False,
            first_wall_ns=at_ns,
            last_wall_ns=at_ns,
            first_stream_s=float(number),
            last_stream_s=float(number),
            vehicle_class="car",
            class_score=0.9,
            colour=None,
            plate=None,
            quality=0.5,
            crops=(crop,),
            embeddings=(Embedding("test", "0" * 64, vector_D),),
        )


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    folder = tmp_path / "archive"
    with open_archive(folder, low_water_bytes=0) as writer:
        writer.register_camera(Camera("K01"))
        run_id = run_id_of("session", "K01", EIGHT_NS)
        run = Run(run_id, "K01", "rtsp", "rtsp://camera/1", EIGHT_NS, "boot", None)
        writer.start_run(run)
        with read_archive(folder) as reader:
            yield Street(writer, reader, run)


def hub_of(street: Street, cameras: Callable[[], list[CameraInfo]] = list) -> LiveHub:
    return LiveHub(street.reader, cameras, describe, poll_s=0.01, cameras_s=0.01)


async def heard(listener: Listener) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(await asyncio.wait_for(listener.next(), 10))
    return message


async def heard_sighting(listener: Listener) -> tuple[str, str]:
    while (message := await heard(listener))["type"] != "sighting":
        pass
    return message["event"], message["sighting"]["sighting_id"]


def test_a_sighting_begins_goes_on_and_ends(street: Street) -> None:
    async def follow() -> None:
        street.see(0, "closed")
        async with hub_of(street).listen() as listener:
            for state, seconds, event in (
                ("provisional", 0, "new"),
                ("provisional", 3, "update"),
                ("closed", 5, "end"),
            ):
                sighting_id = street.see(1, state, seconds)
                assert await heard_sighting(listener) == (event, sighting_id)
            # One that came and went between two looks has an end and no beginning.
            sighting_id = street.see(2, "closed")
            assert await heard_sighting(listener) == ("end", sighting_id)

    asyncio.run(follow())


def test_what_was_there_before_is_in_the_greeting_newest_first(street: Street) -> None:
    street.see_many(60)
    hub = hub_of(street, lambda: [camera_info()])
    hello = json.loads(asyncio.run(hub.hello()))
    assert hello["type"] == "hello"
    assert [one["camera_id"] for one in hello["cameras"]] == ["K01"]
    newest = [street._sighting(number).sighting_id for number in range(59, 9, -1)]
    assert [one["sighting_id"] for one in hello["latest"]] == newest
    assert hello["latest"][0]["class"] == "car"


def test_cameras_are_told_only_when_something_changed(street: Street) -> None:
    now = [camera_info(), camera_info(camera_id="K02")]
    asked = [0]

    def cameras() -> list[CameraInfo]:
        asked[0] += 1
        return list(now)

    async def follow() -> None:
        async with hub_of(street, cameras).listen() as listener:
            first = (await heard(listener))["cameras"]
            assert [(one["camera_id"], one["state"]) for one in first] == [
                ("K01", "up"),
                ("K02", "up"),
            ]
            before = asked[0]
            while asked[0] < before + 5:
                await asyncio.sleep(0.01)
            now[0] = camera_info(state="down", cause="lost")
            told = (await heard(listener))["cameras"]
            # The other one is as it was: a city's cameras are not sent again for one of them.
            assert [(one["camera_id"], one["state"]) for one in told] == [("K01", "down")]

    asyncio.run(follow())


def test_nothing_is_asked_of_the_archive_while_nobody_listens(street: Street) -> None:
    asked = [0]

    def cameras() -> list[CameraInfo]:
        asked[0] += 1
        return [camera_info(num_sightings=asked[0])]

    async def come_and_go() -> None:
        hub = hub_of(street, cameras)
        async with hub.listen() as first, hub.listen() as second:
            await heard(first)
            await heard(second)
            assert hub.num_listeners == 2
        assert hub.num_listeners == 0
        await asyncio.sleep(0.05)
        before = asked[0]
        street.see(0)
        await asyncio.sleep(0.1)
        assert asked[0] == before
        async with hub.listen() as again:
            # What happened meanwhile is in the greeting, and is no news.
            sighting_id = street.see(1)
            assert await heard_sighting(again) == ("new", sighting_id)

    asyncio.run(come_and_go())


def test_a_slow_client_loses_messages_and_the_others_none(street: Street) -> None:
    async def follow() -> None:
        hub = hub_of(street)
        async with hub.listen() as slow, hub.listen() as quick:
            slow._limit = 3
            for number in range(8):
                street.see(number)
                await heard_sighting(quick)
            assert len(slow._waiting) <= 3
            message = await heard(slow)
            assert message["type"] == "lost"
            assert message["num_lost"] >= 4

    asyncio.run(follow())


def test_every_message_is_told_or_counted_as_lost() -> None:
    async def fill() -> None:
        listener = Listener(limit=3)
        for number in range(6):
            listener.offer(json.dumps(number))
        assert json.loads(await listener.next()) == {"type": "lost", "num_lost": 4}
        assert [await listener.next(), await listener.next()] == ["4", "5"]
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(listener.next(), 0.01)

    asyncio.run(fill())


def test_a_recording_with_thousands_of_sightings_is_not_pushed(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_module, "MOST_AT_ONCE", 20)

    async def follow() -> None:
        async with hub_of(street).listen() as listener:
            street.see_many(50)
            while (message := await heard(listener))["type"] == "cameras":
                pass
            assert message["type"] == "lost"
            assert message["num_lost"] > 20
            sighting_id = street.see(70)
            assert await heard_sighting(listener) == ("new", sighting_id)

    assert MOST_AT_ONCE > 20
    asyncio.run(follow())


def test_an_archive_that_cannot_be_read_for_a_while_ends_nothing(
    street: Street, caplog: pytest.LogCaptureFixture
) -> None:
    fails = [True]

    def cameras() -> list[CameraInfo]:
        if fails[0]:
            raise ArchiveError("it is being moved")
        return [camera_info()]

    async def follow() -> None:
        async with hub_of(street, cameras).listen() as listener:
            await asyncio.sleep(0.1)
            fails[0] = False
            assert (await heard(listener))["type"] == "cameras"

    asyncio.run(follow())
    assert len(caplog.records) == 1, "logged once, not at every look"


@dataclass
class Door:
    """The route with the guard before it."""

    client: TestClient
    access: Access
    hub: LiveHub

    def open(self, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.websocket_connect("/api/v1/live", headers=named)

    def cookie(self) -> str:
        return f"{COOKIE}={self.access.open_session()}"


@pytest.fixture
def door(street: Street) -> Iterator[Door]:
    access = Access(TOKEN)
    hub = hub_of(street, lambda: [camera_info()])
    desk: Any = SimpleNamespace(hub=hub, access=access)
    app = FastAPI()
    app.include_router(live_router(desk), prefix="/api/v1")
    app.add_middleware(Guard, access=access, open_metrics=False)
    with TestClient(app) as client:
        yield Door(client, access, hub)


def test_with_the_token_or_a_session_one_is_greeted(door: Door) -> None:
    for headers in (
        {"authorization": f"Bearer {TOKEN}"},
        {"cookie": door.cookie(), "origin": ORIGIN},
    ):
        with door.open(**headers) as socket:
            assert socket.receive_json()["type"] == "hello"
            assert socket.receive_json()["type"] == "cameras"
            assert door.hub.num_listeners == 1
    while door.hub.num_listeners:
        pass


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({}, 401, id="nothing"),
        pytest.param({"authorization": "Bearer wrong"}, 401, id="wrong token"),
        pytest.param({"cookie": f"{COOKIE}=made-up"}, 401, id="unknown session"),
        pytest.param({"origin": "http://elsewhere"}, 403, id="page of another origin"),
    ],
)
def test_others_are_refused_before_the_line_is_open(
    door: Door, headers: dict[str, str], status: int
) -> None:
    if status == 403:
        headers = headers | {"cookie": door.cookie()}
    with pytest.raises(WebSocketDenialResponse) as refused, door.open(**headers):
        pass
    assert refused.value.status_code == status
    assert refused.value.headers["content-type"] == "application/problem+json"
    assert door.hub.num_listeners == 0


def test_a_session_that_ends_takes_its_line_with_it(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_module, "SESSION_S", 0.05)
    session = door.access.open_session()
    with door.open(cookie=f"{COOKIE}={session}", origin=ORIGIN) as socket:
        assert socket.receive_json()["type"] == "hello"
        door.access.close_session(session)
        with pytest.raises(WebSocketDisconnect) as closed:
            any(socket.receive_json()["type"] == "bye" for _ in range(100))
        assert closed.value.code == 4401


def test_what_a_client_says_changes_nothing(door: Door, street: Street) -> None:
    with door.open(authorization=f"Bearer {TOKEN}") as socket:
        socket.receive_json()
        socket.send_text("{}" * 1000)
        socket.send_bytes(b"\xff")
        sighting_id = street.see(5)
        while (message := socket.receive_json())["type"] != "sighting":
            pass
        assert message["sighting"]["sighting_id"] == sighting_id
        with contextlib.suppress(WebSocketDisconnect):
            socket.close()
