"""`yanji cameras discover`: ONVIF cameras of the local network."""

from __future__ import annotations

import click

from yanji.api.cli.options import finite
from yanji.api.cli.output import note, print_json, print_line, table
from yanji.api.logs import start_logging
from yanji.configs.errors import NothingFoundError


@click.command("discover")
@click.option(
    "--seconds",
    type=click.FloatRange(0.5, 60),
    callback=finite,
    default=4.0,
    show_default=True,
    help="How long answers are waited for.",
)
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON on stdout.")
def cameras_discover(seconds: float, as_json: bool) -> int:
    """Ask the local network for ONVIF cameras. Needs the extra `onvif`.

    A camera tells its address and its name; the path of its stream is in its manual, and
    `yanji cameras probe` tells whether it is right. Exit status 3 when none answers.
    """
    from yanji.ingest.discover import discover

    start_logging()
    found = discover(seconds)
    if not found:
        raise NothingFoundError(
            "No ONVIF camera answered.",
            hint="Discovery reaches only this network; many cameras have ONVIF turned off.",
        )
    if as_json:
        print_json(
            {
                "cameras": [
                    {
                        "host": one.host,
                        "service": one.service,
                        "name": one.name,
                        "hardware": one.hardware,
                        "location": one.location,
                    }
                    for one in found
                ]
            }
        )
        return 0
    rows = [(one.host, one.name, one.hardware, one.location, one.service) for one in found]
    for line in table(("host", "name", "hardware", "location", "service"), rows):
        print_line(line)
    note("Test one with: yanji cameras probe rtsp://HOST/PATH (the path is in its manual)")
    return 0
