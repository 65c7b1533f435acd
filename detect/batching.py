"""Gathers requests of many into batches for one device, and gives everyone their own answer.

A device computes sixteen pictures in little more time than one. Requests of one model and one input
size wait together, at most `max_wait_s` for company; each size has its own queue, and of the queues
that are due the one whose first request waited longest goes next, so that no size starves.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from yanji.ingest.frame import BgrImage

log = logging.getLogger(__name__)

FloatArray = npt.NDArray[np.float32]


class BatchError(Exception):
    """A batch could not be computed; whoever asked may ask again."""


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model that computes batches of any number of pictures of any size it knows."""

    run: Callable[[BgrImage], FloatArray]
    """(N, height, width, 3) uint8 BGR -> (N, ...) float32, in new memory each time: answers are
    still read while the next batch is computed."""
    sha256: str
    """Of the weights: who asks must mean the same ones."""
    name: str
    """Back end and device, for example `onnxruntime:CUDA`."""
    precision: str = "f32"
    max_batch: int | None = None
    """Pictures that one run takes at most (1 for a graph whose batch is fixed); None: any."""


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """How batches are made."""

    max_batch: int = 16
    """Pictures of a batch, and of one request."""
    max_wait_s: float = 0.005
    """A request waits so long for others of its size, counted from its arrival."""
    max_waiting: int = 256
    """Pictures that may wait in all; who brings more is held up until there is room."""


Key = tuple[str, int, int]
"""(model, height, width)."""


@dataclass(slots=True)
class _Request:
    images_NHW3: BgrImage
    since_s: float
    answer: Future[FloatArray] = field(default_factory=Future)


class BatchQueue:
    """Which requests go together and when; no threads, no models, no clock of its own."""

    def __init__(self, limits: BatchLimits) -> None:
        self._limits = limits
        self._queues: dict[Key, deque[_Request]] = {}
        self.num_waiting = 0
        """Pictures."""

    def has_room(self, num_pictures: int) -> bool:
        """Say whether so many more pictures may wait."""
        return self.num_waiting + num_pictures <= self._limits.max_waiting

    def put(self, key: Key, request: _Request) -> None:
        """Let a request wait."""
        self._queues.setdefault(key, deque()).append(request)
        self.num_waiting += len(request.images_NHW3)

    def take(self, now_s: float) -> tuple[Key, list[_Request]] | None:
        """Return the next batch that is due, in order of arrival; None: none is."""
        due = [
            (queue[0].since_s, key)
            for key, queue in self._queues.items()
            if self._due_s(queue) <= now_s
        ]
        if not due:
            return None
        _, key = min(due)
        queue = self._queues[key]
        batch = [queue.popleft()]
        num = len(batch[0].images_NHW3)
        while queue and num + len(queue[0].images_NHW3) <= self._limits.max_batch:
            batch.append(queue.popleft())
            num += len(batch[-1].images_NHW3)
        if not queue:
            del self._queues[key]
        self.num_waiting -= num
        return key, batch

    def wait_s(self, now_s: float) -> float | None:
        """Return the seconds until a batch is due, 0 if one is; None: nothing waits."""
        if not self._queues:
            return None
        return max(0.0, min(self._due_s(queue) for queue in self._queues.values()) - now_s)

    def _due_s(self, queue: deque[_Request]) -> float:
        if sum(len(request.images_NHW3) for request in queue) >= self._limits.max_batch:
            return queue[0].since_s
        return queue[0].since_s + self._limits.max_wait_s


class Batcher:
    """The queue with its models: many threads ask, one thread computes."""

    def __init__(
        self,
        models: Mapping[str, ServedModel],
        limits: BatchLimits | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.models = dict(models)
        self.limits = limits if limits is not None else BatchLimits()
        self.num_batches = 0
        self.num_pictures = 0
        self.num_failures_in_a_row = 0
        """Batches that could not be computed since the last one that could."""
        self._clock = clock
        self._queue = BatchQueue(self.limits)
        self._changed = threading.Condition()

    @property
    def num_waiting(self) -> int:
        """Pictures that wait."""
        return self._queue.num_waiting

    def submit(self, model: str, images_NHW3: BgrImage) -> Future[FloatArray]:
        """Ask for the outputs of some pictures; waits while the queue is full.

        Args:
            model: one of `models`.
            images_NHW3: (N, height, width, 3) uint8, 1 <= N <= `limits.max_batch`; must not change
                before the answer is there.

        Returns:
            The answer to come, (N, ...) float32, or a `BatchError`.

        Raises:
            ValueError: an unknown model, no pictures, too many, or no uint8 pictures.
        """
        if model not in self.models:
            raise ValueError(f"There is no model {model!r} here.")
        if images_NHW3.ndim != 4 or images_NHW3.shape[3] != 3 or images_NHW3.dtype != np.uint8:
            raise ValueError(
                f"Expected (N, height, width, 3) uint8, got {images_NHW3.shape} "
                f"{images_NHW3.dtype}."
            )
        most = min(self.limits.max_batch, self.limits.max_waiting)
        if not 1 <= len(images_NHW3) <= most:
            raise ValueError(f"A request has 1 to {most} pictures, got {len(images_NHW3)}.")
        with self._changed:
            self._changed.wait_for(lambda: self._queue.has_room(len(images_NHW3)))
            request = _Request(images_NHW3, self._clock())
            self._queue.put((model, images_NHW3.shape[1], images_NHW3.shape[2]), request)
            self._changed.notify_all()
        return request.answer

    def step(self, timeout_s: float) -> bool:
        """Compute the next batch, waiting for it up to `timeout_s`; False: there was none."""
        until_s = self._clock() + timeout_s
        with self._changed:
            while (taken := self._queue.take(now_s := self._clock())) is None:
                due_s = self._queue.wait_s(now_s)
                left_s = until_s - now_s
                if left_s <= 0:
                    return False
                self._changed.wait(left_s if due_s is None else min(due_s, left_s))
            self._changed.notify_all()  # there is room again
        (model, _, _), batch = taken
        self._compute(self.models[model], batch)
        return True

    def _compute(self, model: ServedModel, batch: list[_Request]) -> None:
        try:
            output = _run(model, [request.images_NHW3 for request in batch])
        except Exception as error:
            # Whatever a back end raises, the askers must be answered and the next batch computed.
            self.num_failures_in_a_row += 1
            log.error("a batch of %d requests failed: %r", len(batch), error)
            for request in batch:
                request.answer.set_exception(BatchError(f"{type(error).__name__}: {error}"))
            return
        self.num_failures_in_a_row = 0
        self.num_batches += 1
        self.num_pictures += len(output)
        start = 0
        for request in batch:
            end = start + len(request.images_NHW3)
            request.answer.set_result(output[start:end])
            start = end


def _run(model: ServedModel, images: list[BgrImage]) -> FloatArray:
    batch = images[0] if len(images) == 1 else np.concatenate(images)
    most = model.max_batch if model.max_batch is not None else len(batch)
    parts = [model.run(batch[row : row + most]) for row in range(0, len(batch), most)]
    output = parts[0] if len(parts) == 1 else np.concatenate(parts)
    if len(output) != len(batch):
        raise BatchError(f"{len(batch)} pictures gave {len(output)} answers.")
    return output
