"""How far the pictures of a cheaper way of decoding are from those of the full decoder."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from yanji.api.bench_footage import RATE_FPS
from yanji.api.bench_ways import ANALYSE_FPS, Moments, picture_of
from yanji.detect.agreement import Agreement, agreement_of
from yanji.detect.detections import Detections
from yanji.detect.letterbox import fit_of
from yanji.detect.yolo import Detector
from yanji.ingest.frame import Picture
from yanji.ingest.sample import Sampler

HALF_FRAME_S: Final = 0.5 / RATE_FPS
WHITE: Final = 255.0


@dataclass(frozen=True, slots=True)
class Likeness:
    """What comparing the analysed frames of two ways came to."""

    num_compared: int
    """Analysed frames of the way; each was compared with the full decoder's of the same moment."""
    luma_difference: float
    """Mean absolute difference of brightness, 0..255."""
    mean_square: float
    """Mean of its square."""
    agreement: Agreement
    """Of what the detector finds in the full decoder's picture and in the way's."""

    def figures(self) -> dict[str, object]:
        """As JSON; `psnr_db` is None where there is no difference (or nothing was compared)."""
        found = self.agreement.figures()
        psnr = 10 * math.log10(WHITE**2 / self.mean_square) if self.mean_square else None
        return {
            "compared": self.num_compared,
            "luma_difference": round(self.luma_difference, 3),
            "psnr_db": None if psnr is None else round(psnr, 2),
            "boxes_kept": round(found["found"], 4),
            "boxes_new": round(1 - found["not_invented"], 4),
            "boxes": found["num_boxes"],
        }


def compare(
    ours: Moments,
    full: Moments,
    detector: Detector,
    known: dict[int, Detections] | None = None,
) -> Likeness:
    """Compare the analysed frames, 5 a second of what `ours` gives, with those of `full`.

    Streams of one size are compared at that size, others at the detector's. `full` gives every
    frame of the camera, so each of ours has its partner. `known` keeps what was found in
    `full`, by number of the frame, for the next comparison with it.
    """
    known = {} if known is None else known
    differences: list[float] = []
    squares: list[float] = []
    agreement = Agreement()
    for number, mine, theirs in _same_moments(ours, full):
        one, other = _grey(mine, theirs), _grey(theirs, mine)
        apart = one.astype(np.float32) - other
        differences.append(float(np.abs(apart).mean()))
        squares.append(float(np.square(apart).mean()))
        if number not in known:
            known[number] = _look(detector, theirs)
        agreement += agreement_of(known[number], _look(detector, mine))
    return Likeness(
        len(squares),
        float(np.mean(differences)) if differences else 0.0,
        float(np.mean(squares)) if squares else 0.0,
        agreement,
    )


def _same_moments(ours: Moments, full: Moments) -> Iterator[tuple[int, Picture, Picture]]:
    """The analysed ones of ours, each with its partner and that one's number.

    Both streams are read once, in step.
    """
    sampler = Sampler(ANALYSE_FPS)
    there_s, there = next(full, (math.inf, None))
    for here_s, here in ours:
        if not sampler.take(here_s):
            continue
        while there is not None and there_s < here_s - HALF_FRAME_S:
            there_s, there = next(full, (math.inf, None))
        if there is not None and there_s <= here_s + HALF_FRAME_S:
            yield round(there_s * RATE_FPS), picture_of(here), picture_of(there)


def _grey(picture: Picture, beside: Picture) -> npt.NDArray[np.uint8]:
    if (picture.width, picture.height) == (beside.width, beside.height):
        image = picture.bgr()
    else:
        fit = fit_of(picture.width, picture.height)
        image = picture.scaled_bgr(fit.inner_width, fit.inner_height)
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)


def _look(detector: Detector, picture: Picture) -> Detections:
    """Find the vehicles; places in thousandths of the picture, as streams differ in size."""
    found = detector.detect(picture, overhead=True)
    scale_4 = np.array([1000 / picture.width, 1000 / picture.height] * 2, np.float32)
    return replace(found, boxes_N4=found.boxes_N4 * scale_4, persons_M4=found.persons_M4 * scale_4)
