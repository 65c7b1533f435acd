"""The inference process: as a child with rules, a real process, and in a real installation."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from yanji.api import inference_child
from yanji.api.children import RESTART_S, STEADY_S, Child
from yanji.api.inference_child import HANG_S, START_S, InferenceChild, InferenceChildren
from yanji.api.inference_cost import measure
from yanji.api.inference_process import (
    MAX_FAILURES_IN_A_ROW,
    InferenceBeat,
    InferencePlan,
    _compute,
)
from yanji.api.plan import STOP, CameraPlan, Failed
from yanji.api.supervisor import Supervisor
from yanji.configs.default_models import DEFAULT_EMBEDDER
from yanji.configs.errors import YanjiError
from yanji.configs.settings import Settings, load_settings
from yanji.configs.site import Camera
from yanji.detect.batching import Batcher, BatchLimits, FloatArray, ServedModel
from yanji.detect.card import load_card
from yanji.detect.runtimes.remote import InferenceClient
from yanji.index.reader import read_archive
from yanji.ingest.frame import BgrImage
from yanji.ingest.rtsp_server import serve_folder
from yanji.ingest.testcity.demo_data import clips_folder

BEAT = InferenceBeat(0, 1, 1, 0, 0, 5)
NO_CUDA = Failed("model", "The device cuda:0 needs onnxruntime with CUDA.", "Install it.", True)


class FakeProcess:
    """Lives until it is told otherwise."""

    def __init__(self, number: int, end: Connection) -> None:
        self.pid = number
        self.exitcode: int | None = None
        self._end = end

    def is_alive(self) -> bool:
        return self.exitcode is None

    def kill(self) -> None:
        self.exitcode = -9

    def join(self, timeout: float) -> None:
        pass

    def die(self) -> None:
        self.exitcode = 1
        self._end.close()


@dataclass
class Machine:
    """Starts fake processes; time passes when the test says so."""

    processes: list[FakeProcess] = field(default_factory=list)
    ends: list[Connection] = field(default_factory=list)
    now_s: float = 1000.0

    def spawn(self, target: Callable[..., None], plan: Any, name: str, now: float) -> Child:
        ours, theirs = multiprocessing.Pipe()
        process: Any = FakeProcess(len(self.processes) + 1, theirs)
        self.processes.append(process)
        self.ends.append(theirs)
        return Child(process, ours, now)

    def child(self) -> InferenceChild:
        plan = InferencePlan(0, load_settings(), "cuda:0", "/nowhere", b"")
        return InferenceChild(plan, clock=lambda: self.now_s)

    def up(self, child: InferenceChild) -> None:
        child.tend()
        self.ends[-1].send(BEAT)
        child.tend()

    def let_pass(self, child: InferenceChild, seconds: float, *, beating: bool = False) -> None:
        for _ in range(round(seconds)):
            self.now_s += 1.0
            if beating:
                self.ends[-1].send(BEAT)
            child.tend()


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine()
    monkeypatch.setattr(inference_child, "spawn", machine.spawn)
    return machine


def test_what_keeps_the_first_one_from_starting_is_an_error_of_the_command(
    machine: Machine,
) -> None:
    child = machine.child()
    child.tend()
    machine.ends[0].send(NO_CUDA)
    machine.processes[0].die()
    with pytest.raises(YanjiError, match="needs onnxruntime with CUDA") as raised:
        InferenceChildren([child]).wait_until_ready()
    assert (raised.value.code, raised.value.hint) == ("model", "Install it.")
    machine.let_pass(child, 20)
    assert len(machine.processes) == 1, "another try cannot help"


@pytest.mark.parametrize("how", ["dies", "says nothing"])
def test_one_that_never_computes_is_an_error_of_the_command(machine: Machine, how: str) -> None:
    child = machine.child()
    child.tend()
    if how == "dies":
        machine.processes[0].die()
    else:
        machine.let_pass(child, START_S)
        assert child.failure is None
    machine.let_pass(child, 2)
    assert child.failure is not None
    assert "inference process of cuda:0" in child.failure.message


def test_one_that_dies_later_is_replaced_whatever_its_last_words(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    child = machine.child()
    machine.up(child)
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            machine.ends[-1].send(NO_CUDA)  # as a driver in the middle of its reset has it
            machine.processes[-1].die()
            machine.let_pass(child, RESTART_S[-1] + 2)
    assert child.failure is None, "intake goes on and waits"
    assert len(machine.processes) == 4
    assert child.beat is None, "what the last one said is not true of this one"
    assert any("needs onnxruntime with CUDA" in record.getMessage() for record in caplog.records)


def test_one_that_hangs_is_replaced(machine: Machine) -> None:
    child = machine.child()
    machine.up(child)
    machine.let_pass(child, HANG_S - 1)
    assert child.process_id == 1
    machine.let_pass(child, 3)
    assert machine.processes[0].exitcode == -9
    assert child.process_id == 2


def test_failures_are_forgotten_when_it_is_steady(machine: Machine) -> None:
    child = machine.child()
    for _ in range(4):
        machine.up(child)
        machine.processes[-1].die()
        machine.let_pass(child, RESTART_S[-1] + 2)
    machine.up(child)
    machine.let_pass(child, STEADY_S + 5, beating=True)
    machine.processes[-1].die()
    number = len(machine.processes)
    machine.let_pass(child, 2)
    assert len(machine.processes) == number + 1


def test_they_are_told_to_stop_and_nobody_starts_them_again(machine: Machine) -> None:
    child = machine.child()
    machine.up(child)
    children = InferenceChildren([child])
    assert children.process_ids == {"inference-0": 1}
    assert children.resident == {"inference-0": 5}
    children.stop()
    assert machine.ends[0].recv() == STOP
    assert machine.processes[0].exitcode is not None
    children.tend()
    assert len(machine.processes) == 1
    assert children.process_ids == {}


def test_workers_are_dealt_out_to_devices() -> None:
    plans = [InferencePlan(n, load_settings(), f"cuda:{n}", f"/i-{n}", b"") for n in range(2)]
    two = InferenceChildren([InferenceChild(plan) for plan in plans])
    assert [two.address_for(worker) for worker in range(3)] == ["/i-0", "/i-1", "/i-0"]
    assert InferenceChildren().address_for(0) == ""


class FakeService:
    """Says how many workers are there."""

    def __init__(self, num_connections: int) -> None:
        self.num_connections = num_connections
        self.closed = False

    def close(self) -> None:
        self.closed = True


@dataclass
class Computing:
    """The computing loop, in a thread; `end` is the supervisor's end of its pipe."""

    end: Connection
    thread: threading.Thread
    batcher: Batcher

    def ends(self) -> bool:
        self.thread.join(10)
        return not self.thread.is_alive()

    def told(self) -> list[object]:
        found: list[object] = []
        while self.end.poll(0):
            found.append(self.end.recv())
        return found


