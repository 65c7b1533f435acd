"""The server: in the foreground (`yanji serve`), or as a child process of a live installation."""

from __future__ import annotations

import errno
import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from multiprocessing.connection import Connection
from types import FrameType

import uvicorn

from yanji.api.log_file import start_process_logging
from yanji.api.plan import STOP, CameraStates, Failed, ServerBeat, resident_bytes
from yanji.api.web.app import create_app
from yanji.api.web.desk import Desk
from yanji.api.web.opening import open_desk
from yanji.api.web.server_plan import ServerPlan
from yanji.configs.errors import YanjiError

log = logging.getLogger(__name__)

BEAT_S = 1.0
_NICE = 5
"""Beside live cameras: what arrives cannot wait, who asks can."""
_GRACE_S = 5
"""Open requests may end; then they are cut off."""
_WARM_END_S = 10.0


def serve_forever(
    plan: ServerPlan,
    on_ready: Callable[[str], None],
    stop: threading.Event | None = None,
) -> None:
    """Answer until SIGINT, SIGTERM or `stop`; in the foreground.

    Args:
        plan: what to serve where.
        on_ready: told the address once the server answers.
        stop: ends it from another thread.

    Raises:
        ArchiveError: there is no archive, or it cannot be read.
        YanjiError: the address cannot be listened on (`port_in_use`, `bad_host`).
    """
    with _listening(plan) as listener, _opened(plan) as desk:
        server = Server(desk, _url(listener), on_ready, stop)
        with server.ended_by_signals():
            server.run(sockets=[listener])


def run_server(plan: ServerPlan, supervisor: Connection) -> None:
    """Answer until told to stop, or until the supervisor is gone; in a process of its own.

    Sends `ServerBeat` once a second from the loop that answers, or `Failed`; gets `CameraStates`
    and `STOP`.
    """
    start_process_logging(plan.settings, "server")
    os.nice(_NICE)
    # Ctrl-C reaches the whole group; the supervisor decides in which order things end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with _listening(plan) as listener, _opened(plan) as desk:
            server = Server(desk, _url(listener), lambda _url: None, None)
            server.supervisor = supervisor
            server.run(sockets=[listener])
    except YanjiError as error:
        supervisor.send(Failed(error.code, error.message, error.hint, fatal=True))


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach an address."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


@contextmanager
def _listening(plan: ServerPlan) -> Iterator[socket.socket]:
    """Bind before anything is loaded: a port in use is told at once, and in words."""
    try:
        found = socket.getaddrinfo(
            plan.host, plan.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except (OSError, UnicodeError) as error:
        raise YanjiError(
            f"The address {plan.host} cannot be found: {error}.",
            hint="Give --host 127.0.0.1, or an address of this machine.",
            code="bad_host",
        ) from None
    family, kind, protocol, _, address = found[0]
    # asyncio sets TCP_NODELAY only where the protocol is named; without it every answer that is
    # sent in two pieces waits 40 ms for the client's delayed acknowledgement.
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise YanjiError(
                f"Port {plan.port} of {plan.host} is in use.",
                hint="Give another one with --port, or 0 for any that is free.",
                code="port_in_use",
            ) from None
        raise YanjiError(
            f"{plan.host} port {plan.port} cannot be listened on: {error.strerror}.",
            hint="Give an address of this machine, and a port above 1023.",
            code="bad_host",
        ) from None
    try:
        yield listener
    finally:
        listener.close()


@contextmanager
def _opened(plan: ServerPlan) -> Iterator[Desk]:
    with open_desk(
        plan.settings,
        plan.site,
        plan.archive,
        plan.token,
        live=plan.live,
        pictures=plan.pictures,
    ) as desk:
        # The first question should not wait for the models, nor the first page for them.
        warming = threading.Thread(target=_warm, args=(desk,), name="warm", daemon=True)
        if plan.warm:
            warming.start()
        try:
            yield desk
        finally:
            # The models' libraries abort the process when it ends while they start.
            if plan.warm:
                warming.join(_WARM_END_S)


def _warm(desk: Desk) -> None:
    try:
        desk.models.warm()
    except YanjiError as error:
        log.error("the models cannot be opened: %s", error.message)


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}"


class Server(uvicorn.Server):
    """uvicorn without its own signals and logs, and with a look at orders ten times a second."""

    def __init__(
        self,
        desk: Desk,
        url: str,
        on_ready: Callable[[str], None],
        stop: threading.Event | None,
    ) -> None:
        config = uvicorn.Config(
            create_app(desk),
            # It logs addresses with their queries; what was asked belongs to the audit log.
            access_log=False,
            log_config=None,
            server_header=False,
            lifespan="off",
            timeout_graceful_shutdown=_GRACE_S,
            ws="websockets-sansio",
            ws_max_size=65_536,
        )
        # `access_log=False` only takes its handlers away; whoever adds one would get every query.
        logging.getLogger("uvicorn.access").disabled = True
        # It warns of every form that is none; the client is told, nobody else needs to know.
        logging.getLogger("python_multipart").setLevel(logging.ERROR)
        super().__init__(config)
        self.supervisor: Connection | None = None
        self._desk = desk
        self._address = url
        self._on_ready = on_ready
        self._stop = stop
        self._is_ready = False
        self._next_beat_s = 0.0

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone; uvicorn would raise them again at the end."""
        yield

    @contextmanager
    def ended_by_signals(self) -> Iterator[None]:
        """SIGINT and SIGTERM end cleanly; a second one cuts requests off."""

        def handle(_number: int, _frame: FrameType | None) -> None:
            self.force_exit = self.should_exit
            self.should_exit = True

        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {one: signal.signal(one, handle) for one in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)

    async def on_tick(self, counter: int) -> bool:
        """Say that it answers, listen to orders, end when told to."""
        if not self._is_ready:
            self._is_ready = True
            self._on_ready(self._address)
        if self._stop is not None and self._stop.is_set():
            self.should_exit = True
        if self.supervisor is not None:
            self._talk(self.supervisor)
        return await super().on_tick(counter)

    def _talk(self, supervisor: Connection) -> None:
        try:
            while supervisor.poll(0):
                said = supervisor.recv()
                if said == STOP:
                    self.should_exit = True
                elif isinstance(said, CameraStates):
                    self._desk.cameras.update(said.cameras, said.writer, said.workers)
            now = time.monotonic()
            if now >= self._next_beat_s:
                self._next_beat_s = now + BEAT_S
                supervisor.send(ServerBeat(self._address, resident_bytes()))
        except (EOFError, OSError):
            self.should_exit = True
