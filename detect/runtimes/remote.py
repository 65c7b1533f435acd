"""A model that computes in another process: the worker's end.

The process may die or hang: whoever waits for an answer then connects to the next one and asks
again, the pictures still being in the worker's own memory. Meanwhile frames arrive and are dropped,
and counted, by the worker's bounded queue.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection
from multiprocessing.reduction import send_handle

import numpy as np

from yanji.configs.errors import ModelError
from yanji.detect.card import Card
from yanji.detect.runtimes.wire import (
    Compute,
    Computed,
    FloatArray,
    NotComputed,
    Open,
    Opened,
    Refused,
    SharedBlock,
    new_block,
)
from yanji.ingest.frame import BgrImage

POLL_S = 0.1
"""How often who waits says that it lives."""
RETRY_S = 0.3
"""Between tries to connect, and to compute what could not be computed."""
TRIES = 8
"""Of one batch; more than the process's own limit, after which it is replaced."""


class NoAnswerError(Exception):
    """The process lives and cannot compute these pictures; this worker cannot go on."""


class InferenceClient:
    """Opens models in the inference process; use it as `open_model` of detector and embedder."""

    def __init__(
        self, address: str, authkey: bytes, while_waiting: Callable[[], None] = lambda: None
    ) -> None:
        """Know where the process is; nothing is connected yet.

        Args:
            address: of its Unix socket.
            authkey: both sides prove that they know it.
            while_waiting: called about ten times a second while there is no answer, for
                heartbeats; what it raises ends the wait.
        """
        self.address = address
        self.authkey = authkey
        self.while_waiting = while_waiting

    def __call__(self, card: Card, input_shape: tuple[int, int, int]) -> RemoteRuntime:
        """Open a model for one input shape; waits until the process is there.

        Raises:
            ModelError: the process does not serve this model, or not in this shape.
        """
        return RemoteRuntime(self, card, input_shape)


class RemoteRuntime:
    """A model in the inference process; see `yanji.detect.runtime.Runtime`. For one thread."""

    def __init__(
        self, client: InferenceClient, card: Card, input_shape: tuple[int, int, int]
    ) -> None:
        self._client = client
        self._wanted = Open(card.name, card.sha256, input_shape)
        self._descriptor: int | None = None
        self._number = 0
        self._connection: Connection
        self._block: SharedBlock
        self._opened: Opened
        self._reconnect()

    def __del__(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)

    @property
    def name(self) -> str:
        """Back end and device, over there."""
        return self._opened.name

    @property
    def precision(self) -> str:
        """In what the model computes."""
        return self._opened.precision

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """(batch, height, width)."""
        return self._wanted.input_shape

    def run(self, images_NHW3: BgrImage) -> FloatArray:
        """Compute the first output; the array is the shared memory until the next call.

        Raises:
            ValueError: pictures of another shape or type.
            NoAnswerError: they could not be computed in several tries.
        """
        if images_NHW3.shape != (*self.input_shape, 3) or images_NHW3.dtype != np.uint8:
            raise ValueError(
                f"Expected {(*self.input_shape, 3)} uint8, got {images_NHW3.shape} "
                f"{images_NHW3.dtype}."
            )
        np.copyto(self._block.images_NHW3, images_NHW3)
        problem = ""
        for _ in range(TRIES):
            answer = self._ask()
            if isinstance(answer, Computed):
                return self._block.output
            problem = answer.message
            self._pause(RETRY_S)
        raise NoAnswerError(f"Model {self._wanted.model!r} gave no answer: {problem}")

    def _ask(self) -> Computed | NotComputed:
        """Ask until a process answers, whichever it is by then."""
        while True:
            self._number += 1
            try:
                self._connection.send(Compute(self._number))
                answer = self._receive(self._connection)
            except (EOFError, OSError):
                self._reconnect()
                continue
            if isinstance(answer, Computed | NotComputed) and answer.number == self._number:
                return answer

    def _reconnect(self) -> None:
        while True:
            try:
                self._connection = self._connected()
                self._open()
                return
            except (EOFError, OSError, AuthenticationError):
                # Not there yet, or gone again: whoever watches it starts the next one.
                self._pause(RETRY_S)

    def _connected(self) -> Connection:
        """Connect in a thread: a process that was stopped would hold us up, and our beats."""
        made: Future[Connection] = Future()

        def connect() -> None:
            try:
                made.set_result(Client(self._client.address, authkey=self._client.authkey))
            except Exception as error:
                made.set_exception(error)

        thread = threading.Thread(target=connect, name="inference-connect", daemon=True)
        thread.start()
        while thread.is_alive():
            thread.join(POLL_S)
            if thread.is_alive():
                self._client.while_waiting()
        return made.result()

    def _open(self) -> None:
        self._connection.send(self._wanted)
        answer = self._receive(self._connection)
        if isinstance(answer, Refused):
            raise ModelError(answer.message, hint=answer.hint)
        if not isinstance(answer, Opened):
            raise EOFError
        if self._descriptor is None:
            self._descriptor = new_block(self.input_shape, answer.output_shape)
            self._block = SharedBlock(self._descriptor, self.input_shape, answer.output_shape)
        self._opened = answer
        send_handle(self._connection, self._descriptor, None)

    def _receive(self, connection: Connection) -> object:
        while not connection.poll(POLL_S):
            self._client.while_waiting()
        return connection.recv()

    def _pause(self, seconds: float) -> None:
        until_s = time.monotonic() + seconds
        while (left_s := until_s - time.monotonic()) > 0:
            time.sleep(min(POLL_S, left_s))
            self._client.while_waiting()
