"""The rules of the page's server as a child, with a process that does what the test says."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from yanji.api import server_child
from yanji.api.children import RESTART_S, START_S, STEADY_S, Child
from yanji.api.plan import STOP, CameraStates, Failed, ServerBeat
from yanji.api.server_child import HANG_S, ServerChild
from yanji.api.web.server_plan import ServerPlan
from yanji.configs.errors import YanjiError
from yanji.configs.settings import load_settings

URL = "http://127.0.0.1:49152"
STATES = CameraStates((), None)
PORT_IN_USE = Failed("port_in_use", "Port 8420 is in use.", "Take another: --port.", fatal=True)


class FakeProcess:
    """Lives until it is told otherwise."""

    def __init__(self, number: int, end: Connection) -> None:
        self.pid = number
        self.exitcode: int | None = None
        self._end = end

    def is_alive(self) -> bool:
        return self.exitcode is None

    def kill(self) -> None:
        self.exitcode = -9

    def join(self, timeout: float) -> None:
        pass

    def die(self) -> None:
        self.exitcode = 1
        self._end.close()


@dataclass
class Machine:
    """Starts fake processes; time passes when the test says so."""

    plans: list[ServerPlan] = field(default_factory=list)
    processes: list[FakeProcess] = field(default_factory=list)
    ends: list[Connection] = field(default_factory=list)
    ready: list[str] = field(default_factory=list)
    now_s: float = 1000.0

    def spawn(self, target: Callable[..., None], plan: Any, name: str, now: float) -> Child:
        ours, theirs = multiprocessing.Pipe()
        process: Any = FakeProcess(len(self.processes) + 1, theirs)
        self.plans.append(plan)
        self.processes.append(process)
        self.ends.append(theirs)
        return Child(process, ours, now)

    def server(self, port: int = 0) -> ServerChild:
        plan = ServerPlan(
            settings=load_settings(),
            site=None,
            archive=Path("archive"),
            token="the token of this start",
            live=True,
            pictures=None,
            host="127.0.0.1",
            port=port,
        )
        return ServerChild(plan, self.ready.append, clock=lambda: self.now_s)

    def up(self, server: ServerChild) -> None:
        server.tend(lambda: STATES)
        self.ends[-1].send(ServerBeat(URL, 5))
        server.tend(lambda: STATES)

    def let_pass(self, server: ServerChild, seconds: float, *, beating: bool = False) -> None:
        """In steps, as the supervisor's loop does."""
        for _ in range(round(seconds)):
            self.now_s += 1.0
            if beating:
                self.ends[-1].send(ServerBeat(URL))
            server.tend(lambda: STATES)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine()
    monkeypatch.setattr(server_child, "spawn", machine.spawn)
    return machine


def told(end: Connection) -> list[object]:
    found = []
    with contextlib.suppress(EOFError):
        while end.poll(0):
            found.append(end.recv())
    return found


def test_its_address_is_told_once_and_the_port_it_took_is_kept(machine: Machine) -> None:
    server = machine.server(port=0)
    machine.up(server)
    machine.let_pass(server, 3, beating=True)
    assert machine.ready == [URL]
    assert server.plan.port == 49152
    assert server.beat is not None


def test_one_that_dies_comes_back_with_the_same_token_and_port(machine: Machine) -> None:
    server = machine.server(port=0)
    machine.up(server)
    machine.processes[-1].die()
    machine.let_pass(server, 2)
    assert server.process_id == 2
    assert machine.plans[1].token == machine.plans[0].token
    assert machine.plans[1].port == 49152
    machine.up(server)
    assert machine.ready == [URL], "the link that was printed is still the link"
    assert server.failure is None


def test_one_that_dies_again_and_again_waits_longer_and_a_steady_one_starts_afresh(
    machine: Machine,
) -> None:
    server = machine.server()
    waits = []
    for _ in range(7):
        machine.up(server)
        machine.processes[-1].die()
        server.tend(lambda: STATES)
        began, number = machine.now_s, len(machine.processes)
        while len(machine.processes) == number:
            machine.now_s += 0.25
            server.tend(lambda: STATES)
        waits.append(machine.now_s - began)
    assert waits == [max(0.25, delay_s) for delay_s in (*RESTART_S, RESTART_S[-1], RESTART_S[-1])]
    machine.up(server)
    machine.let_pass(server, STEADY_S + 5, beating=True)
    machine.processes[-1].die()
    number = len(machine.processes)
    server.tend(lambda: STATES)
    machine.now_s += 0.25
    server.tend(lambda: STATES)
    assert len(machine.processes) == number + 1


def test_one_that_hangs_is_replaced_and_never_holds_the_supervisor_up(machine: Machine) -> None:
    server = machine.server()
    machine.up(server)
    machine.let_pass(server, HANG_S - 1)
    assert server.process_id == 1
    # Its pipe would be full at some time, and the supervisor would wait for it.
    assert len(told(machine.ends[0])) == 1
    machine.let_pass(server, 3)
    assert machine.processes[0].exitcode == -9
    assert server.process_id == 2


def test_it_is_told_how_the_cameras_are_once_for_each_beat(machine: Machine) -> None:
    server = machine.server()
    machine.up(server)
    machine.let_pass(server, 4, beating=True)
    for _ in range(10):
        server.tend(lambda: STATES)
    assert told(machine.ends[0]) == [STATES] * 5


@pytest.mark.parametrize(
    ("last_words", "code"),
    [pytest.param(PORT_IN_USE, "port_in_use", id="said why"), pytest.param(None, "server", id="")],
)
def test_what_cannot_start_is_an_error_of_the_command(
    machine: Machine, last_words: Failed | None, code: str
) -> None:
    server = machine.server()
    server.tend(lambda: STATES)
    if last_words is not None:
        machine.ends[0].send(last_words)
    machine.processes[0].die()
    with pytest.raises(YanjiError) as raised:
        server.wait_until_ready()
    assert raised.value.code == code
    machine.let_pass(server, 20)
    assert len(machine.processes) == 1, "another try cannot help"
    assert server.process_id is None


def test_one_that_never_says_anything_is_given_up(machine: Machine) -> None:
    server = machine.server()
    machine.let_pass(server, START_S - 1)
    assert server.failure is None
    machine.let_pass(server, 3)
    assert server.failure is not None


def test_a_failure_later_on_is_logged_and_tried_again(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    server = machine.server()
    machine.up(server)
    machine.processes[-1].die()
    machine.let_pass(server, 1)
    with caplog.at_level(logging.ERROR):
        server.tend(lambda: STATES)
        machine.ends[-1].send(PORT_IN_USE)
        machine.processes[-1].die()
        machine.let_pass(server, 3)
    assert server.failure is None, "intake must go on"
    assert any("in use" in record.getMessage() for record in caplog.records)
    assert len(machine.processes) == 3


def test_it_is_told_to_stop_and_ended(machine: Machine) -> None:
    with machine.server() as server:
        machine.up(server)
    assert told(machine.ends[0])[-1] == STOP
    assert machine.processes[0].exitcode is not None
    assert server.process_id is None
    server.stop()
