"""The live view, on a live installation that exists only in the browser and on a real server.

What the page asks of the first is answered by the test, in documents of the real types.
"""

from __future__ import annotations

import io
import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import av
import httpx
import pytest
from playwright.sync_api import Page, Route, WebSocketRoute, expect

from yanji.api.web.documents import (
    ArchiveHealth,
    CameraCounts,
    CameraInfo,
    Cameras,
    Health,
    LiveCameras,
    LiveHello,
    LiveLost,
    LiveSighting,
    SightingInfo,
)
from yanji.index.cameras import Camera
from yanji.index.writer import open_archive
from yanji.ingest.frame import Run
from yanji.ingest.testcity.demo_data import clip_path
from yanji.reid.sighting import Sighting

PHONE = (390, 844)

API = "**/api/v1"


def moment(ago_s: float = 0.0) -> str:
    """A time of now as text."""
    at = datetime.now(UTC) - timedelta(seconds=ago_s)
    return at.isoformat(timespec="milliseconds")


def camera(camera_id: str, state: str = "up", **more: Any) -> CameraInfo:
    """A camera of the wall."""
    live = state == "up"
    fields: dict[str, Any] = {
        "camera_id": camera_id,
        "name": camera_id,
        "longitude": None,
        "latitude": None,
        "heading_deg": None,
        "state": state,
        "since": moment(200) if state in ("down", "credentials") else None,
        "cause": {"down": "unreachable", "credentials": "credentials"}.get(state),
        "fps": 10.0 if live else 0.0,
        "analysed_fps": 5.0 if live else 0.0,
        "lag_s": 0.3,
        "num_sightings": 12,
        "degraded": False,
        "num_dropped": 0,
        "num_reconnects": 0,
        "last_seen": moment(30),
        "picture": None,
        "picture_at": None,
    }
    return CameraInfo.model_validate({**fields, **more})


def sighting(number: int, camera_id: str = "K01", **more: Any) -> SightingInfo:
    """A closed sighting, a second before now."""
    fields: dict[str, Any] = {
        "sighting_id": f"{number:032x}",
        "camera_id": camera_id,
        "first_seen": moment(5),
        "last_seen": moment(1),
        "class": "car",
        "class_score": 0.9,
        "colour": None,
        "colour_score": None,
        "travel_deg": None,
        "travel_score": None,
        "direction": None,
        "view": None,
        "view_score": None,
        "plate": None,
        "quality": 0.5,
        "state": "closed",
        "stationary": False,
        "crops": (),
    }
    return SightingInfo.model_validate({**fields, **more})


@dataclass
class FakedFeed:
    """What a page that is watched by it hears; begin with `watch`, before the page is opened."""

    cameras: Sequence[CameraInfo]
    latest: Sequence[SightingInfo] = ()
    archive_state: str = "writing"
    free_bytes: int = 50_000_000_000
    pictures: dict[str, bytes] = field(default_factory=dict)
    """Camera id -> JPEG."""
    refuses_sockets: bool = False
    sockets: list[WebSocketRoute] = field(default_factory=list)
    num_polls: int = 0

    def watch(self, page: Page) -> None:
        """Answer this page instead of the server."""
        page.route_web_socket("**/api/v1/live", self._connected)
        page.route(f"{API}/site", self._site)
        page.route(f"{API}/cameras", self._cameras)
        page.route(f"{API}/health", self._health)
        page.route(f"{API}/cameras/*/picture*", self._picture)

    def tell(self, message: LiveSighting | LiveCameras | LiveLost) -> None:
        """Send a message over the newest connection."""
        self.sockets[-1].send(message.model_dump_json(by_alias=True))

    def passes(self, one: SightingInfo) -> None:
        """A vehicle has left the view of a camera."""
        self.tell(LiveSighting(event="end", sighting=one))

    def change(self, cameras: Sequence[CameraInfo]) -> None:
        """The cameras report."""
        self.cameras = cameras
        self.tell(LiveCameras(cameras=tuple(cameras)))

    def break_off(self) -> None:
        """The connection is lost."""
        self.sockets[-1].close(code=1011)

    def _connected(self, socket: WebSocketRoute) -> None:
        if self.refuses_sockets:
            socket.close(code=1011)
            return
        self.sockets.append(socket)
        hello = LiveHello(cameras=tuple(self.cameras), latest=tuple(self.latest))
        socket.send(hello.model_dump_json(by_alias=True))

    def _site(self, route: Route) -> None:
        site = route.fetch().json()
        route.fulfill(json={**site, "live": True, "num_cameras": len(self.cameras)})

    def _cameras(self, route: Route) -> None:
        self.num_polls += 1
        answer = Cameras(cameras=tuple(self.cameras))
        route.fulfill(json=json.loads(answer.model_dump_json(by_alias=True)))

    def _health(self, route: Route) -> None:
        up = sum(one.state == "up" for one in self.cameras)
        late = sum(one.degraded for one in self.cameras)
        total = len(self.cameras)
        well = up == total and not late and self.archive_state == "writing"
        answer = Health(
            status="ok" if well else "degraded",
            version="0",
            uptime_s=60,
            cameras=CameraCounts(total=total, up=up, down=total - up, degraded=late),
            archive=ArchiveHealth.model_validate(
                {
                    "state": self.archive_state,
                    "detail": "",
                    "num_sightings": 1234,
                    "free_bytes": self.free_bytes,
                }
            ),
        )
        route.fulfill(json=json.loads(answer.model_dump_json(by_alias=True)))

    def _picture(self, route: Route) -> None:
        camera_id = route.request.url.split("/cameras/")[1].split("/")[0]
        jpeg = self.pictures[camera_id] if self.pictures else None
        if jpeg is None:
            route.fulfill(status=404, body="")
        else:
            route.fulfill(body=jpeg, content_type="image/jpeg")


