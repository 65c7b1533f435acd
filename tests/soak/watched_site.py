"""A whole installation in this test's hands: what it says of itself, and what its archive holds."""

from __future__ import annotations

import contextlib
import subprocess
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
from faults_table import wait

from yanji.api.plan import CameraBeat, CameraPlan
from yanji.api.server_child import ServerChild
from yanji.api.supervisor import Supervisor
from yanji.api.web.server_plan import ServerPlan
from yanji.configs.errors import YanjiError
from yanji.configs.settings import Settings
from yanji.configs.site import Camera, Credentials
from yanji.index.reader import read_archive
from yanji.ingest.gap import Gap

CANARY = "Canary-雁-geheim"
"""In every password: it must be found nowhere."""
TOKEN = "the token of this test"
LONG_GAP_S = 10.0
"""No frame for longer: it must be in the archive."""
PS_EVERY_S, SIZE_EVERY_S, LOOK_EVERY_S = 30.0, 5.0, 0.5
NOT_SECRET = ("Canary", "geheim")


def password_of(camera_id: str) -> str:
    return f"{CANARY}-{camera_id}"


def camera_plan(camera_id: str, url: str, analyse_fps: float) -> CameraPlan:
    camera = Camera(
        id=camera_id, url=url, username="root", password_env="X", analyse_fps=analyse_fps
    )
    return CameraPlan(camera, Credentials("root", password_of(camera_id)))


@dataclass(frozen=True, slots=True)
class Size:
    """What a process held at one moment."""

    at_s: float
    resident_mb: float
    num_threads: int
    num_files: int


