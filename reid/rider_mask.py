"""The rider's body covered: what of a two-wheeler's figure comes from the machine alone.

Clothes are of one passage and one person. A figure that falls when they are covered was earned by
them. The rule is crude on purpose, the same for every picture and every model: the **upper half**
of a two-wheeler's crop (its box holds the rider) becomes one grey, in queries and gallery alike.
That hides head, trunk, arms and luggage at the height of the trunk; legs beside the machine stay.
"""

from __future__ import annotations

from typing import Final

from yanji.detect.classes import GROUP_OF
from yanji.ingest.frame import BgrImage

RIDER_OF_HEIGHT: Final = 0.5
"""Share of the crop's height, from the top. By looking: above it rider and little else (30 crops of
`val.txt` and of rendered two-wheelers), while at 0.6 tail lights and tanks began to go."""
GREY: Final = (104, 116, 124)
"""BGR: the mean of ImageNet, zero to the networks compared. Flat, not blurred: six values a side of
a blurred trunk would still tell the colour of a jacket."""


def mask_rider(crop: BgrImage, vehicle_class: str) -> None:
    """Cover, in place, the upper half of a two-wheeler's crop; others stay.

    Args:
        crop: (h, w, 3) uint8, writable; an odd height loses the row in the middle as well.
        vehicle_class: one of `yanji.detect.classes.CLASSES`; an unknown one is no two-wheeler.
    """
    if GROUP_OF.get(vehicle_class) == "two_wheeler":
        crop[: -(-int(crop.shape[0]) // 2)] = GREY
