"""A camera is degraded when it is late, or when too much of it is given up."""

from __future__ import annotations

import pytest

from yanji.api.overload import WINDOW_S, Overload


def judged(shares: list[float], *, fps: int = 5) -> list[bool]:
    """One judgement a second, with this share of the frames given up in each."""
    overload = Overload()
    sampled = 0
    dropped = 0.0
    found = [overload.judge(0.0, 0, 0, 0.0)]
    for second, share in enumerate(shares, 1):
        sampled += fps
        dropped += share * fps
        found.append(overload.judge(float(second), sampled, round(dropped), 0.0))
    return found


def test_a_machine_that_keeps_up_is_not_degraded():
    assert not any(judged([0.0] * 200))
    assert not any(judged([0.05] * 200, fps=20))


def test_one_frame_in_five_given_up_is_degraded():
    found = judged([0.2] * 30)
    assert not any(found[:2])  # too few frames to tell
    assert all(found[2:])


def test_a_minute_after_the_last_drop_it_is_well_again():
    found = judged([0.0] * 100 + [1.0] * 20 + [0.0] * 120)
    assert found[125]
    assert found[120 + int(WINDOW_S) - 10]
    assert not any(found[120 + int(WINDOW_S) + 1 :])


def test_a_short_stutter_in_a_good_minute_is_not():
    assert not any(judged([0.0] * 100 + [1.0] + [0.0] * 60)[90:])


@pytest.mark.parametrize(("lag_s", "degraded"), [(0.0, False), (2.0, False), (2.1, True)])
def test_late_frames_are(lag_s, degraded):
    assert Overload().judge(0.0, 0, 0, lag_s) is degraded


def test_memory_is_bounded():
    overload = Overload()
    for second in range(10_000):
        overload.judge(second * 0.25, second, 0, 0.0)
    assert len(overload._samples) <= WINDOW_S / 0.25 + 2
