"""Small drawings from which decals are made, on an RGBA picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]
Ink = tuple[int, int, int]
"""sRGB, 0..255."""

SHAPES: Final = ("disc", "ring", "triangle", "diamond", "bars", "drop", "cross", "moon")


@dataclass(frozen=True, slots=True)
class Rect:
    """A part of the picture, pixels."""

    x: float
    y: float
    width: float
    height: float

    def part(self, x: float, y: float, width: float, height: float) -> Rect:
        """Return a part given in shares of this one."""
        return Rect(
            self.x + x * self.width, self.y + y * self.height, width * self.width,
            height * self.height,
        )  # fmt: skip

    @property
    def corners(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Upper left and lower right pixel."""
        return (
            (round(self.x), round(self.y)),
            (round(self.x + self.width) - 1, round(self.y + self.height) - 1),
        )


def fill(picture: Picture, area: Rect, ink: Ink, cover: int = 255) -> None:
    """Paint a rectangle."""
    first, last = area.corners
    cv2.rectangle(picture, first, last, (*ink, cover), -1)


def slanted(picture: Picture, area: Rect, at: float, share: float, ink: Ink) -> None:
    """Paint a slanted band from edge to edge of an area."""
    (left, top), (right, bottom) = area.corners
    width, lean = right - left, (bottom - top) * 0.6
    x0, x1 = left + at * width, left + (at + share) * width
    points = np.array(
        [(x0 + lean, top), (x1 + lean, top), (x1 - lean, bottom), (x0 - lean, bottom)]
    )
    points[:, 0] = points[:, 0].clip(left, right)
    cv2.fillPoly(picture, [points.round().astype(np.int32)], (*ink, 255), cv2.LINE_AA)


