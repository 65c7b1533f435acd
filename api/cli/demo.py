"""`yanji demo`: the whole path on rendered clips."""

from __future__ import annotations

import os
import shlex
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from yanji.api.cli.answers import trace_document, trace_lines
from yanji.api.cli.options import installation_options, page_flags, page_options, set_up
from yanji.api.cli.output import note, print_json, print_line

if TYPE_CHECKING:
    from yanji.api.demo import CameraVerdict, DemoResult
    from yanji.api.demo_page import DemoPage
    from yanji.configs.settings import Settings

_DEFAULT_FOLDER = Path("demo-archive")
_DEFAULT_MAP = Path("demo-map.png")
_MANY_DROPPED = 0.15
"""Of the frames that were to be analysed: with fewer left, short passages are missed."""


@click.command("demo")
@click.option("--once", is_flag=True, help="Judge by the truth, keep nothing; exit 0 when right.")
@click.option(
    "--clips",
    type=click.Path(path_type=Path, file_okay=False),
    help="Another folder of clips with their truth, site.yaml and snapshot.jpg.",
)
@click.option(
    "--map",
    "map_file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=_DEFAULT_MAP,
    show_default=True,
    help="Where the picture of the route goes.",
)
@click.option("--no-open", is_flag=True, help="Print the link to the page; open no browser.")
@page_options
@installation_options
def demo_verb(
    once: bool,
    clips: Path | None,
    map_file: Path,
    no_open: bool,
    host: str | None,
    port: int | None,
    settings_file: Path | None,
    archive: Path | None,
    as_json: bool,
) -> int:
    """Play four rendered cameras over RTSP, index them live, find and trace an e-bike.

    Exit 0 only when the best route is exactly the e-bike's true one. Without --once the page shows
    the cameras while they play and the route afterwards, until Ctrl-C, and the archive is kept in
    ./demo-archive to ask further questions.
    """
    from yanji.api.demo import fresh_folder, run_demo
    from yanji.api.route_map import check_map_path
    from yanji.ingest.testcity.demo_data import clips_folder

    setup = set_up(
        as_json=as_json,
        settings_file=settings_file,
        flags={"log_level": "error", "workers": None, **page_flags(host, port)},
    )
    check_map_path(map_file)
    folder = clips or clips_folder()
    if once:
        with tempfile.TemporaryDirectory(prefix="yanji-demo-") as scratch:
            result = run_demo(folder, Path(scratch) / "archive", setup.settings, note, map_file)
            return _show(result, map_file, as_json=as_json)
    kept = fresh_folder(archive or _DEFAULT_FOLDER)
    # Terminated like interrupted: the clips' server, the page and its pictures go with the demo.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with (
        tempfile.TemporaryDirectory(prefix="yanji-", ignore_cleanup_errors=True) as pictures,
        _page(setup.settings, Path(pictures)) as page,
    ):
        result = run_demo(folder, kept, setup.settings, note, map_file, page)
        status = _show(result, map_file, as_json=as_json)
        if not as_json:
            _show_how_to_ask(result, kept)
        _show_page(page.link_to(result), as_json=as_json, no_open=no_open)
        page.stay()
    return status


def _page(settings: Settings, pictures: Path) -> DemoPage:
    from yanji.api.demo_page import DemoPage

    return DemoPage(settings, pictures, lambda link: note(f"watch the cameras: {link}"))


def _show_how_to_ask(result: DemoResult, kept: Path) -> None:
    print_line()
    print_line(f"The archive is kept in {kept}. Ask it yourself:")
    box = ",".join(f"{edge:.0f}" for edge in result.query.box)
    print_line(
        f"  .venv/bin/yanji search {shlex.quote(str(result.query.path))} --box {box} "
        f'--archive {shlex.quote(str(kept))} --case DEMO-2 --reason "trying it out"'
    )


