"""Every fault that a camera is played with, its bars, and what was measured of it."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from yanji.ingest.fake_camera import FakeCamera, swallowing_port
from yanji.ingest.fake_camera_process import fake_camera_process
from yanji.ingest.fake_film import Film
from yanji.ingest.fake_footage import Codec, Scene, Show
from yanji.ingest.fake_script import Mode, Script

SLOW_S = 3.0
"""Granted on top of every bar, as the machine that tests run on is shared."""
FOUND_S, FOUND_PICTURE_S, BACK_S = 10.0, 60.0, 15.0
BACK_CREDENTIALS_S = 62.0
NO_GAP_S = 10.0
"""How long a fault that must not cost anything lasts: a stream is given up after 8 s."""
FLAP_S, NUM_FLAPS = 5.0, 6

FILM_SCENE = Scene(width=960, height=540, fps=10, gop=20, num_frames=40)
"""As large and as fast as the films of the test city, so that nothing else changes with a fault."""
OTHER_SIZE = replace(FILM_SCENE, width=640, height=360)
"""Of the same shape: for another the detector keeps another compiled model, which is no leak."""


@dataclass
class Row:
    """What was measured of one fault, worst of all times it was played."""

    fault: str
    found_bar_s: float | None
    """None: it is none to the reader, and there must be no gap."""
    back_bar_s: float
    allowed: tuple[str, ...] = ()
    """What a gap must be recorded as."""
    found_s: float | None = None
    back_s: float = 0.0
    causes: set[str] = field(default_factory=set)
    num_played: int = 0

    def note(self, found_s: float | None, back_s: float, causes: set[str]) -> None:
        if found_s is not None:
            self.found_s = max(found_s, self.found_s or 0.0)
        self.back_s = max(self.back_s, back_s)
        self.causes |= causes
        self.num_played += 1

    def __str__(self) -> str:
        found = "-" if self.found_s is None else f"{self.found_s:.1f}"
        bar = "-" if self.found_bar_s is None else f"{self.found_bar_s:.0f}"
        causes = ", ".join(sorted(self.causes)) or "none"
        return (
            f"{self.fault:<24}{self.num_played:>4}{found:>9}{bar:>5}"
            f"{self.back_s:>9.1f}{self.back_bar_s:>5.0f}  {causes}"
        )

    def problems(self) -> list[str]:
        """Which bars were missed, for people."""
        missed = []
        if not self.num_played:
            missed.append("was never played")
        if self.found_bar_s is not None and (
            self.found_s is None or self.found_s > self.found_bar_s + SLOW_S
        ):
            missed.append(f"found after {self.found_s} s")
        if self.back_s > self.back_bar_s + SLOW_S:
            missed.append(f"back after {self.back_s:.1f} s")
        if self.num_played and bool(self.causes) != bool(self.allowed):
            missed.append(f"gaps {self.causes}, but must be {self.allowed}")
        if not self.causes <= set(self.allowed):
            missed.append(f"recorded as {self.causes}")
        return [f"{self.fault}: {problem}" for problem in missed]


HEAD = f"{'fault':<24}{'n':>4}{'found s':>9}{'bar':>5}{'back s':>9}{'bar':>5}  recorded as"


class Rig:
    """A camera that faults are played on, in this process or in one of its own at the same port."""

    def __init__(self, camera: FakeCamera, elsewhere: str) -> None:
        self.camera = camera
        self.elsewhere = elsewhere
        self._ordinary = camera.script.scene
        self._held = ExitStack()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def script(self) -> Script:
        return self.camera.script

    def become_a_process(self) -> None:
        self.camera.down()
        self.start_process()

    def start_process(self) -> None:
        self._held.close()
        given = self._held.enter_context(
            fake_camera_process(self._ordinary, self.camera.port, self.script.password)
        )
        assert given[0] == self.camera.port
        self.process = given[1]

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def swallow(self) -> None:
        self.camera.down()
        self._held.enter_context(swallowing_port(self.camera.port))

    def listen(self) -> None:
        self._held.close()
        self.camera.up()

    def show(self, scene: Scene) -> None:
        self.script.scene = scene

    def show_film(self) -> None:
        self.script.scene = self._ordinary

    def set_mode(self, mode: Mode, *, hang_up: bool = True) -> None:
        self.script.mode, self.script.elsewhere = mode, self.elsewhere
        if hang_up:
            self.camera.hang_up()

    def restore(self) -> None:
        """Make it an ordinary camera again; whoever reads a stream that is none is hung up on."""
        self.process = None
        told = self.script
        told.mode, told.ends_after, told.frozen = "play", None, False
        told.stamp_s = Script().stamp_s
        other_codec = isinstance(told.scene, Scene) and told.scene.codec != "h264"
        self.show_film()
        self.listen()
        if other_codec:
            self.camera.hang_up()


@dataclass(frozen=True)
class Fault:
    """What to do to a rig; `Rig.restore` follows when all was measured."""

    row: Row
    begin: Callable[[Rig], None]
    end: Callable[[Rig], None]
    prepare: Callable[[Rig], None] | None = None
    """Makes the camera another one, which must be well before the fault begins."""
    hold: Callable[[Rig], None] | None = None
    """Goes on with the fault once it was found; None: it just lasts."""

    def play_on(self, rig: Rig, held_s: float) -> None:
        """Let it last, once it was found."""
        if self.hold is not None:
            self.hold(rig)
        else:
            time.sleep(held_s if self.row.found_bar_s is not None else NO_GAP_S)


def nothing(rig: Rig) -> None:
    pass


def restarted(rig: Rig) -> None:
    """As a camera that restarts: those who still wait are hung up on."""
    rig.set_mode("play")


def by_mode(fault: str, mode: Mode, cause: str, back_s: float = BACK_S) -> Fault:
    """`redirect_later` waits for its second; the others meet who connects anew."""
    row = Row(fault, FOUND_S, back_s, (cause,))
    hang_up = mode != "redirect_later"
    return Fault(row, lambda rig: rig.set_mode(mode, hang_up=hang_up), restarted)


def by_show(fault: str, show: Show) -> Fault:
    scene = replace(FILM_SCENE, show=show)
    row = Row(fault, FOUND_PICTURE_S, BACK_S, (show,))
    return Fault(row, lambda rig: rig.show(scene), Rig.show_film)


def by_scene(fault: str, scene: Scene, cause: str | None = None) -> Fault:
    """Shown in mid-stream, and for ever: the camera is back as soon as it is read as it is."""
    row = Row(fault, FOUND_S if cause else None, BACK_S, (cause,) if cause else ())
    return Fault(row, lambda rig: rig.show(scene), nothing)


def jump(rig: Rig) -> None:
    rig.script.stamp_s = lambda media_s: media_s + (3600 if media_s % 2 > 1 else 0)


def end_stream(rig: Rig) -> None:
    rig.script.ends_after, rig.script.mode = 1, "hollow"


def stream_again(rig: Rig) -> None:
    rig.script.ends_after = None
    restarted(rig)


def flap(rig: Rig) -> None:
    """Down already: down and up, and down in the end."""
    for _ in range(NUM_FLAPS):
        time.sleep(FLAP_S)
        rig.camera.up()
        time.sleep(FLAP_S)
        rig.camera.down()


def down(rig: Rig) -> None:
    rig.camera.down()


def up(rig: Rig) -> None:
    rig.camera.up()


def other_codec(codec: Codec) -> Scene:
    return replace(FILM_SCENE, codec=codec)


def faults() -> list[Fault]:
    """All of them, in the order in which they are best played: those that last stand first."""
    gone = ("unreachable",)
    return [
        by_show("still picture", "still"),
        by_show("black", "black"),
        by_mode("401", "refuse", "credentials", BACK_CREDENTIALS_S),
        Fault(
            Row("up 5 s, down 5 s", FOUND_S, BACK_S, ("unreachable", "lost")), down, up, hold=flap
        ),
        Fault(
            Row("stopped (SIGSTOP)", FOUND_S, BACK_S, ("silent",)),
            lambda rig: rig.signal(signal.SIGSTOP),
            lambda rig: rig.signal(signal.SIGCONT),
            Rig.become_a_process,
        ),
        Fault(
            Row("killed", FOUND_S, BACK_S, gone),
            lambda rig: rig.signal(signal.SIGKILL),
            Rig.start_process,
            Rig.become_a_process,
        ),
        by_scene("new codec", other_codec("hevc"), "no_picture"),
        Fault(Row("port closed", FOUND_S, BACK_S, gone), down, up),
        Fault(Row("SYN swallowed", FOUND_S, BACK_S, gone), Rig.swallow, Rig.listen),
        by_mode("accepts, says nothing", "mute", "unreachable"),
        by_mode("garbage", "garbage", "unreachable"),
        by_mode("headers dripped", "drip", "unreachable"),
        by_mode("plays nothing", "hollow", "no_picture"),
        Fault(Row("end of stream", FOUND_S, BACK_S, ("no_picture",)), end_stream, stream_again),
        by_mode("302", "redirect", "redirect"),
        by_mode("302 for SETUP", "redirect_setup", "redirect"),
        by_mode("REDIRECT while playing", "redirect_later", "redirect"),
        by_mode("sound only", "sound", "no_picture"),
        by_scene("new size", OTHER_SIZE),
        by_scene("B-frames", replace(FILM_SCENE, num_b_frames=2)),
        Fault(Row("stamps to and fro", None, BACK_S), jump, nothing),
    ]


def encode_all(films: list[Film]) -> None:
    """Make everything that will be shown, so that no camera has to be waited for."""
    shows: tuple[Show, ...] = ("still", "black")
    for scene in (
        *films,
        *(replace(FILM_SCENE, show=show) for show in shows),
        replace(FILM_SCENE, num_b_frames=2),
        other_codec("hevc"),
        OTHER_SIZE,
    ):
        Script(scene=scene).footage()


def wait(reached: Callable[[], bool], at_most_s: float) -> float:
    """Seconds until `reached`; `at_most_s` when it was not."""
    began = time.monotonic()
    while not reached() and time.monotonic() - began < at_most_s:
        time.sleep(0.05)
    return time.monotonic() - began


def most_in_a_minute(moments_s: list[float]) -> int:
    """How many of the moments (sorted, seconds) lie within one minute, at most."""
    return max(
        (sum(first <= one < first + 60 for one in moments_s) for first in moments_s), default=0
    )


@contextlib.contextmanager
def canary() -> Iterator[tuple[str, list[int]]]:
    """A place that nobody may be sent to, and who came all the same."""
    came: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        over = threading.Event()

        def count() -> None:
            while not over.is_set():
                with contextlib.suppress(TimeoutError):
                    connection, (_, port) = listener.accept()
                    came.append(port)
                    connection.close()

        thread = threading.Thread(target=count)
        thread.start()
        yield f"rtsp://127.0.0.1:{listener.getsockname()[1]}/inner", came
        over.set()
        thread.join()
