"""`yanji bench decode`, `detect`, `embed` and `memory`: the parts of what a camera costs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from yanji.api.cli.options import finite, installation_options, set_up
from yanji.api.cli.output import note, print_json, print_line, table
from yanji.configs.errors import UsageError

FOOTAGE = Path("../shared/footage")
TRAFFIC = (
    "uk_motorway_720p.mp4",
    "shenzhen_busroad_day.mp4",
    "delhi_mixed_flyover.mp4",
    "bangkok_overpass_trucks.mp4",
)
_QUICK_SECONDS = 2.5

_videos_argument = click.argument(
    "videos", metavar="[VIDEO]...", type=click.Path(path_type=Path), nargs=-1
)
_rounds_option = click.option(
    "--rounds", type=click.IntRange(1, 50), default=5, show_default=True, help="Of all in turn."
)
_seconds_option = click.option(
    "--seconds",
    type=click.FloatRange(2, 3600),
    callback=finite,
    default=24.0,
    show_default=True,
    help="Length of the footage.",
)
_quick_option = click.option("--quick", is_flag=True, help="One short round: a look, no figure.")


def traffic_clips() -> tuple[Path, ...]:
    """Clips of two minutes in all, with 10 to 14 vehicles in view, where they are at hand."""
    clips = tuple(FOOTAGE / name for name in TRAFFIC)
    if all(clip.is_file() for clip in clips):
        return clips
    note("no VIDEO given: measuring on a rendered clip, not on real traffic")
    return rendered_clips()[:1]


def rendered_clips() -> tuple[Path, ...]:
    """The clips of the demo, which are always there."""
    from yanji.ingest.testcity.demo_data import clips_folder

    return tuple(sorted(clips_folder().glob("*.mp4")))


@click.command("decode")
@_videos_argument
@_rounds_option
@_seconds_option
@_quick_option
@installation_options
def bench_decode_verb(
    videos: tuple[Path, ...],
    rounds: int,
    seconds: float,
    quick: bool,
    settings_file: Path | None,
    archive: Path | None,
    as_json: bool,
) -> int:
    """CPU milliseconds per frame by every way of decoding, and what its pictures are worth.

    VIDEO is encoded anew at 1080p25; without one the footage beside this checkout is used, or a
    rendered clip of the demo.
    """
    from yanji.api.bench_decode import bench_decode

    setup = set_up(as_json=as_json, archive=archive, settings_file=settings_file)
    figures: dict[str, Any] = bench_decode(
        videos or traffic_clips(),
        setup.settings,
        rounds=1 if quick else rounds,
        seconds=_QUICK_SECONDS if quick else seconds,
        say=note,
    )
    if as_json:
        print_json(figures)
        return 0
    heads = ["way", "ms", "range", "over", "of", "frames", "psnr_db", "boxes kept", "new"]
    rows = []
    for name, way in figures["ways"].items():
        like = way["likeness"]
        seen = (
            ["", "", ""]
            if like is None
            else ["same" if like["psnr_db"] is None else f"{like['psnr_db']:.1f}"]
            + [f"{like[key]:.3f}" for key in ("boxes_kept", "boxes_new")]
        )
        over = [f"{way['over']:.3f}", way["beside"], str(way["frames"])]
        rows.append([name, f"{way['ms']:.2f}", _span(way["ms_range"]), *over, *seen])
    _show(figures, heads, rows)
    return 0


@click.command("detect")
@_videos_argument
@click.option("--images", type=click.Path(path_type=Path), help="Folder of labelled pictures.")
@click.option("--labels", type=click.Path(path_type=Path), help="Their YOLO labels.")
@click.option(
    "--names",
    type=click.Path(path_type=Path),
    help="Their classes, one a line [default: the model's].",
)
@_rounds_option
@_quick_option
@installation_options
def bench_detect_verb(
    videos: tuple[Path, ...],
    images: Path | None,
    labels: Path | None,
    names: Path | None,
    rounds: int,
    quick: bool,
    settings_file: Path | None,
    archive: Path | None,
    as_json: bool,
) -> int:
    """The detector by runtime, precision and size: CPU milliseconds, agreement with fp32, accuracy.

    VIDEO gives the pictures that are timed and compared; without one the demo's clips.
    """
    from yanji.api.bench_detect import Labels, bench_detect

    labelled = None
    if images is not None and labels is not None:
        labelled = Labels(images, labels, names)
    elif any(given is not None for given in (images, labels, names)):
        raise UsageError("--images and --labels belong together, and --names to both.")
    setup = set_up(as_json=as_json, archive=archive, settings_file=settings_file)
    figures: dict[str, Any] = bench_detect(
        videos or rendered_clips(),
        setup.settings,
        labelled=labelled,
        rounds=1 if quick else rounds,
        num_pictures=4 if quick else 40,
        say=note,
    )
    if as_json:
        print_json(figures)
        return 0
    heads = ["runtime", "precision", "size", "ms", "range", "found", "not invented", "persons"]
    heads += ["mAP50", "mAP50-95", "vehicle AP50", "recall .25", "within tolerance"]
    rows = [
        [
            *(arm[key] for key in ("runtime", "precision", "size")),
            *(f"{arm['ms']:.1f}", _span(arm["ms_range"])),
            *(f"{arm['agreement'][key]:.3f}" for key in ("found", "not_invented", "persons_found")),
            *_true_cells(arm["accuracy"]),
            "yes" if arm["within_tolerance"] else "no",
        ]
        for arm in figures["arms"]
    ]
    _show(figures, heads, rows)
    return 0


@click.command("embed")
@_videos_argument
@click.option("--images", type=click.Path(path_type=Path), help="Folder of crops instead.")
@_rounds_option
@_quick_option
@installation_options
def bench_embed_verb(
    videos: tuple[Path, ...],
    images: Path | None,
    rounds: int,
    quick: bool,
    settings_file: Path | None,
    archive: Path | None,
    as_json: bool,
) -> int:
    """The embedder by runtime and precision: CPU milliseconds per crop, cosine to fp32.

    The crops are those that the pipeline cuts from VIDEO; without one from the demo's clips.
    """
    from yanji.api.bench_embed import bench_embed

    if images is not None and videos:
        raise UsageError("Crops come either from VIDEO or from --images.")
    setup = set_up(as_json=as_json, archive=archive, settings_file=settings_file)
    figures: dict[str, Any] = bench_embed(
        videos or rendered_clips(),
        setup.settings,
        images=images,
        rounds=1 if quick else rounds,
        num_crops=8 if quick else 64,
        say=note,
    )
    if as_json:
        print_json(figures)
        return 0
    heads = ["runtime", "precision", "ms alone", "range", "ms in eights", "range"]
    heads += ["cosine mean", "min", "within tolerance"]
    rows = [
        [
            *(arm["runtime"], arm["precision"]),
            *(f"{arm['alone_ms']:.2f}", _span(arm["alone_ms_range"])),
            *(f"{arm['eights_ms']:.2f}", _span(arm["eights_ms_range"])),
            *(f"{arm['cosine'][key]:.5f}" for key in ("mean", "min")),
            "yes" if arm["within_tolerance"] else "no",
        ]
        for arm in figures["arms"]
    ]
    _show(figures, heads, rows)
    return 0


@click.command("memory")
@_videos_argument
@click.option(
    "--watch",
    "watch_s",
    type=click.FloatRange(1, 3600),
    callback=finite,
    default=30.0,
    show_default=True,
    help="Seconds for which the cameras are watched.",
)
@click.option(
    "--starts",
    type=click.IntRange(0, 20),
    default=3,
    show_default=True,
    help="Starts of `run`, timed to the first sighting.",
)
@_seconds_option
@click.option("--quick", is_flag=True, help="One camera for 2 s and one start: a look, no figure.")
@installation_options
def bench_memory_verb(
    videos: tuple[Path, ...],
    watch_s: float,
    starts: int,
    seconds: float,
    quick: bool,
    settings_file: Path | None,
    archive: Path | None,
    as_json: bool,
) -> int:
    """Resident memory of a worker with 0, 1, 2, 4 cameras; seconds from start to first sighting.

    The cameras show VIDEO, encoded anew at 1080p25, over RTSP; a vehicle should be in view at
    once. Without one as for `bench decode`.
    """
    from yanji.api.bench_memory import CAMERAS, bench_memory

    setup = set_up(as_json=as_json, archive=archive, settings_file=settings_file)
    figures = bench_memory(
        videos or traffic_clips(),
        setup.settings,
        cameras=(1,) if quick else CAMERAS,
        watch_s=2.0 if quick else watch_s,
        seconds=_QUICK_SECONDS if quick else seconds,
        starts=min(1, starts) if quick else starts,
        say=note,
    )
    if as_json:
        print_json(figures)
    else:
        _show_memory(figures)
    return 0


def _show_memory(figures: dict[str, Any]) -> None:
    for part in ("models", "first_sighting"):
        for name, value in (figures[part] or {}).items():
            print_line(f"{part}.{name}: {value}")
    rows = [[str(value) for value in row.values()] for row in figures["cameras"]]
    if rows:
        for line in table(list(figures["cameras"][0]), rows):
            print_line(line)
    for name, bar in figures["bars"].items():
        kept = {True: "kept", False: "NOT kept", None: "not measured"}[bar["kept"]]
        value = "-" if bar["value"] is None else f"{bar['value']:g}"
        print_line(f"bar {name}: {value} of at most {bar['limit']:g}: {kept}")


def _show(figures: dict[str, Any], heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    print_line(figures["unit"])
    for line in table(heads, rows):
        print_line(line)
    for name, why in figures.get("not_here", {}).items():
        print_line(f"not here: {name}: {why}")
    if "tolerance" in figures:
        stated = ", ".join(f"{name} {value:g}" for name, value in figures["tolerance"].items())
        print_line(f"tolerance: {stated}")


def _span(span: Sequence[float]) -> str:
    return f"{span[0]:.2f}-{span[1]:.2f}"


def _true_cells(accuracy: dict[str, float | None] | None) -> list[str]:
    keys = ("mAP50", "mAP50_95", "any_vehicle_AP50", "any_vehicle_recall_at_0.25")
    values = [None if accuracy is None else accuracy[key] for key in keys]
    return ["-" if value is None else f"{value:.3f}" for value in values]
