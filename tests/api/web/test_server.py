"""The server as a process: how it starts, what it says, how it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import replace
from multiprocessing import Pipe
from pathlib import Path

import httpx
import pytest

from yanji.api.plan import STOP, CameraBeat, CameraStates, Failed, ServerBeat
from yanji.api.web import server as server_module
from yanji.api.web.server import is_loopback, run_server, serve_forever
from yanji.api.web.server_plan import ServerPlan, page_link
from yanji.configs.errors import YanjiError
from yanji.configs.settings import Settings

TOKEN = "canary-token-7f3a9c51e2"
EVERYWHERE = "0.0.0.0"  # noqa: S104 - nothing is bound, it is only asked about


def plan(archive: Path, **changes: object) -> ServerPlan:
    fields: dict[str, object] = {
        "settings": Settings(archive=archive, runtime="onnxruntime"), "site": None,
        "archive": archive, "token": TOKEN, "live": False, "pictures": None,
        "host": "127.0.0.1", "port": 0,
    }  # fmt: skip
    return ServerPlan(**(fields | changes))  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def no_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here asks them, and opening them takes most of a start."""
    monkeypatch.setattr(server_module, "_warm", lambda desk: None)


def test_the_link_holds_everything_in_its_fragment():
    link = page_link("http://h:1", "a/b+c", to="/trace?x=1&y", case="案 7", reason="r&r")
    start, _, fragment = link.partition("#")
    assert start == "http://h:1/"
    parts = dict(part.split("=") for part in fragment.split("&"))
    assert list(parts) == ["t", "to", "case", "reason"]
    assert httpx.QueryParams(fragment)["case"] == "案 7"
    assert httpx.QueryParams(fragment)["to"] == "/trace?x=1&y"
    assert page_link("http://h:1/", "t") == "http://h:1/#t=t"


@pytest.mark.parametrize(
    ("host", "inside"),
    [("127.0.0.1", True), ("127.1.2.3", True), ("::1", True), ("localhost", True),
     (EVERYWHERE, False), ("::", False), ("10.0.0.5", False), ("desk.example", False)],
)  # fmt: skip
def test_which_addresses_only_this_machine_reaches(host, inside):
    assert is_loopback(host) is inside


def test_it_answers_until_it_is_told_to_stop(filled):
    stop, urls = threading.Event(), []

    def ready(url: str) -> None:
        urls.append(url)
        assert httpx.get(f"{url}/live", timeout=10).status_code == 200
        stop.set()

    # It tells from its own loop, so asking must be somebody else's business.
    asked: list[threading.Thread] = []

    def on_ready(url: str) -> None:
        asked.append(threading.Thread(target=ready, args=(url,)))
        asked[0].start()

    serve_forever(plan(filled), on_ready, stop)
    asked[0].join()
    assert urls
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{urls[0]}/live", timeout=2)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"archive": Path("nowhere")}, "no_archive"),
        ({"host": "no.such.host.invalid"}, "bad_host"),
        ({"host": "203.0.113.77"}, "bad_host"),
    ],
)
def test_what_cannot_be_served_is_said(filled, changes, code):
    with pytest.raises(YanjiError) as raised:
        serve_forever(replace(plan(filled), **changes), lambda url: None)
    assert raised.value.code == code
    assert raised.value.hint


def test_answers_do_not_wait_for_acknowledgements(filled, monkeypatch):
    """Without TCP_NODELAY each answer in two pieces comes 40 ms late; asyncio sets it by itself
    only on connections of a listener whose protocol is named."""
    seen: list[int] = []
    stop = threading.Event()

    def look(url: str) -> None:
        _host, port = url.removeprefix("http://").split(":")
        seen.append(int(port))
        stop.set()

    made: list[socket.socket] = []
    make = socket.socket

    def remember(*given: object, **named: object) -> socket.socket:
        made.append(make(*given, **named))  # type: ignore[arg-type]
        return made[-1]

    monkeypatch.setattr(server_module.socket, "socket", remember)
    serve_forever(plan(filled), look, stop)
    assert seen
    assert made[0].proto == socket.IPPROTO_TCP


