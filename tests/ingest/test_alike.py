"""The bound on what an embedder can be asked for."""

from __future__ import annotations

import pytest

from yanji.ingest.testcity.alike import first_rank_bound, looks_of


def test_the_bound_is_one_over_those_alike() -> None:
    assert first_rank_bound([]) == 0.0
    assert first_rank_bound(["white"]) == 1.0
    assert first_rank_bound(["white", "white", "red", "blue"]) == pytest.approx((0.5 + 0.5 + 2) / 4)


def test_plain_cars_share_looks_and_riders_do_not() -> None:
    looks = looks_of(300, 9001)
    assert sum(len(members) for members in looks.values()) == 300
    assert first_rank_bound(looks["two_wheeler"]) == 1.0
    assert 0.3 < first_rank_bound(looks["four_wheel"]) < 0.8


def test_more_vehicles_are_more_alike() -> None:
    few, many = looks_of(100, 9001)["four_wheel"], looks_of(1000, 9001)["four_wheel"]
    assert many[: len(few)] == few
    assert first_rank_bound(many) < first_rank_bound(few)
