"""What one individual vehicle looks like: plain data, made by `vehicles/individuals.py`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

Colour = tuple[float, float, float]
"""Linear red, green, blue, 0..1."""

DECAL_PX: Final = 256
"""Side of the square picture with all that is painted on an individual, see `vehicles/decals.py`:
rows 0..127: its flank (rear end on the left), rows 128..255, columns 0..127: its rear,
columns 128..255: rows 128..191 its number plate, rows 192..255 free."""


@dataclass(frozen=True, slots=True)
class Look:
    """Everything in which two vehicles of one kind can differ."""

    paint: Colour
    accent: Colour
    """Second colour: load box, seat, delivery box, bumper, as the kind's mesh has it."""
    jacket: Colour = (0.05, 0.05, 0.06)
    trousers: Colour = (0.022, 0.022, 0.027)
    helmet: Colour = (0.5, 0.5, 0.5)
    dirt: float = 0.2
    """0 clean .. 1 muddy below."""
    addons: tuple[str, ...] = ()
    """Names of extra parts (roof box, basket, wind cover, cargo); keys of the kind's addons."""
    plate: str = ""
    """Text of the number plate; empty: it has none."""
    livery: str = ""
    """Name of what is painted on the flanks and the rear (stripes, stickers, lettering); empty:
    plain."""
    seed: int = 0
    """Decides the details of livery, wear and stickers."""