def compute(
    monkeypatch: pytest.MonkeyPatch, service: FakeService, run: Callable[[BgrImage], FloatArray]
) -> Computing:
    monkeypatch.setattr("yanji.api.inference_process.BEAT_S", 0.05)
    monkeypatch.setattr("yanji.api.inference_process.STEP_S", 0.02)
    ours, theirs = multiprocessing.Pipe()
    plan = InferencePlan(0, load_settings(), "cuda:0", "", b"")
    batcher = Batcher({"m": ServedModel(run, "", "fake")}, BatchLimits(max_wait_s=0))
    seam: Any = service
    thread = threading.Thread(target=_compute, args=(plan, theirs, batcher, seam), daemon=True)
    thread.start()
    return Computing(ours, thread, batcher)


def fail(images_NHW3: BgrImage) -> FloatArray:
    raise RuntimeError("illegal memory access")


def answer_nothing(images_NHW3: BgrImage) -> FloatArray:
    return np.zeros((len(images_NHW3), 1), np.float32)


def test_a_device_that_fails_batch_after_batch_ends_its_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    computing = compute(monkeypatch, FakeService(1), fail)
    image = np.zeros((1, 4, 4, 3), np.uint8)
    for _ in range(MAX_FAILURES_IN_A_ROW):
        assert computing.thread.is_alive()
        assert computing.batcher.submit("m", image).exception(10) is not None
    assert computing.ends()
    last = computing.told()[-1]
    assert isinstance(last, Failed)
    assert not last.fatal, "the next process may do better"


