"""Log files: JSON lines, one file for each process, rotated; no password, no crash."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from yanji.api.log_file import RotatedFile, log_path, log_to_file, start_process_logging
from yanji.configs.errors import SettingsError
from yanji.configs.settings import Settings, load_settings
from yanji.ingest.capture import Capture
from yanji.ingest.credentials import Credentials
from yanji.ingest.fake_camera import FakeCamera
from yanji.ingest.rtsp import RtspSource

PASSWORD = "Canary:7@geheim"


@pytest.fixture(autouse=True)
def own_log() -> Iterator[None]:
    """Put the process's log back as it was."""
    root, own = logging.getLogger(), logging.getLogger("yanji")
    before = root.handlers[:], root.level, own.level
    yield
    for handler in root.handlers:
        if isinstance(handler, RotatedFile):
            handler.close()
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    own.setLevel(before[2])


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(log_file=tmp_path / "logs" / "yanji.log")


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_line_is_one_json_object(settings, tmp_path, capsys):
    start_process_logging(settings, "worker-0")
    log = logging.getLogger("yanji.test")
    log.warning("camera %s\nis down", "望江门")
    log.debug("not at this level")
    try:
        raise ValueError("broken")
    except ValueError:
        log.exception("failed")
    first, second = lines(tmp_path / "logs" / "yanji-worker-0.log")
    assert set(first) == {"time", "level", "logger", "process", "message"}
    assert first["message"] == "camera 望江门\nis down"
    assert (first["level"], first["logger"]) == ("warning", "yanji.test")
    assert first["process"] == "worker-0"
    assert first["time"].endswith("Z")
    assert "ValueError: broken" in second["exception"]
    assert "is down" in capsys.readouterr().err  # stderr has it as before


def test_each_process_has_its_own_file(settings, tmp_path):
    named = [log_path(settings, process) for process in ("run", "worker-1", "writer", "server")]
    assert [path.name for path in named if path] == [
        "yanji-run.log",
        "yanji-worker-1.log",
        "yanji-writer.log",
        "yanji-server.log",
    ]
    assert log_path(Settings(log_file=tmp_path / "yanji"), "run") == tmp_path / "yanji-run"


def test_nothing_is_written_where_no_file_is_wanted(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    start_process_logging(Settings(), "run")
    logging.getLogger("yanji.test").warning("said")
    assert list(tmp_path.iterdir()) == []


def test_files_are_rotated_by_size_and_the_oldest_goes(tmp_path):
    handler = RotatedFile(tmp_path / "a.log", "run", max_bytes=2_000, keep=2)
    log = logging.Logger("rotated")
    log.addHandler(handler)
    for number in range(200):
        log.warning("line %d", number)
    handler.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.log", "a.log.1", "a.log.2"]
    assert all(path.stat().st_size <= 2_000 for path in tmp_path.iterdir())
    kept = [
        line["message"]
        for name in ("a.log.2", "a.log.1", "a.log")
        for line in lines(tmp_path / name)
    ]
    assert kept[-1] == "line 199"
    assert kept == [f"line {number}" for number in range(200 - len(kept), 200)]


def test_a_second_process_keeps_off_and_works_all_the_same(settings, capsys):
    path = log_path(settings, "run")
    assert path is not None
    path.parent.mkdir()
    holding = (
        "import sys, pathlib\n"
        "from yanji.api.log_file import RotatedFile\n"
        "held = RotatedFile(pathlib.Path(sys.argv[1]), 'run', max_bytes=1000, keep=1)\n"
        "print('open', flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holding, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        with pytest.raises(SettingsError, match="Another process"):
            log_to_file(settings, "run")
        start_process_logging(settings, "run")
        logging.getLogger("yanji.test").warning("only here")
        other.communicate()
    assert "only here" in capsys.readouterr().err
    log_to_file(settings, "run")  # it was let go


def test_a_file_that_cannot_be_written_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="cannot be written"):
        log_to_file(Settings(log_file=tmp_path / "file" / "yanji.log"), "run")


def test_a_full_disk_is_told_once_and_stops_nothing(tmp_path, monkeypatch, capsys):
    handler = RotatedFile(tmp_path / "a.log", "run", max_bytes=10_000, keep=1)
    log = logging.Logger("full")
    log.addHandler(handler)

    def full(_text: str) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(handler, "stream", _Stream(handler.stream, full))
        log.warning("one")
        log.warning("two")
    handler.close()
    assert capsys.readouterr().err.count("No space left") == 1


class _Stream:
    """A stream of which one thing is different."""

    def __init__(self, stream: Any, write: Any) -> None:
        self._stream = stream
        self.write = write

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def test_no_password_is_in_a_log_file(settings):
    start_process_logging(settings, "worker-0")
    logging.getLogger("yanji").setLevel("DEBUG")
    refused = threading.Event()
    with FakeCamera() as camera:
        camera.script.password = ("yanji", "another")
        source = RtspSource("K01", camera.url(), Credentials("yanji", PASSWORD))
        capture = Capture(
            source,
            analyse_fps=5,
            on_frame=lambda frame: False,
            on_gap=lambda gap: refused.set(),
        )
        capture.start()
        assert refused.wait(20)
        capture.stop(10)
    path = log_path(settings, "worker-0")
    assert path is not None
    text = path.read_text(encoding="utf-8")
    assert "refused the user name or password" in text
    assert "Canary" not in text


def test_a_path_in_a_file_is_relative_to_that_file(tmp_path, monkeypatch):
    (tmp_path / "yanji.yaml").write_text("log_file: logs/yanji.log\n", encoding="utf-8")
    monkeypatch.chdir("/")
    assert load_settings(tmp_path / "yanji.yaml").log_file == tmp_path / "logs" / "yanji.log"


@pytest.mark.parametrize(
    "wrong", [{"log_file": ""}, {"log_file": "logs/"}, {"log_keep": 0}, {"log_max_mb": 0}]
)
def test_what_cannot_be_meant_is_refused(wrong, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError):
        load_settings(flags=wrong)
