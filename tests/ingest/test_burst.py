"""The packets that are there at once: nothing is lost, and their age is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av.error
import pytest

from yanji.ingest.anchor import MAX_DELAY_S, Anchor
from yanji.ingest.burst import MOST_BYTES, MOST_PACKETS, MOST_S, Burst
from yanji.ingest.fake import FakeClock


@dataclass(frozen=True)
class Sent:
    """As much of a packet as a burst looks at; it comes `after_s` after the one before it."""

    stamp_s: float | None
    after_s: float = 0.0
    size: int = 1000
    time_base: Fraction = Fraction(1, 1000)

    @property
    def pts(self) -> int | None:
        return None if self.stamp_s is None else round(self.stamp_s * 1000)


def burst_of(clock: FakeClock, *sent: Sent, failure: Exception | None = None) -> Burst:
    def packets() -> Iterator[Any]:
        for packet in sent:
            clock.advance(packet.after_s)
            yield packet
        if failure is not None:
            raise failure

    return Burst(packets(), clock)


def test_a_second_that_was_kept_is_a_second_old():
    clock = FakeClock()
    sent = [Sent(number / 25) for number in range(26)]
    burst = burst_of(clock, *sent, Sent(26 / 25, 0.03), Sent(27 / 25, 0.05))
    first = next(burst)
    assert first.pts == 0
    assert burst.age_s(clock.monotonic_s(), 0.0) == pytest.approx(1.04)
    assert [packet.pts for packet in burst] == [round(number * 40) for number in range(1, 28)]


def test_without_a_burst_nothing_is_old():
    clock = FakeClock()
    burst = burst_of(clock, Sent(0.0, 1.0), Sent(0.04, 0.04), Sent(0.08, 0.04))
    next(burst)
    assert burst.age_s(clock.monotonic_s(), 0.0) == pytest.approx(0.04)  # waited for the second
    anchor = Anchor(0, clock.monotonic_s() - 0.04)
    assert anchor.wall_ns(clock.monotonic_s(), 0.0) == 0


def test_a_slow_camera_is_not_waited_for_twice():
    """Connecting has one limit: eight seconds for a first packet, and no eight more behind it."""
    clock = FakeClock()
    burst = burst_of(clock, Sent(0.0, 7.9), Sent(0.04, 8.0))
    assert next(burst).pts == 0
    assert clock.monotonic_s() == pytest.approx(7.9)
    assert next(burst).pts == 40


def test_a_first_packet_without_a_stamp_is_as_much_older_as_packets_are_apart():
    clock = FakeClock()
    burst = burst_of(clock, Sent(None), Sent(0.0), Sent(0.1), Sent(0.2), Sent(0.3, 0.08))
    next(burst)
    assert burst.age_s(clock.monotonic_s(), None) == pytest.approx(0.4)
    none = burst_of(clock, Sent(None), Sent(None, 0.04))
    next(none)
    assert none.age_s(clock.monotonic_s(), None) == 0.0


def test_what_ends_the_stream_comes_after_what_was_held():
    clock = FakeClock()
    failure = av.error.ExitError(1, "gone", "x")
    burst = burst_of(clock, Sent(0.0), Sent(0.04), failure=failure)
    assert [next(burst).pts, next(burst).pts] == [0, 40]
    with pytest.raises(av.error.ExitError):
        next(burst)
    ended = burst_of(clock, Sent(0.0))
    assert next(ended).pts == 0
    assert next(ended, None) is None
    assert next(ended, None) is None


@pytest.mark.parametrize(
    ("sent", "most"),
    [
        ([Sent(number / 1000) for number in range(2 * MOST_PACKETS)], MOST_PACKETS),
        ([Sent(number / 1000, size=MOST_BYTES // 4) for number in range(99)], 4),
        ([Sent(float(number)) for number in range(99)], MOST_S + 2),
    ],
    ids=["packets", "bytes", "seconds"],
)
def test_a_stream_that_never_waits_is_not_held_for_ever(sent, most):
    clock = FakeClock()
    taken: list[Sent] = []

    def packets() -> Iterator[Any]:
        for packet in sent:
            taken.append(packet)
            yield packet

    burst = Burst(packets(), clock)
    next(burst)
    assert len(taken) == most
    assert 0.0 <= burst.age_s(clock.monotonic_s(), 0.0) <= MAX_DELAY_S
    assert len(list(burst)) == len(sent) - 1
