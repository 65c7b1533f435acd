"""`yanji train reid`: an embedder from rendered and real vehicles."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from yanji.api.cli.output import note, print_json, print_line
from yanji.configs.errors import UsageError

if TYPE_CHECKING:
    from yanji.reid.training.train_views import Data, Recipe
    from yanji.reid.training.write_card import Words

_PATH = click.Path(path_type=Path)
_START = "yanji-reid-1"
_UNKNOWN = "not stated: ask whoever gave the data before you pass the weights on"


@click.command("reid")
@click.option("--out", type=_PATH, required=True, help="Folder of models; made where missing.")
@click.option("--name", required=True, help="Of the new model.")
@click.option(
    "--crops", type=_PATH, multiple=True, help="Folder of yanji testcity crops; may be repeated."
)
@click.option(
    "--real",
    type=(_PATH, _PATH),
    multiple=True,
    metavar="IMAGES LIST",
    help="Folder and list of <class>_<id>_cam<n>.jpg; may be repeated.",
)
@click.option(
    "--judge",
    type=(_PATH, _PATH),
    multiple=True,
    metavar="IMAGES LIST",
    help="Not trained on; figures for the card.",
)
@click.option("--start", type=_PATH, help=f"Weights whose trunk is trained on [default: {_START}].")
@click.option("--steps", type=click.IntRange(1, 1_000_000), help="Of trunk and head together.")
@click.option("--head-steps", type=click.IntRange(1, 1_000_000), help="Of the head alone.")
@click.option(
    "--real-per-batch", type=click.IntRange(0, 512), help="Real vehicles beside the rendered ones."
)
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=1, show_default=True)
@click.option(
    "--features", type=_PATH, help="File that keeps the start trunk's features between runs."
)
@click.option("--json", "as_json", is_flag=True, help="The figures as JSON on stdout.")
def train_reid_verb(
    out: Path,
    name: str,
    crops: tuple[Path, ...],
    real: tuple[tuple[Path, Path], ...],
    judge: tuple[tuple[Path, Path], ...],
    start: Path | None,
    steps: int | None,
    head_steps: int | None,
    real_per_batch: int | None,
    seed: int,
    features: Path | None,
    as_json: bool,
) -> int:
    """Train an embedder on rendered and real crops; weights, golden vectors and card come out."""
    from yanji.detect.card import require_new_name
    from yanji.reid.training.vehicles import listed_vehicles, rendered_vehicles, unlike

    require_new_name(name, out)
    if not crops and not real:
        raise UsageError("Nothing to train on.", hint="Give --crops or --real, or both.")
    begin = _start(start)
    rendered = [vehicle for folder in crops for vehicle in rendered_vehicles(folder)]
    listed = [vehicle for pair in real for vehicle in listed_vehicles(*pair)]
    judged = [vehicle for pair in judge for vehicle in listed_vehicles(*pair)]
    unlike([*rendered, *listed], judged)
    # Last, for it takes seconds: whatever is wrong with the data has been said by now.
    try:
        import onnx

        from yanji.reid.training import train_views
    except ImportError as error:
        raise UsageError(
            f"Training needs {error.name or 'torch'}, which is not installed.",
            hint="pip install 'yanji[train]'",
        ) from error
    from yanji.reid.training.write_card import write_model

    data = train_views.Data(tuple(rendered), tuple(listed))
    given = {"steps": steps, "head_steps": head_steps, "real_per_batch": real_per_batch}
    recipe = train_views.Recipe(
        seed=seed, **{key: value for key, value in given.items() if value is not None}
    )
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    note(f"{len(data.rendered)} rendered and {len(data.real)} real vehicles")
    graph = train_views.train(begin, data, recipe, features, every=100)
    words = _words(data, recipe, crops, real, start)
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder) / f"{name}.onnx"
        onnx.save(graph, str(weights))
        figures = write_model(weights, name, out, list(judge), words)
    if as_json:
        print_json({"model": name, "card": str(out / f"{name}.json"), "figures": figures})
        return 0
    for entry, found in figures.items():
        print_line(f"{entry}: mAP {found['mAP']:.3f}, R1 {found['R1']:.3f}, R5 {found['R5']:.3f}")
    print_line(f"{name} is in {out}. Setting `models` to that folder makes it known by its name.")
    return 0


def _words(
    data: Data,
    recipe: Recipe,
    crops: tuple[Path, ...],
    real: tuple[tuple[Path, Path], ...],
    start: Path | None,
) -> Words:
    """What the card says: only what this run knows. Licences of real crops are not known to it."""
    from yanji.detect.about import Data as Source
    from yanji.reid.training.write_card import Words

    rendered = [
        Source(name=folder.name, licence="rendered by yanji", purpose="training")
        for folder in crops
    ]
    listed = [
        Source(name=f"{images.name}, {names.name}", licence=_UNKNOWN, purpose="training")
        for images, names in real
    ]
    begun = Source(
        name=_START if start is None else start.name, licence=_UNKNOWN, purpose="start weights"
    )
    return Words(
        f"Looks of a vehicle as {recipe.dimension} numbers, trained by yanji train reid",
        (
            f"Trained on {len(data.rendered)} rendered and {len(data.real)} real vehicles, "
            f"seed {recipe.seed}.",
            "A two-wheeler's vector includes the rider's clothes (head blurred): valid for one "
            "passage or one day, not for another day.",
        ),
        (begun, *rendered, *listed),
        upstream=None,
    )


def _start(given: Path | None) -> Path:
    from yanji.detect.card import load_card, weights_path

    if given is not None and not given.is_file():
        raise UsageError(f"The start weights {given} do not exist.")
    return weights_path(load_card(_START)) if given is None else given
