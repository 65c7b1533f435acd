"""Live cameras: a real server on the loopback, and servers that misbehave."""

from __future__ import annotations

import base64
import itertools
import os
import signal
import socket
import subprocess
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import av.logging
import pytest

from yanji.configs.errors import (
    CredentialsError,
    LostError,
    SourceError,
    UnreachableError,
    UsageError,
)
from yanji.ingest.clock import SystemClock
from yanji.ingest.credentials import Credentials, check_camera_url, safe_url
from yanji.ingest.rtsp import RtspSource
from yanji.ingest.rtsp_connection import RtspLimits
from yanji.ingest.rtsp_server import serve_folder

PASSWORD = "Canary:7@/% geheim#雁"
SHORT = RtspLimits(open_s=1.0, read_s=0.5, silence_s=1.5)


def everything_said(error: BaseException) -> str:
    """All that a log, a crash report or a debugger could print of an error and its ancestors."""
    texts, waiting, seen = [], [error], set()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        texts += [str(one), repr(one), repr(one.args), repr(vars(one))]
        texts += traceback.format_exception(one)
        for frame, _ in traceback.walk_tb(one.__traceback__):
            if "/yanji/" in frame.f_code.co_filename or "/ingest/" in frame.f_code.co_filename:
                texts += [repr(value) for value in frame.f_locals.values()]
        waiting += [other for other in (one.__cause__, one.__context__) if other is not None]
    return "\n".join(texts)


def assert_no_password(text: str) -> None:
    for secret in (PASSWORD, quote(PASSWORD, safe="")):
        assert secret not in text
    assert "Canary" not in text


def answer(status: str, extra: str = "") -> Callable[[socket.socket], None]:
    """Behave like a camera that answers every request with `status`."""

    def behave(connection: socket.socket) -> None:
        data = b""
        while chunk := connection.recv(4096):
            data += chunk
            while b"\r\n\r\n" in data:
                request, _, data = data.partition(b"\r\n\r\n")
                number = next(
                    line.split(b":")[1].strip().decode()
                    for line in request.split(b"\r\n")
                    if line.lower().startswith(b"cseq")
                )
                reply = f"RTSP/1.0 {status}\r\nCSeq: {number}\r\n{extra}\r\n"
                connection.sendall(reply.encode())

    return behave


def drip(connection: socket.socket) -> None:
    """Answer one byte at a time: every single read succeeds, the whole never ends."""
    for byte in b"RTSP/1.0 200 OK\r\n" + b"X-Filler: none\r\n" * 5:
        connection.sendall(bytes([byte]))
        time.sleep(0.1)


@pytest.fixture
def camera(make_clip, tmp_path):
    make_clip("gate.mp4", num_frames=25)
    with serve_folder(tmp_path) as server:
        yield server


def test_frames_of_a_real_stream(camera):
    source = RtspSource("K01", camera.url_of("gate.mp4"))
    before_ns = time.time_ns()
    with source.connect() as connection:
        frames = list(itertools.islice(connection, 30))  # beyond one loop of the clip
        assert connection.run.kind == "rtsp"
        assert connection.run.source == safe_url(camera.url_of("gate.mp4"))
        assert connection.run.content_sha256 is None
    after_ns = time.time_ns()
    assert [frame.number for frame in frames] == list(range(30))
    assert frames[0].stream_s == 0.0
    assert frames[0].wall_ns == connection.run.started_ns
    for earlier, later in itertools.pairwise(frames):
        assert later.stream_s >= earlier.stream_s
        assert later.wall_ns >= earlier.wall_ns
    assert frames[-1].stream_s == pytest.approx(29 / 25, abs=0.15)
    assert before_ns <= frames[0].wall_ns <= frames[-1].wall_ns <= after_ns
    assert frames[0].picture.bgr().shape == (96, 160, 3)
    with source.connect() as again:
        assert again.run.run_id != connection.run.run_id


def test_connections_leak_neither_files_nor_threads(camera, faulty_server):
    refusing = faulty_server(answer("404 Not Found"))
    good = RtspSource("K01", camera.url_of("gate.mp4"))
    bad = RtspSource("K01", f"rtsp://127.0.0.1:{refusing.port}/", limits=SHORT)

    def go_round() -> None:
        with good.connect() as connection:
            next(iter(connection))
        with pytest.raises(UnreachableError):
            bad.connect()

    def num_files() -> int:
        # Without the far ends of the refused connections, which the fake keeps in this process.
        return len(list(Path("/proc/self/fd").iterdir())) - len(refusing._open)

    go_round()
    before = num_files()
    for _ in range(5):
        go_round()
    assert num_files() <= before


