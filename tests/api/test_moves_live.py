"""Real processes: an overloaded worker gives a camera away, and nobody's death loses one."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from yanji.api import mover as mover_module
from yanji.api.camera_cost import COST_FILE, CameraCosts, CostKeeper
from yanji.api.children import Child
from yanji.api.placement import MoveRules
from yanji.api.plan import Adopt, CameraPlan, Release
from yanji.api.supervisor import Supervisor
from yanji.configs.settings import load_settings
from yanji.configs.site import Camera
from yanji.index.reader import read_archive
from yanji.index.runs import StoredRun
from yanji.ingest.gap import Gap

HEAVY = ("heavy-1", "heavy-2")
IDS = (*HEAVY, "light")
RULES = MoveRules(overloaded_s=3, least_s=3, pause_s=60)


@pytest.fixture
def target(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    monkeypatch.syspath_prepend(Path(__file__).parent)
    import costly_worker

    found: Callable[..., None] = costly_worker.run_costly_worker
    assert sys.modules[found.__module__] is costly_worker
    return found


@contextmanager
def misplaced(archive: Path, target: Callable[..., None]) -> Iterator[Supervisor]:
    """Two workers at work: both heavy cameras in one, as they were thought to be cheap."""
    cameras = [Camera(id=name, url="rtsp://camera/1") for name in IDS]
    archive.mkdir()
    wrong = CameraCosts(cameras, {"heavy-1": 0.1, "heavy-2": 0.1, "light": 1.0})
    CostKeeper(archive, wrong).close()
    supervisor = Supervisor(
        load_settings(None, {"workers": 2}),
        [CameraPlan(camera, None) for camera in cameras],
        archive,
        rules=RULES,
        worker_target=target,
    )
    errors: list[BaseException] = []

    def work() -> None:
        try:
            supervisor.run()
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        wait(lambda: bool(errors) or all_up(supervisor), "all up")
        yield supervisor
    finally:
        supervisor.stop()
        thread.join(90)
        assert not thread.is_alive()
    assert errors == []


def wait(condition: Callable[[], bool], what: str, *, books: Supervisor | None = None) -> None:
    until = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < until, (what, books and books._mover, books and books._slots)
        time.sleep(0.05)


def all_up(supervisor: Supervisor) -> bool:
    return [beat.state for beat in supervisor.camera_beats] == ["up"] * len(IDS)


def held(supervisor: Supervisor) -> list[set[str]]:
    return [{plan.camera.id for plan in slot.plan.cameras} for slot in supervisor._slots]


def runs_and_gaps(archive: Path, camera_id: str) -> tuple[list[StoredRun], list[Gap]]:
    with read_archive(archive) as reader:
        runs = sorted(reader.runs(camera_id), key=lambda run: run.started_ns)
        return runs, list(reader.gaps(None, None, frozenset({camera_id})))


def test_a_camera_of_an_overloaded_worker_moves_to_one_that_has_room(
    tmp_path: Path, target: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    archive = tmp_path / "archive"
    with misplaced(archive, target) as supervisor:
        assert held(supervisor) == [{"light"}, set(HEAVY)]
        processes = supervisor.process_ids
        wait(lambda: supervisor.num_moves == 1, "a camera moved", books=supervisor)
        moved, stayed = HEAVY if "heavy-1" in held(supervisor)[0] else reversed(HEAVY)
        assert held(supervisor) == [{"light", moved}, {stayed}]
        wait(lambda: len(runs_and_gaps(archive, moved)[0]) == 2, "the second run")
        wait(lambda: all_up(supervisor), "all up again")
        assert supervisor.process_ids == processes, "no process was replaced"
        frames = {beat.camera_id: beat.num_frames for beat in supervisor.camera_beats}
        wait(
            lambda: all(b.num_frames > frames[b.camera_id] for b in supervisor.camera_beats),
            "frames of all",
        )
    assert f"camera {moved} moves from worker 1 to worker 0: worker 1 is overloaded" in caplog.text
    runs, gaps = runs_and_gaps(archive, moved)
    assert [run.end_reason for run in runs] == ["moved", "shutdown"]
    assert runs[0].ended_ns is not None
    outage = next(gap for gap in gaps if gap.cause == "worker")
    assert outage.from_ns == runs[0].ended_ns
    assert outage.to_ns is not None
    assert outage.to_ns >= runs[1].started_ns
    print(f"{(runs[1].started_ns - runs[0].ended_ns) / 1e9:.2f} s without a frame")
    assert 0 < (runs[1].started_ns - runs[0].ended_ns) / 1e9 < 10
    for other in ("light", stayed):
        runs, gaps = runs_and_gaps(archive, other)
        assert [run.end_reason for run in runs] == ["shutdown"]
        assert [gap.cause for gap in gaps] == ["shutdown"]
    # The next start knows better.
    assert '"heavy-1"' in (archive / COST_FILE).read_text("utf-8")


@pytest.mark.parametrize("order", [Release, Adopt])
def test_whoever_dies_in_the_middle_of_a_move_no_camera_is_lost(
    tmp_path: Path, target: Callable[..., None], monkeypatch: pytest.MonkeyPatch, order: Any
) -> None:
    archive = tmp_path / "archive"
    killed: list[int] = []

    def tell(child: Child, said: object) -> None:
        if isinstance(said, order) and not killed:
            assert child.process.pid is not None
            killed.append(child.process.pid)
            os.kill(child.process.pid, signal.SIGKILL)
        child.pipe.send(said)

    monkeypatch.setattr(mover_module, "tell", tell)
    with misplaced(archive, target) as supervisor:
        wait(lambda: bool(killed), "the middle of a move", books=supervisor)
        wait(lambda: killed[0] not in supervisor.process_ids.values(), "replaced")
        assert sorted(name for names in held(supervisor) for name in names) == sorted(IDS)
        wait(lambda: all_up(supervisor), "all up again")
        victim = held(supervisor)[1] if order is Release else held(supervisor)[0]
        assert victim == (set(HEAVY) if order is Release else {"light", *victim})
        assert len(victim) == 2
        for name in victim:
            wait(lambda name=name: len(runs_and_gaps(archive, name)[0]) >= 2, f"{name} again")
    for name in IDS:
        runs, gaps = runs_and_gaps(archive, name)
        for before, after in pairwise(runs):
            assert before.ended_ns is None or before.ended_ns <= after.started_ns
        # What is open at the end is what the end opened.
        assert [gap.cause for gap in gaps if gap.to_ns is None] == ["shutdown"]
        if len(runs) > 1:
            assert any(gap.cause == "worker" and gap.to_ns is not None for gap in gaps)
