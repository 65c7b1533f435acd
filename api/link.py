"""The bounded, acknowledged way from one worker to the writer.

Each worker has its own connection, so that a worker killed in the middle of a message breaks
nobody else's: a queue shared between processes would keep the dead worker's lock. The writer
acknowledges a message after the commit that holds it; what was not acknowledged is sent again
after a reconnect, so a writer may be restarted under the workers.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from multiprocessing.connection import Client, Connection

from yanji.api.messages import Message

log = logging.getLogger(__name__)

_POLL_S = 0.02
_RETRY_S = 0.5


class LinkClosedError(Exception):
    """The link was closed before everything was acknowledged."""


class WriterLink:
    """The worker's end. `send` blocks when `limit` messages are not acknowledged yet."""

    def __init__(self, address: str, authkey: bytes, *, limit: int = 64) -> None:
        self._address = address
        self._authkey = authkey
        self._limit = limit
        self._condition = threading.Condition()
        self._pending: deque[tuple[int, Message]] = deque()
        self._unsent_from = 0
        self._next_number = 0
        self._stopping = False
        self._thread = threading.Thread(target=self._carry, name="writer-link", daemon=True)
        self._thread.start()

    @property
    def num_pending(self) -> int:
        """Messages not yet acknowledged."""
        with self._condition:
            return len(self._pending)

    @property
    def is_full(self) -> bool:
        """Whether the next `send` would have to wait."""
        return self.num_pending >= self._limit

    def send(self, message: Message, *, while_waiting: Callable[[], None] = lambda: None) -> float:
        """Hand over one message, waiting while the queue is full.

        Args:
            message: any of `yanji.api.messages`.
            while_waiting: called about ten times a second while the queue is full, for heartbeats.

        Returns:
            Seconds spent waiting.

        Raises:
            LinkClosedError: the link was closed meanwhile.
        """
        began = time.monotonic()
        with self._condition:
            while len(self._pending) >= self._limit:
                if self._stopping:
                    raise LinkClosedError
                self._condition.wait(0.1)
                self._condition.release()
                try:
                    while_waiting()
                finally:
                    self._condition.acquire()
            self._pending.append((self._next_number, message))
            self._next_number += 1
            self._condition.notify_all()
        return time.monotonic() - began

    def drain(self, timeout_s: float, *, while_waiting: Callable[[], None] = lambda: None) -> bool:
        """Wait until every message is acknowledged; False when `timeout_s` ran out."""
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            with self._condition:
                if not self._pending:
                    return True
                self._condition.wait(0.1)
            while_waiting()
        return self.num_pending == 0

    def close(self) -> None:
        """Stop the carrying thread; unacknowledged messages are dropped."""
        with self._condition:
            self._stopping = True
            self._condition.notify_all()
        self._thread.join(timeout=2)

    def _carry(self) -> None:
        while not self._stopping:
            try:
                connection = Client(self._address, authkey=self._authkey)
            except (OSError, EOFError):
                time.sleep(_RETRY_S)
                continue
            with self._condition:
                self._unsent_from = 0
            # A broken connection is the writer's restart: connect again, send again.
            with contextlib.suppress(OSError, EOFError):
                self._carry_over(connection)
            connection.close()

    def _carry_over(self, connection: Connection) -> None:
        while not self._stopping:
            item = None
            with self._condition:
                if self._unsent_from < len(self._pending):
                    item = self._pending[self._unsent_from]
                elif not self._pending:
                    self._condition.wait(_POLL_S * 5)
            if item is not None:
                connection.send(item)
                with self._condition:
                    self._unsent_from += 1
            while connection.poll(0 if item is not None else _POLL_S):
                self._acknowledged(connection.recv())

    def _acknowledged(self, number: int) -> None:
        with self._condition:
            while self._pending and self._pending[0][0] <= number:
                self._pending.popleft()
                self._unsent_from -= 1
            self._condition.notify_all()
