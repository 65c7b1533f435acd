"""The packets that are there at once when a stream is connected to, and how old they are.

While connecting, libavformat reads ahead, and many cameras begin with what they kept of the last
seconds. These packets come without waiting; the first that has to be waited for is fresh, and tells
by its stamp how old the others were.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Final, TypeAlias

import av.error
from av.packet import Packet
from av.video.stream import VideoStream

from yanji.ingest.anchor import MAX_DELAY_S
from yanji.ingest.clock import Clock

WAITED_S: Final = 0.01
"""A packet that took longer was waited for. Taking one that is there costs microseconds."""
SLOW_S: Final = 1.0
"""Where the first packet takes longer, the next is not waited for as well: all that connecting
takes together has to stay below the watchdog's patience."""
MOST_PACKETS: Final = 250
MOST_BYTES: Final = 8 * 1024 * 1024
MOST_S: Final = 5.0
"""A stream that is ahead by more is no burst: it is sent faster than it was filmed."""

VideoPacket: TypeAlias = "Packet[VideoStream]"


class Burst:
    """Iterates over packets, all of them and in order; the first step reads to the burst's end.

    It waits for one packet more than a plain iterator, and holds compressed data only. What ends
    the stream within the burst is raised after the packets before it.
    """

    def __init__(self, packets: Iterator[VideoPacket], clock: Clock) -> None:
        self._packets = packets
        self._clock = clock
        self._held: deque[VideoPacket] = deque()
        self._failure: Exception | None = None
        self._is_read = False
        self._stamps: list[tuple[int, float]] = []
        """Number and stamp, seconds, of the packets of the burst that carry one."""
        self._least_s: float | None = None
        """Least arrival minus stamp."""

    def __iter__(self) -> Burst:
        return self

    def __next__(self) -> VideoPacket:
        if not self._is_read:
            self._is_read = True
            self._read()
        if self._held:
            return self._held.popleft()
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure
        return next(self._packets)

    def _read(self) -> None:
        num_bytes = 0
        while len(self._held) < MOST_PACKETS and num_bytes < MOST_BYTES:
            began_s = self._clock.monotonic_s()
            try:
                packet = next(self._packets)
            except (av.error.FFmpegError, OSError, ValueError, StopIteration) as error:
                self._failure = error
                return
            now_s = self._clock.monotonic_s()
            num_bytes += packet.size
            self._held.append(packet)
            if packet.pts is not None:
                stamp_s = float(packet.pts * packet.time_base)
                self._stamps.append((len(self._held) - 1, stamp_s))
                behind_s = now_s - stamp_s
                self._least_s = behind_s if self._least_s is None else min(behind_s, self._least_s)
                if stamp_s - self._stamps[0][1] > MOST_S:
                    return
            if now_s - began_s > (SLOW_S if len(self._held) == 1 else WAITED_S):
                return

    def first_stamp_s(self) -> float | None:
        """Stamp that the first packet should have carried, by those of the packets after it.

        Cameras send their first packets without one. Where the frames after the first are left
        out, nothing else tells how far the next picture is from it.

        Returns:
            Seconds; None where no packet of the burst has a stamp.
        """
        if not self._stamps:
            return None
        (number, near_s), (last, far_s) = self._stamps[0], self._stamps[-1]
        interval_s = (far_s - near_s) / (last - number) if last > number else 0.0
        return near_s - number * max(0.0, interval_s)

    def age_s(self, first_s: float, stamp_s: float | None) -> float:
        """How long the first picture had waited when it came; seconds, 0..`MAX_DELAY_S`.

        Args:
            first_s: when it was decoded, on the steady clock.
            stamp_s: its stamp, seconds; where it has none, that of the following ones tells.
        """
        if self._least_s is None:
            return 0.0
        if stamp_s is None:
            stamp_s = self.first_stamp_s()
            assert stamp_s is not None  # noqa: S101 - `_least_s` is of a stamp
        return min(MAX_DELAY_S, max(0.0, first_s - stamp_s - self._least_s))
