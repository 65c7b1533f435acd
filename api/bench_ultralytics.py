"""ultralytics' own `track` on the same frames, where it is installed; yanji never needs it."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Set
from pathlib import Path
from typing import Any, Final

import numpy as np

from yanji.api.bench_plain import frames_by_opencv
from yanji.configs.settings import Settings
from yanji.detect.card import load_card, verify_weights

SIDE_PX: Final = 640
MISSING: Final = "ultralytics is not installed (pip install 'yanji[bench]')"


class UltralyticsTrack:
    """Its tracker over the installation's own detector weights, on one thread."""

    def __init__(self, settings: Settings) -> None:
        """Open the model.

        Raises:
            ImportError: it is not installed, or its parts do not fit together.
        """
        if importlib.util.find_spec("ultralytics") is None:
            raise ImportError(MISSING)
        # It calls home, installs packages, writes settings and talks unless told not to.
        os.environ["YOLO_OFFLINE"] = "true"
        os.environ["YOLO_AUTOINSTALL"] = "false"
        os.environ.setdefault("YOLO_VERBOSE", "false")
        os.environ.setdefault("YOLO_CONFIG_DIR", tempfile.mkdtemp(prefix="yanji-ultralytics-"))
        with _quiet():
            torch: Any = _imported("torch")
            torch.set_num_threads(1)
            ultralytics: Any = _imported("ultralytics")
        self._card = load_card(settings.detector, settings.models)
        self._weights = str(verify_weights(self._card))
        self._make: Any = ultralytics.YOLO

    def run(self, path: Path, analysed: Set[int]) -> tuple[float, int]:
        """Read a recording; see `yanji.api.bench_plain.PlainLoop.run`."""
        with _quiet():
            model = self._make(self._weights, task="detect")
            with _one_thread():  # it loads the model at the first picture, which is not counted
                self._track(model, np.zeros((1080, 1920, 3), np.uint8))
            began_s = time.process_time()
            num_analysed = 0
            for frame in frames_by_opencv(path, analysed):
                self._track(model, frame)
                num_analysed += 1
            return (time.process_time() - began_s) * 1e3, num_analysed

    def _track(self, model: Any, frame: Any) -> None:
        classes = sorted(self._card.class_map)
        model.track(frame, persist=True, imgsz=SIDE_PX, classes=classes, verbose=False)


def _imported(name: str) -> Any:
    """Import a package, whatever is wrong with it.

    Raises:
        ImportError: it cannot be loaded; torch and torchvision that do not fit together say so by
            a `RuntimeError`.
    """
    try:
        return importlib.import_module(name)
    except ImportError:
        raise
    except Exception as error:  # whatever a foreign library raises while it is imported
        raise ImportError(f"{name} cannot be loaded: {error}") from error


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep what it prints out of the answer on stdout."""
    with contextlib.redirect_stdout(sys.stderr):
        yield


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Give onnxruntime one thread, which ultralytics cannot be asked for: all arms have one."""
    onnxruntime: Any = importlib.import_module("onnxruntime")
    open_session = onnxruntime.InferenceSession
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1

    def on_one(path: object, _options: object = None, **others: object) -> object:
        return open_session(path, options, **others)

    onnxruntime.InferenceSession = on_one
    try:
        yield
    finally:
        onnxruntime.InferenceSession = open_session