def sign(picture: Picture, area: Rect, shape: str, ink: Ink) -> None:
    """Draw an invented trade sign: one simple shape."""
    centre = np.array([area.x + area.width / 2, area.y + area.height / 2])
    half = np.array([area.width, area.height]) / 2
    middle = (round(centre[0]), round(centre[1]))
    axes = (max(round(half[0]), 1), max(round(half[1]), 1))
    colour, clear = (*ink, 255), (0, 0, 0, 0)
    inner = (max(axes[0] * 6 // 10, 1), max(axes[1] * 6 // 10, 1))
    if shape in ("disc", "ring", "moon"):
        cv2.ellipse(picture, middle, axes, 0, 0, 360, colour, -1)
        if shape == "ring":
            cv2.ellipse(picture, middle, inner, 0, 0, 360, clear, -1)
        if shape == "moon":
            cv2.ellipse(picture, (middle[0] + axes[0] // 2, middle[1]), inner, 0, 0, 360, clear, -1)
        return
    outlines: dict[str, list[list[tuple[float, float]]]] = {
        "triangle": [[(0, -1), (1, 1), (-1, 1)]],
        "diamond": [[(0, -1), (1, 0), (0, 1), (-1, 0)]],
        "bars": [[(k - 0.18, -1 + abs(k)), (k + 0.18, -1 + abs(k)), (k + 0.18, 1), (k - 0.18, 1)]
                 for k in (-0.7, 0.0, 0.7)],
        "drop": [[(0, -1), (0.6, 0.1), (0.5, 0.7), (0, 1), (-0.5, 0.7), (-0.6, 0.1)]],
        "cross": [[(-0.3, -1), (0.3, -1), (0.3, 1), (-0.3, 1)],
                  [(-1, -0.3), (1, -0.3), (1, 0.3), (-1, 0.3)]],
    }  # fmt: skip
    for outline in outlines[shape]:
        points = np.asarray(outline) * half + centre
        cv2.fillPoly(picture, [points.round().astype(np.int32)], colour, cv2.LINE_AA)


def glyphs(picture: Picture, area: Rect, rng: np.random.Generator, count: int, ink: Ink) -> None:
    """Draw square characters that look like writing and mean nothing."""
    cell, tall = area.width / count, area.height
    thick = max(1, round(min(cell, tall) / 9))
    draws = rng.integers(0, 4, (count, 6, 4)).tolist()
    for k, strokes in enumerate(draws):
        left, wide = area.x + (k + 0.08) * cell, cell * 0.84
        for column, row, turn, far in strokes:
            x, y = left + wide * column / 3, area.y + tall * row / 3
            x2, y2 = x, y
            if turn % 2:
                x2 = left + wide * (far % 2)
            else:
                y2 = area.y + tall * (far % 2)
            cv2.line(picture, (round(x), round(y)), (round(x2), round(y2)), (*ink, 255), thick)


def number(
    picture: Picture, area: Rect, rng: np.random.Generator, ink: Ink, digits: int = 4
) -> None:
    """Write a random number."""
    text = "".join(str(d) for d in rng.integers(0, 10, digits))
    scale = min(area.width / (18.5 * digits), area.height / 24)
    origin = (round(area.x), round(area.y + area.height * 0.9))
    thick = 1 if scale < 0.6 else 2
    cv2.putText(picture, text, origin, cv2.FONT_HERSHEY_SIMPLEX, scale, (*ink, 255), thick)


def sticker(
    picture: Picture, area: Rect, rng: np.random.Generator, inks: Sequence[Ink], size: float
) -> None:
    """Stick one small sign or square somewhere in an area."""
    side = float(rng.uniform(0.5, 1.0)) * size * area.height * (1.6 if area.height < 60 else 1)
    x = area.x + float(rng.uniform(0, area.width - side))
    y = area.y + float(rng.uniform(0, max(area.height - side, 1)))
    place = Rect(x, y, side, side)
    first, second = (inks[int(k)] for k in rng.permutation(len(inks))[:2])
    if rng.random() < 0.5:
        fill(picture, place, first)
        sign(picture, place.part(0.2, 0.2, 0.6, 0.6), SHAPES[int(rng.integers(8))], second)
    else:
        sign(picture, place, SHAPES[int(rng.integers(8))], first)


def picture(canvas: Picture, area: Rect, rng: np.random.Generator, inks: Sequence[Ink]) -> None:
    """Paint an advertisement: a coloured ground with a few large shapes."""
    fill(canvas, area, inks[0])
    for k in range(5):
        size = float(rng.uniform(0.3, 0.9))
        place = area.part(
            float(rng.uniform(0, 0.75)), float(rng.uniform(0, 1 - size)),
            size * area.height / area.width, size,
        )  # fmt: skip
        sign(canvas, place, ("disc", "triangle", "diamond", "drop")[int(rng.integers(4))],
             inks[1 + k % 2])  # fmt: skip


def grime(picture: Picture, rng: np.random.Generator, dirt: float) -> None:
    """Lay faint patches over an empty picture, before anything is painted on it."""
    for _ in range(int(3 + 8 * dirt)):
        x, y, wide, high, tone, cover = (int(v) for v in rng.integers(0, 256, 6))
        ink = (96, 88, 76) if tone < 180 else (190, 188, 182)
        axes = (4 + wide // 8, 3 + high // 18)
        cv2.ellipse(picture, (x, y), axes, 0, 0, 360, (*ink, 18 + cover // 9), -1)
    cv2.blur(picture, (9, 9), dst=picture)


def scratches(picture: Picture, rng: np.random.Generator) -> None:
    """Scratch flank and rear: bright or dark lines through whatever is painted there."""
    for _ in range(int(rng.integers(2, 7))):
        x, y, dx, dy, tone = (int(v) for v in rng.integers(0, 256, 5))
        ink = (200, 200, 198) if tone < 150 else (40, 38, 36)
        end = (x + dx // 4 - 32, y + dy // 16 - 8)
        cv2.line(picture, (x, y), end, (*ink, 110), 1)