def test_the_end_of_a_stream_is_a_loss(camera):
    source = RtspSource("K01", camera.url_of("gate.mp4", loop=False), limits=SHORT)
    with source.connect() as connection, pytest.raises(LostError):
        list(connection)


def test_a_killed_server_is_a_loss(camera):
    with RtspSource("K01", camera.url_of("gate.mp4")).connect() as connection:
        frames = iter(connection)
        next(frames)
        os.kill(camera.pid, signal.SIGKILL)
        with pytest.raises(LostError):
            list(frames)


def test_a_frozen_server_is_a_loss_in_bounded_time(camera):
    source = RtspSource("K01", camera.url_of("gate.mp4"), limits=RtspLimits(read_s=0.5))
    with source.connect() as connection:
        frames = iter(connection)
        next(frames)
        os.kill(camera.pid, signal.SIGSTOP)
        began = time.monotonic()
        with pytest.raises(LostError, match="silent"):
            list(frames)
        assert time.monotonic() - began < 3


def test_the_default_limits_notice_a_frozen_camera_within_ten_seconds():
    limits = RtspLimits()
    assert 2 * limits.read_s < 10
    assert limits.open_s + max(2 * limits.read_s, limits.silence_s) < 15  # what a watchdog grants


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden"])
def test_a_refused_password_is_a_state_of_its_own_and_never_shown(
    faulty_server, status, caplog, capfd
):
    extra = 'WWW-Authenticate: Basic realm="camera"\r\n' if status.startswith("401") else ""
    server = faulty_server(answer(status, extra))
    source = RtspSource(
        "K01", f"rtsp://127.0.0.1:{server.port}/live", Credentials("root", PASSWORD), limits=SHORT
    )
    caplog.set_level(0)
    with pytest.raises(CredentialsError) as caught:
        source.connect()
    assert caught.value.retryable
    assert f"127.0.0.1:{server.port}/live" in caught.value.message
    assert_no_password(everything_said(caught.value))
    assert_no_password(repr(source))
    assert_no_password(caplog.text + "".join(capfd.readouterr()))


def test_the_password_reaches_the_camera_as_it_was_written(faulty_server):
    received = []

    def behave(connection: socket.socket) -> None:
        while data := connection.recv(8192):
            for line in data.decode("utf-8", "replace").split("\r\n"):
                if line.startswith("Authorization: Basic "):
                    received.append(base64.b64decode(line[21:]).decode())
            number = data.split(b"CSeq:")[1].split(b"\r\n")[0].strip().decode()
            connection.sendall(
                f"RTSP/1.0 401 Unauthorized\r\nCSeq: {number}\r\n"
                'WWW-Authenticate: Basic realm="c"\r\n\r\n'.encode()
            )

    server = faulty_server(behave)
    source = RtspSource(
        "K01", f"rtsp://127.0.0.1:{server.port}/", Credentials("ro ot", PASSWORD), limits=SHORT
    )
    with pytest.raises(CredentialsError):
        source.connect()
    assert received[0] == f"ro ot:{PASSWORD}"


def test_no_password_in_any_failure_nor_in_the_process_list(camera, faulty_server, caplog, capfd):
    caplog.set_level(0)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        closed = unused.getsockname()[1]
    silent = faulty_server(lambda connection: connection.recv(1) and time.sleep(3))
    dripping = faulty_server(drip)
    garbage = faulty_server(lambda connection: connection.sendall(os.urandom(4000)))
    missing = camera.url_of("none.mp4")
    errors: list[SourceError] = []
    for url in (
        f"rtsp://127.0.0.1:{closed}/",
        f"rtsp://127.0.0.1:{silent.port}/",
        f"rtsp://127.0.0.1:{garbage.port}/",
        missing,
        f"rtsp://127.0.0.1:{dripping.port}/",
        "rtsp://no-such-host.invalid/",
    ):
        source = RtspSource("K01", url, Credentials("root", PASSWORD), limits=SHORT)
        began = time.monotonic()
        with pytest.raises(UnreachableError) as caught:
            source.connect()
        assert time.monotonic() - began < 5
        errors.append(caught.value)
    source = RtspSource("K01", camera.url_of("gate.mp4"), Credentials("root", PASSWORD))
    with source.connect() as connection:
        frames = iter(connection)
        first = next(frames)
        processes = subprocess.run(["ps", "axww"], capture_output=True, text=True, check=True)
        os.kill(camera.pid, signal.SIGKILL)
        with pytest.raises(LostError) as lost:
            list(frames)
    for error in (*errors, lost.value):
        assert_no_password(everything_said(error))
    assert_no_password(processes.stdout)
    assert_no_password(repr(connection) + repr(first.run) + repr(source))
    assert_no_password(caplog.text + "".join(capfd.readouterr()))
    assert "refuses connections" in errors[0].message
    assert "does not answer" in errors[1].message
    assert "no such stream" in errors[3].message
    assert "does not answer" in errors[4].message


