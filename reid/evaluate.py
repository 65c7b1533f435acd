"""How often an embedder finds the same vehicle again: mAP, R1 and R5 on a labelled list.

Two protocols, and a figure means nothing without its name:

- *other camera* (`all`, every group, every class): the gallery of a query is every listed image of
  a camera other than the query's, **of all classes**. A group or class entry is the mean over the
  queries of that class only; so `all` is the weighted mean of its parts.
- *VeRi* (`all_veri`): the gallery is every listed image but those of the same vehicle and camera,
  as in VeRi-776 (Liu et al. 2016). It is harder: look-alikes of the query's own camera are in it.

Average precision of a query is the mean over its true matches of (k / rank of the k-th match); mAP
is the mean over queries, R1 and R5 the share of queries with a match in the first one and five.
Equal scores rank against us: a false image before a true one. A query whose vehicle no other
camera saw has no answer; it is not counted, `num_queries` tells how many were.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from yanji.configs.errors import PictureError, UsageError
from yanji.detect.classes import GROUP_OF
from yanji.ingest.frame import BgrImage
from yanji.reid.embedder import MIN_SIDE_PX, Embedder, Vectors

Figures = dict[str, dict[str, float | int]]
"""Entry name -> {"mAP", "R1", "R5" (0..1), "num_queries"}."""

_NAME: Final = re.compile(r"(?P<class>[a-z][a-z0-9_]*)_(?P<id>[0-9]+)_cam(?P<camera>[0-9]+)\.jpe?g")
_RESERVED: Final = ("all", "all_veri")
_CHUNK: Final = 64
"""Images decoded and embedded at a time: bounds the memory of a long list."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """One image of a list."""

    path: Path
    vehicle_class: str
    vehicle: str
    """`<class>_<id>`: ids are counted per class."""
    camera: int

    def image(self) -> BgrImage:
        """Read the picture.

        Raises:
            PictureError: the file is damaged, no picture, or too small to be described.
        """
        try:
            image = cv2.imread(str(self.path), cv2.IMREAD_COLOR)
        except cv2.error:
            image = None
        if image is None:
            raise PictureError(
                f"{self.path.name} cannot be read as a picture.",
                hint="Take it out of the list or replace the file.",
            )
        if min(image.shape[:2]) < MIN_SIDE_PX:
            raise PictureError(
                f"{self.path.name} has {image.shape[1]} x {image.shape[0]} pixels: too small to be "
                "described.",
                hint="Take it out of the list.",
            )
        return image.astype(np.uint8, copy=False)


def read_list(images_dir: Path, list_file: Path) -> list[Labelled]:
    """Read a list of `<class>_<id>_cam<n>.jpg`, one name a line; empty lines are skipped.

    Raises:
        UsageError: list or folder missing, list empty, a name of another form, a name listed
            twice, an image that is not in the folder.
    """
    if not images_dir.is_dir():
        raise UsageError(f"The image folder {images_dir} does not exist.")
    try:
        text = list_file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"The list {list_file} cannot be read.", hint="Give a text file, one image name a line."
        ) from error
    labelled: list[Labelled] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        name = line.strip()
        if not name:
            continue
        item = _parse(images_dir, name, f"{list_file.name} line {number}")
        if name in seen:
            raise UsageError(
                f"{list_file.name} line {number}: {name} is listed twice (first in line "
                f"{seen[name]})."
            )
        seen[name] = number
        labelled.append(item)
    if not labelled:
        raise UsageError(f"The list {list_file.name} names no image.")
    return labelled


def _parse(images_dir: Path, name: str, where: str) -> Labelled:
    match = _NAME.fullmatch(name)
    if match is None or match["class"] in _RESERVED:
        raise UsageError(
            f"{where}: {name!r} is not of the form <class>_<id>_cam<n>.jpg.",
            hint="For example motorcycle_0121_cam1.jpg; class in lower case, id and n digits.",
        )
    path = images_dir / name
    if not path.is_file():
        raise UsageError(f"{where}: {name} is not in {images_dir}.")
    return Labelled(path, match["class"], f"{match['class']}_{match['id']}", int(match["camera"]))


def evaluate_list(images_dir: Path, list_file: Path, embedder: Embedder) -> Figures:
    """Embed every image of the list and score every image as a query.

    Returns:
        `{"all": {...}, "all_veri": {...}, "<group>": {...}, "<class>": {...}}`; groups and classes
        only where a query of theirs counts.

    Raises:
        UsageError: see `read_list`; or no vehicle of the list was seen by two cameras.
        PictureError: an image is damaged.
    """
    labelled = read_list(images_dir, list_file)
    _require_pairs(labelled, list_file)
    return score_vectors(labelled, embed_list(labelled, embedder))


def embed_list(labelled: Sequence[Labelled], embedder: Embedder) -> Vectors:
    """Vectors (N, D) of the images, in their order.

    Raises:
        PictureError: an image is damaged.
    """
    chunks = [
        embedder.embed([item.image() for item in labelled[i : i + _CHUNK]])
        for i in range(0, len(labelled), _CHUNK)
    ]
    return np.concatenate(chunks)


def _require_pairs(labelled: Sequence[Labelled], list_file: Path) -> None:
    cameras: dict[str, set[int]] = {}
    for item in labelled:
        cameras.setdefault(item.vehicle, set()).add(item.camera)
    if all(len(seen) < 2 for seen in cameras.values()):
        raise UsageError(
            f"No vehicle in {list_file.name} was seen by two cameras, so nothing can be scored.",
            hint="List at least one vehicle with two different _cam<n> numbers.",
        )


def score_vectors(labelled: Sequence[Labelled], vectors_ND: Vectors) -> Figures:
    """Score rows of unit length, one for each labelled image, in the same order.

    Returns:
        As `evaluate_list`. `all` and `all_veri` are present even when no query counts (zeros).
    """
    vehicles_N = np.array([item.vehicle for item in labelled])
    cameras_N = np.array([item.camera for item in labelled])
    other: dict[str, list[tuple[float, int]]] = {"all": []}
    veri: list[tuple[float, int]] = []
    for query, item in enumerate(labelled):
        scores_N = vectors_ND @ vectors_ND[query]
        true_N = (vehicles_N == item.vehicle) & (cameras_N != item.camera)
        if not true_N.any():
            continue
        elsewhere_N = cameras_N != item.camera
        result = precision_and_rank(scores_N[elsewhere_N], true_N[elsewhere_N])
        for name in {"all", item.vehicle_class, GROUP_OF.get(item.vehicle_class, "all")}:
            other.setdefault(name, []).append(result)
        allowed_N = (vehicles_N != item.vehicle) | elsewhere_N
        veri.append(precision_and_rank(scores_N[allowed_N], true_N[allowed_N]))
    named = {"all": other.pop("all"), "all_veri": veri, **dict(sorted(other.items()))}
    return {name: figures_of(results) for name, results in named.items()}


def precision_and_rank(
    scores_G: npt.NDArray[np.float32], true_G: npt.NDArray[np.bool_]
) -> tuple[float, int]:
    """Average precision 0..1 and the rank (from 1) of the first true match of one query.

    Args:
        scores_G: (G,) score of each gallery image, higher is closer.
        true_G: (G,) whether it shows the query's vehicle; at least one does.
    """
    order = np.lexsort((true_G, -scores_G))
    ranks = np.flatnonzero(true_G[order]) + 1
    precision = float(np.mean(np.arange(1, len(ranks) + 1) / ranks))
    return precision, int(ranks[0])


def figures_of(results: Sequence[tuple[float, int]]) -> dict[str, float | int]:
    """Mean over queries of (average precision, first rank); zeros for none."""
    count = max(len(results), 1)
    return {
        "mAP": sum(precision for precision, _ in results) / count,
        "R1": sum(rank <= 1 for _, rank in results) / count,
        "R5": sum(rank <= 5 for _, rank in results) / count,
        "num_queries": len(results),
    }
