"""Plain bodies on road, drawn in a few lines: paints and lights that the rendered city lacks.

A linear model that saw few paints answers anything for others (a violet body was called white).
These pictures tell it what lies between; they are no vehicles, and nothing is measured on them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

SIDE: Final = 60
PAINTS: Final[dict[str, str]] = {
    "white": "e6e7e6 f4f4f2 d8dadb e4e4da",
    "grey": "55585c 8c9094 a9adb1 b8bcc0 6a6d70 7b7f80",
    "black": "15161a 1b1c1f 24262b 2b2d31",
    "red": "7f1a1c b3282a 5a2129 c23a2e e60000 d01c1c c81e3c 96141e",
    "orange": "c9581c d06a2a e5722a e66e14 f07d1e",
    "yellow": "d8b21e dbc93f e8b91f f5d723 facc32",
    "green": "24402f 2f6b46 1f7a55 7fae3e 286e3c 78be46 8fb7a0",
    "blue": "1f3a66 2c5f9e 22508f 5a93c4 27496d 1f73c9 46a0dc 1e2850",
    "brown": "4b382c 7a6a55 5a4132 3c281e 6b4a35 b5a58a d3c9a8",
    "purple": "6b4f88 6d4aa0 783c8c 50285f e0b5bd c88ca0",
    "green blue": "3d8f91 3b9aa8 5ac8be 48b0b0",
    "orange yellow": "f0962a e8a020",
}
"""sRGB codes, named by eye; two names where people would differ."""
_PLAIN: Final = ("white", "grey", "black")


def plain_bodies(
    each: int, seed: int = 1
) -> Iterator[tuple[npt.NDArray[np.uint8], tuple[str, ...]]]:
    """Draw `each` bodies of every paint in chance lights: (60, 60, 3) BGR, names that are right."""
    rng = np.random.default_rng(seed)
    for name, codes in PAINTS.items():
        for code in codes.split():
            rgb_3 = np.array([int(code[k : k + 2], 16) for k in (0, 2, 4)], np.float64)
            for _ in range(each):
                yield _body(rng, rgb_3, steady=name in _PLAIN), tuple(name.split())


def _body(
    rng: np.random.Generator, rgb_3: npt.NDArray[np.float64], *, steady: bool
) -> npt.NDArray[np.uint8]:
    image = np.empty((SIDE, SIDE, 3))
    image[:] = rng.uniform(70, 150)
    shade = rng.uniform(0.92, 1.06) if steady else rng.uniform(0.7, 1.2)
    top, left = rng.integers(2, 10, 2)
    image[top : SIDE - rng.integers(2, 10), left : SIDE - rng.integers(2, 10)] = rgb_3 * shade
    # Windows, and the darker lower half of a body in its own shadow.
    window = slice(int(rng.integers(10, 18)), int(rng.integers(20, 28)))
    image[window, 12:48] = rng.uniform(25, 80)
    image[36:] *= rng.uniform(0.75, 1.0)
    warm = rng.uniform(-0.18, 0.18)
    lit = image * np.array([1 + warm, 1.0, 1 - warm]) * rng.uniform(0.8, 1.1)
    noisy = lit + rng.normal(0, rng.uniform(2, 10), image.shape)
    return np.ascontiguousarray(np.clip(noisy, 0, 255).astype(np.uint8)[:, :, ::-1])