def test_connecting_silences_libav_even_when_someone_turned_it_on():
    av.logging.set_level(av.logging.DEBUG)
    with pytest.raises(UnreachableError):
        RtspSource("K01", "rtsp://127.0.0.1:9/", limits=SHORT).connect()
    assert av.logging.get_level() is None


def test_a_clock_that_is_set_ends_the_run(camera):
    class JumpingClock(SystemClock):
        jump_ns = 0

        def wall_ns(self) -> int:
            return super().wall_ns() + self.jump_ns

    clock = JumpingClock()
    with RtspSource("K01", camera.url_of("gate.mp4"), clock=clock).connect() as connection:
        frames = iter(connection)
        early = list(itertools.islice(frames, 3))
        clock.jump_ns = -400_000_000  # slewing and small steps do not reorder
        more = list(itertools.islice(frames, 3))
        assert more[0].wall_ns >= early[-1].wall_ns
        clock.jump_ns = -3_600_000_000_000
        with pytest.raises(LostError, match="clock"):
            list(frames)


@pytest.mark.parametrize(
    "url",
    [
        "http://camera/",
        "rtsp:///path",
        "file:///etc/passwd",
        "rtsp://camera:0/",
        "rtsp://camera:99999/",
        "rtsp://cam era/",
        "rtsp://camera/\r\nX: y",
        "",
        "rtsp://root:Canary@camera/",
        "rtsp://root@camera/",
        "rtsp://[::1/",
    ],
)
def test_urls_that_are_refused(url):
    with pytest.raises(UsageError) as caught:
        check_camera_url(url)
    assert "Canary" not in caught.value.message + caught.value.hint


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rtsp://root:Canary@camera:554/h264?x=1", "rtsp://camera:554/h264?x=1"),
        ("rtsp://a@b:Canary@camera/x", "rtsp://camera/x"),
        ("rtsp://camera/?user=a&password=Canary&channel=1", None),
        ("rtsp://camera/user=admin_password=Canary_channel=1.sdp", None),
    ],
)
def test_what_is_shown_of_a_url(url, shown):
    assert "Canary" not in safe_url(url)
    assert "camera" in safe_url(url)
    if shown:
        assert safe_url(url) == shown


def test_the_server_ends_with_its_block_and_with_its_parent(make_clip, tmp_path):
    make_clip("gate.mp4", num_frames=5)
    with serve_folder(tmp_path) as server:
        os.kill(server.pid, 0)
        with (
            pytest.raises(SourceError, match="did not start"),
            serve_folder(tmp_path, port=server.port),
        ):
            pytest.fail("two servers on one port")
    with pytest.raises(ProcessLookupError):
        os.kill(server.pid, 0)
    with pytest.raises(SourceError, match="no folder"), serve_folder(tmp_path / "none"):
        pytest.fail("served nothing")
    code = (
        "import os, sys, pathlib\n"
        "from yanji.ingest.rtsp_server import serve_folder\n"
        "with serve_folder(pathlib.Path(sys.argv[1])) as server:\n"
        "    print(server.pid, flush=True)\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    parent = subprocess.run(
        [os.sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False
    )
    orphan = Path("/proc") / parent.stdout.strip()
    deadline = time.monotonic() + 5
    while orphan.exists() and "Z" not in _state(orphan) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not orphan.exists() or "Z" in _state(orphan)


def _state(process: Path) -> str:
    try:
        return (process / "stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"
