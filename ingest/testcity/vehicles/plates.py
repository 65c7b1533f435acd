"""Number plates in the Chinese formats, with a region that does not exist: 雁.

Styles and texts:
    blue          雁A·12345    cars; five characters, at most two of them letters
    green         雁A·D12345   new-energy cars; D or F first, then digits
    yellow        雁A·12345    lorries and buses
    yellow_green  雁A·12345D   new-energy lorries and buses; D or F last
    motorcycle    雁A·12345    yellow, two rows
    ebike         雁城·A12345  white with a green head, two rows
Letters never include I and O.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ"
STYLES: Final = ("blue", "green", "yellow", "yellow_green", "motorcycle", "ebike")
HEIGHT_PX, WIDTH_PX = 64, 128

Picture = npt.NDArray[np.uint8]
Stroke = tuple[tuple[float, float], ...]

_GLYPHS: Final[dict[str, tuple[Stroke, ...]]] = {
    "雁": (
        ((0.10, 0.10), (0.97, 0.10)), ((0.16, 0.10), (0.14, 0.55), (0.02, 0.96)),
        ((0.40, 0.22), (0.24, 0.52)), ((0.32, 0.42), (0.32, 0.96)),
        ((0.62, 0.18), (0.45, 0.50)), ((0.53, 0.40), (0.53, 0.96)),
        ((0.72, 0.18), (0.77, 0.28)), ((0.53, 0.36), (0.95, 0.36)), ((0.53, 0.54), (0.92, 0.54)),
        ((0.53, 0.72), (0.92, 0.72)), ((0.53, 0.91), (0.98, 0.91)), ((0.74, 0.36), (0.74, 0.91)),
    ),
    "城": (
        ((0.03, 0.36), (0.37, 0.36)), ((0.20, 0.12), (0.20, 0.78)), ((0.02, 0.86), (0.39, 0.70)),
        ((0.45, 0.32), (0.96, 0.32)), ((0.49, 0.32), (0.48, 0.62), (0.38, 0.94)),
        ((0.49, 0.53), (0.66, 0.53), (0.64, 0.78), (0.56, 0.74)),
        ((0.70, 0.08), (0.76, 0.56), (0.92, 0.93), (0.98, 0.76)), ((0.93, 0.50), (0.64, 0.94)),
        ((0.82, 0.12), (0.90, 0.23)),
    ),
}  # fmt: skip


def plate_text(style: str, rng: np.random.Generator) -> str:
    """Invent the text of a plate.

    Raises:
        ValueError: no such style.
    """
    if style not in STYLES:
        raise ValueError(f"no plate of style {style!r}")
    digits = [str(d) for d in rng.integers(0, 10, 5)]
    if style == "ebike":
        return "雁城·" + str(rng.choice(list(LETTERS))) + "".join(digits)
    head = "雁" + str(rng.choice(list("ABCDEFGH"))) + "·"
    energy = "D" if rng.random() < 0.8 else "F"
    if style == "green":
        return head + energy + "".join(digits)
    if style == "yellow_green":
        return head + "".join(digits) + energy
    for place in rng.permutation(5)[: int(rng.integers(0, 3))]:
        digits[place] = str(rng.choice(list(LETTERS)))
    return head + "".join(digits)


def plate_picture(text: str, style: str) -> Picture:
    """Draw a plate: (64, 128, 3) uint8 RGB, sRGB.

    Raises:
        ValueError: no such style.
    """
    if style not in STYLES:
        raise ValueError(f"no plate of style {style!r}")
    picture, ink = _ground(style)
    head, _, tail = text.partition("·")
    if style == "ebike":
        _write(picture, head + tail[:1], (22, 4, 84, 20), (235, 240, 238))
        _write(picture, tail[1:], (8, 28, 112, 30), ink)
    elif style == "motorcycle":
        _write(picture, head, (34, 5, 60, 22), ink)
        _write(picture, tail, (8, 30, 112, 29), ink)
    else:
        _write(picture, head, (6, 11, 36, 42), ink)
        cv2.circle(picture, (46, 32), 2, ink, -1)
        _write(picture, tail, (50, 11, 73, 42), ink)
    return picture


def _ground(style: str) -> tuple[Picture, tuple[int, int, int]]:
    picture = np.empty((HEIGHT_PX, WIDTH_PX, 3), np.uint8)
    white, black = (245, 245, 245), (16, 16, 16)
    ink = white if style == "blue" else black
    if style == "blue":
        picture[:] = (24, 62, 150)
    elif style in ("yellow", "motorcycle"):
        picture[:] = (235, 178, 28)
    elif style == "green":
        share = np.linspace(0, 1, HEIGHT_PX)[:, None, None]
        picture[:] = (1 - share) * (238, 244, 240) + share * (92, 190, 120)
    elif style == "yellow_green":
        picture[:, :44], picture[:, 44:] = (235, 178, 28), (100, 190, 122)
    else:
        picture[:24], picture[24:] = (30, 120, 70), (240, 242, 240)
    cv2.rectangle(picture, (2, 2), (WIDTH_PX - 3, HEIGHT_PX - 3), ink, 1)
    return picture, ink


def _write(
    picture: Picture, text: str, box: tuple[int, int, int, int], ink: tuple[int, int, int]
) -> None:
    """Fit characters into x, y, width, height, each in a cell of its own."""
    x, y, width, height = box
    cell = width / max(len(text), 1)
    for k, character in enumerate(text):
        left, wide = x + k * cell + 0.06 * cell, 0.86 * cell
        if character in _GLYPHS:
            for stroke in _GLYPHS[character]:
                points = np.array([(left + px * wide, y + py * height) for px, py in stroke])
                cv2.polylines(picture, [points.round().astype(np.int32)], False, ink, 1 + (
                    height > 30), cv2.LINE_AA)  # fmt: skip
        else:
            _latin(picture, character, (left, y, wide, height), ink)


def _latin(
    picture: Picture,
    character: str,
    box: tuple[float, float, float, float],
    ink: tuple[int, int, int],
) -> None:
    """Draw a letter or digit stretched into its cell."""
    mask = np.zeros((32, 26), np.uint8)
    cv2.putText(mask, character, (3, 27), cv2.FONT_HERSHEY_SIMPLEX, 1.0, 255, 4, cv2.LINE_AA)
    x, y, width, height = (round(value) for value in box)
    fitted = cv2.resize(mask, (max(width, 2), max(height, 2)), interpolation=cv2.INTER_AREA)
    part = picture[y : y + height, x : x + width]
    share = fitted[: part.shape[0], : part.shape[1], None].astype(np.float32) / 255
    part[:] = (part * (1 - share) + np.asarray(ink, np.float32) * share).astype(np.uint8)
