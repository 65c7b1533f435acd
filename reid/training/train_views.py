"""Train an embedder that holds across views: trunk of a first embedder, pooled maps, a new head.

Three stages, each cheap enough for one core: (1) the start trunk's features of every view, once;
(2) the head alone on those, which is where most of front against rear is learned; (3) trunk and
head together on shaken pictures. Numbers and what was refused: docs/design/reid.md.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import torch
import torch.nn.functional as functional

from yanji.ingest.frame import BgrImage
from yanji.reid.training import losses
from yanji.reid.training.graph import weights_of, with_weights
from yanji.reid.training.head import HeadLayers
from yanji.reid.training.taps import FEATURES, Floats, features_graph, num_features, with_head
from yanji.reid.training.torch_graph import constants_of, forward, steps_of
from yanji.reid.training.vehicles import Vehicle
from yanji.reid.training.view_batches import (
    Deck,
    chosen_views,
    decks_of,
    shaken,
    to_input,
)

log = logging.getLogger(__name__)

_CHUNK = 32


@dataclass(frozen=True, slots=True)
class Recipe:
    """Every number the result depends on. The defaults are those of yanji-reid-2."""

    height_px: int = 128
    width_px: int = 112
    hidden: int = 768
    dimension: int = 256
    rendered_per_batch: int = 16
    views_per_vehicle: int = 3
    real_per_batch: int = 8
    head_steps: int = 1200
    head_learning_rate: float = 1e-3
    steps: int = 1400
    learning_rate: float = 3e-4
    """Of the trunk; the head's is three times, the proxies' ten times that."""
    weight_decay: float = 0.05
    warm_up_steps: int = 50
    temperature: float = 0.1
    scale: float = 24.0
    margin: float = 0.2
    average_decay: float = 0.995
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Data:
    """Vehicles to train on; proxies are numbered rendered first."""

    rendered: tuple[Vehicle, ...]
    real: tuple[Vehicle, ...]

    @property
    def all(self) -> tuple[Vehicle, ...]:
        """Every vehicle, by its number."""
        return (*self.rendered, *self.real)


def train(start: Path, data: Data, recipe: Recipe, features: Path | None, every: int) -> Any:
    """Train; returns the finished graph, from `crops` to `vectors` (N, dimension).

    Args:
        start: ONNX of yanji-reid-1 (or any prepared and trained graph of this package).
        data: at least two vehicles in all.
        recipe: every number.
        features: file that keeps the start trunk's features between runs; None: not kept.
        every: steps between two lines of the log.
    """
    cv2.setNumThreads(1)
    torch.set_num_threads(1)  # sums in one order, and other cores left to other runs
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    graph = features_graph(onnx.load(str(start)), recipe.height_px, recipe.width_px)
    known = start_features(graph, data, recipe, features)
    everything_NF = np.concatenate(known)
    layers = HeadLayers(
        everything_NF.mean(0), everything_NF.std(0), recipe.hidden, recipe.dimension
    )
    proxies = torch.nn.Parameter(torch.randn(len(data.all), recipe.dimension) * 0.05)
    train_head(layers, proxies, known, data, recipe, rng, every)
    return train_together(graph, layers, proxies, data, recipe, rng, every)


def start_features(graph: Any, data: Data, recipe: Recipe, kept: Path | None) -> list[Floats]:
    """Features (views, F) of every vehicle's views as they are, by the start trunk."""
    counts = [len(vehicle.views) for vehicle in data.all]
    if kept is not None and kept.exists():
        stored = np.load(kept)
        if stored.shape == (sum(counts), num_features(graph)):
            return np.split(stored.astype(np.float32), np.cumsum(counts)[:-1])
    steps, weights = steps_of(graph), constants_of(graph)
    views = [view for vehicle in data.all for view in vehicle.views]
    features_NF = np.empty((len(views), num_features(graph)), np.float32)
    for first in range(0, len(views), _CHUNK):
        pictures = [view.image() for view in views[first : first + _CHUNK]]
        crops = _input(pictures, recipe)
        with torch.no_grad():
            features_NF[first : first + len(pictures)] = forward(steps, weights, crops, FEATURES)
        if first % (100 * _CHUNK) == 0:
            log.info("features of %d of %d views", first, len(views))
    if kept is not None:
        np.save(kept, features_NF)
    return np.split(features_NF, np.cumsum(counts)[:-1])


def train_head(
    layers: HeadLayers,
    proxies: Any,
    known: Sequence[Floats],
    data: Data,
    recipe: Recipe,
    rng: np.random.Generator,
    every: int,
) -> None:
    """Fit the head to the start trunk's features; changes `layers` and `proxies`."""
    optimiser = torch.optim.AdamW(
        [
            {"params": list(layers.parameters())},
            {"params": [proxies], "times": 5.0, "weight_decay": 0.0},
        ],
        lr=recipe.head_learning_rate,
        weight_decay=recipe.weight_decay,
    )
    layers.train()
    # Four batches of the later stage at once: here a view costs next to nothing.
    batches = _batches(data, recipe, rng, times=4)
    for step in range(recipe.head_steps):
        _set_rate(optimiser, recipe.head_learning_rate, step, recipe.head_steps, recipe)
        batch = next(batches)
        features_NF = torch.from_numpy(
            np.concatenate([known[number][views] for number, views in batch])
        )
        loss = _loss(layers(features_NF), _labels(batch), proxies, recipe)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if (step + 1) % every == 0:
            log.info("head: step %d, loss %.3f", step + 1, loss.item())


