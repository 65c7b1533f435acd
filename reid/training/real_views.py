"""Real vehicles seen from two sides: sightings of clips, cut again from a committed list of boxes.

`tests/accuracy/real_views.json` is a list of sightings, each `{"set", "camera", "vehicle" (null:
nobody that is asked for, but in the gallery), "class", "clip", "view_px" (the part of the clip's
picture that is this camera's whole picture, or null), "crops": [{"at_s", "box_px" (of the clip's
picture)}]}`. Pictures are cut from the clips when they are needed, as a camera's are (same margin,
tops of two-wheelers destroyed), and one vector is the mean over a sighting's crops, as in a search.

Sets and who is asked for:

- `motorway`: hand-paired vehicles of `uk_motorway_720p`, far view and near view, both ways; the
  gallery is every sighting of the other view, listed or not. One road, one lens, one moment.
- `prius`: the teal Prius, front in one Intel clip and rear in the other, both ways; the gallery is
  every other sighting of the two clips. Two queries: an anecdote, no statistic.
- `prius_street`: the same with the sightings of `shenzhen_busroad_day` in the gallery.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from yanji.configs.errors import NotAVideoError, UsageError
from yanji.detect.classes import GROUP_OF
from yanji.detect.crops import cut_crop
from yanji.ingest.frame import BgrImage
from yanji.ingest.recording import open_recording
from yanji.reid.cross_view import cosine
from yanji.reid.describe import mean_vector
from yanji.reid.embedder import Embedder, Vectors
from yanji.reid.evaluate import precision_and_rank
from yanji.reid.query_scores import QueryScores, Scorer, scores_of

SETS: Final = ("motorway", "prius", "prius_street")
_STREET: Final = "street"
_SAME_MOMENT_S: Final = 0.002
_NOBODY: Final = np.empty((0, 4), np.float32)


@dataclass(frozen=True, slots=True)
class RealSighting:
    """One vehicle in view of one camera, with the pictures that were kept of it."""

    set_name: str
    camera: str
    vehicle: str | None
    vehicle_class: str
    crops: tuple[BgrImage, ...]
    """At least one."""


def read_sightings(list_file: Path, footage: Path) -> list[RealSighting]:
    """Read the list and cut its pictures from the clips.

    Args:
        list_file: see the head of this file.
        footage: folder that holds `<clip>.mp4`.

    Raises:
        UsageError: the list is missing or of another form, a clip is missing.
        NotAVideoError: a clip holds no picture at a listed time.
    """
    try:
        listed = [_listed(record) for record in json.loads(list_file.read_text(encoding="utf-8"))]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{list_file.name} is no list of sightings.") from error
    if not listed:
        raise UsageError(f"{list_file.name} is no list of sightings: it is empty.")
    clips = sorted({one.clip for one in listed})
    pictures = {
        clip: _pictures(
            footage / f"{clip}.mp4",
            {at_s for one in listed if one.clip == clip for at_s, _ in one.boxes},
        )
        for clip in clips
    }
    return [
        RealSighting(
            one.set_name,
            one.camera,
            one.vehicle,
            one.vehicle_class,
            tuple(_cut(pictures[one.clip][at_s], one, box_px) for at_s, box_px in one.boxes),
        )
        for one in listed
    ]


@dataclass(frozen=True, slots=True)
class _Listed:
    """One line of the list, checked for form."""

    set_name: str
    camera: str
    vehicle: str | None
    vehicle_class: str
    clip: str
    view_px: tuple[int, ...] | None
    boxes: tuple[tuple[float, tuple[float, ...]], ...]
    """Seconds of the clip, and left, upper, right, lower edge in its pixels."""


def _listed(record: dict[str, Any]) -> _Listed:
    view_px = record["view_px"]
    boxes = tuple(
        (float(crop["at_s"]), tuple(float(edge) for edge in crop["box_px"]))
        for crop in record["crops"]
    )
    if not boxes or any(len(box_px) != 4 for _, box_px in boxes):
        raise ValueError("a sighting has at least one box of four edges")
    if record["class"] not in GROUP_OF:
        raise ValueError(f"there is no class {record['class']!r}")
    return _Listed(
        str(record["set"]),
        str(record["camera"]),
        record["vehicle"],
        str(record["class"]),
        Path(str(record["clip"])).name,
        None if view_px is None else tuple(int(edge) for edge in view_px),
        boxes,
    )


def _pictures(path: Path, times_s: Iterable[float]) -> dict[float, BgrImage]:
    """Decode the pictures of these times, one after the other."""
    if not path.is_file():
        raise UsageError(f"The clip {path.name} is not in {path.parent}.")
    waiting = sorted(times_s, reverse=True)
    found: dict[float, BgrImage] = {}
    with open_recording(path, "still", 0).connect() as connection:
        for frame in connection:
            while waiting and frame.stream_s >= waiting[-1] - _SAME_MOMENT_S:
                found[waiting.pop()] = frame.picture.bgr()
            if not waiting:
                return found
    raise NotAVideoError(f"{path.name} ends before {waiting[-1]} s.")


def _cut(image: BgrImage, listed: _Listed, box_px: tuple[float, ...]) -> BgrImage:
    height, width = image.shape[:2]
    left, top, right, bottom = listed.view_px or (0, 0, width, height)
    box_4 = np.array(box_px, np.float32) - np.array([left, top, left, top], np.float32)
    return cut_crop(image[top:bottom, left:right], box_4, listed.vehicle_class, _NOBODY)


def embed_sightings(sightings: Sequence[RealSighting], embedder: Embedder) -> Vectors:
    """(N, D) one unit vector for each sighting, the mean over its crops."""
    vectors = [mean_vector(embedder.embed(one.crops)) for one in sightings]
    return np.array(vectors, np.float32).reshape(len(sightings), embedder.dimension)


def score_real(
    sightings: Sequence[RealSighting], vectors_ND: Vectors, name: str, scorer: Scorer = cosine
) -> QueryScores:
    """Ask for every named vehicle of one of `SETS` that two cameras saw.

    Args:
        sightings: N of them, of all sets.
        vectors_ND: their unit vectors.
        name: of the set.
        scorer: how a query is compared with a gallery.
    """
    names_N = np.array([one.vehicle or "" for one in sightings])
    cameras_N = np.array([one.camera for one in sightings])
    part = name.removesuffix("_street")
    in_set_N = np.array([one.set_name == part for one in sightings])
    if name == "prius":
        in_set_N &= cameras_N != _STREET
    rows: list[tuple[str, str, float, int]] = []
    for query, one in enumerate(sightings):
        if not one.vehicle or not in_set_N[query]:
            continue
        gallery_N: npt.NDArray[np.bool_] = in_set_N.copy()
        gallery_N[query] = False
        if name == "motorway":
            gallery_N &= cameras_N != one.camera
        true_N = gallery_N & (names_N == one.vehicle) & (cameras_N != one.camera)
        if not true_N.any():
            continue
        scores_G = scorer(vectors_ND[query : query + 1], vectors_ND[gallery_N])[0]
        result = precision_and_rank(scores_G, true_N[gallery_N])
        rows.append((one.vehicle, GROUP_OF[one.vehicle_class], *result))
    return scores_of(rows)
