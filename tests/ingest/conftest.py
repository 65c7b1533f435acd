"""Clips that the tests encode for themselves."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

START_NS = 1_790_000_000_000_000_000
MakeClip = Callable[..., Path]


def pattern(number: int, width: int, height: int) -> np.ndarray:
    """Top left quarter red, the rest dark grey, and a white bar that moves along the bottom."""
    image = np.full((height, width, 3), 40, np.uint8)
    image[: height // 2, : width // 2] = (0, 0, 230)
    left = number * 4 % (width - 8)
    image[-height // 4 :, left : left + 8] = 255
    return image


def encode(
    path: Path,
    *,
    num_frames: int = 30,
    rate: int = 25,
    size: tuple[int, int] = (160, 96),
    rotation_deg: int | None = None,
    sound: bool = False,
    picture: bool = True,
    pts: list[int] | None = None,
    container: dict[str, str] | None = None,
) -> Path:
    """Write a clip; `pts` are frame times in units of 1 / rate."""
    width, height = size
    with av.open(str(path), "w", options=container or {}) as out:
        video = audio = None
        if picture:
            video = out.add_stream("libx264", rate=rate)
            video.width, video.height, video.pix_fmt = width, height, "yuv420p"
            video.options = {"g": "10", "bf": "0", "preset": "ultrafast", "crf": "18"}
            video.codec_context.thread_count = 1
            if rotation_deg is not None:
                video.set_display_rotation(rotation_deg)
        if sound:
            audio = out.add_stream("aac", rate=16000)
        if video is not None:
            for number in range(num_frames):
                frame = av.VideoFrame.from_ndarray(pattern(number, width, height), "bgr24")
                frame.pts = pts[number] if pts else number
                frame.time_base = Fraction(1, rate)
                out.mux(video.encode(frame))
            out.mux(video.encode(None))
        if audio is not None:
            silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
            silence.sample_rate = 16000
            for number in range(20):
                silence.pts = number * 1024
                out.mux(audio.encode(silence))
            out.mux(audio.encode(None))
    return path


@pytest.fixture
def make_clip(tmp_path: Path) -> MakeClip:
    """Write a clip into the test's folder: `make_clip(name, **see encode)`."""

    def make(name: str = "clip.mp4", **wanted: object) -> Path:
        return encode(tmp_path / name, **wanted)  # type: ignore[arg-type]

    return make


@pytest.fixture
def footage() -> Path:
    """The shared street footage, where this checkout has it beside it."""
    folder = Path(__file__).parents[2].parent / "shared" / "footage"
    if not folder.is_dir():
        pytest.skip("real footage needs ../shared/footage")
    return folder


class FaultyServer:
    """Listens on the loopback and treats every connection to `behave(socket)` in a thread."""

    def __init__(self, behave: Callable[[socket.socket], None]) -> None:
        self._behave = behave
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            self._behave(connection)

    def close(self) -> None:
        for end in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        for thread in self._threads:
            thread.join(2)


@pytest.fixture
def faulty_server() -> Iterator[Callable[[Callable[[socket.socket], None]], FaultyServer]]:
    """Start servers that misbehave in a scripted way; all are closed at the end."""
    servers: list[FaultyServer] = []

    def start(behave: Callable[[socket.socket], None]) -> FaultyServer:
        servers.append(FaultyServer(behave))
        return servers[-1]

    yield start
    for server in servers:
        server.close()
