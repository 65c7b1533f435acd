"""Direction of travel: angles, what is too little to tell, points of the compass, derived views."""

from __future__ import annotations

import pytest

from yanji.detect.travel import (
    COMPASS,
    DIRECTIONS,
    MIN_SCORE,
    TOLERANCE_DEG,
    Travel,
    apart,
    bearing_of,
    compass_of,
    goes,
    on_ground,
    travel_of,
    view_of,
)


def straight(across: float, down: float, size_px: float = 50.0) -> Travel | None:
    path_px = (across**2 + down**2) ** 0.5
    return travel_of((300.0, 200.0), (300.0 + across, 200.0 + down), path_px, size_px)


@pytest.mark.parametrize(
    ("across", "down", "angle_deg"),
    [(0, -200, 0.0), (200, 0, 90.0), (0, 200, 180.0), (-200, 0, 270.0), (200, -200, 45.0)],
)
def test_angles_are_clockwise_from_up(across: float, down: float, angle_deg: float) -> None:
    assert straight(across, down) == Travel(angle_deg, 1.0)


def test_an_angle_just_below_a_full_turn_is_rounded_to_none() -> None:
    travel = straight(-0.001, -200)
    assert travel is not None
    assert travel.angle_deg == 0.0


@pytest.mark.parametrize(
    ("across", "path_px", "size_px", "told"),
    [
        (0.0, 0.0, 50.0, False),  # nothing moved
        (29.0, 29.0, 50.0, False),  # less than 0.6 of its size
        (31.0, 31.0, 50.0, True),
        (100.0, 400.0, 50.0, False),  # to and fro
        (100.0, 200.0, 50.0, True),
        (100.0, 90.0, 50.0, True),  # a path that rounding made too short
        (5.0, 5.0, 0.0, True),  # no size: as of one pixel
    ],
)
def test_what_is_told(across: float, path_px: float, size_px: float, told: bool) -> None:
    travel = travel_of((0.0, 0.0), (across, 0.0), path_px, size_px)
    assert (travel is not None) == told
    assert travel is None or MIN_SCORE <= travel.score <= 1.0


def test_farther_and_straighter_is_surer() -> None:
    scores = [
        travel_of((0.0, 0.0), (moved, 0.0), path_px, 50.0)
        for moved, path_px in ((40.0, 40.0), (60.0, 60.0), (75.0, 75.0), (75.0, 140.0))
    ]
    known = [one.score for one in scores if one is not None]
    assert known[0] < known[1] < known[2] == 1.0
    assert known[3] < known[2]


def test_ends_and_sides_stay_what_they_are_on_the_ground() -> None:
    assert [round(on_ground(angle), 6) for angle in (0, 90, 180, 270)] == [0, 90, 180, 270]
    # What leans to the side in the picture leans less on the ground: lengths ahead look short.
    assert 0 < on_ground(45.0) < 25.0


@pytest.mark.parametrize(
    ("angle_deg", "heading_deg", "point"),
    [(0, 0, "N"), (180, 0, "S"), (90, 0, "E"), (270, 0, "W"), (0, 225, "SW"), (90, 300, "NE"),
     (0, 359.9, "N")],
)  # fmt: skip
def test_points_of_the_compass(angle_deg: float, heading_deg: float, point: str) -> None:
    bearing_deg = bearing_of(angle_deg, heading_deg)
    assert 0 <= bearing_deg < 360
    assert compass_of(bearing_deg) == point


def test_a_filter_keeps_its_point_and_the_neighbours() -> None:
    kept = {point for point in COMPASS if goes(0.0, 90.0, point)}
    assert kept == {"NE", "E", "SE"}
    assert goes(0.0, None, "away") is True
    assert goes(0.0, None, "towards") is False
    assert goes(180.0, None, "towards") is True
    assert goes(0.0, None, "N") is None, "no heading: not known"


@pytest.mark.parametrize("angle_deg", range(0, 360, 5))
def test_every_angle_is_kept_by_the_point_that_it_is_shown_as(angle_deg: float) -> None:
    assert goes(angle_deg, 33.0, compass_of(bearing_of(angle_deg, 33.0)))
    assert any(goes(angle_deg, None, direction) for direction in DIRECTIONS[8:])


def test_apart_goes_the_short_way_round() -> None:
    assert apart(350, 10) == 20
    assert apart(10, 350) == 20
    assert apart(0, 180) == 180
    assert apart(720, 0) == 0
    assert TOLERANCE_DEG < 90


@pytest.mark.parametrize(
    ("angle_deg", "view"), [(0, "rear"), (180, "front"), (90, "side"), (270, "side")]
)
def test_the_view_follows(angle_deg: float, view: str) -> None:
    assert view_of(Travel(angle_deg, 0.8)) == (view, 0.8)


def test_a_view_between_two_is_half_as_sure() -> None:
    scores = [view_of(Travel(float(angle), 0.8))[1] for angle in range(180)]
    assert min(scores) >= 0.4
    assert min(scores) < 0.5
