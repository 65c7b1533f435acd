"""Colours seen on streets, and the invented brands of delivery services."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from yanji.ingest.testcity.look import Colour


def linear(code: str) -> Colour:
    """Turn an sRGB code such as `f0a020` into linear red, green, blue."""
    values = [int(code[k : k + 2], 16) / 255 for k in (0, 2, 4)]
    red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values)
    return (red, green, blue)


def srgb(colour: Colour) -> tuple[int, int, int]:
    """Turn linear red, green, blue into sRGB, 0..255."""
    red, green, blue = (
        round(255 * (12.92 * v if v <= 0.0031308 else 1.055 * v ** (1 / 2.4) - 0.055))
        for v in (min(max(c, 0.0), 1.0) for c in colour)
    )
    return (red, green, blue)


PLAIN_PAINTS: Final[tuple[tuple[Colour, float], ...]] = tuple(
    (linear(code), share)
    for code, share in (
        ("e6e7e6", 0.37), ("15161a", 0.19), ("55585c", 0.13), ("a9adb1", 0.10), ("1f3a66", 0.05),
        ("7f1a1c", 0.04), ("4b382c", 0.03), ("b5a58a", 0.03), ("2c5f9e", 0.02), ("24402f", 0.02),
        ("c9581c", 0.01), ("d8b21e", 0.01),
    )
)  # fmt: skip
"""Paints of cars without livery and their shares on the street (white, black and grey lead)."""

TWO_WHEEL_PAINTS: Final[tuple[Colour, ...]] = tuple(
    linear(code)
    for code in (
        "e4e4e2", "1b1c1f", "8c9094", "b3282a", "22508f", "5a93c4", "2f6b46", "8fb7a0", "e0b5bd",
        "d9a13b", "c7632a", "6b4f88", "5a2129", "d9d2bf", "34444f", "7a6a55", "3d8f91", "dbc93f",
    )
)  # fmt: skip

CLOTHES: Final[tuple[Colour, ...]] = tuple(
    linear(code)
    for code in (
        "1d1f24", "2b3040", "4b4e52", "8f9296", "d7d7d4", "24406f", "5c7fa8", "7d2327", "b9473f",
        "37563f", "6f7b4a", "8a6a4a", "c9b48d", "b96f92", "6a5183", "d08a3a", "3d7f86", "dcc24a",
    )
)  # fmt: skip

TROUSERS: Final[tuple[Colour, ...]] = tuple(
    linear(code)
    for code in ("1a1b1f", "23262d", "2b3550", "3d4a63", "4a4a4c", "5b5344", "6d6a63", "8b8374")
)

HELMETS: Final[tuple[Colour, ...]] = tuple(
    linear(code)
    for code in (
        "e3e3e1", "1c1c1e", "7e8286", "b52c2c", "264f8c", "d9b52c", "d98f9f", "4f8f6a", "6fa3c4",
        "c9672b", "5f4a7c", "9a2f55",
    )
)  # fmt: skip

HAIR: Final[tuple[Colour, ...]] = tuple(
    linear(code) for code in ("17130f", "221a14", "2d221a", "4a4540", "d8cfa8", "3b2a1d")
)
"""Bare heads; one wears a straw hat."""

BODIES: Final[tuple[Colour, ...]] = tuple(
    linear(code) for code in ("d9dad8", "c4c8cb", "9ea3a6", "2e5a8c", "2f6044", "8c2f2a", "d3c9a8")
)
"""Load boxes and side boards of lorries."""

LIVERY_PAINTS: Final[tuple[Colour, ...]] = tuple(
    linear(code)
    for code in (
        "e6e7e6", "2c5f9e", "1f7a55", "c23a2e", "d9a52b", "3b9aa8", "e0e0d8", "6a4f93", "d06a2a",
        "27496d", "7fae3e", "b8bcc0",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Brand:
    """An invented delivery service."""

    box: Colour
    jacket: Colour
    helmet: Colour
    mark: str
    """Shape of its sign: disc, ring, triangle, diamond, bars, drop, cross or moon."""
    ink: Colour


BRANDS: Final[dict[str, Brand]] = {
    name: Brand(linear(box), linear(jacket), linear(helmet), mark, linear(ink))
    for name, box, jacket, helmet, mark, ink in (
        ("yanfei", "e8b91f", "e3b524", "e8b91f", "moon", "1b1b1b"),
        ("lantu", "1f73c9", "2a76c2", "e8e8e8", "ring", "f2f2f2"),
        ("chengda", "c8322b", "b83530", "c8322b", "triangle", "f2e6c8"),
        ("qingniao", "2f9a63", "2d8f5d", "2f9a63", "drop", "f0f0f0"),
        ("heimi", "24262b", "2a2c31", "24262b", "diamond", "e08a2a"),
        ("zishan", "6d4aa0", "6a4b98", "e5e0ee", "bars", "f0eaff"),
        ("chenguang", "e5722a", "dd7430", "f0ede6", "disc", "fff4e0"),
        ("yunbai", "e3e6e8", "c9d6dd", "e3e6e8", "cross", "2a6f9e"),
    )
}
