"""The demo that stays: the link before anything is played, the answer's link after, one way out."""

from __future__ import annotations

import os
import signal
import sys
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from yanji.api import demo_page
from yanji.api.demo import CASE, REASON
from yanji.api.demo_page import DemoPage, has_display, trace_route
from yanji.api.plan import CameraStates, ServerBeat
from yanji.configs.errors import YanjiError
from yanji.configs.site import load_site
from yanji.configs.times import parse_time
from yanji.index.reader import read_archive
from yanji.ingest.testcity.demo_data import demo_site_path

POINT_NS = 1_795_132_805_123 * 10**6
SNAPSHOT_ID = "ab" * 32


@dataclass
class FakeServer:
    """Is ready at once; when it is tended it gets Ctrl-C."""

    plan: Any
    beat: ServerBeat | None = None
    told: list[CameraStates] = field(default_factory=list)
    is_stopped: bool = False
    fails: bool = False

    def wait_until_ready(self) -> None:
        if self.fails:
            raise YanjiError("Port 8420 is in use.", hint="--port", code="port_in_use")
        with read_archive(self.plan.archive) as reader:
            assert reader.num_sightings() == 0
        self.beat = ServerBeat("http://127.0.0.1:8420")

    def tend(self, states: Callable[[], CameraStates]) -> None:
        self.told.append(states())
        if len(self.told) > 2:
            raise KeyboardInterrupt

    def stop(self) -> None:
        self.is_stopped = True


class FakeClient:
    """Takes every picture."""

    def __init__(self, url: str, token: str, **case: str) -> None:
        self.given = (url, token, case)

    def __enter__(self) -> FakeClient:
        return self

    def __exit__(self, *_error: object) -> None:
        pass

    def upload(self, picture: Path) -> Any:
        return SimpleNamespace(snapshot_id=SNAPSHOT_ID)


def result(right: bool = True) -> Any:
    site = load_site(demo_site_path())
    query = SimpleNamespace(path=Path("snapshot.jpg"), box=(398.2, 298.0, 530.4, 416.0))
    return SimpleNamespace(
        site=site,
        query=query,
        point=SimpleNamespace(camera_id="K04", first_ns=POINT_NS),
        case=SimpleNamespace(number=CASE, reason=REASON),
        window_s=3600,
        right=right,
    )


@dataclass
class Stage:
    """A demo that plays nothing."""

    servers: list[FakeServer] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    pictures: list[Path] = field(default_factory=list)
    result: Any = field(default_factory=result)
    fails: bool = False

    def make_page(self, settings: Any, pictures: Path) -> DemoPage:
        def make_server(plan: Any) -> Any:
            self.servers.append(FakeServer(plan, fails=self.fails))
            return self.servers[-1]

        assert pictures.stat().st_mode & 0o777 == 0o700
        self.pictures.append(pictures)
        say = lambda link: sys.stderr.write(f"ready: {link}\n")  # noqa: E731
        return DemoPage(settings, pictures, say, make_server)

    def play(self, clips: Path, archive: Path, settings: Any, say: Any, map_path: Path, page: Any):
        page.open(self.result.site, archive)
        say("playing")
        return self.result


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch):
    stage = Stage()
    monkeypatch.setattr("yanji.api.cli.demo._page", stage.make_page)
    monkeypatch.setattr("yanji.api.demo.run_demo", stage.play)
    monkeypatch.setattr(
        "yanji.api.cli.demo._show", lambda found, map_file, as_json: 0 if found.right else 1
    )
    monkeypatch.setattr(demo_page, "Client", FakeClient)
    monkeypatch.setattr(webbrowser, "open", lambda link: stage.opened.append(link) is None)
    monkeypatch.setenv("DISPLAY", ":0")
    before = signal.getsignal(signal.SIGTERM)
    yield stage
    signal.signal(signal.SIGTERM, before)


def test_the_link_comes_before_the_playing_and_the_answers_link_after(yanji, stage: Stage) -> None:
    called = yanji("demo")
    assert called.status == 0
    told = called.err.splitlines()
    token = stage.servers[0].plan.token
    assert told.index(f"ready: http://127.0.0.1:8420/#t={token}") < told.index("playing")
    link = next(line.partition("page: ")[2] for line in called.out.splitlines() if "page: " in line)
    assert stage.opened == [link]
    fragment = dict(part.split("=", 1) for part in urlsplit(link).fragment.split("&"))
    assert fragment["t"] == token
    assert unquote(fragment["to"]) == trace_route(stage.result, SNAPSHOT_ID)
    assert (unquote(fragment["case"]), unquote(fragment["reason"])) == (CASE, REASON)


@pytest.mark.parametrize("right", [True, False])
def test_after_ctrl_c_the_status_is_the_judges_and_nothing_is_left(
    yanji, stage: Stage, right: bool
) -> None:
    stage.result = result(right)
    assert yanji("demo").status == (0 if right else 1)
    server = stage.servers[0]
    assert server.told == [CameraStates((), None)] * 3, "nothing is watched any more"
    assert server.is_stopped
    assert not stage.pictures[0].exists()


def test_a_server_that_cannot_start_ends_the_demo_before_it_plays(yanji, stage: Stage) -> None:
    stage.fails = True
    called = yanji("demo")
    assert called.status == 1
    assert called.sentence == "Port 8420 is in use."
    assert "playing" not in called.err
    assert not stage.pictures[0].exists()


def test_where_the_snapshot_is_not_taken_the_plain_link_is_left(
    yanji, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: FakeClient, picture: Path) -> None:
        raise YanjiError("it died")

    monkeypatch.setattr(FakeClient, "upload", refuse)
    called = yanji("demo")
    assert called.status == 0
    assert f"page: http://127.0.0.1:8420/#t={stage.servers[0].plan.token}\n" in called.out


def test_no_browser_without_a_display_or_when_it_is_not_wanted(
    yanji, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    yanji("demo", "--no-open")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    yanji("demo")
    assert stage.opened == []


def test_host_and_port_reach_the_server(yanji, stage: Stage) -> None:
    yanji("demo", "--host", "127.0.0.2", "--port", "0")
    assert (stage.servers[0].plan.host, stage.servers[0].plan.port) == ("127.0.0.2", 0)


def test_the_route_of_the_page_says_what_was_asked() -> None:
    path, _, question = trace_route(result(), SNAPSHOT_ID).partition("?")
    assert path == "/trace"
    fields = {name: values[0] for name, values in parse_qs(question, strict_parsing=True).items()}
    assert parse_time(fields.pop("time")) == POINT_NS
    assert fields == {
        "snapshot": SNAPSHOT_ID,
        "box": "398,298,530,416",
        "at": "K04",
        "window": "3600",
    }


@pytest.mark.parametrize(
    ("platform", "environment", "expected"),
    [
        ("linux", {}, False),
        ("linux", {"DISPLAY": ""}, False),
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("darwin", {}, True),
    ],
)
def test_a_display_is_known_by_the_environment(
    platform: str, environment: dict[str, str], expected: bool
) -> None:
    assert has_display(platform, environment) == expected


def test_terminated_is_like_interrupted(yanji, stage: Stage, monkeypatch) -> None:
    def play_and_die(*arguments: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr("yanji.api.demo.run_demo", play_and_die)
    assert yanji("demo").status == 130
    assert not stage.pictures[0].exists()
