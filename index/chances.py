"""Probabilities of hits, where the model that made the vectors is calibrated.

Each hit is judged for itself, among the sightings of its group that were compared: an archive holds
a vehicle once for each camera that it passed, so that one hit does not exclude another. What is
weighed is the look alone, not times and roads. Formula and figures: docs/design/calibration.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from yanji.detect.travel import view_of
from yanji.index.hit import Hit, StoredSighting
from yanji.reid.calibration import Calibration, Look, probability_of

CONFIRMED: Final = 1.0
"""Of what a person said is the vehicle: a verdict, not an estimate."""
_DIGITS: Final = 4


def look_of(sighting: StoredSighting) -> Look:
    """Class of a sighting, and the view that its direction gives; one that parked has none."""
    travel = sighting.travel
    return Look(sighting.vehicle_class, view_of(travel)[0] if travel is not None else None)


def with_probabilities(
    hits: Iterable[Hit],
    calibration: Calibration | None,
    query: Look,
    searched: int,
    searched_of: Mapping[str, int],
) -> tuple[Hit, ...]:
    """Fill in the probability of each hit; None where it cannot be said.

    Args:
        hits: scored by the query as it was asked, not moved by verdicts.
        calibration: of the query's model and weights; None: nothing can be said.
        query: what is known of the vehicle asked for.
        searched: how many sightings were compared.
        searched_of: of these, group -> how many.
    """
    if calibration is None:
        return tuple(hits)
    return tuple(
        replace(hit, probability=_chance(hit, calibration, query, searched, searched_of))
        for hit in hits
    )


def _chance(
    hit: Hit, calibration: Calibration, query: Look, searched: int, searched_of: Mapping[str, int]
) -> float | None:
    found = look_of(hit.sighting)
    evidence = calibration.evidence(hit.score, query, found)
    if evidence is None:
        return None
    among = searched_of.get(found.group or "", searched) if evidence.of_group else searched
    return round(probability_of(evidence.log_ratio, max(among, 1)), _DIGITS)
