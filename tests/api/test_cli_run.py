"""`yanji run` as a command: the link, the page beside the cameras, and a clean end."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from yanji.ingest.rtsp_server import serve_folder
from yanji.ingest.testcity.demo_data import clips_folder

TOKEN = "the token of this test"
LIMIT_S = 60.0


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Path]:
    with serve_folder(clips_folder()) as server:
        path = tmp_path / "site.yaml"
        path.write_text(
            "site: {name: test, timezone: UTC}\n"
            f'cameras:\n  - {{id: K01, name: 向阳路口, url: "{server.url_of("K01.mp4")}"}}\n',
            encoding="utf-8",
        )
        yield path


@dataclass
class Running:
    """The command at work."""

    process: subprocess.Popen[str]

    def line(self) -> dict[str, Any]:
        """The next object on stdout."""
        assert self.process.stdout is not None
        found: dict[str, Any] = json.loads(self.process.stdout.readline())
        return found

    def end(self, number: int) -> int:
        """Send a signal to it and its children, as a terminal does."""
        os.killpg(self.process.pid, number)
        return self.process.wait(LIMIT_S)


@contextlib.contextmanager
def running(site: Path, scratch: Path, *options: str) -> Iterator[Running]:
    scratch.mkdir()
    arguments = ("run", "-c", str(site), "--archive", str(scratch / "archive"), "--json")
    with subprocess.Popen(
        [sys.executable, "-m", "yanji.api.cli", *arguments, "--status-every", "0.5", *options],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(scratch), "YANJI_API__TOKEN": TOKEN.replace(" ", "-")},
        start_new_session=True,
    ) as process:
        try:
            yield Running(process)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(LIMIT_S)
            if process.stdout is not None:
                process.stdout.close()


def status_of(link: str) -> subprocess.CompletedProcess[str]:
    """Ask as another terminal would."""
    asking = [sys.executable, "-m", "yanji.api.cli", "cameras", "status", "--url", link, "--json"]
    return subprocess.run(asking, capture_output=True, text=True, check=False)


def test_the_link_is_good_and_ctrl_c_ends_everything(
    environment: dict[str, str], site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YANJI_LOG_FILE", str(tmp_path / "logs" / "yanji.log"))
    with running(site, tmp_path / "scratch", "--port", "0") as command:
        line = command.line()
        while "link" not in line:
            line = command.line()
        token = TOKEN.replace(" ", "-")
        assert line == {"url": line["url"], "link": f"{line['url']}/#t={token}"}
        assert httpx.get(f"{line['url']}/api/v1/cameras").status_code == 401
        with httpx.Client(
            base_url=line["url"], headers={"Authorization": f"Bearer {token}"}
        ) as client:
            until = time.monotonic() + LIMIT_S
            seen: dict[str, Any] = {}
            while seen.get("state") != "up" or seen["picture_at"] is None:
                assert time.monotonic() < until, seen
                time.sleep(0.2)
                seen = client.get("/api/v1/cameras").json()["cameras"][0]
            assert seen["name"] == "向阳路口"
            picture = client.get(seen["picture"])
            assert (picture.status_code, picture.content[:3]) == (200, b"\xff\xd8\xff")
            figures = client.get("/metrics").text
            found = re.search(
                r'yanji_worker_inference_seconds_total\{stage="detect",worker="0"\} (\S+)', figures
            )
            assert found is not None
            assert float(found[1]) > 0
        asked = status_of(f"{line['url']}/#t={token}")
        assert asked.returncode == 0
        assert json.loads(asked.stdout)["cameras"][0]["state"] == "up"
        while "server" not in line.get("processes", {}):
            line = command.line()
        children = [one for role, one in line["processes"].items() if role != "supervisor"]
        assert len(children) == 3
        assert line["resident_bytes"]["server"] > 0
        assert command.end(signal.SIGINT) == 0
    assert [one for one in children if Path(f"/proc/{one}").exists()] == []
    assert [path.name for path in (tmp_path / "scratch").iterdir()] == ["archive"]
    logs = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "logs").iterdir()}
    processes = ("run", "server", "worker-0", "writer")
    assert sorted(logs) == [f"yanji-{process}.log" for process in processes]
    assert token not in "".join(logs.values())


def test_without_the_page_there_is_no_server_and_no_picture(
    environment: dict[str, str], site: Path, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        # A port in use is no matter where nothing is served.
        with running(site, tmp_path / "scratch", "--no-page", "--port", port) as command:
            line = command.line()
            while not line["cameras"][0]["num_frames"]:
                line = command.line()
            assert line["num_moves"] == 0
            assert set(line["processes"]) == {"supervisor", "writer", "worker-0"}
            pictures = set((tmp_path / "scratch").rglob("*.jpg"))
            assert pictures == set((tmp_path / "scratch" / "archive" / "crops").rglob("*.jpg"))
            assert command.end(signal.SIGTERM) == 0


def test_a_port_in_use_is_an_error_in_one_sentence(
    environment: dict[str, str], site: Path, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        with running(site, tmp_path / "scratch", "--port", port) as command:
            assert command.process.wait(LIMIT_S) == 1
            assert command.process.stdout is not None
            last = command.process.stdout.read()
    error = json.loads(last[last.index('{\n  "error"') :])["error"]
    assert error["code"] == "port_in_use"
    assert port in error["message"]
    assert [path.name for path in (tmp_path / "scratch").iterdir()] == ["archive"]