def train_together(
    graph: Any,
    layers: HeadLayers,
    proxies: Any,
    data: Data,
    recipe: Recipe,
    rng: np.random.Generator,
    every: int,
) -> Any:
    """Train trunk and head on shaken pictures; the result holds the steps' averaged weights."""
    steps, weights = steps_of(graph), constants_of(graph)
    trunk = {name: weights[name].requires_grad_(True) for name in weights_of(graph)}
    optimiser = torch.optim.AdamW(
        [
            {"params": list(trunk.values()), "weight_decay": 1e-4},
            {"params": list(layers.parameters()), "times": 3.0},
            {"params": [proxies], "times": 10.0, "weight_decay": 0.0},
        ],
        lr=recipe.learning_rate,
        weight_decay=recipe.weight_decay,
    )
    trained = [*trunk.values(), *layers.parameters()]
    average = Average({**trunk, **layers.state_dict()}, recipe.average_decay)
    layers.train()
    began_s = time.process_time()
    batches = _batches(data, recipe, rng)
    for step in range(recipe.steps):
        _set_rate(optimiser, recipe.learning_rate, step, recipe.steps, recipe)
        batch = next(batches)
        crops = _input(_pictures(batch, data, rng), recipe)
        features_NF = forward(steps, weights, crops, FEATURES)
        loss = _loss(layers(features_NF), _labels(batch), proxies, recipe)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 5.0)
        optimiser.step()
        average.take_in({**trunk, **layers.state_dict()})
        if (step + 1) % every == 0:
            spent_s = time.process_time() - began_s
            log.info("step %d, %.0f CPU s, loss %.3f", step + 1, spent_s, loss.item())
    layers.load_state_dict({name: average.values[name] for name in layers.state_dict()})
    learned = {name: average.values[name].numpy() for name in trunk}
    return with_head(with_weights(graph, learned), layers.folded())


class Average:
    """Exponential average of tensors by name."""

    def __init__(self, values: dict[str, Any], decay: float) -> None:
        self.values = {name: value.detach().clone() for name, value in values.items()}
        self._decay = decay
        self._taken = 0

    def take_in(self, values: dict[str, Any]) -> None:
        """Move towards `values`; faster at the beginning."""
        share = 1 - min(self._decay, (1 + self._taken) / (10 + self._taken))
        self._taken += 1
        with torch.no_grad():
            for name, value in values.items():
                if value.dtype.is_floating_point:
                    self.values[name].lerp_(value, share)


Batch = list[tuple[int, list[int]]]
"""(number of the vehicle, which of its views)."""


def _batches(
    data: Data, recipe: Recipe, rng: np.random.Generator, times: int = 1
) -> Iterator[Batch]:
    """Rendered vehicles, in turn of all and of one kind, and real ones beside them, for ever."""
    everyone, *alike = decks_of(data.rendered, recipe.rendered_per_batch)
    first_real = len(data.rendered)
    real = Deck(range(first_real, first_real + len(data.real)))
    vehicles = data.all
    sizes = np.array([len(deck.members) for deck in alike], np.float64)
    turn = 0
    while True:
        deck = everyone
        if turn % 2 and alike:
            deck = alike[int(rng.choice(len(alike), p=sizes / sizes.sum()))]
        turn += 1
        numbers = deck.take(recipe.rendered_per_batch * times, rng)
        numbers += real.take(recipe.real_per_batch * times, rng)
        yield [
            (number, chosen_views(vehicles[number], recipe.views_per_vehicle, rng))
            for number in numbers
        ]


def _pictures(batch: Batch, data: Data, rng: np.random.Generator) -> list[BgrImage]:
    """The batch's views, shaken; all views of a vehicle mirrored or none."""
    pictures: list[BgrImage] = []
    for number, views in batch:
        mirrored = bool(rng.random() < 0.5)
        pictures += [shaken(data.all[number].views[view], mirrored, rng) for view in views]
    return pictures


def _input(pictures: Sequence[BgrImage], recipe: Recipe) -> Any:
    return torch.from_numpy(to_input(pictures, recipe.height_px, recipe.width_px))


def _labels(batch: Batch) -> Any:
    return torch.tensor([number for number, views in batch for _ in views])


def _loss(vectors_ND: Any, labels_N: Any, proxies: Any, recipe: Recipe) -> Any:
    unit_ND = functional.normalize(vectors_ND, dim=1)
    return losses.margin_softmax(
        unit_ND, labels_N, proxies, recipe.scale, recipe.margin
    ) + losses.contrastive(unit_ND, labels_N, recipe.temperature)


def _set_rate(optimiser: Any, rate: float, step: int, steps: int, recipe: Recipe) -> None:
    """Linear warm-up, then half a cosine to zero; times each group's own factor."""
    now = rate * min(1.0, (step + 1) / recipe.warm_up_steps)
    now *= 0.5 * (1 + math.cos(math.pi * step / steps))
    for group in optimiser.param_groups:
        group["lr"] = now * group.get("times", 1.0)


def vectors_of(graph: Any, vehicles: Sequence[Vehicle], recipe: Recipe) -> list[Floats]:
    """Unit vectors (views, dimension) of every vehicle's views as they are."""
    steps, weights = steps_of(graph), constants_of(graph)
    found = []
    for vehicle in vehicles:
        pictures = [view.image() for view in vehicle.views]
        crops = _input(pictures, recipe)
        with torch.no_grad():
            found.append(functional.normalize(forward(steps, weights, crops), dim=1).numpy())
    return found
