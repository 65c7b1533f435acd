"""`yanji demo`: the whole path on rendered clips."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from yanji.api.cli.answers import trace_document, trace_lines
from yanji.api.cli.options import installation_options, set_up
from yanji.api.cli.output import note, print_json, print_line

if TYPE_CHECKING:
    from yanji.api.demo import DemoResult

_DEFAULT_FOLDER = Path("demo-archive")


@click.command("demo")
@click.option("--once", is_flag=True, help="Judge by the truth, keep nothing; exit 0 when right.")
@click.option(
    "--clips",
    type=click.Path(path_type=Path, file_okay=False),
    help="Another folder of clips with site.yaml, snapshot.jpg and truth.json.",
)
@installation_options
def demo_verb(
    once: bool,
    clips: Path | None,
    settings_file: Path | None,
    archive: Path | None,
    as_json: bool,
) -> int:
    """Play three rendered cameras over RTSP, index them live, find and trace an e-bike.

    Exit 0 only when the e-bike comes first on both other cameras. Without --once the archive is
    kept in ./demo-archive to ask further questions.
    """
    from yanji.api.demo import fresh_folder, run_demo
    from yanji.ingest.testcity.demo_data import clips_folder

    setup = set_up(
        as_json=as_json, settings_file=settings_file, flags={"log_level": "error", "workers": None}
    )
    folder = clips or clips_folder()
    if once:
        with tempfile.TemporaryDirectory(prefix="yanji-demo-") as scratch:
            result = run_demo(folder, Path(scratch) / "archive", setup.settings, note)
            return _show(result, as_json=as_json)
    kept = fresh_folder(archive or _DEFAULT_FOLDER)
    result = run_demo(folder, kept, setup.settings, note)
    status = _show(result, as_json=as_json)
    if not as_json:
        print_line()
        print_line(f"The archive is kept in {kept}. Ask it yourself:")
        print_line(
            f"  .venv/bin/yanji search {folder / 'snapshot.jpg'} --archive {kept} "
            '--case DEMO-2 --reason "trying it out"'
        )
    return status


def _show(result: DemoResult, *, as_json: bool) -> int:
    if as_json:
        print_json(
            {
                "right": result.right,
                "sightings": result.num_sightings,
                "played_s": round(result.played_s, 1),
                "cameras": [
                    {
                        "camera_id": verdict.camera_id,
                        "right": verdict.right,
                        "score": round(verdict.best.score, 4) if verdict.best else None,
                        "margin": round(verdict.margin, 4) if verdict.margin is not None else None,
                        "identity": verdict.identity,
                    }
                    for verdict in result.verdicts
                ],
                **trace_document(result.traced, result.site.zone),
            }
        )
    else:
        names = {camera.id: camera.name for camera in result.site.cameras}
        print_line(f"{result.num_sightings} sightings in {result.played_s:.0f} s.")
        edges = ",".join(f"{edge:.0f}" for edge in result.query.box)
        print_line(
            f"Looking for the {result.query.vehicle_class or 'vehicle'} at {edges} in the snapshot."
        )
        print_line()
        for line in trace_lines(result.traced, result.site.zone):
            for camera_id, name in names.items():
                line = line.replace(f"  {camera_id}  ", f"  {camera_id} {name}  ")
            print_line(line)
        print_line()
        for verdict in result.verdicts:
            score = f"similarity {verdict.best.score:.2f}" if verdict.best else "no sighting"
            margin = f", {verdict.margin:+.2f} to the next vehicle" if verdict.margin else ""
            print_line(
                f"{verdict.camera_id} {names[verdict.camera_id]}: "
                f"{'the right vehicle' if verdict.right else 'NOT the right vehicle'} first "
                f"({score}{margin})"
            )
        print_line("Compared with the truth of the rendered clips; never accuracy on real streets.")
    return 0 if result.right else 1
