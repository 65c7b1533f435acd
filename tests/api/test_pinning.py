"""Workers share the cores out, and stay where they are put."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from multiprocessing.connection import Connection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yanji.api import worker as worker_module
from yanji.api import worker_entry
from yanji.api.pinning import capacity_of, cores_of, pin, usable_cores
from yanji.api.plan import CameraPlan, WorkerPlan
from yanji.api.supervisor import Supervisor
from yanji.api.worker_slot import deal_out
from yanji.configs.settings import load_settings
from yanji.configs.site import Camera

needs_affinity = pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity"), reason="no such thing here"
)


@given(st.integers(1, 40), st.lists(st.integers(0, 200), min_size=1, max_size=40, unique=True))
def test_no_core_is_left_and_none_is_shared_without_need(num_workers, cores):
    cores.sort()
    shares = [cores_of(number, num_workers, cores) for number in range(num_workers)]
    used = [core for share in shares for core in share]
    assert set(used) == set(cores) if num_workers >= len(cores) else sorted(used) == cores
    assert all(shares)
    most = -(-num_workers // len(cores))
    assert max(used.count(core) for core in cores) == most
    # Capacities together are what the machine has.
    capacities = [capacity_of(n, num_workers, len(cores)) for n in range(num_workers)]
    assert sum(capacities) == pytest.approx(len(cores))


def test_one_core_for_each_worker():
    assert [cores_of(number, 2, [3, 7]) for number in range(2)] == [(3,), (7,)]
    assert [cores_of(number, 3, [3, 7]) for number in range(3)] == [(3,), (7,), (3,)]
    assert [capacity_of(number, 3, 2) for number in range(3)] == [0.5, 1.0, 0.5]
    assert cores_of(0, 1, range(16)) == tuple(range(16))
    assert cores_of(0, 4, ()) == ()
    assert capacity_of(0, 4, 0) == 1.0


def _say_where(cores: tuple[int, ...], pipe: Connection) -> None:
    import threading

    seen = []
    pinned = pin(cores)
    thread = threading.Thread(target=lambda: seen.append(os.sched_getaffinity(0)))
    thread.start()
    thread.join()
    pipe.send((pinned, os.sched_getaffinity(0), seen[0]))


@needs_affinity
def test_a_process_and_its_threads_stay_on_their_core():
    before = os.sched_getaffinity(0)
    last = max(before)
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=_say_where, args=((last,), theirs))
    process.start()
    assert ours.poll(30)
    assert ours.recv() == (True, {last}, {last})
    process.join(30)
    assert os.sched_getaffinity(0) == before


@needs_affinity
def test_a_core_that_is_gone_stops_nothing(caplog):
    before = os.sched_getaffinity(0)
    assert not pin((1_000,))
    assert "cannot be pinned to core 1000" in caplog.text
    assert os.sched_getaffinity(0) == before


def test_nothing_is_pinned_where_there_is_no_such_thing(monkeypatch):
    monkeypatch.delattr(os, "sched_setaffinity", raising=False)
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert usable_cores() == ()
    assert not pin((0,))
    assert not pin(())


@pytest.mark.parametrize("wanted", [True, False])
def test_the_setting_decides(wanted):
    cameras = [CameraPlan(Camera(id=f"K{n}", url="rtsp://camera/1"), None) for n in range(3)]
    settings = load_settings(None, {"workers": 2, "pin_workers": wanted})
    slots = deal_out(cameras, lambda camera: 0.2, settings, "", b"", None)
    cores = [slot.plan.cores for slot in slots]
    usable = usable_cores()
    assert cores == ([cores_of(n, 2, usable) for n in range(2)] if wanted else [(), ()])
    assert [len(slot.plan.cameras) for slot in slots] == [2, 1]
    assert Supervisor.worker_target is worker_entry.run_worker


def test_the_supervisor_names_a_worker_without_loading_what_one_needs(monkeypatch):
    told: list[object] = []
    monkeypatch.setattr(worker_module, "run_worker", lambda *given: told.append(given))
    plan = WorkerPlan(0, (), load_settings(), "", b"")
    worker_entry.run_worker(plan, None)
    assert told == [(plan, None)]
    heavy = "{'cv2', 'av', 'openvino', 'onnxruntime'}"
    code = f"import sys, yanji.api.supervisor; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_worker_pins_itself_before_anything_else(monkeypatch):
    done: list[str] = []
    for name in ("start_process_logging", "share_one_heap", "one_thread_each", "WriterLink"):
        monkeypatch.setattr(worker_module, name, lambda *_, name=name: done.append(name))
    monkeypatch.setattr(worker_module.signal, "signal", lambda *_: None)
    monkeypatch.setattr(worker_module, "pin", lambda cores: done.append(f"pin {cores}"))

    def stop(*_: object) -> None:
        raise RuntimeError("far enough")

    monkeypatch.setattr(worker_module, "WriterLink", stop)
    plan = WorkerPlan(0, (), load_settings(), "", b"", cores=(1,))
    with pytest.raises(RuntimeError, match="far enough"):
        worker_module.run_worker(plan, multiprocessing.Pipe()[0])
    assert done[:2] == ["start_process_logging", "pin (1,)"]
