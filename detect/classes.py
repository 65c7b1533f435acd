"""The vehicle classes and their groups. The only list of them."""

from __future__ import annotations

from typing import Final

CLASSES: Final = (
    "car",
    "van",
    "truck",
    "bus",
    "motorcycle",
    "ebike",
    "bicycle",
    "tricycle",
    "two_wheeler",
)
"""Index in this tuple is the class number in arrays. `two_wheeler` is a class of its own for what a
model cannot tell apart; it is also the name of the group."""

GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "four_wheel": ("car", "van", "truck", "bus"),
    "two_wheeler": ("motorcycle", "ebike", "bicycle", "two_wheeler"),
    "three_wheeler": ("tricycle",),
}

GROUP_OF: Final[dict[str, str]] = {name: group for group, names in GROUPS.items() for name in names}


def expand(names: tuple[str, ...]) -> frozenset[str]:
    """Replace group names by their classes.

    Raises:
        KeyError: a name is neither a class nor a group.
    """
    classes: set[str] = set()
    for name in names:
        if name in GROUPS:
            classes.update(GROUPS[name])
        elif name in GROUP_OF:
            classes.add(name)
        else:
            raise KeyError(name)
    return frozenset(classes)