def _show_page(link: str, *, as_json: bool, no_open: bool) -> None:
    import webbrowser

    from yanji.api.demo_page import has_display

    if as_json:
        print_json({"link": link}, indent=None)
    else:
        print_line()
        print_line(f"The route on the page: {link}")
        print_line("Ctrl-C ends the demo.")
        sys.stdout.flush()
    if not no_open and has_display(sys.platform, os.environ):
        webbrowser.open(link)


def _show(result: DemoResult, map_file: Path, *, as_json: bool) -> int:
    if as_json:
        print_json(_document(result, map_file))
    else:
        for line in _lines(result, map_file):
            print_line(line)
    return 0 if result.right else 1


def _document(result: DemoResult, map_file: Path) -> dict[str, Any]:
    return {
        "right": result.right,
        "sightings": result.num_sightings,
        "played_s": round(result.played.seconds, 1),
        "dropped": result.played.num_dropped,
        "map": str(map_file),
        "truth": {
            "identity": result.route.identity,
            "legs": [shown.identity if shown is not None else None for shown in result.route.shown],
            "missing": [passage.camera_id for passage in result.route.missing],
            "in_order": result.route.in_order,
        },
        "cameras": [
            {
                "camera_id": verdict.camera_id,
                "passed": verdict.passed,
                "right": verdict.right,
                "score": round(verdict.best.score, 4) if verdict.best else None,
                "margin": round(verdict.margin, 4) if verdict.margin is not None else None,
                "identity": verdict.identity,
            }
            for verdict in result.verdicts
        ],
        **trace_document(result.traced, result.site.zone),
    }


def _lines(result: DemoResult, map_file: Path) -> list[str]:
    names = {camera.id: camera.name for camera in result.site.cameras}
    edges = ",".join(f"{edge:.0f}" for edge in result.query.box)
    lines = [
        f"{result.num_sightings} sightings in {result.played.seconds:.0f} s.",
        f"Looking for the {result.query.vehicle_class or 'vehicle'} at {edges} in the snapshot.",
        "",
    ]
    for line in trace_lines(result.traced, result.site.zone):
        for camera_id, name in names.items():
            line = line.replace(f"  {camera_id}  ", f"  {camera_id} {name}  ")
        lines.append(line)
    lines += [f"map: {map_file}", "", *_compared(result, names), ""]
    lines += [_camera_line(verdict, names[verdict.camera_id]) for verdict in result.verdicts]
    lines.append("Compared with the truth of the rendered clips; never accuracy on real streets.")
    return lines


def _compared(result: DemoResult, names: dict[str, str]) -> list[str]:
    """The best route beside the truth."""
    route = result.route
    if route.right:
        return [f"The route is exactly that of {route.identity}, the vehicle of the snapshot."]
    lines = [f"The route is NOT that of {route.identity}, the vehicle of the snapshot:"]
    routes = result.traced.trace.routes
    for leg, shown in zip(routes[0].legs if routes else (), route.shown, strict=True):
        if shown is None or shown.identity != route.identity:
            whom = "no sighting" if shown is None else shown.identity or "no vehicle"
            lines.append(f"  {leg.camera_id} {names[leg.camera_id]}: shows {whom}")
    lines += [
        f"  {passage.camera_id} {names[passage.camera_id]}: it passed here, and is missing"
        for passage in route.missing
    ]
    if not route.in_order:
        lines.append("  its passages are not in the order in which they happened")
    played = result.played
    if played.num_dropped > _MANY_DROPPED * played.num_wanted:
        lines.append(
            f"The machine was too busy: {played.num_dropped} of about {played.num_wanted} frames "
            "were given up. Run it again with less beside it."
        )
    return lines


def _camera_line(verdict: CameraVerdict, name: str) -> str:
    score = f"similarity {verdict.best.score:.2f}" if verdict.best else "no sighting"
    margin = f", {verdict.margin:+.2f} to the next vehicle" if verdict.margin is not None else ""
    if not verdict.passed:
        return f"{verdict.camera_id} {name}: it never passed here (best {score})"
    first = "the right vehicle" if verdict.right else "NOT the right vehicle"
    return f"{verdict.camera_id} {name}: {first} first ({score}{margin})"
