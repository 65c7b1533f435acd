"""Held uploads: bounded by bytes and by time, the longest unused one goes first."""

from __future__ import annotations

import numpy as np
import pytest

from yanji.api.web.problems import RequestError
from yanji.api.web.snapshots import MAX_QUERIES, DescribedVehicle, HeldSnapshot, HeldSnapshots
from yanji.detect.detections import Detections
from yanji.reid.sighting import Embedding

NOTHING = Detections(
    np.zeros((0, 4), np.float32),
    np.zeros(0, np.float32),
    np.zeros(0, np.int64),
    np.zeros((0, 4), np.float32),
)


def held(name: str, num_bytes: int = 1000) -> HeldSnapshot:
    return HeldSnapshot(name, bytes(num_bytes), 10, 10, b"jpeg", None, NOTHING)


def test_the_longest_unused_one_goes_when_there_is_no_room():
    room = 3 * held("x", 1_000_000).num_bytes
    snapshots = HeldSnapshots(max_bytes=room)
    for name in "abc":
        snapshots.put(held(name, 1_000_000))
    assert snapshots.find("a") is not None, "asking for it keeps it"
    snapshots.put(held("d", 1_000_000))
    assert snapshots.find("b") is None
    assert [name for name in "acd" if snapshots.find(name)] == ["a", "c", "d"]
    assert snapshots.num_bytes <= room


def test_one_that_is_larger_than_all_the_room_is_held_alone():
    snapshots = HeldSnapshots(max_bytes=100)
    snapshots.put(held("a"))
    snapshots.put(held("b"))
    assert snapshots.find("a") is None
    assert snapshots.find("b") is not None


def test_after_an_hour_it_is_gone():
    now = [0.0]
    snapshots = HeldSnapshots(hold_s=60, clock=lambda: now[0])
    snapshots.put(held("a"))
    now[0] = 60
    assert snapshots.find("a") is not None
    now[0] = 121
    assert snapshots.find("a") is None
    assert snapshots.num_bytes == 0
    with pytest.raises(RequestError) as raised:
        snapshots.get("a")
    assert raised.value.code == "unknown_snapshot"


def test_the_same_file_is_held_once():
    snapshots = HeldSnapshots()
    first = snapshots.put(held("a"))
    assert snapshots.put(held("a")) is first
    assert snapshots.num_bytes == first.num_bytes


def test_described_vehicles_of_one_snapshot_are_bounded():
    snapshots = HeldSnapshots()
    one = snapshots.put(held("a"))
    vector = Embedding("m", "0" * 64, np.ones(4, np.float32))
    for number in range(MAX_QUERIES + 5):
        box = (0.0, 0.0, 9.0, float(number))
        snapshots.remember(one, box, DescribedVehicle(box, None, (), vector))
    assert len(one.described) == MAX_QUERIES
    assert (0.0, 0.0, 9.0, 0.0) not in one.described
