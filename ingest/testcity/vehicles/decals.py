"""What is painted and stuck on one individual, as one picture (layout: `look.DECAL_PX`)."""

from __future__ import annotations

from typing import Final

import numpy as np

from yanji.ingest.testcity.look import DECAL_PX, Look
from yanji.ingest.testcity.vehicles import colours, marks
from yanji.ingest.testcity.vehicles.individuals import plate_style
from yanji.ingest.testcity.vehicles.kinds import KINDS
from yanji.ingest.testcity.vehicles.marks import Ink, Picture, Rect
from yanji.ingest.testcity.vehicles.plates import plate_picture

_FLANK: Final = Rect(0, 0, 256, 128)
_REAR: Final = Rect(0, 128, 128, 128)
_BRIGHT: Final[tuple[Ink, ...]] = (
    (214, 52, 44), (236, 176, 40), (40, 96, 176), (44, 140, 92), (240, 240, 236), (28, 28, 32),
    (224, 112, 40), (120, 76, 156), (60, 150, 170), (226, 140, 160),
)  # fmt: skip


def decal_picture(kind: str, look: Look) -> Picture:
    """Draw an individual's decals: (256, 256, 4) uint8, sRGB red, green, blue and coverage.

    Coverage 0 leaves the paint as it is, 255 hides it. The plate's part is opaque when the look has
    a plate.

    Raises:
        KeyError: no such kind.
    """
    rng = np.random.default_rng((look.seed, 77))
    picture = np.zeros((DECAL_PX, DECAL_PX, 4), np.uint8)
    marks.grime(picture, rng, look.dirt)
    if look.livery in colours.BRANDS:
        _brand(picture, look, rng)
    elif look.livery:
        _livery(picture, kind, look, rng)
    if KINDS[kind].group == "four_wheel":
        _small_things_of_a_car(picture, kind, rng)
    elif look.livery in ("stickers", *colours.BRANDS):
        for _ in range(int(rng.integers(1, 4))):
            marks.sticker(picture, _FLANK, rng, _BRIGHT, 0.16)
    marks.scratches(picture, rng)
    if look.plate:
        picture[128:192, 128:256, :3] = plate_picture(look.plate, plate_style(kind, look.plate))
        picture[128:192, 128:256, 3] = 255
    return picture


def _brand(picture: Picture, look: Look, rng: np.random.Generator) -> None:
    """A delivery service's sign, a band, a fleet number and reflecting tape."""
    brand = colours.BRANDS[look.livery]
    ink = colours.srgb(brand.ink)
    low = bool(rng.integers(2))
    for area in (_FLANK, _REAR):
        band = area.part(0.0, 0.74 if low else 0.04, 1.0, 0.18)
        marks.fill(picture, band, ink)
        marks.glyphs(picture, band.part(0.08, 0.14, 0.6, 0.72), rng, 5, colours.srgb(brand.box))
        marks.sign(picture, area.part(0.30, 0.10 if low else 0.30, 0.40, 0.58), brand.mark, ink)
    if rng.random() < 0.7:
        marks.number(picture, _FLANK.part(0.70, 0.05 if low else 0.80, 0.28, 0.15), rng, ink)
    if rng.random() < 0.5:
        colour = _BRIGHT[int(rng.integers(len(_BRIGHT)))]
        marks.fill(picture, _FLANK.part(float(rng.uniform(0, 0.8)), 0, 0.07, 1.0), colour)
        marks.fill(picture, _REAR.part(float(rng.uniform(0, 0.8)), 0, 0.07, 1.0), colour)


def _livery(picture: Picture, kind: str, look: Look, rng: np.random.Generator) -> None:
    inks = [_BRIGHT[k] for k in rng.permutation(len(_BRIGHT))[:3]]
    accent = colours.srgb(look.accent)
    first = accent if kind not in ("box_truck", "tricycle") else inks[0]
    name = look.livery
    for area in (_FLANK, _REAR):
        if name == "two_tone":
            marks.fill(picture, area.part(0, 0.45, 1, 0.55), first)
            marks.fill(picture, area.part(0, 0.42, 1, 0.03), inks[1])
        elif name == "stripe":
            marks.fill(picture, area.part(0, float(rng.uniform(0.3, 0.6)), 1, 0.07), inks[0])
            marks.fill(picture, area.part(0, float(rng.uniform(0.68, 0.8)), 1, 0.03), inks[1])
        elif name == "band":
            marks.fill(picture, area.part(0, float(rng.uniform(0.1, 0.7)), 1, 0.25), first)
        elif name == "diagonal":
            marks.slanted(picture, area, float(rng.uniform(0.1, 0.6)), 0.25, first)
            marks.slanted(picture, area, float(rng.uniform(0.6, 0.9)), 0.06, inks[1])
        elif name == "chevrons":
            for k in range(3):
                marks.slanted(picture, area, 0.1 + 0.14 * k, 0.07, (first, inks[1])[k % 2])
        elif name == "picture":
            marks.picture(picture, area.part(0.04, 0.06, 0.92, 0.88), rng, inks)
    if name in ("lettering", "company", "band", "diagonal", "picture"):
        ink = inks[2] if name == "lettering" else inks[1]
        marks.glyphs(picture, _FLANK.part(0.30, 0.22, 0.62, 0.34), rng, 4, ink)
        marks.number(picture, _FLANK.part(0.34, 0.66, 0.5, 0.18), rng, ink, 8)
        marks.glyphs(picture, _REAR.part(0.15, 0.18, 0.7, 0.22), rng, 3, ink)
    if name in ("company", "diagonal", "chevrons", "two_tone"):
        shape = marks.SHAPES[int(rng.integers(len(marks.SHAPES)))]
        marks.sign(picture, _FLANK.part(0.06, 0.2, 0.2, 0.5), shape, inks[1])


def _small_things_of_a_car(picture: Picture, kind: str, rng: np.random.Generator) -> None:
    """Model lettering, badge, and on some a sticker on the boot lid."""
    metal = (150, 152, 156)
    if kind not in ("box_truck", "flatbed", "bus"):
        marks.glyphs(picture, _REAR.part(0.12, 0.50, 0.14, 0.035), rng, 5, metal)
        marks.glyphs(picture, _REAR.part(0.74, 0.50, 0.12, 0.035), rng, 4, metal)
    if rng.random() < 0.35:
        marks.sticker(picture, _REAR.part(0.05, 0.40, 0.9, 0.3), rng, _BRIGHT, 0.25)
    if kind in ("box_truck", "flatbed"):
        for k in range(6):
            red = _BRIGHT[0] if k % 2 else _BRIGHT[4]
            marks.fill(picture, _FLANK.part(k / 6 + 0.02, 0.93, 0.12, 0.04), red)
            marks.fill(picture, _REAR.part(k / 6 + 0.02, 0.92, 0.12, 0.05), red)
        marks.number(picture, _REAR.part(0.25, 0.75, 0.5, 0.14), rng, _BRIGHT[5], 6)
    if kind == "bus":
        marks.number(picture, _FLANK.part(0.86, 0.1, 0.1, 0.4), rng, _BRIGHT[4], 3)
        marks.number(picture, _REAR.part(0.36, 0.06, 0.28, 0.2), rng, _BRIGHT[1], 3)
