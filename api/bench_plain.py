"""The usual loop that yanji is compared with, as tutorials write it, on one thread.

`cv2.VideoCapture.read` of every frame; on the analysed ones a letterbox to a square of 640, the
detector in onnxruntime fp32, NMS, and an embedding of every vehicle found. It follows nobody and
stores nothing, which flatters it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Set
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from yanji.configs.errors import SourceError
from yanji.configs.settings import Settings
from yanji.detect.card import load_card
from yanji.detect.runtime import open_runtime
from yanji.ingest.frame import BgrImage
from yanji.reid.registry import open_embedder

SIDE_PX: Final = 640
SCORE: Final = 0.25
NMS_IOU: Final = 0.45
CLASS_SHIFT_PX: Final = 4096.0
"""Boxes of each class lie apart, so that one NMS serves all."""


class PlainLoop:
    """The models of the loop, opened once."""

    def __init__(self, settings: Settings) -> None:
        """Open them.

        Raises:
            ModelError: a file is missing or changed.
        """
        card = load_card(settings.detector, settings.models)
        self._vehicles = sorted(card.class_map)
        self._fill = card.input.fill
        self._net = open_runtime(card, "onnxruntime", "f32", (1, SIDE_PX, SIDE_PX))
        self._embedder = open_embedder(
            settings.embedder, "onnxruntime", "f32", folder=settings.models
        )

    def run(self, path: Path, analysed: Set[int]) -> tuple[float, int]:
        """Read a recording.

        Args:
            path: of it.
            analysed: numbers of the frames that are analysed, from 0.

        Returns:
            CPU milliseconds, and how many frames were analysed.

        Raises:
            SourceError: OpenCV cannot open it.
        """
        began_s = time.process_time()
        num_analysed = 0
        for frame in frames_by_opencv(path, analysed):
            self._analyse(frame)
            num_analysed += 1
        return (time.process_time() - began_s) * 1e3, num_analysed

    def _analyse(self, frame: BgrImage) -> None:
        height, width = frame.shape[:2]
        scale = SIDE_PX / max(height, width)
        inner = (round(width * scale), round(height * scale))
        left, top = (SIDE_PX - inner[0]) // 2, (SIDE_PX - inner[1]) // 2
        square_1HW3 = np.full((1, SIDE_PX, SIDE_PX, 3), self._fill, np.uint8)
        square_1HW3[0, top : top + inner[1], left : left + inner[0]] = cv2.resize(frame, inner)
        raw_XA = self._net.run(square_1HW3)[0]
        scores_CA = raw_XA[[4 + row for row in self._vehicles]]
        found = np.flatnonzero(scores_CA.max(axis=0) >= SCORE)
        if not len(found):
            return
        scores_N, classes_N = scores_CA[:, found].max(axis=0), scores_CA[:, found].argmax(axis=0)
        xywh_N4 = raw_XA[:4, found].T.copy()
        xywh_N4[:, :2] -= xywh_N4[:, 2:] / 2
        apart_N4 = xywh_N4.copy()
        apart_N4[:, 0] += classes_N * CLASS_SHIFT_PX
        kept = cv2.dnn.NMSBoxes(apart_N4.tolist(), scores_N.tolist(), SCORE, NMS_IOU)
        corner = np.array([left, top], np.float32)
        crops = []
        for row in np.asarray(kept, np.int64).reshape(-1):
            low = ((xywh_N4[row, :2] - corner) / scale).clip(0, [width - 2, height - 2])
            high = ((xywh_N4[row, :2] + xywh_N4[row, 2:] - corner) / scale).clip(
                low + 2, [width, height]
            )
            (x1, y1), (x2, y2) = low.astype(int), np.ceil(high).astype(int)
            crops.append(np.ascontiguousarray(frame[y1:y2, x1:x2]))
        self._embedder.embed(crops)


def frames_by_opencv(path: Path, analysed: Set[int]) -> Iterator[BgrImage]:
    """Read every frame in OpenCV on one thread, whole, and give those with these numbers.

    Raises:
        SourceError: OpenCV cannot open it.
    """
    reader = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    try:
        if not reader.isOpened():
            raise SourceError(
                f"OpenCV cannot open {path}", hint="Name a recording that OpenCV reads."
            )
        number = 0
        while True:
            whole, frame = reader.read()
            if not whole:
                return
            if number in analysed:
                yield np.asarray(frame, np.uint8)
            number += 1
    finally:
        reader.release()
