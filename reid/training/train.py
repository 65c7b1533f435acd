"""Train `yanji-reid-1`: start weights + labelled pairs of two cameras -> an ONNX file.

    python -m yanji.reid.training.train --images DIR --list train.txt \\
        --start person-reidentification-retail-0248.onnx --out yanji-reid-1.onnx

Needs the `train` extra. Seeds are fixed; with one thread on one machine the run repeats exactly.
Model selection (steps, mixing) looks only at a share of the list's own vehicles that is held out
of training (`--hold-out`); the shipped weights are then trained with `--hold-out 0`.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import torch

from yanji.detect.classes import GROUPS
from yanji.ingest.frame import BgrImage
from yanji.reid.backends.onnx_embedder import stretch
from yanji.reid.evaluate import Labelled, read_list, score_vectors
from yanji.reid.training import augment
from yanji.reid.training.graph import Weights, prepare, weights_of, with_weights
from yanji.reid.training.scaling import MEAN_3, STD_3
from yanji.reid.training.torch_graph import Step, constants_of, forward, steps_of

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recipe:
    """Every number the result depends on. The defaults are those of yanji-reid-1."""

    height_px: int = 192
    width_px: int = 160
    steps: int = 600
    vehicles_per_batch: int = 32
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    warm_up_steps: int = 30
    temperature: float = 0.08
    average_decay: float = 0.98
    hold_out: float = 0.15
    seed: int = 1


def train(labelled: list[Labelled], start: Path, recipe: Recipe, every: int) -> tuple[Any, Weights]:
    """Fine-tune; returns the prepared start graph and the averaged trained weights.

    Loss: for each crop of a batch, cross-entropy of the cosine to the same vehicle's crop of the
    other camera against all other crops (supervised contrastive, Khosla et al. 2020, one positive),
    over a temperature. Shipped weights are the exponential average over the steps.
    """
    rng = np.random.default_rng(recipe.seed)
    torch.manual_seed(recipe.seed)
    torch.use_deterministic_algorithms(True)
    model = prepare(start, recipe.height_px, recipe.width_px)
    steps, weights = steps_of(model), constants_of(model)
    trainable = [weights[name].requires_grad_(True) for name in weights_of(model)]
    pairs, held_out = split(labelled, recipe.hold_out)
    log.info("%d vehicles to train on, %d held out", len(pairs), len(held_out) // 2)
    optimiser = torch.optim.AdamW(
        trainable, lr=recipe.learning_rate, weight_decay=recipe.weight_decay
    )
    average = {name: weights[name].detach().clone() for name in weights_of(model)}
    started = time.monotonic()
    queues = queues_of(pairs, recipe.vehicles_per_batch)
    for step in range(recipe.steps):
        for group in optimiser.param_groups:
            group["lr"] = learning_rate_at(step, recipe)
        queue = queues[step % len(queues)]
        chosen = [pairs[i] for i in queue.take(recipe.vehicles_per_batch, rng)]
        crops = batch_of(chosen, recipe, rng)
        vectors = forward(steps, weights, crops)
        loss = contrastive_loss(vectors, recipe.temperature)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trainable, 5.0)
        optimiser.step()
        with torch.no_grad():
            decay = min(recipe.average_decay, (1 + step) / (10 + step))
            for name, value in average.items():
                value.lerp_(weights[name], 1 - decay)
        if (step + 1) % every == 0:
            log.info(
                "step %d, %.0f s, loss %.3f%s",
                step + 1,
                time.monotonic() - started,
                loss.item(),
                held_out_figures(held_out, steps, {**weights, **average}, recipe),
            )
    return model, {name: value.numpy() for name, value in average.items()}


def split(
    labelled: list[Labelled], hold_out: float
) -> tuple[list[tuple[Labelled, Labelled]], list[Labelled]]:
    """Part vehicles by a hash of their name; the first two cameras of each make its pair."""
    by_vehicle: dict[str, list[Labelled]] = {}
    for item in labelled:
        by_vehicle.setdefault(item.vehicle, []).append(item)
    pairs, held_out = [], []
    for vehicle, items in sorted(by_vehicle.items()):
        items.sort(key=lambda item: item.camera)
        if len(items) < 2:
            continue
        share = int(hashlib.sha256(vehicle.encode()).hexdigest()[:8], 16) / 2**32
        if share < hold_out:
            held_out += items[:2]
        else:
            pairs.append((items[0], items[1]))
    return pairs, held_out


@dataclass(slots=True)
class Queue:
    """Deals out vehicles in random order, all of them before any a second time."""

    vehicles: tuple[int, ...]
    waiting: list[int]

    def take(self, count: int, rng: np.random.Generator) -> list[int]:
        """Return `count` different vehicles (positions in the list of pairs), or all there are."""
        count = min(count, len(self.vehicles))
        while len(self.waiting) < count:
            behind = [v for v in self.vehicles if v not in self.waiting]
            self.waiting += [int(v) for v in rng.permutation(behind)]
        taken, self.waiting = self.waiting[:count], self.waiting[count:]
        return taken


def queues_of(pairs: list[tuple[Labelled, Labelled]], smallest: int) -> list[Queue]:
    """One queue of all vehicles, and one for each group large enough to fill a batch.

    Batches of one group are harder: a lorry is no rival of a scooter.
    """
    groups = [tuple(range(len(pairs)))]
    for classes in GROUPS.values():
        members = tuple(i for i, pair in enumerate(pairs) if pair[0].vehicle_class in classes)
        if smallest <= len(members) < len(pairs):
            groups.append(members)
    return [Queue(members, []) for members in groups]


def learning_rate_at(step: int, recipe: Recipe) -> float:
    """Linear warm-up, then half a cosine to zero."""
    warm = min(1.0, (step + 1) / recipe.warm_up_steps)
    return recipe.learning_rate * warm * 0.5 * (1 + math.cos(math.pi * step / recipe.steps))


def batch_of(
    pairs: list[tuple[Labelled, Labelled]], recipe: Recipe, rng: np.random.Generator
) -> Any:
    """Two augmented views of each vehicle, mirrored both or neither: (2 P, 3, h, w) float32."""
    pictures = []
    for pair in pairs:
        mirrored = rng.random() < 0.5
        for item in pair:
            image = item.image()
            image = np.ascontiguousarray(image[:, ::-1]) if mirrored else image
            rider = item.vehicle_class in GROUPS["two_wheeler"]
            pictures.append(augment.view(image, rng, rider=rider))
    return torch.from_numpy(to_input(pictures, recipe))


def to_input(pictures: list[BgrImage], recipe: Recipe) -> Any:
    """Stretch and scale pictures as the embedder does at run time: (N, 3, h, w) float32."""
    stretched = [stretch(picture, recipe.height_px, recipe.width_px) for picture in pictures]
    rgb = np.stack(stretched)[:, :, :, ::-1].astype(np.float32)
    scaled = (rgb - MEAN_3) / STD_3
    return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2))


def contrastive_loss(vectors_2P_D: Any, temperature: float) -> Any:
    """Mean cross-entropy of picking row 2k+1 for row 2k, and the other way round."""
    unit = torch.nn.functional.normalize(vectors_2P_D, dim=1)
    similar = unit @ unit.T / temperature
    similar = similar.masked_fill(torch.eye(len(unit), dtype=torch.bool), -1e4)
    partner = torch.arange(len(unit)) ^ 1
    return torch.nn.functional.cross_entropy(similar, partner)


def held_out_figures(
    held_out: list[Labelled], steps: tuple[Step, ...], weights: Any, recipe: Recipe
) -> str:
    """mAP of the held-out vehicles, as they are and through one fixed augmentation."""
    if not held_out:
        return ""
    rng = np.random.default_rng(0)
    plain = [item.image() for item in held_out]
    shaken = [
        augment.view(item.image(), rng, rider=item.vehicle_class in GROUPS["two_wheeler"])
        for item in held_out
    ]
    text = ""
    for label, pictures in (("plain", plain), ("augmented", shaken)):
        with torch.no_grad():
            vectors = torch.cat(
                [
                    forward(
                        steps, weights, torch.from_numpy(to_input(pictures[i : i + 32], recipe))
                    )
                    for i in range(0, len(pictures), 32)
                ]
            )
            unit = torch.nn.functional.normalize(vectors, dim=1).numpy()
        figures = score_vectors(held_out, unit)["all"]
        text += f", {label} mAP {figures['mAP']:.3f} R1 {figures['R1']:.3f}"
    return text


def mix(start: Weights, trained: Weights, share: float) -> Weights:
    """`share` of the trained weights and the rest of the start (Wortsman et al. 2022, WiSE-FT)."""
    return {name: (1 - share) * start[name] + share * trained[name] for name in trained}


def main() -> None:
    """Read the arguments, train, write the ONNX file."""
    shipped = Recipe()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--list", type=Path, required=True)
    parser.add_argument("--start", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=shipped.steps)
    parser.add_argument("--hold-out", type=float, default=shipped.hold_out)
    parser.add_argument("--share", type=float, default=1.0, help="of trained weights, see mix()")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(arguments.threads)
    cv2.setNumThreads(1)
    recipe = Recipe(steps=arguments.steps, hold_out=arguments.hold_out)
    labelled = read_list(arguments.images, arguments.list)
    model, weights = train(labelled, arguments.start, recipe, every=50)
    mixed = mix(weights_of(model), weights, arguments.share)
    onnx.save(with_weights(model, mixed), str(arguments.out))
    digest = hashlib.sha256(arguments.out.read_bytes()).hexdigest()
    log.info("%s %s (%d bytes)", arguments.out, digest, arguments.out.stat().st_size)


if __name__ == "__main__":
    main()