def tiles(page: Page) -> list[str]:
    """Ids of the cameras on the wall, in their order."""
    return page.get_by_role("list", name=WALL).locator("b").all_inner_texts()


def passed(page: Page) -> Any:
    """The stream's sightings."""
    return page.get_by_role("list", name=STREAM).get_by_role("listitem")


WALL = re.compile("^(Cameras|摄像机)$")
STREAM = re.compile("^(Latest sightings|最新过车)$")
NO_SOCKET = ("WebSocket",)


def test_recordings_are_shown_where_nothing_is_watched(open_page, served) -> None:
    page = open_page(served, to="live")
    expect(page.get_by_text("This installation watches no cameras.")).to_be_visible()
    expect(page.get_by_text("Connected")).to_be_visible()
    assert tiles(page) == ["K01", "K02", "K03", "K04"]
    tile = page.get_by_role("button", name="K04 望江门")
    expect(tile).to_contain_text("recordings")
    expect(tile).to_contain_text(re.compile(r"[1-9]\d* sightings"))
    expect(passed(page).nth(3)).to_be_visible()


def test_a_camera_filters_the_stream_and_leads_to_the_search(open_page, served) -> None:
    page = open_page(served, to="live")
    expect(passed(page).filter(has_text="K03").first).to_be_visible()
    page.get_by_role("button", name="K04 望江门").click()
    expect(page).to_have_url(re.compile("camera=K04"))
    expect(passed(page).filter(has_text="K03")).to_have_count(0)
    expect(passed(page).filter(has_text="K04").first).to_be_visible()
    search = page.get_by_role("link", name="Search at this camera")
    assert search.get_attribute("href") == "#/search?camera=K04"
    page.reload()
    expect(page.get_by_role("button", name="K04 望江门")).to_have_attribute("aria-pressed", "true")
    page.go_back()
    expect(passed(page).filter(has_text="K03").first).to_be_visible()


def test_earlier_sightings_are_asked_for_the_case(open_page, served) -> None:
    page = open_page(served, to="live?camera=K01")
    with page.expect_request(re.compile(r"/api/v1/sightings\?")) as asked:
        page.get_by_role("button", name="Show earlier ones").click()
    assert asked.value.headers["yanji-case"] == "2026-1122-031"
    expect(passed(page).first).to_be_visible()


def test_a_sighting_opens(open_page, served) -> None:
    page = open_page(served, to="live")
    passed(page).first.get_by_role("link").click()
    expect(page).to_have_url(re.compile(r"#/sighting\?id=[0-9a-f]{32}"))


def test_what_is_written_to_the_archive_appears_by_itself(own_server, open_page) -> None:
    page = open_page(own_server, to="live")
    expect(page.get_by_text("Connected")).to_be_visible()
    expect(passed(page).filter(has_text="K99")).to_have_count(0)
    with open_archive(own_server.archive, low_water_bytes=0) as writer:
        writer.register_camera(Camera("K99"))
        run = Run("e" * 32, "K99", "rtsp", "rtsp://127.0.0.1/99", time.time_ns(), "boot", None)
        writer.start_run(run)
        writer.write([a_car(run)])
    newest = passed(page).first
    expect(newest).to_contain_text("K99")
    newest.get_by_role("link").click()
    expect(page.get_by_text("K99").first).to_be_visible()


