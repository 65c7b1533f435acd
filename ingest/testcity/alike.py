"""How far anybody could get: vehicles of one order of crops that look the same but for the plate.

    python -m yanji.ingest.testcity.alike --identities 500 --seed 9001

Whoever knew kind, paints, livery, load and add-ons of every vehicle without an error would still
have to guess among those that share all of them. The mean of one over their number bounds what
rank 1 can be between two sides of a vehicle, dirt and wear left aside: an embedder cannot be asked
for more. Riders make every vehicle with one unique (clothes).
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Hashable, Sequence

import numpy as np

from yanji.ingest.testcity.crop_plans import kinds_of
from yanji.ingest.testcity.vehicles.individuals import individual
from yanji.ingest.testcity.vehicles.kinds import KINDS

_TWO_COLOURED = ("box_truck", "flatbed")


def first_rank_bound(looks: Sequence[Hashable]) -> float:
    """Mean of 1 / (how many have the same look), 0..1; 0.0 of none."""
    counts = Counter(looks)
    return sum(1 / counts[look] for look in looks) / max(len(looks), 1)


def looks_of(identities: int, seed: int) -> dict[str, list[Hashable]]:
    """Group -> what can be seen of each vehicle of `yanji testcity crops --seed`, plates aside."""
    found: dict[str, list[Hashable]] = {}
    for number, kind in enumerate(kinds_of(identities)):
        look = individual(kind, number, seed)
        group = KINDS[kind].group
        seen: Hashable = number
        if group == "four_wheel":
            accent = look.accent if look.livery or kind in _TWO_COLOURED else None
            seen = (kind, look.paint, accent, look.livery, look.addons)
        found.setdefault(group, []).append(seen)
    return found


def main() -> None:
    """Print the bound of each group and of all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--identities", type=int, default=500)
    parser.add_argument("--seed", type=int, default=9001)
    arguments = parser.parse_args()
    by_group = looks_of(arguments.identities, arguments.seed)
    for group, looks in by_group.items():
        print(f"{group}: {first_rank_bound(looks):.3f} of {len(looks)}")
    every = np.array([first_rank_bound(looks) for looks in by_group.values()])
    share = np.array([len(looks) for looks in by_group.values()]) / arguments.identities
    print(f"all: {float(every @ share):.3f} of {arguments.identities}")


if __name__ == "__main__":
    main()
