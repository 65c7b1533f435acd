"""A worker's models, opened beside its compute thread: to compile one takes seconds.

The compute thread sends the beats. While it waits for a model, at the start or because a camera
suddenly sends pictures of another shape, it goes on sending them; on a busy machine it would else
be taken for one that hangs.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Final, TypeVar

from yanji.api.pipeline import open_detector, open_reid
from yanji.configs.settings import Settings
from yanji.detect.card import Card
from yanji.detect.runtime import Runtime, int8_or_auto, open_runtime
from yanji.detect.yolo import Detector
from yanji.reid.embedder import Embedder

LONGEST_S: Final = 60.0
"""A model that takes longer to open hangs, and who waits for it shows no more signs of life."""
_STEP_S: Final = 0.25
_T = TypeVar("_T")


class ModelOpener:
    """Opens models in threads of its own; `while_waiting` is called by the thread that asks.

    One thread asks, except that a model may be opened by a thread of this class.
    """

    def __init__(self, settings: Settings, while_waiting: Callable[[], None]) -> None:
        self._settings = settings
        self._while_waiting = while_waiting
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="models")
        self._asker = threading.get_ident()

    def open_both(self) -> tuple[Detector, Embedder]:
        """Open detector and embedder; side by side as far as their back ends can.

        Raises:
            ModelError: see `yanji.detect.runtime.open_runtime`.
        """
        detector = self._threads.submit(open_detector, self._settings, open_model=self)
        embedder = self._threads.submit(open_reid, self._settings, open_model=self)
        return self._waited(detector), self._waited(embedder)

    def __call__(self, card: Card, shape: tuple[int, int, int]) -> Runtime:
        """Open one network for an input shape; see `yanji.detect.runtime.OpenModel`."""
        if threading.get_ident() != self._asker:
            return self._opened(card, shape)
        return self._waited(self._threads.submit(self._opened, card, shape))

    def _opened(self, card: Card, shape: tuple[int, int, int]) -> Runtime:
        precision = self._settings.precision
        if card.task == "embed":
            precision = int8_or_auto(card, precision)
        return open_runtime(card, self._settings.runtime, precision, shape)

    def _waited(self, opening: Future[_T]) -> _T:
        for _ in range(round(LONGEST_S / _STEP_S)):
            if wait([opening], _STEP_S).done:
                break
            self._while_waiting()
        return opening.result()
