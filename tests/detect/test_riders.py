"""Who is a rider and who only passes."""

from __future__ import annotations

import numpy as np
import pytest

from yanji.detect.riders import ridden

Box = tuple[float, float, float, float]
MACHINE = (100, 100, 140, 160)
WHOLE = (100, 40, 140, 160)


def says(machine: Box, *persons: Box) -> bool:
    boxes_14 = np.array([machine], np.float32)
    (answer,) = ridden(boxes_14, np.array(persons, np.float32).reshape(-1, 4))
    return bool(answer)


@pytest.mark.parametrize("machine", [MACHINE, WHOLE], ids=["machine alone", "with its rider"])
@pytest.mark.parametrize(
    ("person", "on_it"),
    [
        ((105, 40, 135, 140), True),
        ((105, 40, 135, 160), True),
        ((70, 40, 110, 140), False),
        ((140, 40, 180, 140), False),
        ((105, 125, 135, 158), False),
        ((105, 40, 135, 220), False),
        ((105, 0, 135, 38), False),
    ],
    ids=["rider", "feet down", "left of it", "right of it", "small", "in front", "far behind"],
)
def test_where_a_rider_is(machine: Box, person: Box, on_it: bool) -> None:
    assert says(machine, person) is on_it


def test_one_of_several_is_enough_and_none_is_none() -> None:
    assert says(MACHINE, (300, 40, 330, 140), (105, 40, 135, 140))
    assert not says(MACHINE)
    assert ridden(np.empty((0, 4), np.float32), np.ones((2, 4), np.float32)).shape == (0,)


def test_each_box_has_its_own_answer() -> None:
    boxes_24 = np.array([MACHINE, (300, 100, 340, 160)], np.float32)
    assert ridden(boxes_24, np.array([(305, 40, 335, 140)], np.float32)).tolist() == [False, True]
