"""Real processes, real RTSP: what happens to a worker must stay its own affair."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from yanji.api.plan import CameraBeat, CameraPlan
from yanji.api.server_child import ServerChild
from yanji.api.supervisor import Supervisor
from yanji.api.web.server_plan import ServerPlan
from yanji.configs.errors import YanjiError
from yanji.configs.settings import Settings, load_settings
from yanji.configs.site import Camera, Credentials
from yanji.index.reader import read_archive
from yanji.index.writer import open_archive
from yanji.ingest.gap import Gap
from yanji.ingest.rtsp_server import RtspServer, serve_folder
from yanji.ingest.testcity.demo_data import clips_folder

BACK_S = 15.0
TOKEN = "the token of this test"


@dataclass
class Installation:
    """A supervisor at work in a thread, and what it was seen doing."""

    supervisor: Supervisor
    thread: threading.Thread
    errors: list[BaseException] = field(default_factory=list)

    def beat(self, camera_id: str) -> CameraBeat:
        return next(b for b in self.supervisor.camera_beats if b.camera_id == camera_id)

    def wait(self, condition: Callable[[], bool], limit_s: float, what: str) -> float:
        began = time.monotonic()
        while not condition():
            assert not self.errors, self.errors
            assert time.monotonic() - began < limit_s, f"not within {limit_s} s: {what}"
            time.sleep(0.1)
        return time.monotonic() - began

    def wait_until_up(self, *camera_ids: str) -> None:
        self.wait(
            lambda: all(self.beat(c).state == "up" and self.beat(c).fps_in > 1 for c in camera_ids),
            60,
            f"{camera_ids} up",
        )

    def stop(self) -> None:
        self.supervisor.stop()
        self.thread.join(90)
        assert not self.thread.is_alive()


def settings_of(workers: int) -> Settings:
    return load_settings(None, {"workers": workers, "embedder": "histogram"})


def page_on(archive: Path, port: int, pictures: Path | None = None) -> ServerChild:
    plan = ServerPlan(
        settings=settings_of(1),
        site=None,
        archive=archive,
        token=TOKEN,
        live=True,
        pictures=pictures,
        host="127.0.0.1",
        port=port,
        warm=False,
    )
    return ServerChild(plan)


def install(
    archive: Path,
    cameras: list[CameraPlan],
    workers: int,
    page: ServerChild | None = None,
    pictures: Path | None = None,
) -> Installation:
    supervisor = Supervisor(
        settings_of(workers),
        cameras,
        archive,
        status_every_s=0.5,
        server=page,
        pictures=pictures,
    )
    installation = Installation(supervisor, threading.Thread(daemon=True))

    def work() -> None:
        try:
            supervisor.run()
        except YanjiError as error:
            installation.errors.append(error)

    installation.thread = threading.Thread(target=work, daemon=True)
    installation.thread.start()
    return installation


def camera(camera_id: str, url: str) -> CameraPlan:
    return CameraPlan(Camera(id=camera_id, url=url), None)


@pytest.fixture(scope="module")
def server() -> Iterator[RtspServer]:
    with serve_folder(clips_folder()) as server:
        yield server


def gaps_of(archive: Path, camera_id: str) -> list[Gap]:
    with read_archive(archive) as reader:
        return list(reader.gaps(None, None, frozenset({camera_id})))


def test_a_killed_and_a_hung_worker_are_replaced_and_the_other_notices_nothing(
    server: RtspServer, tmp_path: Path
) -> None:
    archive = tmp_path / "archive"
    cameras = [camera("北门", server.url_of("K01.mp4")), camera("南门", server.url_of("K02.mp4"))]
    site = install(archive, cameras, workers=2)
    try:
        site.wait_until_up("北门", "南门")
        steady = site.supervisor.process_ids["worker-1"]
        for number, stop_it in enumerate((signal.SIGKILL, signal.SIGSTOP), start=1):
            victim = site.supervisor.process_ids["worker-0"]
            frames_of_other = site.beat("南门").num_frames
            os.kill(victim, stop_it)
            site.wait(
                lambda victim=victim: site.supervisor.process_ids.get("worker-0", victim) != victim,
                30,
                f"replaced after {stop_it.name}",
            )
            site.wait_until_up("北门")
            site.wait(
                lambda number=number: (
                    sum(gap.to_ns is not None for gap in gaps_of(archive, "北门")) >= number
                ),
                10,
                "the gap is written",
            )
            assert site.beat("南门").num_frames > frames_of_other
        assert site.supervisor.process_ids["worker-1"] == steady
        gaps = gaps_of(archive, "北门")
        assert {gap.cause for gap in gaps if gap.to_ns is not None} == {"worker"}
        for gap in gaps:
            assert gap.to_ns is not None
            assert 0 < (gap.to_ns - gap.from_ns) / 1e9 <= BACK_S
        assert gaps_of(archive, "南门") == []
    finally:
        site.stop()
    assert site.errors == []


def test_a_writer_that_dies_is_replaced_and_nothing_seen_is_lost(
    server: RtspServer, tmp_path: Path
) -> None:
    archive = tmp_path / "archive"
    site = install(archive, [camera("K01", server.url_of("K01.mp4"))], workers=1)
    try:
        site.wait(lambda: site.beat("K01").num_sightings >= 3, 60, "three sightings")
        victim = site.supervisor.process_ids["writer"]
        os.kill(victim, signal.SIGKILL)
        site.wait(
            lambda: site.supervisor.process_ids.get("writer", victim) != victim, 10, "replaced"
        )
        site.wait(lambda: site.beat("K01").num_sightings >= 6, 60, "three more")
    finally:
        site.stop()
    with read_archive(archive) as reader:
        sightings = reader.sightings()
        assert len(sightings) >= 6
        assert {s.state for s in sightings} == {"closed"}, "open tracks were not closed"
        assert len({s.sighting_id for s in sightings}) == len(sightings)


def test_a_killed_server_comes_back_to_the_same_link_and_intake_notices_nothing(
    server: RtspServer, tmp_path: Path
) -> None:
    archive, pictures = tmp_path / "archive", tmp_path / "pictures"
    pictures.mkdir()
    page = page_on(archive, 0, pictures)
    with page:
        cameras = [camera("北门", server.url_of("K01.mp4"))]
        site = install(archive, cameras, workers=1, page=page, pictures=pictures)
        try:
            site.wait_until_up("北门")
            site.wait(lambda: shown(page).get("state") == "up", 20, "the page shows it")
            site.wait(lambda: shown(page).get("picture_at") is not None, 20, "and its picture")
            steady = {n: p for n, p in site.supervisor.process_ids.items() if n != "server"}
            assert page.beat is not None
            url, victim = page.beat.url, site.supervisor.process_ids["server"]
            frames = site.beat("北门").num_frames
            os.kill(victim, signal.SIGKILL)
            site.wait(
                lambda: site.supervisor.process_ids.get("server", victim) != victim,
                10,
                "replaced",
            )
            site.wait(lambda: shown(page).get("state") == "up", 20, "the page is back")
            assert page.beat.url == url
            assert site.beat("北门").num_frames > frames
            everybody = site.supervisor.process_ids
            assert {n: p for n, p in everybody.items() if n != "server"} == steady
            assert gaps_of(archive, "北门") == []
        finally:
            site.stop()
        # It belongs to the caller, who may still want to show something.
        assert shown(page)["num_sightings"] is not None
    assert not [p for n, p in everybody.items() if n != "supervisor" and is_alive(p)]


def shown(page: ServerChild) -> dict[str, Any]:
    """What the page's API says of the only camera; nothing while it does not answer."""
    if page.beat is None:
        return {}
    try:
        answer = httpx.get(
            f"{page.beat.url}/api/v1/cameras", headers={"Authorization": f"Bearer {TOKEN}"}
        )
    except httpx.TransportError:
        return {}
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["cameras"][0]
    return found