def test_a_port_in_use_is_said(filled):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(YanjiError) as raised:
            serve_forever(plan(filled, port=port), lambda url: None)
    assert raised.value.code == "port_in_use"
    assert str(port) in raised.value.message


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_verb_prints_the_link_and_ends_cleanly(filled, tmp_path, number):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("YANJI_")}
    environment |= {"YANJI_API__TOKEN": TOKEN, "YANJI_RUNTIME": "onnxruntime"}
    arguments = ["serve", "--archive", str(filled), "--port", "0", "--json"]
    with subprocess.Popen(
        [sys.executable, "-m", "yanji.api.cli", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env=environment,
        text=True,
    ) as process:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        assert set(said) == {"url", "link"}
        assert said["link"] == page_link(said["url"], TOKEN)
        bearer = {"Authorization": f"Bearer {TOKEN}"}
        asked = f"{said['url']}/api/v1/site?from={TOKEN}"
        assert httpx.get(asked, headers=bearer, timeout=20).json()["num_sightings"] == 6
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert out == ""
    assert TOKEN not in err
    assert "Traceback" not in err


def test_a_made_up_token_is_new_each_time(filled, yanji, monkeypatch):
    tokens = []
    monkeypatch.setattr(server_module, "serve_forever", lambda plan, say: tokens.append(plan.token))
    for _ in range(2):
        assert yanji("serve", "--archive", filled).status == 0
    assert len(set(tokens)) == 2
    assert min(map(len, tokens)) >= 32


def test_another_address_than_loopback_is_warned_of(filled, yanji, monkeypatch):
    monkeypatch.setattr(server_module, "serve_forever", lambda plan, say: say("http://h:1"))
    assert "not encrypted" in yanji("serve", "--archive", filled, "--host", EVERYWHERE).err
    assert "not encrypted" not in yanji("serve", "--archive", filled).err


@pytest.mark.parametrize(
    "given",
    [("--port", "65536"), ("--port", "x"), ("--host", "a b"), ("--host", "")],
)
def test_a_wrong_address_is_wrong_usage(filled, yanji, given):
    assert yanji("serve", "--archive", filled, *given).status == 2


def child(filled, monkeypatch, **changes):
    """`run_server` in a thread, without what only a process may do."""
    monkeypatch.setattr(server_module.os, "nice", lambda by: 0)
    monkeypatch.setattr(server_module.signal, "signal", lambda *args: None)
    monkeypatch.setattr(server_module, "start_process_logging", lambda settings, process: None)
    ours, theirs = Pipe()
    thread = threading.Thread(target=run_server, args=(plan(filled, **changes), theirs))
    thread.start()
    return ours, theirs, thread


def test_as_a_child_it_beats_shows_the_cameras_and_stops_when_told(filled, monkeypatch):
    ours, theirs, thread = child(filled, monkeypatch, live=True)
    with ours, theirs:
        assert ours.poll(30)
        beat = ours.recv()
        assert isinstance(beat, ServerBeat)
        camera = CameraBeat("K01", "up", 25.0, 5.0, 0.1, 1, 0, 0, 0, None, 0.0)
        ours.send(CameraStates((camera,), None))
        assert ours.poll(30)
        assert isinstance(ours.recv(), ServerBeat)
        bearer = {"Authorization": f"Bearer {TOKEN}"}
        found = httpx.get(f"{beat.url}/api/v1/cameras/K01", headers=bearer, timeout=20).json()
        assert (found["state"], found["fps"]) == ("up", 25.0)
        ours.send(STOP)
        thread.join(30)
        assert not thread.is_alive()


def test_a_child_ends_when_nobody_listens(filled, monkeypatch):
    ours, theirs, thread = child(filled, monkeypatch)
    with theirs:
        assert ours.poll(30)
        ours.close()
        thread.join(30)
        assert not thread.is_alive()


def test_a_child_says_why_it_cannot_start(tmp_path, monkeypatch):
    ours, theirs, thread = child(tmp_path / "nothing", monkeypatch)
    with ours, theirs:
        assert ours.poll(30)
        said = ours.recv()
        thread.join(30)
    assert isinstance(said, Failed)
    assert (said.code, said.fatal) == ("no_archive", True)
