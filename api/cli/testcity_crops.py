"""`yanji testcity crops`: pictures of single rendered vehicles for training an embedder."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import click

from yanji.api.cli.output import note, print_json, print_line

_EVERY_S: Final = 5.0
"""Between two lines of progress."""


@click.command("crops")
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="Folder; a second call resumes."
)
@click.option("--identities", type=int, default=5000, show_default=True, help="Vehicles.")
@click.option("--views", type=int, default=8, show_default=True, help="Crops of each vehicle.")
@click.option("--seed", type=int, default=1, show_default=True, help="Decides everything.")
@click.option("--size", type=int, default=256, show_default=True, help="Longer side, at most.")
@click.option(
    "--places", type=int, default=4, show_default=True, help="Junctions, eight cameras at each."
)
@click.option(
    "--workers", type=click.IntRange(0, 256), default=0, show_default=True, help="0: all cores."
)
@click.option("--json", "as_json", is_flag=True, help="As JSON on stdout.")
def crops_verb(
    out: Path,
    identities: int,
    views: int,
    seed: int,
    size: int,
    places: int,
    workers: int,
    as_json: bool,
) -> int:
    """Draw crops of vehicles for training an embedder: each from all sides, in all lights."""
    from yanji.api.testcity_crops import write_training_crops
    from yanji.ingest.testcity.crop_order import INDEX_FILE, CropOrder

    order = CropOrder(identities, views, seed, size, places)
    cost = write_training_crops(order, out, workers or _cores(), _progress())
    rate, overall = cost.per_core_second, cost.per_core_second_with_setup
    if as_json:
        print_json(
            {
                "index": str(out / INDEX_FILE),
                "crops": order.crops,
                "identities": order.identities,
                "cameras": order.cameras,
                "drawn": cost.drawn,
                "wall_s": round(cost.wall_s, 2),
                "drawing_cpu_s": round(cost.drawing_cpu_s, 2),
                "setup_cpu_s": round(cost.setup_cpu_s, 2),
                "per_core_second": None if rate is None else round(rate, 2),
                "per_core_second_with_setup": None if overall is None else round(overall, 2),
            }
        )
        return 0
    print_line(
        f"{order.crops} crops of {order.identities} vehicles by {order.cameras} cameras in {out}. "
        "Rendered; never accuracy on real streets."
    )
    if rate is not None and overall is not None:
        print_line(
            f"{cost.drawn} drawn now, {rate:.1f} for each core-second "
            f"({overall:.1f} with {cost.setup_cpu_s:.0f} core-seconds of set-up)"
        )
    return 0


def _cores() -> int:
    """Count the cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1


def _progress() -> Callable[[str, int, int], None]:
    """Return a progress that writes a line to stderr now and then, and at the end."""
    last_s = -_EVERY_S

    def progress(what: str, done: int, total: int) -> None:
        nonlocal last_s
        if done == total or time.monotonic() - last_s >= _EVERY_S:
            last_s = time.monotonic()
            note(f"{what}: {done} of {total}")

    return progress