class WatchedSite:
    """A supervisor at work in a thread; every half second it is looked at in another."""

    def __init__(self, plans: list[CameraPlan], folder: Path) -> None:
        self.folder = folder
        self.archive = folder / "archive"
        self.settings = Settings(
            workers=2, embedder="histogram", log_file=folder / "logs" / "yanji.log"
        )
        self.errors: list[BaseException] = []
        self.began_s = time.monotonic()
        self.sizes: dict[tuple[str, int], list[Size]] = {}
        """By role and process id, oldest first, taken where all cameras were well."""
        self.largest_mb: dict[str, float] = {}
        self.stretches: list[tuple[str, int, int]] = []
        """Camera, last frame before and first frame after more than `LONG_GAP_S` without one."""
        self.leaks: set[str] = set()
        """Where a password was seen."""
        self.processes: dict[str, list[int]] = {}
        """Process ids by role, in the order in which they came."""
        self._last_frame: dict[str, int] = {}
        self._over = threading.Event()
        (folder / "pictures").mkdir()
        plan = ServerPlan(
            settings=self.settings,
            site=None,
            archive=self.archive,
            token=TOKEN,
            live=True,
            pictures=folder / "pictures",
            host="127.0.0.1",
            port=0,
            warm=False,
        )
        self.page = ServerChild(plan)
        self.supervisor = Supervisor(
            self.settings,
            plans,
            self.archive,
            status_every_s=1.0,
            server=self.page,
            pictures=folder / "pictures",
            rules=None,  # no camera changes its worker: it is known who must not notice what
        )
        self._threads = [
            threading.Thread(target=one, daemon=True) for one in (self._work, self._look)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def now_s(self) -> float:
        """Since the start."""
        return time.monotonic() - self.began_s

    def beats(self) -> dict[str, CameraBeat]:
        while True:
            # The supervisor's own thread may take a worker's beat away in that moment.
            with contextlib.suppress(AttributeError):
                return {beat.camera_id: beat for beat in self.supervisor.camera_beats}

    def cameras_of_workers(self) -> dict[str, frozenset[str]]:
        return {
            f"worker-{slot.plan.number}": frozenset(one.camera.id for one in slot.plan.cameras)
            for slot in self.supervisor._slots
        }

    def gaps(self, camera_id: str) -> list[Gap]:
        with read_archive(self.archive) as reader:
            return list(reader.gaps(None, None, frozenset({camera_id})))

    def num_sightings(self) -> dict[str, int]:
        with read_archive(self.archive) as reader:
            counts: dict[str, int] = {}
            for sighting in reader.sightings():
                counts[sighting.camera_id] = counts.get(sighting.camera_id, 0) + 1
        return counts

    def is_well(self, camera_id: str, since_ns: int) -> bool:
        """Frames came after `since_ns`, and the archive says that nothing is missing any more."""
        beat = self.beats()[camera_id]
        return (
            beat.state == "up"
            and (beat.last_frame_wall_ns or 0) > since_ns
            and all(gap.to_ns is not None for gap in self.gaps(camera_id))
        )

    def wait(self, reached: Callable[[], bool], limit_s: float, what: str) -> float:
        waited_s = wait(lambda: bool(self.errors) or reached(), limit_s)
        assert not self.errors, self.errors
        assert reached(), f"not within {limit_s:.0f} s: {what}: {self.beats()}"
        return waited_s

    def wait_until_well(self, camera_ids: Iterable[str], limit_s: float = 90.0) -> None:
        since_ns = time.time_ns()
        ids = list(camera_ids)
        self.wait(lambda: all(self.is_well(one, since_ns) for one in ids), limit_s, f"{ids} well")

    def mark(self) -> None:
        """Note the size of every process; all cameras are well."""
        for role, process_id in self.supervisor.process_ids.items():
            with contextlib.suppress(psutil.NoSuchProcess):
                process = psutil.Process(process_id)
                size = Size(
                    self.now_s,
                    process.memory_info().rss / 1e6,
                    process.num_threads(),
                    process.num_fds(),
                )
                self.sizes.setdefault((role, process_id), []).append(size)

    def stop(self) -> None:
        self._over.set()
        self.supervisor.stop()
        for thread in self._threads:
            thread.join(90)
            assert not thread.is_alive()
        self.page.stop()

    def look_for_passwords(self, said: str) -> None:
        """Search everything that was written: logs, stderr, metrics, the page, the archive."""
        self._search("stderr", said)
        self._search("exceptions and beats", repr((self.errors, self.beats())))
        for path in self.folder.rglob("*"):
            if path.is_file():
                self._search(
                    str(path.relative_to(self.folder)), path.read_bytes().decode("latin-1")
                )

    def _search(self, place: str, text: str) -> None:
        if any(word in text for word in NOT_SECRET):
            self.leaks.add(place)

    def _work(self) -> None:
        try:
            self.supervisor.run()
        except YanjiError as error:
            self.errors.append(error)

    def _look(self) -> None:
        try:
            self._look_again_and_again()
        except BaseException as error:  # told by the test, in its own thread
            self.errors.append(error)

    def _look_again_and_again(self) -> None:
        next_size_s = next_ps_s = 0.0
        while not self._over.wait(LOOK_EVERY_S):
            self._look_at_frames()
            for role, process_id in self.supervisor.process_ids.items():
                known = self.processes.setdefault(role, [])
                if process_id not in known:
                    known.append(process_id)
            if self.now_s >= next_size_s:
                next_size_s = self.now_s + SIZE_EVERY_S
                for role, size in self.supervisor.resident.items():
                    self.largest_mb[role] = max(self.largest_mb.get(role, 0.0), size / 1e6)
            if self.now_s >= next_ps_s:
                next_ps_s = self.now_s + PS_EVERY_S
                self._look_outside()

    def _look_at_frames(self) -> None:
        for camera_id, beat in self.beats().items():
            newest_ns = beat.last_frame_wall_ns
            if newest_ns is None:
                continue
            before_ns = self._last_frame.get(camera_id, newest_ns)
            if newest_ns - before_ns > LONG_GAP_S * 1e9:
                self.stretches.append((camera_id, before_ns, newest_ns))
            self._last_frame[camera_id] = newest_ns

    def _look_outside(self) -> None:
        processes = subprocess.run(["ps", "axeww"], capture_output=True, text=True, check=True)
        self._search("ps", processes.stdout)
        if self.page.beat is None:
            return
        for path in ("/metrics", "/api/v1/cameras"):
            with contextlib.suppress(httpx.TransportError):
                answer = httpx.get(
                    f"{self.page.beat.url}{path}", headers={"Authorization": f"Bearer {TOKEN}"}
                )
                self._search(path, answer.text)
                assert answer.status_code == 200, answer.text


def not_covered_s(from_ns: int, to_ns: int, gaps: Iterable[Gap]) -> float:
    """Seconds of a stretch that no gap holds."""
    left_ns, at_ns = 0, from_ns
    for gap in sorted(gaps, key=lambda gap: gap.from_ns):
        end_ns = to_ns if gap.to_ns is None else gap.to_ns
        if end_ns <= at_ns or gap.from_ns >= to_ns:
            continue
        left_ns += max(0, gap.from_ns - at_ns)
        at_ns = max(at_ns, end_ns)
    return (left_ns + max(0, to_ns - at_ns)) / 1e9
