"""The other end of `detect/runtimes/remote.py`: takes workers' pictures to the batcher and back.

Each connection has a thread of its own, which mostly waits: a worker that is stopped, killed or
talks nonsense holds up nobody else. What they share is the batcher, whose one computing thread is
the caller's.
"""

from __future__ import annotations

import logging
import os
import threading
from multiprocessing import AuthenticationError
from multiprocessing.connection import (
    Connection,
    Listener,
    answer_challenge,
    deliver_challenge,
)
from multiprocessing.reduction import recv_handle

import numpy as np

from yanji.detect.batching import Batcher, BatchError
from yanji.detect.runtimes.wire import (
    Compute,
    Computed,
    FloatArray,
    NotComputed,
    Open,
    Opened,
    Refused,
    SharedBlock,
    is_sealed,
)

log = logging.getLogger(__name__)

LONGEST_SIDE_PX = 4096
_GONE = (EOFError, OSError, AuthenticationError)
_BACKLOG = 64


class InferenceService:
    """Accepts workers on a Unix socket for as long as the process lives."""

    def __init__(self, batcher: Batcher, address: str, authkey: bytes) -> None:
        self._batcher = batcher
        self._authkey = authkey
        self._lock = threading.Lock()
        self._num_connections = 0
        # Without the key here: the listener would ask one after the other, and a stopped one first.
        self._listener = Listener(address, backlog=_BACKLOG)
        self._ended = False
        threading.Thread(target=self._accept, name="inference-accept", daemon=True).start()

    @property
    def num_connections(self) -> int:
        """Connections that are open: one for each model and input shape of a worker."""
        with self._lock:
            return self._num_connections

    def close(self) -> None:
        """Accept nobody any more; who is there stays."""
        self._ended = True
        self._listener.close()

    def _accept(self) -> None:
        while not self._ended:
            try:
                connection = self._listener.accept()
            except OSError:
                continue  # closed, or one that was gone before it was taken in
            threading.Thread(
                target=self._serve, args=(connection,), name="inference-worker", daemon=True
            ).start()

    def _serve(self, connection: Connection) -> None:
        with self._lock:
            self._num_connections += 1
        try:
            with connection:
                deliver_challenge(connection, self._authkey)
                answer_challenge(connection, self._authkey)
                self._answer(connection)
        except _GONE:
            pass  # the worker ended, however it did
        except Exception:
            # Its words were no words of ours. The others must not notice.
            log.exception("a connection failed")
        finally:
            with self._lock:
                self._num_connections -= 1

    def _answer(self, connection: Connection) -> None:
        wanted = connection.recv()
        if not isinstance(wanted, Open):
            raise TypeError(f"expected Open, got {type(wanted).__name__}")
        refusal = self._refusal(wanted)
        if refusal is None:
            try:
                output_shape = self._output_shape(wanted)
            except BatchError as error:
                shape = " x ".join(map(str, wanted.input_shape))
                refusal = Refused(
                    f"Model {wanted.model!r} does not compute inputs of {shape} on this device: "
                    f"{error}"
                )
        if refusal is not None:
            connection.send(refusal)
            return
        model = self._batcher.models[wanted.model]
        connection.send(Opened(model.name, model.precision, output_shape))
        descriptor = recv_handle(connection)
        try:
            if not is_sealed(descriptor):
                raise ValueError("a block that can shrink")
            block = SharedBlock(descriptor, wanted.input_shape, output_shape)
        finally:
            os.close(descriptor)
        while True:
            order = connection.recv()
            if not isinstance(order, Compute):
                raise TypeError(f"expected Compute, got {type(order).__name__}")
            try:
                answer = self._batcher.submit(wanted.model, block.images_NHW3).result()
            except BatchError as error:
                connection.send(NotComputed(order.number, str(error)))
                continue
            np.copyto(block.output, answer)
            del answer  # the batch's memory, which would wait here for the next picture
            connection.send(Computed(order.number))

    def _refusal(self, wanted: Open) -> Refused | None:
        model = self._batcher.models.get(wanted.model)
        if model is None:
            known = ", ".join(sorted(self._batcher.models))
            return Refused(f"The inference process has no model {wanted.model!r}: {known}.")
        if model.sha256 != wanted.sha256:
            return Refused(
                f"The inference process has other weights of model {wanted.model!r}.",
                "Stop yanji and start it again: it was updated while it ran.",
            )
        batch, height, width = wanted.input_shape
        if not (
            1 <= batch <= self._batcher.limits.max_batch
            and 1 <= height <= LONGEST_SIDE_PX
            and 1 <= width <= LONGEST_SIDE_PX
        ):
            return Refused(f"Inputs of {wanted.input_shape} are not computed here.")
        return None

    def _output_shape(self, wanted: Open) -> tuple[int, ...]:
        """Compute once: how large answers are, and the device has seen this size."""
        nothing_NHW3 = np.zeros((*wanted.input_shape, 3), np.uint8)
        answer: FloatArray = self._batcher.submit(wanted.model, nothing_NHW3).result()
        return answer.shape
