"""Cameras are told from names, and never stand on both sides."""

from __future__ import annotations

import pytest

from yanji.configs.errors import UsageError
from yanji.detect.training.split import camera_rule, hold_out


@pytest.mark.parametrize(
    ("name", "camera"),
    [
        ("gate-3_000123.jpg", "gate-3"),
        ("cam_1_0001.png", "cam_1"),
        ("K01-7.jpg", "K01"),
        ("K01/000123.jpg", "K01"),
        ("site/K01/000123.jpg", "site/K01"),
    ],
)
def test_the_usual_rule(name: str, camera: str) -> None:
    assert camera_rule(None)(name) == camera


def test_a_rule_of_ones_own() -> None:
    rule = camera_rule(r"_cam(\d+)")
    assert rule("car_17_cam2.jpg") == "2"
    with pytest.raises(UsageError, match=r"car_17\.jpg does not tell its camera"):
        rule("car_17.jpg")


@pytest.mark.parametrize(
    ("pattern", "message"), [("(", "no regular expression|not a regular"), ("K01", "no group")]
)
def test_rules_that_tell_nothing(pattern: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        camera_rule(pattern)


def test_cameras_are_held_out_by_name_or_by_hash() -> None:
    names = [f"K{number:02d}" for number in range(40)]
    assert hold_out(names, ("K03",)) == {"K03"}
    chosen = hold_out(names)
    assert 3 <= len(chosen) <= 14
    assert chosen == hold_out(reversed(names))
    assert chosen - {"K39"} == hold_out(names[:-1]), "a new camera moves no other"
    for first, second in (("a", "b"), ("gate", "yard"), ("1", "2")):
        assert len(hold_out([first, second])) == 1


@pytest.mark.parametrize(
    ("cameras", "wanted", "message"),
    [
        (["K01", "K01"], (), "of one camera"),
        (["K01", "K02"], ("K09",), "'K09', of which there is no picture"),
        (["K01", "K02"], ("K01", "K02"), "no camera to train on"),
    ],
)
def test_splits_that_cannot_be(cameras: list[str], wanted: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        hold_out(cameras, wanted)
