"""`yanji run`: cameras into the archive, live."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from yanji.api.cli.options import Setup, finite, installation_options, set_up, site_option
from yanji.api.cli.output import note, print_json
from yanji.configs.errors import UsageError

if TYPE_CHECKING:
    from yanji.api.supervisor import Supervisor
    from yanji.configs.site import Camera


@click.command("run")
@site_option(required=True)
@click.option("--workers", help="Worker processes [default: one per core].")
@click.option(
    "--status-every",
    "status_every_s",
    type=click.FloatRange(0.5, 3600),
    callback=finite,
    default=5.0,
    show_default=True,
    help="Seconds between status lines.",
)
@installation_options
def run_verb(
    site_file: Path,
    workers: str | None,
    status_every_s: float,
    settings_file: Path | None,
    archive: Path | None,
    as_json: bool,
) -> int:
    """Watch all cameras of the site until Ctrl-C; a status line per camera on stderr.

    With --json the status is one JSON object per line on stdout.
    """
    from yanji.api.plan import CameraPlan
    from yanji.api.supervisor import Supervisor

    setup = set_up(
        as_json=as_json,
        archive=archive,
        settings_file=settings_file,
        site_file=site_file,
        flags={"workers": workers},
    )
    cameras = [
        CameraPlan(camera, camera.credentials(os.environ)) for camera in _cameras_with_url(setup)
    ]
    supervisor = Supervisor(
        setup.settings,
        cameras,
        setup.archive,
        on_status=_json_status if as_json else _text_status,
        status_every_s=status_every_s,
    )
    supervisor.stop_on_signals()
    supervisor.run()
    return 0


def _cameras_with_url(setup: Setup) -> list[Camera]:
    site = setup.site
    cameras = [camera for camera in site.cameras if camera.url is not None] if site else []
    if not cameras:
        raise UsageError(
            "No camera of the site has a url, so there is nothing to run.",
            hint="Add `url: rtsp://host/path` to the cameras.",
        )
    return cameras


def _text_status(supervisor: Supervisor) -> None:
    from yanji.api.status import status_lines

    for line in status_lines(supervisor.camera_beats, supervisor.writer_beat):
        note(line)


def _json_status(supervisor: Supervisor) -> None:
    from yanji.api.status import status_document

    document = status_document(supervisor.camera_beats, supervisor.writer_beat, supervisor.resident)
    document["processes"] = supervisor.process_ids
    print_json(document, indent=None)
