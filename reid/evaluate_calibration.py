"""How true the probabilities of the first five hits are, on vehicles nothing was fitted on.

Each crop asks once. Its gallery are crops of other cameras and of its own group: the group's
sightings are what a probability is counted among. In a *drawn* gallery the number of crops that
show the vehicle is a Poisson number of a given mean (0 is common: a vehicle need not be in the
archive), the rest are other vehicles; in a *natural* one it is all there is. The events are the
first five by cosine, as a search returns them: not random pairs, of which nearly all are easy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from yanji.configs.errors import UsageError
from yanji.detect.card_calibration import ANY, pair_name
from yanji.reid.calibration import Calibration, Evidence, Look, probability_of
from yanji.reid.calibration_measures import Events, bins_of, figures_of_events
from yanji.reid.shots import Shots

TOP: Final = 5


@dataclass(frozen=True, slots=True)
class GalleryRule:
    """How a drawn gallery is made."""

    num_candidates: int
    mean_true: float
    """Mean number of crops of the vehicle that are put in."""
    seed: int = 1


RULES: Final[dict[str, GalleryRule]] = {
    "100, 1 true": GalleryRule(100, 1.0),
    "1000, 1 true": GalleryRule(1000, 1.0),
    "100, 3 true": GalleryRule(100, 3.0),
    "100, 0.3 true": GalleryRule(100, 0.3),
}
"""The first two as the prior has it; then more and fewer true ones than it expects."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The events, and of which group and pair of views each was."""

    events: Events
    groups_E: npt.NDArray[np.str_]
    pairs_E: npt.NDArray[np.str_]


def ask_all(
    shots: Shots, calibration: Calibration, rule: GalleryRule | None, *, with_views: bool = True
) -> Asked:
    """Let every crop ask, and note the first five.

    Args:
        shots: vehicles that the calibration was not fitted on.
        calibration: of the model that made the vectors.
        rule: how galleries are drawn; None: natural ones.
        with_views: False: as if no view were known, as with a snapshot.

    A crop with no other vehicle to compare with asks nothing.
    """
    rng = np.random.default_rng(rule.seed if rule is not None else 0)
    known = _numbered(shots)
    said, true, owners, groups, pairs = [], [], list[int](), list[str](), list[str]()
    for query in range(len(shots)):
        gallery_G = _gallery(known, query, rule, rng)
        if not len(gallery_G):
            continue
        scores_G = shots.vectors_ND[gallery_G] @ shots.vectors_ND[query]
        for place in np.argsort(-scores_G, kind="stable")[:TOP].tolist():
            row = int(gallery_G[place])
            look, found = _look(shots, query, with_views), _look(shots, row, with_views)
            score = float(np.clip(scores_G[place], -1, 1))
            evidence = calibration.evidence(score, look, found)
            if evidence is None:
                raise AssertionError("a gallery holds one group")
            said.append(_probability(evidence, len(gallery_G)))
            true.append(float(known.vehicles_N[row] == known.vehicles_N[query]))
            owners.append(int(known.vehicles_N[query]))
            groups.append(str(shots.groups_N[query]))
            pairs.append(pair_name(look.view, found.view))
    events = Events(np.array(said), np.array(true), np.array(owners, np.int64))
    return Asked(events, np.array(groups), np.array(pairs))


def _probability(evidence: Evidence, num_candidates: int) -> float:
    return probability_of(evidence.log_ratio, num_candidates)


def _look(shots: Shots, row: int, with_views: bool) -> Look:
    view = str(shots.views_N[row]) if with_views else ""
    return Look(str(shots.classes_N[row]), view or None)


@dataclass(frozen=True, slots=True)
class _Numbered:
    """Numbers instead of texts: compared once for each query."""

    vehicles_N: npt.NDArray[np.int64]
    groups_N: npt.NDArray[np.int64]
    cameras_N: npt.NDArray[np.int64]


def _numbered(shots: Shots) -> _Numbered:
    vehicles_N = np.unique(shots.vehicles_N, return_inverse=True)[1].astype(np.int64)
    groups_N = np.unique(shots.groups_N, return_inverse=True)[1].astype(np.int64)
    return _Numbered(vehicles_N, groups_N, shots.cameras_N)


def _gallery(
    known: _Numbered, query: int, rule: GalleryRule | None, rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    elsewhere_N = known.cameras_N != known.cameras_N[query]
    elsewhere_N &= known.groups_N == known.groups_N[query]
    mine_N = known.vehicles_N == known.vehicles_N[query]
    right, wrong = np.flatnonzero(elsewhere_N & mine_N), np.flatnonzero(elsewhere_N & ~mine_N)
    if not len(wrong):
        return wrong
    if rule is None:
        return np.concatenate([right, wrong])
    num_right = min(int(rng.poisson(rule.mean_true)), len(right), rule.num_candidates)
    num_wrong = min(rule.num_candidates - num_right, len(wrong))
    chosen_R = rng.choice(right, num_right, replace=False) if num_right else right[:0]
    return np.concatenate([chosen_R, rng.choice(wrong, num_wrong, replace=False)])


def report(asked: Asked) -> dict[str, Any]:
    """Figures of all events, of each group and of each pair of views; and the bins of all.

    A group or pair with fewer than 100 events has no figures of its own.
    """
    parts: dict[str, npt.NDArray[np.bool_]] = {}
    for names_E in (asked.groups_E, asked.pairs_E):
        parts |= {name: names_E == name for name in np.unique(names_E).tolist() if name != ANY}
    return {
        "all": figures_of_events(asked.events),
        **{
            name: figures_of_events(asked.events.taken(mask_E))
            for name, mask_E in parts.items()
            if int(mask_E.sum()) >= 100
        },
        "bins": [
            {"events": num, "said": said, "true": true} for num, said, true in bins_of(asked.events)
        ],
    }


def rendered_report(shots: Shots, calibration: Calibration) -> dict[str, Any]:
    """Reports of the galleries of `RULES`, and of the first one as if no view were known."""
    reports = {name: report(ask_all(shots, calibration, rule)) for name, rule in RULES.items()}
    blind = ask_all(shots, calibration, next(iter(RULES.values())), with_views=False)
    return {**reports, "no views known": report(blind)}


def listed_report(shots: Shots, calibration: Calibration) -> dict[str, Any]:
    """Reports of the natural gallery, and of it as if no view were known.

    Raises:
        UsageError: no vehicle can be compared with another one of its group and another camera.
    """
    asked = ask_all(shots, calibration, None)
    if not len(asked.events):
        raise UsageError("No two listed vehicles of one group are of different cameras.")
    blind = ask_all(shots, calibration, None, with_views=False)
    return {"natural": report(asked), "no views known": report(blind)}
