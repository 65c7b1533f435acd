"""The messages that wait for one client of the live WebSocket."""

from __future__ import annotations

import asyncio
from collections import deque

from yanji.api.web.documents import LiveLost

MAX_WAITING = 256
"""Half a kilobyte each. A client that is so far behind reads the lists again."""


class Listener:
    """A bounded queue of messages; of one event loop.

    A client that is too slow loses everything that waits and is told how much: what it missed is in
    the archive, and nobody waits for it.
    """

    def __init__(self, limit: int = MAX_WAITING) -> None:
        self._limit = limit
        self._waiting: deque[str] = deque()
        self._num_lost = 0
        self._something = asyncio.Event()

    def offer(self, message: str) -> None:
        """Add a message; when there is no room, all that wait are given up with it."""
        if len(self._waiting) >= self._limit:
            self.lose(len(self._waiting) + 1)
            return
        self._waiting.append(message)
        self._something.set()

    def lose(self, num_lost: int) -> None:
        """Give up what waits; `num_lost` messages are missing, these included."""
        self._waiting.clear()
        self._num_lost += num_lost
        self._something.set()

    async def next(self) -> str:
        """The oldest message, JSON; waits for one. What was lost is told before what came later."""
        await self._something.wait()
        if self._num_lost:
            message = LiveLost(num_lost=self._num_lost).model_dump_json()
            self._num_lost = 0
        else:
            message = self._waiting.popleft()
        if not self._waiting:
            self._something.clear()
        return message
