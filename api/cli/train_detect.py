"""`yanji train detect`: a detector from labelled frames."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from yanji.api.cli.options import finite
from yanji.api.cli.output import note, print_json, print_line, table
from yanji.configs.errors import UsageError

if TYPE_CHECKING:
    from yanji.detect.card import Card
    from yanji.detect.training.labelled import LabelledPicture
    from yanji.detect.training.network import Part
    from yanji.detect.training.run import Read

_CITY_FPS = 1.0
_RENDERED_LICENCE = "AGPL-3.0-or-later"
"""yanji's own: what it draws is made of its code."""
_PATH = click.Path(path_type=Path)


def _finite(
    context: click.Context, parameter: click.Parameter, value: float | None
) -> float | None:
    return None if value is None else finite(context, parameter, value)


def _names(_context: click.Context, _parameter: click.Parameter, value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


@click.command("detect")
@click.option("--out", type=_PATH, required=True, help="Folder of models; made where missing.")
@click.option("--name", required=True, help="Of the new model.")
@click.option("--images", type=_PATH, help="Folder of pictures.")
@click.option("--labels", type=_PATH, help="Folder of YOLO labels.")
@click.option("--names", type=_PATH, help="A class per line, with --labels.")
@click.option("--coco", type=_PATH, help="COCO JSON in place of --labels and --names.")
@click.option("--testcity", type=_PATH, help="Rendered clips with truth in place of pictures.")
@click.option(
    "--fps",
    type=click.FloatRange(0, 240, min_open=True),
    callback=_finite,
    help=f"Frames of the test city per second [default: {_CITY_FPS:g}].",
)
@click.option(
    "--camera-of",
    help="Regular expression whose group is the camera in a picture's name [default: the folder "
    "in it, else all before its last number].",
)
@click.option("--camera-field", help="Key of the COCO pictures that names the camera.")
@click.option(
    "--hold-out",
    default="",
    callback=_names,
    help="Cameras that are not trained on, with commas [default: a fifth, by a hash].",
)
@click.option(
    "--ignore", default="", callback=_names, help="Label classes to leave out, with commas."
)
@click.option(
    "--licence", help="Of the labelled frames, for the card [default: unknown; rendered: yanji's]."
)
@click.option(
    "--precision",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.8,
    show_default=True,
    callback=finite,
    help="Of the boxes of a group of classes from a score of 0.25 on, on the held-out cameras.",
)
@click.option(
    "--train",
    "part",
    type=click.Choice(["classes", "head", "all"]),
    default="classes",
    show_default=True,
    help="What moves: the class branch, the boxes too, or every weight.",
)
@click.option("--epochs", type=click.IntRange(1, 10_000), default=30, show_default=True)
@click.option(
    "--size",
    type=click.Choice(["320", "416", "512", "640", "960"]),
    default="640",
    show_default=True,
    help="Long side of a picture in training, in pixels.",
)
@click.option("--batch", type=click.IntRange(1, 1024), default=16, show_default=True)
@click.option(
    "--learning-rate",
    type=click.FloatRange(0, 1, min_open=True),
    callback=_finite,
    help="The largest [default: 0.001; 0.0005 for head, 0.0002 for all].",
)
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=1, show_default=True)
@click.option("--device", default="cpu", show_default=True, help="cpu, or 0 for the first GPU.")
@click.option("--threads", type=click.IntRange(1, 256), default=1, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="The card as JSON on stdout.")
def train_detect_verb(
    out: Path,
    name: str,
    images: Path | None,
    labels: Path | None,
    names: Path | None,
    coco: Path | None,
    testcity: Path | None,
    fps: float | None,
    camera_of: str | None,
    camera_field: str | None,
    hold_out: tuple[str, ...],
    ignore: tuple[str, ...],
    licence: str | None,
    precision: float,
    part: Part,
    epochs: int,
    size: str,
    batch: int,
    learning_rate: float | None,
    seed: int,
    device: str,
    threads: int,
    as_json: bool,
) -> int:
    """Train the detector on labelled frames, split by camera; needs the extra `train-detect`.

    Frames come from a folder with YOLO labels (--images, --labels, --names), from COCO JSON
    (--images, --coco) or from a rendered test city (--testcity). Weights, golden vectors and a
    card with the figures of the held-out cameras go into --out; the settings `models` and
    `detector` make yanji use them.
    """
    from yanji.detect.training.network import RATES, Recipe
    from yanji.detect.training.run import Order, train_detector

    if testcity is not None:
        given = [images, labels, names, coco, camera_of, camera_field]
        if any(one is not None for one in given) or ignore:
            raise UsageError("--testcity stands alone: its folder holds pictures and truth.")
        read, source, limits = _city(testcity, fps or _CITY_FPS)
    else:
        if fps is not None:
            raise UsageError("--fps belongs to --testcity: pictures have no rate.")
        read, source = _pictures(images, labels, names, coco, camera_of, camera_field, ignore)
        limits = ()
        licence = licence or "unknown"
    rate = RATES[part] if learning_rate is None else learning_rate
    recipe = Recipe(epochs, int(size), batch, rate, part, seed, device, threads)
    order = Order(
        name, out, source, hold_out, precision, recipe, limits, licence or _RENDERED_LICENCE
    )
    card = train_detector(order, read, note)
    if as_json:
        print_json(card.model_dump(mode="json"))
        return 0
    _show(card, out)
    return 0


