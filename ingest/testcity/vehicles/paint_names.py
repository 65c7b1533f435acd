"""What people would call the colour of an individual: the truth of `yanji eval attributes`."""

from __future__ import annotations

from functools import cache
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from yanji.ingest.testcity.look import Colour, Look
from yanji.ingest.testcity.vehicles.colours import srgb

_NAMED: Final[dict[str, str]] = {
    "white": "e6e7e6 e4e4e2 e0e0d8 d9dad8 e3e6e8",
    "grey": "55585c a9adb1 8c9094 b8bcc0 9ea3a6 c4c8cb 6a6d70",
    "black": "15161a 1b1c1f 24262b 2b2d31",
    "red": "7f1a1c b3282a 5a2129 c23a2e c8322b 8c2f2a",
    "orange": "c9581c c7632a d06a2a e5722a",
    "yellow": "d8b21e d9a13b dbc93f d9a52b e8b91f",
    "green": "24402f 2f6b46 8fb7a0 1f7a55 7fae3e 2f6044 2f9a63",
    "blue": "1f3a66 2c5f9e 22508f 5a93c4 34444f 27496d 2e5a8c 1f73c9",
    "brown": "4b382c b5a58a d9d2bf 7a6a55 d3c9a8",
    "purple": "6b4f88 6a4f93 6d4aa0 e0b5bd",
    "green blue": "3d8f91 3b9aa8",
}
"""sRGB codes of the paints of `colours`, named by eye; two names where people would differ."""
_TWO_COLOURED: Final = frozenset({"box_truck", "flatbed", "tricycle"})
"""Kinds whose load box, in the accent colour, is as large as their cab."""


def colour_names(kind: str, look: Look) -> tuple[str, ...]:
    """Names that are right for an individual, the main one first.

    Of a lorry or tricycle with a load box both its colours are right, of a livery that paints half
    of the body too; of two-wheelers it is the machine's paint, never the rider's clothes.
    """
    names = [*name_of(look.paint)]
    if kind in _TWO_COLOURED or look.livery in ("two_tone", "diagonal", "band", "picture"):
        names += name_of(look.accent)
    return tuple(dict.fromkeys(names))


@cache
def name_of(paint: Colour) -> tuple[str, ...]:
    """Names of the nearest named paint (CIE Lab, lightness counting half)."""
    codes_N3, names = _palette()
    away_N3 = codes_N3 - _lab(np.array([srgb(paint)]))
    away_N3[:, 0] *= 0.5
    return names[int((away_N3**2).sum(axis=1).argmin())]


@cache
def _palette() -> tuple[npt.NDArray[np.float32], tuple[tuple[str, ...], ...]]:
    codes, names = [], []
    for name, listed in _NAMED.items():
        for code in listed.split():
            codes.append([int(code[k : k + 2], 16) for k in (0, 2, 4)])
            names.append(tuple(name.split()))
    return _lab(np.array(codes)), tuple(names)


def _lab(rgb_N3: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    scaled = (rgb_N3 / 255).astype(np.float32)[None]
    lab: npt.NDArray[np.float32] = np.asarray(cv2.cvtColor(scaled, cv2.COLOR_RGB2Lab)[0])
    return lab
