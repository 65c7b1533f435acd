"""What `yanji index` says while it works: how many, how fast, how long still."""

from __future__ import annotations

from pathlib import Path

import pytest

from yanji.api.cli.recordings import Display
from yanji.api.recordings import Outcome, Progress


class Clock:
    """Time that stands still until told."""

    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


def outcome(name: str, state: str = "done", **more: object) -> Outcome:
    return Outcome(Path(name), "K01", 0, state, **more)  # type: ignore[arg-type]


def at(name: str, stream_s: float, duration_s: float | None = 600.0) -> Progress:
    return Progress(outcome(name).key, stream_s, duration_s)


def test_rate_and_time_left(clock):
    display = Display(4, terminal=False, clock=clock)
    assert display.line() == "0 of 4 recordings"
    clock.now_s += 10
    display.progress(at("a.mp4", 300))
    # 300 s in 10 s; 300 s of this one and three more of 600 s are left.
    assert display.line() == "0 of 4 recordings, 30.0 times real time, about 1 min 10 s left"
    display.progress(at("a.mp4", 600))
    display.outcome(outcome("a.mp4"))
    clock.now_s += 10
    assert display.line() == "1 of 4 recordings, 30.0 times real time, about 1 min 00 s left"
    for name in ("b.mp4", "c.mp4"):
        display.outcome(outcome(name, "skipped"))
    assert display.line().startswith("3 of 4 recordings, 30.0 times real time, about 0 min 20 s")


def test_long_waits_are_told_in_hours(clock):
    display = Display(100, terminal=False, clock=clock)
    clock.now_s += 10
    display.progress(at("a.mp4", 10, 3600.0))
    assert "about 99 h 59 min left" in display.line()


def test_a_recording_that_does_not_say_its_length_gives_no_time_left(clock):
    display = Display(1, terminal=False, clock=clock)
    clock.now_s += 10
    display.progress(at("a.ts", 50, None))
    assert display.line() == "0 of 1 recordings, 5.0 times real time"


def test_a_log_gets_a_line_every_ten_seconds(clock, capsys):
    display = Display(1, terminal=False, clock=clock)
    for second in range(25):
        clock.now_s = 100.0 + second
        display.progress(at("a.mp4", 10.0 * second))
    display.end()
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert not any("\r" in line for line in lines)


def test_a_terminal_gets_one_line_that_changes_and_goes(clock, capsys):
    display = Display(1, terminal=True, clock=clock)
    for second in range(4):
        clock.now_s = 100.0 + second
        display.progress(at("a.mp4", 10.0 * second))
    display.outcome(outcome("a.mp4", num_sightings=7))
    display.end()
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert err.count("\r") >= 4
    assert "a.mp4 (K01): done, 7 sightings\n" in err


def test_what_was_wrong_is_said_with_what_to_do(clock, capsys):
    display = Display(1, terminal=False, clock=clock)
    display.outcome(
        outcome("a.mp4", "failed", code="not_a_video", message="a.mp4 is no video.", hint="Look.")
    )
    assert capsys.readouterr().err == "a.mp4 (K01): failed: a.mp4 is no video. Look.\n"
