"""`yanji eval`: figures on labelled data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from yanji.api.cli.attribute_tables import attribute_lines
from yanji.api.cli.calibration import eval_calibration
from yanji.api.cli.city_tables import detect_lines, track_lines
from yanji.api.cli.options import Setup, finite, installation_options, set_up
from yanji.api.cli.output import note, print_json, print_line, table
from yanji.configs.errors import UsageError

if TYPE_CHECKING:
    from yanji.reid.evaluate import Change

_FPS = 5.0
_SIDE_PX = 640


def _finite(
    context: click.Context, parameter: click.Parameter, value: float | None
) -> float | None:
    return None if value is None else finite(context, parameter, value)


# Without a default, so that one given in vain is refused and not ignored.
_fps_option = click.option(
    "--fps",
    type=click.FloatRange(0, 240, min_open=True),
    callback=_finite,
    help=f"Frames of the test city analysed per second [default: {_FPS:g}].",
)


def _thresholds(
    _context: click.Context, parameter: click.Parameter, value: str | None
) -> tuple[float, ...] | None:
    """Read `0.1,0.25,0.4`: each above 0 and below 1; in order, each once."""
    if value is None:
        return None
    try:
        numbers = sorted({float(part) for part in value.split(",")})
    except ValueError:
        numbers = []
    # `nan` fails both comparisons.
    if not numbers or not all(0 < number < 1 for number in numbers):
        raise click.BadParameter(
            "scores above 0 and below 1, with commas: 0.1,0.25,0.4", param=parameter
        )
    return tuple(numbers)


_size_option = click.option(
    "--size",
    type=click.Choice(["640", "960"]),
    help=f"Long side of the detector's input in pixels [default: {_SIDE_PX}].",
)


@dataclass(frozen=True, slots=True)
class Labels:
    """Where labelled pictures are."""

    images: Path
    labels: Path
    names: Path


@click.group("eval")
def eval_verb() -> None:
    """Figures on labelled data."""


eval_verb.add_command(eval_calibration)


@eval_verb.command("reid")
@click.option("--images", type=click.Path(path_type=Path), help="Folder of crops.")
@click.option("--list", "list_file", type=click.Path(path_type=Path), help="Their names.")
@click.option("--crops", type=click.Path(path_type=Path), help="Rendered crops with an index.")
@click.option(
    "--vehicles",
    type=click.IntRange(2, 100_000),
    help="Of the rendered crops, at most [default: 500].",
)
@click.option("--draws", type=click.IntRange(1, 100), help="Of the rendered crops [default: 3].")
@click.option("--mask-rider", is_flag=True, help="Cover the upper half of two-wheelers.")
@click.option("--model", help="Name of the embedder [default: that of the settings].")
@click.option("--feedback", is_flag=True, help="What confirming and rejecting hits brings.")
@installation_options
def eval_reid(
    images: Path | None,
    list_file: Path | None,
    crops: Path | None,
    vehicles: int | None,
    draws: int | None,
    mask_rider: bool,
    model: str | None,
    feedback: bool,
    settings_file: Path | None,
    archive: Path | None,
    as_json: bool,
) -> int:
    """MAP, R1, R5 on crops named <class>_<id>_cam<n>.jpg: `all` and the classes against the other
    camera, `all_veri` against all images but those of the same vehicle and camera.

    With --feedback: against the other camera, before and after a person judged the first ten hits.

    With --crops, on rendered crops instead: front against rear and light against light among many
    vehicles; mean and spread over draws. Not accuracy on real streets.
    """
    if crops is not None and (images is not None or list_file is not None or feedback):
        raise UsageError("--crops stands alone: its folder holds pictures and index.")
    if crops is None and (vehicles is not None or draws is not None):
        raise UsageError("--vehicles and --draws belong to --crops: a list is taken whole.")
    if feedback and mask_rider:
        raise UsageError("--mask-rider does not go with --feedback.")
    setup = set_up(
        as_json=as_json,
        archive=archive,
        settings_file=settings_file,
        flags={"embedder": model} if model else None,
    )
    change = _rider_mask() if mask_rider else None
    if crops is not None:
        return _reid_on_rendered(setup, crops, vehicles, draws, change)
    if images is None or list_file is None:
        raise UsageError(
            "--images and --list belong together.",
            hint="Or rendered crops: yanji eval reid --crops DIR",
        )
    return _reid_on_list(setup, images, list_file, feedback, change)


def _rider_mask() -> Change:
    from yanji.reid.rider_mask import mask_rider

    return mask_rider


def _reid_on_rendered(
    setup: Setup, folder: Path, vehicles: int | None, draws: int | None, change: Change | None
) -> int:
    from yanji.api.pipeline import open_reid
    from yanji.reid.cross_view import NUM_DRAWS, NUM_VEHICLES, evaluate_rendered

    figures = evaluate_rendered(
        folder,
        open_reid(setup.settings),
        vehicles or NUM_VEHICLES,
        draws or NUM_DRAWS,
        change,
    )
    _answer(setup, figures, _rendered_lines)
    return 0


def _rendered_lines(figures: dict[str, Any]) -> list[str]:
    heads = ["", "", "mAP", "R1", "R5", "R1 spread", "vehicles"]
    keys = ("mAP", "R1", "R5", "R1_spread")
    rows = [
        [task, entry, *[f"{values[key]:.3f}" for key in keys], str(values["num_vehicles"])]
        for task, entries in figures.items()
        for entry, values in entries.items()
    ]
    return table(heads, rows)


def _reid_on_list(
    setup: Setup, images: Path, list_file: Path, feedback: bool, change: Change | None
) -> int:
    from yanji.api.pipeline import open_reid
    from yanji.index.evaluate_feedback import evaluate_feedback
    from yanji.reid.evaluate import evaluate_list

    embedder = open_reid(setup.settings)
    if feedback:
        figures = evaluate_feedback(images, list_file, embedder)
    else:
        figures = evaluate_list(images, list_file, embedder, change)
    if setup.as_json:
        print_json(figures)
        return 0
    rows = [
        [
            name,
            f"{values['mAP']:.3f}",
            f"{values['R1']:.3f}",
            f"{values['R5']:.3f}",
            str(values["num_queries"]),
        ]
        for name, values in figures.items()
    ]
    for line in table(["", "mAP", "R1", "R5", "queries"], rows):
        print_line(line)
    return 0


@eval_verb.command("detect")
@click.option("--images", type=click.Path(path_type=Path), help="Folder of pictures.")
@click.option("--labels", type=click.Path(path_type=Path), help="YOLO labels.")
@click.option("--names", type=click.Path(path_type=Path), help="A class per line.")
@click.option(
    "--thresholds", callback=_thresholds, help="Scores to count at [default: 0.1,0.25,0.5]."
)
@click.option("--testcity", type=click.Path(path_type=Path), help="Rendered clips with truth.")
@_size_option
@_fps_option
@installation_options
def eval_detect(
    images: Path | None,
    labels: Path | None,
    names: Path | None,
    thresholds: tuple[float, ...] | None,
    testcity: Path | None,
    size: str | None,
    fps: float | None,
    settings_file: Path | None,
    archive: Path | None,
    as_json: bool,
) -> int:
    """AP and recall of the installation's detector, per class and for any vehicle.

    Either on labelled pictures (--images, --labels, --names) or on a rendered test city
    (--testcity): recall by type, size and view there, which is not accuracy on real streets.
    """
    given = [path for path in (images, labels, names) if path is not None]
    if testcity is not None and given:
        raise UsageError("--testcity stands alone: its folder holds pictures and truth.")
    if testcity is None and fps is not None:
        raise UsageError("--fps belongs to --testcity: pictures have no rate.")
    if testcity is not None and thresholds is not None:
        raise UsageError("--thresholds belongs to labelled pictures: the test city counts at 0.25.")
    setup = set_up(as_json=as_json, archive=archive, settings_file=settings_file)
    side_px = int(size or _SIDE_PX)
    if testcity is not None:
        return _detect_in_city(setup, testcity, side_px, fps or _FPS)
    if images is None or labels is None or names is None:
        raise UsageError(
            "--images, --labels and --names belong together.",
            hint="Or a rendered test city: yanji eval detect --testcity DIR",
        )
    return _detect_in_pictures(setup, Labels(images, labels, names), thresholds, side_px)


def _detect_in_city(setup: Setup, folder: Path, side_px: int, fps: float) -> int:
    from yanji.api.pipeline import open_detector
    from yanji.detect.evaluate_testcity import city_figures, look_at_city
    from yanji.detect.testcity_frames import read_city

    truth = read_city(folder)
    detector = open_detector(setup.settings, side_px)
    seen = look_at_city(
        folder, truth, lambda picture: detector.detect(picture, overhead=True), fps, note
    )
    figures = {**city_figures(seen), "size": side_px, "fps": fps}
    _answer(setup, figures, detect_lines)
    return 0


def _detect_in_pictures(
    setup: Setup, labels: Labels, thresholds: tuple[float, ...] | None, side_px: int
) -> int:
    from yanji.detect.card import load_card
    from yanji.detect.evaluate import THRESHOLDS, evaluate_folder, read_names
    from yanji.detect.yolo import Detector, Thresholds

    settings = setup.settings
    label_names = read_names(labels.names)
    # AP is a figure over all scores: cut off where tracking cuts, it would come out too low.
    all_scores = Thresholds(candidate=0.001)
    card = load_card(settings.detector, settings.models)
    detector = Detector(
        card, settings.runtime, settings.precision, all_scores, long_side_px=side_px
    )
    figures = evaluate_folder(
        labels.images, labels.labels, label_names, detector, thresholds or THRESHOLDS
    )
    _answer(setup, figures, _ap_lines)
    return 0


def _ap_lines(figures: dict[str, Any]) -> list[str]:
    # Counts at each threshold are in the JSON; as a table they would not fit a screen.
    heads = [
        key
        for values in list(figures.values())[:1]
        for key in values
        if not key.startswith(("num_found", "num_boxes"))
    ]
    rows = [[name, *[_cell(values[key]) for key in heads]] for name, values in figures.items()]
    return table(["", *heads], rows)


def _cell(value: float | int | None) -> str:
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.3f}"


@eval_verb.command("track")
@click.option(
    "--testcity",
    type=click.Path(path_type=Path),
    required=True,
    help="Rendered clips with truth.",
)
@click.option("--truth-boxes", is_flag=True, help="Feed the true boxes: measures tracing apart.")
@click.option(
    "--max-queries",
    type=click.IntRange(1, 100_000),
    default=200,
    show_default=True,
    help="Vehicles asked for, of each group.",
)
@_size_option
@_fps_option
@installation_options
def eval_track(
    testcity: Path,
    truth_boxes: bool,
    max_queries: int,
    size: str | None,
    fps: float | None,
    settings_file: Path | None,
    archive: Path | None,
    as_json: bool,
) -> int:
    """Tracking (IDF1, HOTA) and whole routes on a rendered test city; not accuracy outside."""
    from yanji.api.evaluate_city import CityRun, evaluate_city

    if truth_boxes and size is not None:
        raise UsageError("--size is the detector's, and with --truth-boxes there is none.")
    setup = set_up(as_json=as_json, archive=archive, settings_file=settings_file)
    side_px = int(size or _SIDE_PX)
    run = CityRun(testcity, setup.settings, fps or _FPS, side_px, truth_boxes, max_queries)
    _answer(setup, evaluate_city(run, note), track_lines)
    return 0


@eval_verb.command("attributes")
@click.option(
    "--testcity",
    type=click.Path(path_type=Path),
    required=True,
    help="Rendered clips with truth.",
)
@click.option("--truth-boxes", is_flag=True, help="Feed the true boxes: without the detector.")
@_size_option
@_fps_option
@installation_options
def eval_attributes(
    testcity: Path,
    truth_boxes: bool,
    size: str | None,
    fps: float | None,
    settings_file: Path | None,
    archive: Path | None,
    as_json: bool,
) -> int:
    """Colour and direction of sightings on a rendered test city; not accuracy outside."""
    from yanji.api.evaluate_attributes import evaluate_attributes
    from yanji.api.evaluate_city import CityRun

    if truth_boxes and size is not None:
        raise UsageError("--size is the detector's, and with --truth-boxes there is none.")
    # Nothing is searched for: the cheapest embedder will do.
    setup = set_up(
        as_json=as_json,
        archive=archive,
        settings_file=settings_file,
        flags={"embedder": "histogram"},
    )
    run = CityRun(testcity, setup.settings, fps or _FPS, int(size or _SIDE_PX), truth_boxes)
    _answer(setup, evaluate_attributes(run, note), attribute_lines)
    return 0


def _answer(
    setup: Setup, figures: dict[str, Any], lines: Callable[[dict[str, Any]], list[str]]
) -> None:
    if setup.as_json:
        print_json(figures)
        return
    for line in lines(figures):
        print_line(line)
