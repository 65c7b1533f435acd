"""ultralytics' own `track` on the same frames, where it is installed; yanji never needs it."""

from __future__ import annotations

import importlib
import importlib.util
import os
import tempfile
import time
from collections.abc import Set
from pathlib import Path
from typing import Any, Final

from yanji.api.bench_plain import frames_by_opencv
from yanji.configs.settings import Settings
from yanji.detect.card import load_card, verify_weights

SIDE_PX: Final = 640
MISSING: Final = "ultralytics is not installed (pip install torch torchvision ultralytics)"


class UltralyticsTrack:
    """Its tracker over the installation's own detector weights, on one thread."""

    def __init__(self, settings: Settings) -> None:
        """Open the model.

        Raises:
            ImportError: it is not installed, or its parts do not fit together.
        """
        if importlib.util.find_spec("ultralytics") is None:
            raise ImportError(MISSING)
        # It calls home and writes settings unless told not to; a bench does neither.
        os.environ["YOLO_OFFLINE"] = "true"
        os.environ.setdefault("YOLO_CONFIG_DIR", tempfile.mkdtemp(prefix="yanji-ultralytics-"))
        torch: Any = importlib.import_module("torch")
        torch.set_num_threads(1)
        ultralytics: Any = importlib.import_module("ultralytics")
        self._card = load_card(settings.detector)
        self._weights = str(verify_weights(self._card))
        self._make: Any = ultralytics.YOLO

    def run(self, path: Path, analysed: Set[int]) -> tuple[float, int]:
        """Read a recording; see `yanji.api.bench_plain.PlainLoop.run`."""
        model = self._make(self._weights, task="detect")
        classes = sorted(self._card.class_map)
        began_s = time.process_time()
        num_analysed = 0
        for frame in frames_by_opencv(path, analysed):
            model.track(frame, persist=True, imgsz=SIDE_PX, classes=classes, verbose=False)
            num_analysed += 1
        return (time.process_time() - began_s) * 1e3, num_analysed