def a_car(run: Run) -> Sighting:
    """That went by in four seconds and could not be pictured."""
    began_ns = run.started_ns
    ended_ns = began_ns + 4 * 10**9
    return Sighting(
        "f" * 32, run, "closed", False, began_ns, ended_ns, 0.0, 4.0,
        "car", 0.9, None, None, 0.5, (), (),
    )  # fmt: skip


def test_the_wall_says_what_is_wrong(open_page, served) -> None:
    feed = FakedFeed(
        [
            camera("K01", name="向阳路口"),
            camera("K02", "waiting"),
            camera("K03", "down"),
            camera("K04", "credentials"),
            camera("K05", "connecting"),
        ]
    )
    page = open_page(served, to="live", prepare=feed.watch)
    expect(page.get_by_text("4 of 5 cameras give no pictures now.")).to_be_visible()
    assert tiles(page) == ["K03", "K04", "K02", "K05", "K01"]
    down = page.get_by_role("button", name="K03")
    expect(down).to_contain_text(re.compile(r"down 3 min · since \d\d:\d\d:\d\d"))
    expect(down).to_contain_text("does not answer")
    expect(page.get_by_role("button", name="K04")).to_contain_text("password refused")
    up = page.get_by_role("button", name="K01 向阳路口")
    expect(up).to_contain_text("10.0 fps · lag 0.3 s")
    shapes = {
        page.get_by_role("button", name=name).locator("svg.live-mark path").get_attribute("d")
        for name in ("K01", "K02", "K03", "K04", "K05")
    }
    assert len(shapes) == 5, "every state has a shape of its own"


def test_a_machine_that_does_not_keep_up_is_said(open_page, served, barriers) -> None:
    late = camera("K02", degraded=True, lag_s=3.4, num_dropped=120)
    feed = FakedFeed([camera("K01"), late])
    page = open_page(served, to="live", prepare=feed.watch)
    expect(page.get_by_text("This machine does not keep up with 1 camera")).to_be_visible()
    expect(page.get_by_role("button", name="K02")).to_contain_text("live, machine too slow")
    expect(page.get_by_role("button", name="K02")).to_contain_text("lag 3.4 s")
    expect(page.get_by_role("button", name="K01")).not_to_contain_text("too slow")
    shapes = [
        page.get_by_role("button", name=name).locator("svg.live-mark path").get_attribute("d")
        for name in ("K01", "K02")
    ]
    assert shapes[0] != shapes[1]
    assert barriers(page) == []


def test_the_wall_is_sorted_and_filtered(open_page, served) -> None:
    feed = FakedFeed(
        [camera(f"K{at}", "down" if at == 7 else "up") for at in range(10, 4, -1)][::-1]
    )
    page = open_page(served, to="live", prepare=feed.watch)
    expect(page.get_by_role("button", name="K10")).to_be_visible()
    assert tiles(page)[0] == "K7"
    page.get_by_text("By number", exact=True).click()
    expect(page).to_have_url(re.compile("order=id"))
    assert tiles(page) == ["K5", "K6", "K7", "K8", "K9", "K10"]
    page.get_by_label("Find a camera").fill("k1")
    expect(page.get_by_role("button", name="K5")).to_have_count(0)
    assert tiles(page) == ["K10"]
    page.get_by_label("Find a camera").fill("nowhere")
    page.get_by_role("button", name="Clear the filter").click()
    page.get_by_text("Troubled 1", exact=True).click()
    expect(page.get_by_role("button", name="K5")).to_have_count(0)
    assert tiles(page) == ["K7"]


def test_the_wall_follows_the_cameras(open_page, served) -> None:
    feed = FakedFeed([camera("K01"), camera("K02")])
    page = open_page(served, to="live", prepare=feed.watch)
    expect(page.get_by_text("Connected")).to_be_visible()
    expect(page.get_by_text("2 live", exact=True)).to_be_visible()
    feed.change([camera("K01"), camera("K02", "down")])
    expect(page.get_by_text("1 troubled")).to_be_visible()
    expect(page.get_by_role("button", name="K02")).to_contain_text("does not answer")


def test_a_full_disk_is_said(open_page, served) -> None:
    feed = FakedFeed(
        [camera("K01", "waiting")], archive_state="disk_full", free_bytes=1_200_000_000
    )
    page = open_page(served, to="live", prepare=feed.watch)
    expect(page.get_by_role("alert").filter(has_text="The disk is full")).to_contain_text("1.2 GB")


def test_an_installation_without_cameras_says_how_to_get_some(open_page, served, barriers) -> None:
    page = open_page(served, to="live", prepare=FakedFeed([]).watch)
    expect(page.get_by_text("There are no cameras yet")).to_be_visible()
    expect(page.get_by_text("No vehicle has passed yet")).to_be_visible()
    assert barriers(page) == []


