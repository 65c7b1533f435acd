"""The sets of the table of embedders, and what a model reaches on each.

Vectors are kept in a scratch folder, by weights and pictures: a second table costs seconds.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from yanji.detect.blur import blur_top
from yanji.detect.classes import GROUP_OF
from yanji.ingest.frame import BgrImage
from yanji.reid.cross_view import NUM_DRAWS, TASKS, choose_vehicles, cosine, score_task
from yanji.reid.embedder import Embedder, Vectors
from yanji.reid.evaluate import Change, Labelled, embed_list, read_list, score_queries
from yanji.reid.query_scores import QueryScores, Scorer, joined
from yanji.reid.reciprocal import rerank
from yanji.reid.rendered_crops import RenderedCrop, read_rendered
from yanji.reid.rider_mask import mask_rider
from yanji.reid.training.real_views import (
    SETS,
    RealSighting,
    embed_sightings,
    read_sightings,
    score_real,
)
from yanji.reid.whitening import fit_whitening

Scores = dict[str, QueryScores]
"""Name of a set or task -> its queries."""

RERANKED: Final = ("val", "motorway", "front_rear")
"""Where whitening and re-ranking are tried; the rest of the table would only be longer."""


def hide_head(image: BgrImage, vehicle_class: str) -> None:
    """Destroy the top of a two-wheeler in place, as archived crops have it."""
    if GROUP_OF.get(vehicle_class) == "two_wheeler":
        blur_top(image)


@dataclass(frozen=True, slots=True)
class Sets:
    """Everything that models are compared on; what was not asked for is empty."""

    val: Sequence[Labelled]
    rendered: Sequence[RenderedCrop]
    """Of the chosen vehicles, eligible only."""
    real: Sequence[RealSighting]
    fit: Sequence[Labelled | RenderedCrop]
    """What whitening is learned from: no vehicle of the other sets."""
    val_change: Change | None


@dataclass(frozen=True, slots=True)
class Asked:
    """Where the sets are."""

    images: Path
    val_list: Path
    fit_list: Path | None = None
    crops: Path | None = None
    num_vehicles: int = 500
    fit_crops: Path | None = None
    num_fit_vehicles: int = 150
    real_list: Path | None = None
    footage: Path | None = None
    hide_heads: bool = False


def open_sets(asked: Asked) -> Sets:
    """Read all lists and cut the real pictures.

    Raises:
        UsageError, PictureError, NotAVideoError: see the readers.
    """
    rendered: list[RenderedCrop] = []
    if asked.crops is not None:
        rendered = choose_vehicles(read_rendered(asked.crops), asked.num_vehicles)
    fit: list[Labelled | RenderedCrop] = []
    if asked.fit_list is not None:
        fit += read_list(asked.images, asked.fit_list)
    if asked.fit_crops is not None:
        fit += choose_vehicles(read_rendered(asked.fit_crops), asked.num_fit_vehicles)
    real: list[RealSighting] = []
    if asked.real_list is not None and asked.footage is not None:
        real = read_sightings(asked.real_list, asked.footage)
    change = hide_head if asked.hide_heads else None
    return Sets(read_list(asked.images, asked.val_list), rendered, real, fit, change)


Vectorise = Callable[[str, Callable[[Embedder], Vectors], str], Vectors]
"""Name of a set, how an embedder describes it, digest of its pictures -> unit vectors (N, D)."""


def kept_vectors(
    embedder: Embedder, folder: Path | None, name: str, make: Callable[[Embedder], Vectors],
    digest: str,
) -> Vectors:  # fmt: skip
    """Vectors of one set by one model, from the scratch folder where they are there already.

    Args:
        embedder: asked only when they are not there.
        folder: made when missing; None: nothing is kept.
        name: of the set.
        make: describes the set.
        digest: of its pictures, hex; another one is another set.
    """
    if folder is None:
        return make(embedder)
    # By weights and not by name: a candidate may be named anew.
    path = folder / f"{embedder.weights_sha256[:16]}-{name}-{digest[:16]}.npy"
    if path.is_file():
        kept_ND: Vectors = np.load(path, allow_pickle=False)
        return kept_ND
    folder.mkdir(parents=True, exist_ok=True)
    vectors_ND = make(embedder)
    beside = path.with_suffix(".part")
    with beside.open("wb") as file:
        np.save(file, vectors_ND)
    beside.replace(path)
    return vectors_ND


def concatenate(parts: Sequence[Vectorise]) -> Vectorise:
    """Two models or more as one: their unit vectors side by side, each of equal weight."""

    def vectorise(name: str, make: Callable[[Embedder], Vectors], digest: str) -> Vectors:
        wide_ND = np.concatenate([part(name, make, digest) for part in parts], axis=1)
        unit_ND: Vectors = (wide_ND / np.sqrt(len(parts))).astype(np.float32)
        return unit_ND

    return vectorise


def vectors_by(embedder: Embedder, folder: Path | None) -> Vectorise:
    """How one embedder describes sets."""
    return functools.partial(kept_vectors, embedder, folder)


def _digest_of(items: Sequence[Labelled | RenderedCrop]) -> str:
    text = "".join(f"{item.path}:{item.path.stat().st_size}\n" for item in items)
    return hashlib.sha256(text.encode()).hexdigest()


def _digest_of_real(sightings: Sequence[RealSighting]) -> str:
    digest = hashlib.sha256()
    for one in sightings:
        for crop in one.crops:
            digest.update(crop.tobytes())
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Described:
    """All vectors of one model; an empty set has none."""

    val_ND: Vectors
    val_masked_ND: Vectors
    rendered_ND: Vectors
    rendered_masked_ND: Vectors
    real_ND: Vectors
    fit_ND: Vectors


def describe_sets(sets: Sets, vectorise: Vectorise, masked: bool) -> Described:
    """Embed everything once."""

    def of(name: str, items: Sequence[Labelled | RenderedCrop], change: Change | None) -> Vectors:
        if not items:
            return np.empty((0, 0), np.float32)
        return vectorise(name, lambda one: embed_list(items, one, change), _digest_of(items))

    # Only two-wheelers look different with their riders covered.
    rendered_ND = of("rendered", sets.rendered, None)
    val_ND = of("val-hidden" if sets.val_change else "val", sets.val, sets.val_change)
    return Described(
        val_ND,
        _with_masked(sets.val, val_ND, of) if masked else val_ND[:0],
        rendered_ND,
        _with_masked(sets.rendered, rendered_ND, of) if masked else rendered_ND[:0],
        vectorise("real", lambda one: embed_sightings(sets.real, one), _digest_of_real(sets.real))
        if sets.real
        else np.empty((0, 0), np.float32),
        of("fit", sets.fit, None),
    )


def _with_masked(
    items: Sequence[Labelled | RenderedCrop],
    vectors_ND: Vectors,
    of: Callable[[str, Sequence[Labelled | RenderedCrop], Change | None], Vectors],
) -> Vectors:
    rows = [i for i, one in enumerate(items) if GROUP_OF.get(one.vehicle_class) == "two_wheeler"]
    result_ND = vectors_ND.copy()
    if rows:
        result_ND[rows] = of("masked", [items[row] for row in rows], mask_rider)
    return result_ND


def score_sets(sets: Sets, described: Described, scorer: Scorer | None = None) -> Scores:
    """Every set and task; rendered draws are joined, so that a mean over queries is one over draws.

    Raises:
        ValueError: a vector array does not fit its set.
    """
    scores: Scores = {"val": score_queries(sets.val, described.val_ND, scorer=scorer)}
    scores["val_veri"] = score_queries(sets.val, described.val_ND, True, scorer)
    if len(described.val_masked_ND):
        masked = score_queries(sets.val, described.val_masked_ND, scorer=scorer)
        scores["val_masked"] = masked.of_group("two_wheeler")
    if sets.rendered:
        for name, task in TASKS.items():
            draws = score_task(
                sets.rendered, described.rendered_ND, task, NUM_DRAWS, scorer or cosine
            )
            scores[name] = joined(draws)
        if len(described.rendered_masked_ND):
            draws = score_task(sets.rendered, described.rendered_masked_ND, TASKS["front_rear"])
            scores["front_rear_masked"] = joined(draws).of_group("two_wheeler")
    for name in SETS if sets.real else ():
        scores[name] = score_real(sets.real, described.real_ND, name, scorer or cosine)
    return scores


def score_variants(sets: Sets, described: Described) -> Mapping[str, Scores]:
    """`whitened`, `reranked` and both, on `RERANKED`; whitening only where there is data for it."""
    variants = {"reranked": _score_some(sets, described, rerank)}
    if sets.fit:
        vehicles = [one.vehicle for one in sets.fit]
        whitening = fit_whitening(described.fit_ND, vehicles)

        def whiten(vectors_ND: Vectors) -> Vectors:
            return whitening.apply(vectors_ND) if len(vectors_ND) else vectors_ND

        white = Described(
            whiten(described.val_ND),
            described.val_masked_ND,
            whiten(described.rendered_ND),
            described.rendered_masked_ND,
            whiten(described.real_ND),
            described.fit_ND,
        )
        variants["whitened"] = _score_some(sets, white, cosine)
        variants["whitened_reranked"] = _score_some(sets, white, rerank)
    return variants


def _score_some(sets: Sets, described: Described, scorer: Scorer) -> Scores:
    """`RERANKED` only: re-ranking every query of every task would take an hour."""
    scores = {"val": score_queries(sets.val, described.val_ND, scorer=scorer)}
    if sets.real:
        scores["motorway"] = score_real(sets.real, described.real_ND, "motorway", scorer)
    if sets.rendered:
        task = TASKS["front_rear"]
        scores["front_rear"] = joined(
            score_task(sets.rendered, described.rendered_ND, task, NUM_DRAWS, scorer)
        )
    return scores
