"""A camera is in the plan of exactly one worker, whoever dies in the middle of a move."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yanji.api import mover as mover_module
from yanji.api.camera_cost import CameraCosts
from yanji.api.mover import Mover
from yanji.api.placement import MoveRules
from yanji.api.plan import Adopt, CameraPlan, Release, Released, WorkerBeat
from yanji.api.worker_slot import WorkerSlot, deal_out, no_beat
from yanji.configs.settings import load_settings
from yanji.configs.site import Camera

RULES = MoveRules()
COSTS = {"K01": 0.4, "K02": 0.1, "K03": 0.35, "K04": 0.3}


class Installation:
    """Two workers that are only books: 0 has K01 and K03 and K04, 1 has K02."""

    def __init__(self, rules: MoveRules | None = RULES) -> None:
        plans = [CameraPlan(Camera(id=name, url="rtsp://camera/1"), None) for name in COSTS]
        settings = load_settings(None, {"workers": 2, "pin_workers": False})
        self.costs = CameraCosts([plan.camera for plan in plans], {})
        misjudged = {"K01": 0.1, "K02": 1.0, "K03": 0.1, "K04": 0.1}
        cost_of = lambda camera: misjudged[camera.id]  # noqa: E731
        # The dear one alone, as it was thought: worker 0 gets K02.
        slots = deal_out(plans, cost_of, settings, "", b"", None)
        self.slots = [replace(slot, capacity=1.0) for slot in slots]
        self.mover = Mover(self.costs, rules)
        self.told: list[tuple[Any, Any]] = []
        self.now_s = 0.0
        self.down: set[str] = set()
        self.cpu_s: dict[Any, float] = {}
        for slot in self.slots:
            self.start(slot)

    def start(self, slot: WorkerSlot) -> None:
        child: Any = object()
        slot.child = child

    def die(self, slot: WorkerSlot) -> None:
        slot.prepare_replacement(self.now_s)
        self.mover.replaced(slot)

    def run(self, seconds: int, costs: dict[str, float] | None = None) -> None:
        """Let time pass with beats every second."""
        costs = COSTS if costs is None else costs
        for _ in range(seconds):
            self.now_s += 1.0
            for slot in self.slots:
                if slot.child is not None:
                    self.beat(slot, costs)
            self.mover.tend(self.slots, self.now_s)

    def beat(self, slot: WorkerSlot, costs: dict[str, float]) -> None:
        beats = []
        for plan in slot.plan.cameras:
            key = (id(slot.child), plan.camera.id)
            self.cpu_s[key] = self.cpu_s.get(key, 0.0) + costs[plan.camera.id]
            one = replace(no_beat(plan.camera.id), cpu_s=self.cpu_s[key])
            one = replace(one, state="down" if plan.camera.id in self.down else "up")
            beats.append(replace(one, num_sightings=3, last_frame_wall_ns=round(self.now_s * 1e9)))
        key = (id(slot.child), "")
        used = sum(costs[plan.camera.id] for plan in slot.plan.cameras)
        self.cpu_s[key] = self.cpu_s.get(key, 0.0) + used
        said = WorkerBeat(slot.plan.number, tuple(beats), 0, cpu_s=self.cpu_s[key])
        slot.beat = said
        self.mover.heard(slot, said, self.now_s)

    @property
    def held(self) -> list[list[str]]:
        return [[plan.camera.id for plan in slot.plan.cameras] for slot in self.slots]

    def sees_each_once(self) -> bool:
        return sorted(name for names in self.held for name in names) == sorted(COSTS)


@pytest.fixture
def installation(monkeypatch: pytest.MonkeyPatch) -> Installation:
    made = Installation()
    monkeypatch.setattr(mover_module, "tell", lambda child, order: made.told.append((child, order)))
    return made


def release(installation: Installation, camera_id: str, num_sightings: int = 3) -> None:
    slot = next(
        s
        for s, held in zip(installation.slots, installation.held, strict=True)
        if camera_id in held
    )
    said = Released(camera_id, 77, num_sightings)
    installation.mover.released(slot, said, installation.slots, installation.now_s)


def test_an_overloaded_worker_gives_a_camera_away(installation, caplog):
    giver, receiver = installation.slots[1], installation.slots[0]
    assert installation.held == [["K02"], ["K01", "K03", "K04"]]
    installation.run(40)
    assert installation.told == []  # measured for 20 s, overloaded for 20
    installation.run(20)
    assert installation.told == [(giver.child, Release("K01"))]
    assert installation.held == [["K02"], ["K01", "K03", "K04"]]  # until it says so
    assert installation.sees_each_once()
    release(installation, "K01")
    assert installation.held == [["K02", "K01"], ["K03", "K04"]]
    order = installation.told[-1]
    assert order[0] is receiver.child
    assert isinstance(order[1], Adopt)
    assert (order[1].plan.camera.id, order[1].plan.down_since_ns) == ("K01", 77)
    assert installation.mover.num_moves == 1
    assert "camera K01 moves from worker 1 to worker 0" in caplog.text
    assert [b.num_sightings for b in receiver.camera_beats if b.camera_id == "K01"] == [3]
    installation.run(600)
    assert len(installation.told) == 2, "it bounces"
    assert [b.num_sightings for b in receiver.camera_beats if b.camera_id == "K01"] == [6]


def test_sightings_of_all_its_processes_and_workers_count(installation):
    giver, receiver = installation.slots[1], installation.slots[0]
    installation.run(30)
    installation.die(giver)
    installation.start(giver)
    installation.run(60)
    assert installation.told[-1] == (giver.child, Release("K01"))
    release(installation, "K01", num_sightings=5)
    assert receiver.sightings_before["K01"] == 8
    assert "K01" not in giver.sightings_before


def test_a_giver_that_dies_keeps_the_camera(installation):
    giver = installation.slots[1]
    installation.run(60)
    assert len(installation.told) == 1
    installation.die(giver)
    assert installation.held == [["K02"], ["K01", "K03", "K04"]]
    installation.start(giver)
    installation.run(120)
    orders = [order for _, order in installation.told]
    assert orders == [Release("K01"), Release("K03")], "K01 was told to go a moment ago"
    # What the old process still said of it moves nothing to anywhere.
    release(installation, "K01")
    assert installation.sees_each_once()
    assert "K01" in installation.held[1]
    assert installation.told[-1] == (giver.child, Adopt(giver.plan.cameras[-1]))


def test_a_receiver_that_dies_has_it_in_the_plan_of_its_next_process(installation):
    receiver = installation.slots[0]
    installation.run(60)
    installation.die(receiver)
    release(installation, "K01")
    assert installation.held == [["K02", "K01"], ["K03", "K04"]]
    assert len(installation.told) == 1, "nobody was there to be told"
    # The next process may die as well before it says a word of it.
    installation.start(receiver)
    installation.die(receiver)
    plan = receiver.plan.cameras[-1]
    assert (plan.camera.id, plan.down_since_ns) == ("K01", 77)
    assert receiver.camera_beats[-1].num_sightings == 3


def test_without_rules_nothing_moves(monkeypatch):
    installation = Installation(rules=None)
    told: list[object] = []
    monkeypatch.setattr(mover_module, "tell", lambda child, order: told.append(order))
    installation.run(300)
    assert told == []
    assert installation.costs.measured()["K01"] == pytest.approx(0.4)


def test_a_camera_that_is_down_does_not_move(installation):
    installation.down = {"K01"}
    installation.run(60)
    assert [order for _, order in installation.told] == [Release("K03")]


def test_what_is_released_twice_or_unknown_changes_nothing(installation):
    installation.run(60)
    release(installation, "K01")
    held = installation.held
    giver = installation.slots[1]
    for camera_id in ("K01", "K99"):
        said = Released(camera_id, 1, 1)
        installation.mover.released(giver, said, installation.slots, 0.0)
    assert installation.held == held


EVENTS = st.sampled_from(
    ["pass", "die 0", "die 1", "start 0", "start 1", *(f"release {name}" for name in COSTS)]
)


@given(st.lists(EVENTS, max_size=25))
def test_whatever_happens_each_camera_has_one_worker(events):
    with pytest.MonkeyPatch.context() as patched:
        installation = Installation(MoveRules(pause_s=1, stay_s=1))
        patched.setattr(mover_module, "tell", lambda child, order: None)
        installation.run(60)
        for event in events:
            what, _, which = event.partition(" ")
            if what == "pass":
                installation.run(20)
            elif what == "release":
                release(installation, which)
            elif what == "die" and installation.slots[int(which)].child is not None:
                installation.die(installation.slots[int(which)])
            elif what == "start":
                installation.start(installation.slots[int(which)])
            assert installation.sees_each_once()
