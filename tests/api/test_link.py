from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection, Listener
from pathlib import Path

import pytest

from yanji.api.link import LinkClosedError, WriterLink
from yanji.api.messages import Message, Outage
from yanji.ingest.gap import Gap

KEY = b"test"


def message(number: int) -> Message:
    return Outage(Gap("K01", number, None, "test"))


@pytest.fixture
def address(tmp_path: Path) -> str:
    return str(tmp_path / "writer")


@pytest.fixture
def link(address: str) -> Iterator[WriterLink]:
    link = WriterLink(address, KEY, limit=3)
    yield link
    link.close()


def accept(address: str) -> tuple[Listener, Connection]:
    listener = Listener(address, authkey=KEY)
    return listener, listener.accept()


def take(connection: Connection, count: int) -> list[tuple[int, Message]]:
    taken = []
    for _ in range(count):
        assert connection.poll(5), "the link sent nothing"
        taken.append(connection.recv())
    return taken


def test_messages_arrive_in_order_and_leave_when_acknowledged(
    address: str, link: WriterLink
) -> None:
    link.send(message(1))
    link.send(message(2))
    listener, writer = accept(address)
    assert take(writer, 2) == [(0, message(1)), (1, message(2))]
    assert link.num_pending == 2
    writer.send(1)
    assert link.drain(5)
    assert link.num_pending == 0
    listener.close()


def test_a_full_link_waits_and_calls_back_meanwhile(address: str, link: WriterLink) -> None:
    for number in range(3):
        link.send(message(number))
    assert link.is_full
    beats: list[float] = []
    done = threading.Event()

    def send_fourth() -> None:
        link.send(message(3), while_waiting=lambda: beats.append(time.monotonic()))
        done.set()

    thread = threading.Thread(target=send_fourth)
    thread.start()
    assert not done.wait(0.4)
    assert len(beats) >= 2
    listener, writer = accept(address)
    take(writer, 3)
    writer.send(0)
    assert done.wait(5)
    assert take(writer, 1) == [(3, message(3))]
    thread.join()
    listener.close()


def test_what_was_not_acknowledged_is_sent_again_to_the_next_writer(
    address: str, link: WriterLink
) -> None:
    for number in range(3):
        link.send(message(number))
    listener, writer = accept(address)
    take(writer, 3)
    writer.send(0)  # the commit of the first is known; then the writer dies
    time.sleep(0.2)
    writer.close()
    listener.close()
    Path(address).unlink(missing_ok=True)
    listener, writer = accept(address)
    assert take(writer, 2) == [(1, message(1)), (2, message(2))]
    writer.send(2)
    assert link.drain(5)
    listener.close()


def test_drain_gives_up_when_nobody_acknowledges(link: WriterLink) -> None:
    link.send(message(1))
    assert not link.drain(0.3)
    assert link.num_pending == 1


def test_a_closed_link_refuses_to_wait(address: str) -> None:
    link = WriterLink(address, KEY, limit=1)
    link.send(message(1))
    link.close()
    with pytest.raises(LinkClosedError):
        link.send(message(2))
