"""A camera that misbehaves as told: a small RTSP server for tests and rehearsals.

It sends what `yanji.ingest.fake_footage` encoded or a film of `yanji.ingest.fake_film`, over TCP or
UDP, and plays every fault of docs/design/ingest.md. Nothing in it is fit for a real network: it
listens on the loopback.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from yanji.ingest.fake_script import HOST, Script
from yanji.ingest.fake_session import Session


class FakeCamera:
    """Listens on the loopback until closed."""

    def __init__(self, script: Script | None = None, port: int = 0) -> None:
        self.script = script or Script()
        self.requests: list[str] = []
        """First lines of all requests."""
        self.transports_asked: list[str] = []
        self.connects_s: list[float] = []
        """When each connection was made, monotonic seconds."""
        self.num_frames = 0
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._listener: socket.socket | None = None
        self.port = port
        self.up()

    def url(self, host: str = HOST) -> str:
        """Give its URL."""
        return f"rtsp://{host}:{self.port}/live/1"

    @property
    def num_connects(self) -> int:
        """Connections that were made so far."""
        return len(self.connects_s)

    def up(self) -> None:
        """Listen, on the same port as ever."""
        if self._listener is not None:
            return
        self._listener = socket.create_server((HOST, self.port), backlog=16)
        self.port = self._listener.getsockname()[1]
        thread = threading.Thread(target=self._accept, args=(self._listener,), daemon=True)
        self._threads.append(thread)
        thread.start()

    def down(self) -> None:
        """Refuse connections and end those that are open."""
        listener, self._listener = self._listener, None
        if listener is not None:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self.hang_up()

    def hang_up(self) -> None:
        """End the connections that are open."""
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End everything; safe to call twice."""
        self.down()
        for thread in self._threads:
            thread.join(5)

    def __enter__(self) -> FakeCamera:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self.connects_s.append(time.monotonic())
            with self._lock:
                self._open.add(connection)
                self._threads = [one for one in self._threads if one.is_alive()]
                thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
                self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError, ValueError):
            connection.settimeout(30)
            Session(self, connection).run()
        with self._lock:
            self._open.discard(connection)


@contextmanager
def swallowing_port(port: int = 0) -> Iterator[int]:
    """Give a port that answers no SYN, as a host that is off: its queue is full, nobody accepts."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(0)
        for _ in range(3):
            one = stack.enter_context(socket.socket())
            one.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                one.connect(listener.getsockname())
        yield listener.getsockname()[1]
