"""Batches of a training on many views: which vehicles, which views, how pictures are shaken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from yanji.ingest.frame import BgrImage
from yanji.reid.backends.onnx_embedder import stretch
from yanji.reid.training import augment
from yanji.reid.training.scaling import MEAN_3, STD_3
from yanji.reid.training.vehicles import Vehicle, View

Floats = npt.NDArray[np.float32]

_SIDE_SPREAD_DEG: Final = 12.0
"""Blurs which view counts as the foremost and the hindmost, so that not always the same two do."""


@dataclass(slots=True)
class Deck:
    """Deals out vehicles in random order, all of them before any a second time."""

    members: Sequence[int]
    waiting: list[int] = field(default_factory=list)

    def take(self, count: int, rng: np.random.Generator) -> list[int]:
        """Return `count` different members, or all there are."""
        count = min(count, len(self.members))
        while len(self.waiting) < count:
            held = set(self.waiting)
            self.waiting += [m for m in rng.permutation(self.members).tolist() if m not in held]
        taken, self.waiting = self.waiting[:count], self.waiting[count:]
        return taken


def decks_of(vehicles: Sequence[Vehicle], smallest: int) -> list[Deck]:
    """A deck of all vehicles, then one for each kind with at least `smallest`: look-alikes."""
    kinds: dict[str, list[int]] = {}
    for index, vehicle in enumerate(vehicles):
        kinds.setdefault(vehicle.kind, []).append(index)
    alike = [members for _, members in sorted(kinds.items()) if len(members) >= smallest]
    return [Deck(members) for members in ([*range(len(vehicles))], *alike)]


def chosen_views(vehicle: Vehicle, count: int, rng: np.random.Generator) -> list[int]:
    """Choose `count` different views: one from the front, one from the rear, the rest at random.

    Where sides are not known, at random; all there are where there are fewer.
    """
    views = vehicle.views
    if len(views) <= count:
        return list(range(len(views)))
    angles = [view.angle_deg for view in views]
    if any(angle is None for angle in angles):
        return [int(i) for i in rng.permutation(len(views))[:count]]
    blurred = np.array(angles, np.float64) + rng.normal(0, _SIDE_SPREAD_DEG, len(views))
    order = np.argsort(blurred)
    between = rng.permutation(order[1:-1])[: max(count - 2, 0)]
    return [int(i) for i in (order[0], order[-1], *between)][:count]


def shaken(view: View, mirrored: bool, rng: np.random.Generator) -> BgrImage:
    """Read a view and change it as another detector box, camera and encoder would.

    Rendered crops come with blur, noise, compression and blurred heads already: only their box,
    their colours and what hides them are changed, and some lose pixels.
    """
    image = view.image()
    if mirrored:
        image = np.ascontiguousarray(image[:, ::-1])
    if view.angle_deg is None:
        return augment.view(image, rng, rider=view.rider)
    image = augment.shift_colours(augment.shift_box(image, rng), rng)
    if rng.random() < 0.15:
        image = augment.lose_detail(image, rng)
    return augment.cover(image, rng) if rng.random() < 0.4 else image


def to_input(pictures: Sequence[BgrImage], height: int, width: int) -> Floats:
    """Stretch and scale pictures as the embedder does at run time: (N, 3, height, width)."""
    stretched = [stretch(picture, height, width) for picture in pictures]
    rgb = np.stack(stretched)[:, :, :, ::-1].astype(np.float32)
    return np.ascontiguousarray(((rgb - MEAN_3) / STD_3).transpose(0, 3, 1, 2))