@pytest.mark.parametrize("how", ["told", "alone"])
def test_it_serves_on_until_the_workers_have_closed_their_tracks(
    monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    service = FakeService(1)
    computing = compute(monkeypatch, service, answer_nothing)
    if how == "told":
        computing.end.send(STOP)
    else:
        computing.end.close()
    image = np.zeros((2, 4, 4, 3), np.uint8)
    for _ in range(10):
        assert computing.batcher.submit("m", image).result(10).shape == (2, 1)
        time.sleep(0.02)
    assert computing.thread.is_alive()
    service.num_connections = 0
    assert computing.ends()
    assert service.closed


def test_a_worker_that_never_leaves_does_not_keep_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yanji.api.inference_process.LAST_WORDS_S", 0.1)
    computing = compute(monkeypatch, FakeService(1), answer_nothing)
    computing.end.send(STOP)
    assert computing.ends()


def test_a_real_process_computes_dies_and_is_replaced(tmp_path: Path) -> None:
    """On the processor, as no device is at hand; everything else is as on one."""
    settings = load_settings(None, {"embedder": "histogram"})
    address = str(tmp_path / "i")
    child = InferenceChild(InferencePlan(0, settings, "cpu", address, b"key"))
    children = InferenceChildren([child])
    try:
        children.wait_until_ready()
        client = InferenceClient(address, b"key", while_waiting=children.tend)
        runtime = client(load_card("yolo11n"), (1, 192, 320))
        image = np.full((1, 192, 320, 3), 114, np.uint8)
        first = runtime.run(image).copy()
        assert runtime.name == "onnxruntime:CPU"
        before = child.process_id
        assert before is not None
        os.kill(before, signal.SIGKILL)
        assert np.array_equal(runtime.run(image), first)
        assert child.process_id != before
    finally:
        children.stop()
    assert children.process_ids == {}


def test_what_the_way_costs_can_be_measured_without_a_device() -> None:
    cost = measure(num_clients=2, num_pictures=5)
    assert cost.worker_cpu_ms > 0
    assert cost.process_cpu_ms > 0
    assert cost.round_trip_ms > 0
    assert 1 <= cost.pictures_per_batch <= 2


def install(archive: Path, urls: list[str], settings: Settings) -> Supervisor:
    plans = [CameraPlan(Camera(id=f"K0{n}", url=url), None) for n, url in enumerate(urls, 1)]
    return Supervisor(settings, plans, archive, status_every_s=0.5)


def test_a_device_that_is_not_there_ends_the_command_with_a_sentence(tmp_path: Path) -> None:
    settings = load_settings(None, {"device": "cuda:0", "embedder": "histogram", "workers": 1})
    supervisor = install(tmp_path / "archive", ["rtsp://127.0.0.1:9/x"], settings)
    with pytest.raises(YanjiError, match="cuda:0 needs onnxruntime with CUDA") as raised:
        supervisor.run()
    assert raised.value.code == "model"
    assert "onnxruntime-gpu" in raised.value.hint
    assert set(supervisor.process_ids) == {"supervisor"}


def test_a_killed_inference_process_costs_frames_and_no_gap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two workers, one process for both: killed, stopped by nobody else, and all tracks closed."""
    monkeypatch.setattr(Settings, "gpus", property(lambda self: ("cpu",)))
    archive = tmp_path / "archive"
    settings = load_settings(None, {"embedder": DEFAULT_EMBEDDER, "workers": 2})
    errors: list[BaseException] = []

    with serve_folder(clips_folder()) as server:
        urls = [server.url_of(f"K0{number}.mp4") for number in (1, 2)]
        supervisor = install(archive, urls, settings)

        def work() -> None:
            try:
                supervisor.run()
            except YanjiError as error:
                errors.append(error)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()

        def wait(condition: Callable[[], bool], what: str) -> None:
            until_s = time.monotonic() + 90
            while not condition():
                assert not errors, errors
                assert time.monotonic() < until_s, what
                time.sleep(0.1)

        def num_seen() -> int:
            return sum(beat.num_sightings for beat in supervisor.camera_beats)

        def num_dropped() -> int:
            return sum(beat.num_dropped for beat in supervisor.camera_beats)

        try:
            wait(lambda: num_seen() >= 2, "sightings")
            before = supervisor.process_ids
            assert {"inference-0", "worker-0", "worker-1"} <= set(before)
            wait(lambda: "inference-0" in supervisor.resident, "its beat")
            dropped = num_dropped()
            os.kill(before["inference-0"], signal.SIGKILL)
            wait(
                lambda: (
                    supervisor.process_ids.get("inference-0", 0) not in (0, before["inference-0"])
                ),
                "replaced",
            )
            wait(lambda: num_dropped() > dropped, "what could not be analysed is counted")
            seen = num_seen()
            wait(lambda: num_seen() >= seen + 2, "sightings again")
            after = supervisor.process_ids
            assert [after[f"worker-{n}"] for n in (0, 1)] == [before[f"worker-{n}"] for n in (0, 1)]
        finally:
            supervisor.stop()
            thread.join(90)
    assert errors == []
    assert not thread.is_alive()
    with read_archive(archive) as reader:
        assert {gap.cause for gap in reader.gaps(None, None, None)} <= {"shutdown"}
        sightings = reader.sightings()
        assert len(sightings) >= 4
        assert {sighting.state for sighting in sightings} == {"closed"}
