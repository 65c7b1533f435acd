"""Cut pairs of one vehicle out of a clip, far and near, as a probe of another domain.

    python -m yanji.reid.training.video_pairs CLIP.mp4 --out DIR
    yanji eval reid --images DIR --list DIR/list.txt

A vehicle that crosses the picture is linked from frame to frame by the overlap of its boxes; its
smallest and its largest box that touch no border become `..._cam1.jpg` and `..._cam2.jpg`. That is
one camera, so easier than two: a crude check that training did not spoil the start weights for
other roads, never a figure to present as accuracy. The crops are not to be committed.
"""

from __future__ import annotations

import argparse
import logging
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from yanji.configs.errors import NotAVideoError
from yanji.detect.card import load_card
from yanji.detect.classes import CLASSES
from yanji.detect.detections import Detections, FloatArray
from yanji.detect.yolo import Detector
from yanji.ingest.frame import BgrImage

log = logging.getLogger(__name__)

MIN_SIDE_PX = 24
"""Of the far box's shorter side; below that a person could not pair them either."""
MIN_GROWTH = 1.6
"""Near box over far box, by the root of the area: less is nearly the same picture twice."""
MIN_SCORE = 0.4
IN_THE_WAY_SCORE = 0.1
"""A vehicle from here on that touches another makes it one that is not alone."""
LINK_IOU = 0.4
MARGIN = 0.06
"""Added on each side, share of the box."""


@dataclass(frozen=True, slots=True)
class DecodedPicture:
    """A `Picture` that is in memory already."""

    image: BgrImage

    @property
    def width(self) -> int:
        """Pixels."""
        return int(self.image.shape[1])

    @property
    def height(self) -> int:
        """Pixels."""
        return int(self.image.shape[0])

    def bgr(self) -> BgrImage:
        """Return the picture itself."""
        return self.image

    def region_bgr(self, x1: int, y1: int, x2: int, y2: int) -> BgrImage:
        """Return a view on a part."""
        return self.image[y1:y2, x1:x2]

    def scaled_bgr(self, width: int, height: int) -> BgrImage:
        """Scale, area-averaged."""
        scaled = cv2.resize(self.image, (width, height), interpolation=cv2.INTER_AREA)
        return scaled.astype(np.uint8, copy=False)


@dataclass(slots=True)
class Link:
    """One vehicle as far as it was followed."""

    box_4: FloatArray
    last_frame: int
    votes: list[int] = field(default_factory=list)
    sides: list[float] = field(default_factory=list)
    """Root of the area, for each whole view."""
    crops: list[BgrImage] = field(default_factory=list)


def cut_pairs(clip: Path, out: Path, stride: int) -> int:
    """Write the pairs and `list.txt`; returns how many vehicles were paired.

    Args:
        clip: a video that OpenCV reads.
        out: folder, made when missing.
        stride: analyse one frame in so many.

    Raises:
        NotAVideoError: no frame could be read.
    """
    detector = Detector(load_card("yolo11n"))
    capture = cv2.VideoCapture(str(clip))
    links: list[Link] = []
    number = 0
    while True:
        read, image = capture.read()
        if not read:
            break
        if number % stride == 0:
            picture = DecodedPicture(image.astype(np.uint8, copy=False))
            extend_links(links, detector.detect(picture), picture.image, number, 3 * stride)
        number += 1
    capture.release()
    if number == 0:
        raise NotAVideoError(f"{clip.name} holds no decodable video.")
    out.mkdir(parents=True, exist_ok=True)
    names: list[str] = []
    for link in links:
        names += write_pair(link, out, len(names) // 2 + 1)
    (out / "list.txt").write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
    return len(names) // 2


def extend_links(
    links: list[Link], found: Detections, image: BgrImage, number: int, patience: int
) -> None:
    """Give each box to the live link it overlaps most, at least LINK_IOU, or begin a new one."""
    live = [link for link in links if number - link.last_frame <= patience]
    for box_4, score, class_number in zip(
        found.boxes_N4, found.scores_N, found.classes_N, strict=True
    ):
        if score < MIN_SCORE:
            continue
        free = [link for link in live if link.last_frame != number]
        overlaps = [_iou(link.box_4, box_4) for link in free]
        if overlaps and max(overlaps) >= LINK_IOU:
            link = free[int(np.argmax(overlaps))]
        else:
            link = Link(box_4, number)
            links.append(link)
        link.box_4, link.last_frame = box_4, number
        link.votes.append(int(class_number))
        height, width = image.shape[:2]
        whole = box_4[0] > 2 and box_4[1] > 2 and box_4[2] < width - 2 and box_4[3] < height - 2
        others_N4 = found.boxes_N4[found.scores_N >= IN_THE_WAY_SCORE]
        alone = all(_iou(box_4, other) in (0, 1) for other in others_N4)
        if whole and alone and min(box_4[2:] - box_4[:2]) >= MIN_SIDE_PX:
            link.sides.append(float(np.sqrt(np.prod(box_4[2:] - box_4[:2]))))
            link.crops.append(_cut(image, box_4))


def write_pair(link: Link, out: Path, number: int) -> list[str]:
    """Write the farthest and nearest view; returns their names, none where they are too alike."""
    if len(link.sides) < 4 or max(link.sides) < MIN_GROWTH * min(link.sides):
        return []
    name = CLASSES[int(np.bincount(link.votes).argmax())]
    chosen = (int(np.argmin(link.sides)), int(np.argmax(link.sides)))
    names = []
    for camera, index in enumerate(chosen, start=1):
        names.append(f"{name}_{number:04d}_cam{camera}.jpg")
        cv2.imwrite(str(out / names[-1]), link.crops[index])
    return names


def _cut(image: BgrImage, box_4: FloatArray) -> BgrImage:
    height, width = image.shape[:2]
    grow_2 = (box_4[2:] - box_4[:2]) * MARGIN
    left, top = (max(0, int(edge)) for edge in box_4[:2] - grow_2)
    right, bottom = (int(edge) + 1 for edge in box_4[2:] + grow_2)
    return image[top : min(bottom, height), left : min(right, width)].copy()


def _iou(one_4: FloatArray, other_4: FloatArray) -> float:
    inner_2 = np.minimum(one_4[2:], other_4[2:]) - np.maximum(one_4[:2], other_4[:2])
    if (inner_2 <= 0).any():
        return 0.0
    inner = float(np.prod(inner_2))
    areas = sum(float(np.prod(box_4[2:] - box_4[:2])) for box_4 in (one_4, other_4))
    return inner / (areas - inner)


def main() -> None:
    """Read the arguments and cut."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clip", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--stride", type=int, default=2)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    count = cut_pairs(arguments.clip, arguments.out, arguments.stride)
    log.info("%d vehicles paired into %s", count, arguments.out)


if __name__ == "__main__":
    main()
