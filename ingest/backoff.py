"""How long to wait before the next try: growing, jittered, and forgiving only after a while."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BackoffPolicy:
    """Waits of `first_s`, then `factor` times longer, never above `cap_s`; all in seconds.

    Each wait is drawn from [1 - jitter, 1] of that, so that a hundred cameras behind one switch
    do not come back in one moment. With the defaults a dead camera is tried 6.3 times a minute,
    and in no minute more than 7 times, but for the first (9).
    """

    first_s: float = 1.0
    factor: float = 2.0
    cap_s: float = 10.0
    jitter: float = 0.1
    stable_s: float = 30.0
    """A connection that held this long starts the waits over; a flapping one does not."""
    refused_s: float = 60.0
    """After a refused password or a stream without video: cameras lock an account that tries
    too often, and a person has to act anyway."""


class Backoff:
    """The waits of one camera."""

    def __init__(self, policy: BackoffPolicy, rng: random.Random) -> None:
        self._policy = policy
        self._rng = rng
        self._next_s = policy.first_s

    def lost_after(self, up_s: float) -> None:
        """Note that a connection held for `up_s` seconds."""
        if up_s >= self._policy.stable_s:
            self._next_s = self._policy.first_s

    def wait_s(self, *, refused: bool = False, tried_s: float = 0.0) -> float:
        """Give the seconds to wait now; the next answer will be longer.

        `refused`: trying again soon is pointless (credentials, no video in the stream).
        `tried_s`: what the try itself took. It counts as waited, down to `first_s`: a camera that
        swallows tries is found again as soon as one that refuses them.
        """
        spread = self._rng.uniform(1.0 - self._policy.jitter, 1.0)
        if refused:
            return self._policy.refused_s * spread
        wait_s = self._next_s * spread
        self._next_s = min(self._policy.cap_s, self._next_s * self._policy.factor)
        return max(min(wait_s, self._policy.first_s * spread), wait_s - tried_s)