def _city(folder: Path, fps: float) -> tuple[Read, str, tuple[str, ...]]:
    from yanji.detect.testcity_frames import RENDERED, read_city
    from yanji.detect.training.rendered import write_frames

    truth = read_city(folder)

    def read(frames: Path) -> Sequence[LabelledPicture]:
        frames.mkdir(parents=True)
        return write_frames(folder, truth, fps, frames)

    source = f"rendered test city, seed {truth.seed}, {fps:g} frames a second"
    limits = (
        f"Trained on rendered frames: {RENDERED}.",
        "Vehicles of the rendered city pass several cameras: held-out cameras show vehicles that "
        "were trained on, from other places and sides.",
    )
    return read, source, limits


def _pictures(
    images: Path | None,
    labels: Path | None,
    names: Path | None,
    coco: Path | None,
    camera_of: str | None,
    camera_field: str | None,
    ignore: tuple[str, ...],
) -> tuple[Read, str]:
    from yanji.detect.training.labelled import read_coco, read_yolo
    from yanji.detect.training.split import camera_rule

    rule = camera_rule(camera_of)
    if images is None or (coco is None) == (labels is None) or (labels is None) != (names is None):
        raise UsageError(
            "--images goes with --labels and --names, or with --coco.",
            hint="Or a rendered test city: yanji train detect --testcity DIR",
        )
    if coco is not None:
        file = coco
        return lambda _: read_coco(file, images, rule, camera_field, ignore), f"COCO {coco.name}"
    if camera_field is not None:
        raise UsageError("--camera-field belongs to --coco.")
    assert labels is not None and names is not None  # noqa: S101, PT018 - checked above
    folder, file = labels, names
    return lambda _: read_yolo(images, folder, file, rule, ignore), f"YOLO labels {labels.name}"


def _show(card: Card, out: Path) -> None:
    figures: dict[str, Any] = dict(card.figures)
    before, after = figures["held_out_before"], figures["held_out_after"]
    keys = ("AP50", "recall_at_0.25", "precision_at_0.25")
    rows = [
        [kind, str(values["num_objects"])]
        + [f"{_cell(before.get(kind, {}).get(key))} > {_cell(values[key])}" for key in keys]
        for kind, values in after.items()
    ]
    for line in table(["held-out cameras", "objects", *keys], rows):
        print_line(line)
    print_line(f"{card.name} is in {out}. To use it, in yanji.yaml:")
    print_line(f"  models: {out}")
    print_line(f"  detector: {card.name}")


def _cell(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