def test_sightings_come_in_as_they_close(open_page, served) -> None:
    feed = FakedFeed([camera("K01"), camera("K02")], [sighting(1)])
    page = open_page(served, to="live", prepare=feed.watch)
    expect(passed(page)).to_have_count(1)
    open_one = sighting(2, "K02", state="provisional")
    feed.tell(LiveSighting(event="new", sighting=open_one))
    feed.passes(sighting(3, "K02"))
    expect(passed(page)).to_have_count(2)
    expect(passed(page).first).to_contain_text("K02")
    feed.passes(sighting(2, "K02"))
    expect(passed(page)).to_have_count(3)


def test_news_wait_while_somebody_reads(open_page, served) -> None:
    feed = FakedFeed([camera("K01")], [sighting(at) for at in range(50)])
    page = open_page(served, to="live", prepare=feed.watch)
    reading = passed(page).nth(20)
    reading.scroll_into_view_if_needed()
    page.wait_for_timeout(300)  # nobody reads faster
    before = reading.bounding_box()
    for number in (101, 102, 103):
        feed.passes(sighting(number, "K01"))
    news = page.get_by_role("button", name="Show 3 new sightings")
    expect(news).to_have_text("3 new")
    assert reading.bounding_box() == before
    news.click()
    expect(passed(page)).to_have_count(53)
    expect(passed(page).first).to_be_in_viewport()


def test_the_stream_pauses(open_page, served) -> None:
    feed = FakedFeed([camera("K01")], [sighting(1)])
    page = open_page(served, to="live", prepare=feed.watch)
    page.get_by_role("button", name="Pause").click()
    feed.passes(sighting(2))
    expect(page.get_by_role("button", name="Show 1 new sighting")).to_be_visible()
    expect(passed(page)).to_have_count(1)
    page.get_by_role("button", name="Go on").click()
    expect(passed(page)).to_have_count(2)


def test_messages_that_were_left_out_are_made_up_for(open_page, served) -> None:
    feed = FakedFeed([camera("K01")])
    page = open_page(served, to="live", prepare=feed.watch)
    expect(page.get_by_text("Connected")).to_be_visible()
    feed.latest = [sighting(7)]
    feed.tell(LiveLost(num_lost=12))
    expect(passed(page)).to_have_count(1)
    assert len(feed.sockets) == 2


def test_without_a_socket_the_page_asks(open_page, served) -> None:
    feed = FakedFeed([camera("K01")], refuses_sockets=True)
    page = open_page(served, to="live", prepare=feed.watch, expects=NO_SOCKET)
    expect(page.get_by_text("No live connection; asked every 5 s")).to_be_visible()
    feed.cameras = [camera("K01", "down")]
    expect(page.get_by_text("1 troubled")).to_be_visible()
    feed.refuses_sockets = False
    expect(page.get_by_text("Connected")).to_be_visible()
    num_polls = feed.num_polls
    page.wait_for_timeout(6000)
    assert feed.num_polls == num_polls


def test_a_lost_connection_comes_back(open_page, served) -> None:
    feed = FakedFeed([camera("K01")], [sighting(1)])
    page = open_page(served, to="live", prepare=feed.watch, expects=NO_SOCKET)
    expect(page.get_by_text("Connected")).to_be_visible()
    feed.latest = [sighting(2), sighting(1)]
    feed.break_off()
    expect(passed(page)).to_have_count(2)
    expect(page.get_by_text("Connected")).to_be_visible()
    assert len(feed.sockets) == 2


def wall_of(number: int, at: str) -> list[CameraInfo]:
    return [
        camera(f"C{one:05}", picture=f"/api/v1/cameras/C{one:05}/picture", picture_at=at)
        for one in range(number)
    ]


def test_only_pictures_on_the_screen_are_loaded(open_page, served, jpeg) -> None:
    asked: list[str] = []
    feed = FakedFeed(wall_of(200, moment()), pictures=jpeg)

    def prepare(page: Page) -> None:
        page.on("request", lambda one: asked.append(one.url) if "/picture" in one.url else None)
        feed.watch(page)

    page = open_page(served, to="live?order=id", prepare=prepare)
    expect(page.locator(".live-picture img").nth(3)).to_be_visible()
    page.wait_for_timeout(500)
    first = {url.split("?")[0] for url in asked}
    assert 4 <= len(first) <= 40
    asked.clear()
    feed.change(wall_of(200, moment(-1)))
    page.wait_for_timeout(2500)
    assert {url.split("?")[0] for url in asked} == first, "each picture on the screen, once more"
    assert len(asked) == len(first)
    page.keyboard.press("End")
    page.wait_for_timeout(500)
    assert any("C00199" in url for url in asked)


