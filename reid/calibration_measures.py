"""How true probabilities are: adaptive calibration error, Brier score, the constant beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
BINS: Final = 10
DRAWS: Final = 300


@dataclass(frozen=True, slots=True)
class Events:
    """Probabilities that were said, and what was true."""

    said_E: Floats
    """(E,) 0..1."""
    true_E: Floats
    """(E,) 0 or 1."""
    owner_E: npt.NDArray[np.int64]
    """(E,) number of the vehicle asked for: events of one are drawn together."""

    def __len__(self) -> int:
        return len(self.said_E)

    def taken(self, rows: npt.NDArray[np.int64] | npt.NDArray[np.bool_]) -> Events:
        """Only these rows."""
        return Events(self.said_E[rows], self.true_E[rows], self.owner_E[rows])


def joined(parts: list[Events]) -> Events:
    """All events of the parts, in their order."""
    return Events(
        np.concatenate([part.said_E for part in parts]),
        np.concatenate([part.true_E for part in parts]),
        np.concatenate([part.owner_E for part in parts]),
    )


def bins_of(events: Events, num_bins: int = BINS) -> list[tuple[int, float, float]]:
    """Adaptive bins, as many events in each: (events, mean said, share true), rising."""
    order = np.argsort(events.said_E, kind="stable")
    return [
        (len(part), float(events.said_E[part].mean()), float(events.true_E[part].mean()))
        for part in np.array_split(order, num_bins)
        if len(part)
    ]


def calibration_error(events: Events, num_bins: int = BINS) -> float:
    """Expected calibration error over adaptive bins (Nixon et al. 2019, "Measuring calibration in
    deep learning"): mean over events of |mean said - share true| of their bin.

    It is never negative, so that few events show some error even of true probabilities.
    """
    parts = bins_of(events, num_bins)
    return sum(num * abs(said - true) for num, said, true in parts) / max(len(events), 1)


def brier_score(events: Events) -> float:
    """Mean squared difference (Brier 1950): lower is better."""
    return float(np.mean((events.said_E - events.true_E) ** 2))


def constant_score(events: Events) -> float:
    """Brier score of who always says the share that is true of these very events."""
    share = float(events.true_E.mean())
    return share * (1 - share)


def figures_of_events(events: Events, seed: int = 1) -> dict[str, float | int | list[float]]:
    """All figures, with 95 % intervals from `DRAWS` draws of vehicles with replacement.

    Returns:
        `num_events`, `num_vehicles`, `share_true`, `mean_said`, `ece`, `ece_95`, `brier`,
        `constant_brier`, `gain` (constant's Brier less ours) and `gain_95`.

    Raises:
        ValueError: there are no events.
    """
    if not len(events):
        raise ValueError("no events to measure on")
    rng = np.random.default_rng(seed)
    owners = np.unique(events.owner_E)
    rows_of = {int(owner): np.flatnonzero(events.owner_E == owner) for owner in owners}
    errors, gains = [], []
    for _ in range(DRAWS):
        chosen = rng.choice(owners, len(owners))
        drawn = events.taken(np.concatenate([rows_of[int(owner)] for owner in chosen]))
        errors.append(calibration_error(drawn))
        gains.append(constant_score(drawn) - brier_score(drawn))
    ours, constant = brier_score(events), constant_score(events)
    return {
        "num_events": len(events),
        "num_vehicles": len(owners),
        "share_true": float(events.true_E.mean()),
        "mean_said": float(events.said_E.mean()),
        "ece": calibration_error(events),
        "ece_95": np.quantile(errors, [0.025, 0.975]).tolist(),
        "brier": ours,
        "constant_brier": constant,
        "gain": constant - ours,
        "gain_95": np.quantile(gains, [0.025, 0.975]).tolist(),
    }