def is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_port_in_use_ends_the_run_with_a_sentence(server: RtspServer, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with page_on(tmp_path / "archive", port) as page:
            cameras = [camera("K01", server.url_of("K01.mp4"))]
            site = install(tmp_path / "archive", cameras, workers=1, page=page)
            site.thread.join(60)
    errors = [error for error in site.errors if isinstance(error, YanjiError)]
    assert [error.code for error in errors] == ["port_in_use"]
    assert str(port) in errors[0].message
    assert "--port" in errors[0].hint
    assert site.supervisor.process_ids.keys() == {"supervisor"}


def test_the_second_run_on_one_archive_is_refused(server: RtspServer, tmp_path: Path) -> None:
    with open_archive(tmp_path / "archive"):
        site = install(tmp_path / "archive", [camera("K01", server.url_of("K01.mp4"))], workers=1)
        site.thread.join(60)
    assert [error.code for error in site.errors if isinstance(error, YanjiError)] == [
        "archive_busy"
    ]


def test_a_camera_that_never_answers_has_a_gap_from_the_start(tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    plan = CameraPlan(
        Camera(id="K09", url="rtsp://127.0.0.1:9/none", username="user", password_env="X"),
        Credentials("user", "geheim"),
    )
    site = install(archive, [plan], workers=1)
    try:
        site.wait(lambda: site.beat("K09").state == "down", 60, "down")
        assert "geheim" not in repr(site.supervisor.camera_beats)
        site.wait(lambda: len(gaps_of(archive, "K09")) == 1, 10, "gap")
        assert gaps_of(archive, "K09")[0].to_ns is None
        for pid in site.supervisor.process_ids.values():
            command_line = Path(f"/proc/{pid}/cmdline").read_bytes()
            environment = Path(f"/proc/{pid}/environ").read_bytes()
            assert b"geheim" not in command_line + environment
    finally:
        site.stop()
