"""`yanji run`: cameras into the archive, live, and the page that shows them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from yanji.api.cli.options import (
    Setup,
    finite,
    installation_options,
    page_flags,
    page_options,
    set_up,
    site_option,
)
from yanji.api.cli.output import note, print_json
from yanji.configs.errors import UsageError

if TYPE_CHECKING:
    from yanji.api.server_child import ServerChild
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
@page_options
@click.option("--no-page", is_flag=True, help="Cameras into the archive only; no API, no page.")
@installation_options
def run_verb(
    site_file: Path,
    workers: str | None,
    status_every_s: float,
    host: str | None,
    port: int | None,
    no_page: bool,
    settings_file: Path | None,
    archive: Path | None,
    as_json: bool,
) -> int:
    """Watch all cameras of the site until Ctrl-C and serve the page; its link is printed.

    A status line per camera on stderr. With --json the link and the status are one JSON object per
    line on stdout.
    """
    from yanji.api.log_file import log_to_file
    from yanji.api.plan import CameraPlan
    from yanji.api.supervisor import Supervisor

    setup = set_up(
        as_json=as_json,
        archive=archive,
        settings_file=settings_file,
        site_file=site_file,
        flags={"workers": workers, **page_flags(host, port)},
    )
    log_to_file(setup.settings, "run")
    cameras = [
        CameraPlan(camera, camera.credentials(os.environ)) for camera in _cameras_with_url(setup)
    ]
    with ExitStack() as stack:
        server, pictures = None, None
        if not no_page:
            scratch = tempfile.TemporaryDirectory(prefix="yanji-", ignore_cleanup_errors=True)
            pictures = Path(stack.enter_context(scratch))
            server = stack.enter_context(_server(setup, pictures))
        supervisor = Supervisor(
            setup.settings,
            cameras,
            setup.archive,
            on_status=_json_status if as_json else _text_status,
            status_every_s=status_every_s,
            server=server,
            pictures=pictures,
        )
        supervisor.stop_on_signals()
        supervisor.run()
    return 0


def _server(setup: Setup, pictures: Path) -> ServerChild:
    from yanji.api.server_child import ServerChild
    from yanji.api.web.server_plan import ServerPlan, token_of

    api = setup.settings.api
    plan = ServerPlan(
        settings=setup.settings,
        site=setup.site,
        archive=setup.archive,
        token=token_of(setup.settings),
        live=True,
        pictures=pictures,
        host=api.host,
        port=api.port,
    )
    return ServerChild(plan, on_ready=_say_link(plan.token, as_json=setup.as_json))


def _say_link(token: str, *, as_json: bool) -> Callable[[str], None]:
    from yanji.api.web.server_plan import page_link

    def say(url: str) -> None:
        link = page_link(url, token)
        if as_json:
            print_json({"url": url, "link": link}, indent=None)
        else:
            note(f"page: {link}")

    return say


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
    document["num_moves"] = supervisor.num_moves
    print_json(document, indent=None)
