"""`yanji bench`."""

from __future__ import annotations

from pathlib import Path

import click

from yanji.api.cli.bench_parts import (
    bench_decode_verb,
    bench_detect_verb,
    bench_embed_verb,
    bench_memory_verb,
    traffic_clips,
)
from yanji.api.cli.options import finite, installation_options, set_up
from yanji.api.cli.output import note, print_json, print_line, table

_QUICK_SECONDS = 2.5
_QUICK_WITHIN_S = 32.0
"""Loading models and libraries comes on top."""


@click.group("bench")
def bench_verb() -> None:
    """Speed and memory, as ratios measured side by side in one run."""


for _part in (bench_decode_verb, bench_detect_verb, bench_embed_verb, bench_memory_verb):
    bench_verb.add_command(_part)


@bench_verb.command("pipeline")
@click.argument("videos", metavar="[VIDEO]...", type=click.Path(path_type=Path), nargs=-1)
@click.option(
    "--fps",
    type=click.FloatRange(0, 1000, min_open=True),
    callback=finite,
    default=5.0,
    show_default=True,
    help="Frames analysed per second.",
)
@click.option("--rounds", type=click.IntRange(1, 50), default=5, show_default=True)
@click.option(
    "--seconds",
    type=click.FloatRange(2, 3600),
    callback=finite,
    default=120.0,
    show_default=True,
    help="Length of the footage.",
)
@click.option("--quick", is_flag=True, help="2.5 s of footage, and done within 45 s.")
@installation_options
def bench_pipeline_verb(
    videos: tuple[Path, ...],
    fps: float,
    rounds: int,
    seconds: float,
    quick: bool,
    settings_file: Path | None,
    archive: Path | None,
    as_json: bool,
) -> int:
    """CPU milliseconds per camera-second: the floor, yanji, the usual loop; cameras per core.

    VIDEO should be real traffic, and is encoded anew at 1080p25; without one the footage beside
    this checkout is used, or a rendered clip of the demo.
    """
    from yanji.api.bench import bench_pipeline

    setup = set_up(as_json=as_json, archive=archive, settings_file=settings_file)
    figures = bench_pipeline(
        videos or traffic_clips(),
        setup.settings,
        analyse_fps=fps,
        rounds=rounds,
        seconds=_QUICK_SECONDS if quick else seconds,
        within_s=_QUICK_WITHIN_S if quick else None,
        say=note,
    )
    if as_json:
        print_json(figures)
    else:
        for name, value in figures.items():
            rows = value.items() if isinstance(value, dict) else [("", value)]
            for part, number in rows:
                print_line(f"{name}{'.' + part if part else ''}: {number}")
    return 0


@bench_verb.command("index")
@click.option("--vectors", "num", type=click.IntRange(1_000, 5_000_000), default=200_000)
@click.option("--dimension", type=click.IntRange(8, 4096), default=256, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="As JSON on stdout.")
def bench_index_verb(num: int, dimension: int, as_json: bool) -> int:
    """Opening, searching and writing an archive of random vectors."""
    from yanji.index.bench import bench_index

    figures = bench_index(num, dimension)
    if as_json:
        print_json(figures)
    else:
        for name, value in figures.items():
            print_line(f"{name}: {value:.10g}")
    return 0


@bench_verb.command("api")
@click.option(
    "--sightings", "num", type=click.IntRange(1_000, 2_000_000), default=100_000, show_default=True
)
@click.option("--requests", type=click.IntRange(5, 1_000), default=40, show_default=True)
@click.option("--users", type=click.IntRange(1, 500), default=20, show_default=True)
@click.option(
    "--users-for",
    "users_s",
    type=click.FloatRange(5, 3600),
    callback=finite,
    default=40.0,
    show_default=True,
    help="Seconds in which all users ask.",
)
@installation_options
def bench_api_verb(
    num: int,
    requests: int,
    users: int,
    users_s: float,
    settings_file: Path | None,
    archive: Path | None,
    as_json: bool,
) -> int:
    """Milliseconds from request to answer over HTTP, beside the same work without a server."""
    from yanji.api.bench_api import bench_api

    setup = set_up(as_json=as_json, archive=archive, settings_file=settings_file)
    figures = bench_api(
        setup.settings, num=num, requests=requests, users=users, users_s=users_s, say=note
    )
    if as_json:
        print_json(figures)
    else:
        for name, value in figures.items():
            print_line(f"{name}: {value}")
    return 0


@bench_verb.command("testcity")
@click.option("--frames", type=click.IntRange(3, 500), default=20, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="As JSON on stdout.")
def bench_testcity_verb(frames: int, as_json: bool) -> int:
    """CPU milliseconds per rendered 960x540 frame with 12 vehicles, for each light."""
    from yanji.ingest.testcity.drawing_cost import measure_drawing

    figures = measure_drawing(frames, say=note)
    if as_json:
        print_json(figures)
        return 0
    heads = ["draw_ms", "lens_ms", "encode_ms", "frame_ms", "in_view", "setup_ms"]
    rows = [
        [name, *[f"{values[head]:g}" for head in heads]]
        for name, values in figures["lights"].items()
    ]
    for line in table(["light", *heads], rows):
        print_line(line)
    return 0
