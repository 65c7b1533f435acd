"""The models that answer questions: opened once, used by one request at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from yanji.api.query import Box, confident, load_models, query_of
from yanji.api.web.snapshots import DescribedVehicle
from yanji.configs.settings import Settings
from yanji.detect.detections import Detections
from yanji.detect.yolo import Detector
from yanji.ingest.array_picture import ArrayPicture
from yanji.ingest.snapshot import Snapshot
from yanji.reid.embedder import Embedder

_NAME = Path("the picture")
"""The name that the file came with is never used."""
LoadModels = Callable[[Settings], tuple[Detector, Embedder]]


class QueryModels:
    """Detector and embedder of the installation. Thread-safe: the lock is held while one works."""

    def __init__(self, settings: Settings, load: LoadModels = load_models) -> None:
        self._settings = settings
        self._load = load
        self._lock = threading.Lock()
        self._loaded: tuple[Detector, Embedder] | None = None

    @property
    def model_id(self) -> str:
        """Name of the embedder."""
        return self._settings.embedder

    def warm(self) -> None:
        """Open the models now.

        Raises:
            ModelError: a file is missing or changed, or answers differently here.
        """
        with self._lock:
            self._open()

    def find(self, snapshot: Snapshot) -> Detections:
        """Everything in a picture: doubtful vehicles too, and the persons that must be blurred."""
        with self._lock:
            return self._open()[0].detect(ArrayPicture(snapshot.image))

    def describe(self, snapshot: Snapshot, box: Box | None, found: Detections) -> DescribedVehicle:
        """The vehicle in the box, or the largest one, as something to search for.

        Raises:
            UsageError: the box is not in the picture (`bad_box`).
            NothingFoundError: no box, and no vehicle was found (`no_vehicle`).
        """
        with self._lock:
            query = query_of(snapshot, _NAME, box, confident(found), self._open()[1])
        return DescribedVehicle(query.box, query.vehicle_class, query.others, query.embedding)

    def _open(self) -> tuple[Detector, Embedder]:
        if self._loaded is None:
            self._loaded = self._load(self._settings)
        return self._loaded
