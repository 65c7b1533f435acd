"""A pen for maps: lines, arrows, wedges and labels, smooth, in the font that comes with Pillow.

That font has no Chinese, and a fresh machine has no other: texts are ASCII.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import pairwise
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from yanji.ingest.frame import BgrImage

Point = tuple[float, float]
"""x to the right, y down, in pixels of the finished picture."""
Colour = tuple[int, int, int] | tuple[int, int, int, int]
"""Red, green, blue, and how opaque, 0..255."""
_FINER: Final = 2
"""Everything is drawn so many times larger and then reduced."""


class Pen:
    """Draws into one picture."""

    def __init__(self, width: int, height: int, ground: Colour) -> None:
        self._image = Image.new("RGB", (width * _FINER, height * _FINER), ground)
        self._draw = ImageDraw.Draw(self._image, "RGBA")

    def finished(self) -> Image.Image:
        """Return the picture in its true size."""
        width, height = self._image.size
        return self._image.resize((width // _FINER, height // _FINER), Image.Resampling.LANCZOS)

    def line(self, points: Sequence[Point], colour: Colour, width: float, dash: float = 0) -> None:
        """Draw a line with round ends; `dash` is the length of dashes and of what lies between."""
        for a, b in _dashes(points, dash) if dash else pairwise(points):
            self._draw.line(_fine([a, b]), colour, round(width * _FINER))
            if not dash:
                self.disc(a, width / 2, colour)
                self.disc(b, width / 2, colour)

    def arrow_head(self, tip: Point, towards: Point, length: float, colour: Colour) -> None:
        """Draw the head of an arrow; `towards` is its direction, of any length."""
        far = math.hypot(*towards) or 1.0
        dx, dy = towards[0] / far * length, towards[1] / far * length
        back = (tip[0] - dx, tip[1] - dy)
        corners = [tip, (back[0] - dy * 0.5, back[1] + dx * 0.5)]
        corners += [(back[0] + dx * 0.2, back[1] + dy * 0.2)]
        corners += [(back[0] + dy * 0.5, back[1] - dx * 0.5)]
        self._draw.polygon(_fine(corners), colour)

    def wedge(self, at: Point, heading_deg: float, radius: float, colour: Colour) -> None:
        """Draw the sector that a camera looks into; the heading is clockwise from up."""
        x, y = at[0] * _FINER, at[1] * _FINER
        r, middle = radius * _FINER, heading_deg - 90.0
        self._draw.pieslice((x - r, y - r, x + r, y + r), middle - 27, middle + 27, colour)

    def disc(self, at: Point, radius: float, colour: Colour, edge: Colour | None = None) -> None:
        """Draw a disc, with an edge of two pixels where one is wanted."""
        (x, y), r = (at[0] * _FINER, at[1] * _FINER), radius * _FINER
        self._draw.ellipse((x - r, y - r, x + r, y + r), colour, edge, 2 * _FINER if edge else 0)

    def box(
        self,
        box: tuple[float, float, float, float],
        fill: Colour | None,
        edge: Colour | None = None,
    ) -> None:
        """Draw a box with round corners."""
        x1, y1, x2, y2 = (round(value * _FINER) for value in box)
        width = round(1.5 * _FINER) if edge else 0
        self._draw.rounded_rectangle((x1, y1, x2, y2), 5 * _FINER, fill, edge, width)

    def text(self, at: Point, text: str, size: float, colour: Colour, anchor: str = "la") -> None:
        """Write a line; what the font does not have becomes an escape.

        Args:
            at: where the anchor lies.
            text: what to write.
            size: height of the letters in pixels.
            colour: of the letters.
            anchor: Pillow's: l, m or r and a (top), m or s (base line).
        """
        shown, font = ascii_of(text), _font(size * _FINER)
        self._draw.text((at[0] * _FINER, at[1] * _FINER), shown, colour, font, anchor)

    def picture(self, image: BgrImage, box: tuple[float, float, float, float]) -> None:
        """Put a picture as large as it fits into the middle of a box."""
        x1, y1, x2, y2 = (value * _FINER for value in box)
        height, width = image.shape[:2]
        scale = min((x2 - x1) / width, (y2 - y1) / height)
        size = max(1, round(width * scale)), max(1, round(height * scale))
        shown = Image.fromarray(np.ascontiguousarray(image[:, :, ::-1]))
        shown = shown.resize(size, Image.Resampling.BICUBIC)
        self._image.paste(shown, (round((x1 + x2 - size[0]) / 2), round((y1 + y2 - size[1]) / 2)))


def ascii_of(text: str) -> str:
    """Return what can be written of a text."""
    return text.encode("ascii", "backslashreplace").decode("ascii")


def text_width(text: str, size: float) -> float:
    """Width in pixels of a line as `Pen.text` writes it."""
    return float(_font(size * _FINER).getlength(ascii_of(text))) / _FINER


@cache
def _font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _fine(points: Iterable[Point]) -> list[Point]:
    return [(x * _FINER, y * _FINER) for x, y in points]


def _dashes(points: Sequence[Point], dash: float) -> Iterable[tuple[Point, Point]]:
    for a, b in pairwise(points):
        far = math.dist(a, b)
        for number in range(math.ceil(far / (2 * dash))):
            begin, end = 2 * number * dash / far, min((2 * number + 1) * dash / far, 1.0)
            yield _between(a, b, begin), _between(a, b, end)


def _between(a: Point, b: Point, share: float) -> Point:
    return a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share