def test_twenty_thousand_cameras_are_as_quick_as_four(open_page, served, jpeg) -> None:
    feed = FakedFeed(wall_of(20_000, moment()), pictures=jpeg)
    page = open_page(served, to="live?order=id", prepare=feed.watch)
    expect(page.get_by_role("button", name="C00000")).to_be_visible()
    assert page.locator(".live-tile").count() < 100
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(page.get_by_role("button", name="C19999")).to_be_visible()
    assert page.locator(".live-tile").count() < 100
    page.get_by_label("Find a camera").fill("C12345")
    expect(page.locator(".live-tile")).to_have_count(1)
    expect(page.get_by_role("button", name="C12345")).to_be_visible()


def test_a_phone_has_the_wall_and_the_stream_in_turn(open_page, served) -> None:
    page = open_page(served, to="live", size=PHONE, language="zh")
    expect(page.get_by_role("button", name="K04 望江门")).to_be_visible()
    expect(page.get_by_role("list", name=STREAM)).to_be_hidden()
    page.get_by_text("最新过车").first.click()
    expect(page.get_by_role("list", name=STREAM)).to_be_visible()
    expect(page.get_by_role("button", name="K04 望江门")).to_be_hidden()
    page.get_by_text("摄像机", exact=True).first.click()
    page.get_by_role("button", name="K04 望江门").click()
    expect(page.get_by_role("link", name="在此摄像机检索")).to_be_in_viewport()
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE[0], "nothing is wider than the screen"


@pytest.mark.parametrize(("language", "dark"), [("en", False), ("zh", True)])
def test_the_live_view_has_no_barriers(
    open_page, served, barriers, picture, jpeg, language: str, dark: bool
) -> None:
    names = {"K01": "向阳路口", "K02": "育才路口", "K03": "长桥东", "K04": "望江门"}
    cameras = [
        camera(
            one,
            "down" if one == "K02" else "up",
            name=name,
            picture=f"/api/v1/cameras/{one}/picture",
            picture_at=moment(300 if one == "K02" else 1),
        )
        for one, name in names.items()
    ]
    feed = FakedFeed(cameras, real_latest(open_page, served), pictures=jpeg)
    page = open_page(served, to="live", prepare=feed.watch, language=language, dark=dark)
    expect(page.locator(".live-picture img").nth(3)).to_be_visible()
    assert barriers(page) == []
    if language == "en":
        fresh = {"picture_at": moment(1), "num_sightings": 34}
        feed.change(
            [
                cameras[0].model_copy(update=fresh),
                cameras[1],
                *(one.model_copy(update=fresh) for one in cameras[2:]),
            ]
        )
        picture(page, "page-live")
    page.get_by_role("button", name="K04 望江门").click()
    expect(page.locator("#live-chosen")).to_be_visible()
    assert barriers(page) == []


def real_latest(open_page: Any, served: Any) -> list[SightingInfo]:
    """What the server tells of its archive, with crops that exist."""
    page = open_page(served, to="live")
    expect(passed(page).first).to_be_visible()
    said: dict[str, Any] = page.evaluate(
        """() => new Promise((done) => {
            const socket = new WebSocket(`ws://${location.host}/api/v1/live`);
            socket.onmessage = ({ data }) => { done(JSON.parse(data)); socket.close(); };
        })"""
    )
    page.close()
    return [SightingInfo.model_validate(one) for one in said["latest"]]


@pytest.fixture(scope="module")
def jpeg(served) -> dict[str, bytes]:
    """A frame of every clip, heads blurred by the server; every other camera has the first."""

    class Frames(dict[str, bytes]):
        def __missing__(self, camera_id: str) -> bytes:
            return self["K01"]

    frames = Frames()
    token = {"Authorization": f"Bearer {served.token}"}
    with httpx.Client(base_url=f"{served.url}/api/v1", headers=token, timeout=60) as client:
        for camera_id, at_s in {"K01": 40, "K02": 10, "K03": 22, "K04": 6}.items():
            made = io.BytesIO()
            with av.open(str(clip_path(camera_id))) as clip:
                clip.seek(round(at_s * 1e6))
                next(clip.decode(video=0)).to_image().save(made, "JPEG", quality=92)
            held = client.post("/snapshots", files={"file": ("frame.jpg", made.getvalue())}).json()
            frames[camera_id] = client.get(f"/snapshots/{held['snapshot_id']}/picture").content
    return frames
