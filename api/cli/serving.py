"""`yanji serve`: the API and the page on an archive."""

from __future__ import annotations

from pathlib import Path

import click

from yanji.api.cli.options import installation_options, set_up, site_option
from yanji.api.cli.output import note, print_json, print_line


@click.command("serve")
@click.option("--host", help="Address to listen on [default: the setting api.host].")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    help="Port to listen on, 0 for a free one [default: the setting api.port].",
)
@site_option()
@installation_options
def serve_verb(
    host: str | None,
    port: int | None,
    site_file: Path | None,
    settings_file: Path | None,
    archive: Path | None,
    as_json: bool,
) -> int:
    """Serve the page and the API on an archive until Ctrl-C; prints the link to open."""
    from yanji.api.log_file import log_to_file
    from yanji.api.web.server import is_loopback, serve_forever
    from yanji.api.web.server_plan import ServerPlan, page_link, token_of

    setup = set_up(
        as_json=as_json,
        archive=archive,
        settings_file=settings_file,
        site_file=site_file,
        flags={"api": {"host": host, "port": port}},
    )
    log_to_file(setup.settings, "serve")
    api = setup.settings.api
    token = token_of(setup.settings)

    def say(url: str) -> None:
        link = page_link(url, token)
        if as_json:
            print_json({"url": url, "link": link}, indent=None)
        else:
            print_line(f"Open {link}")
            note("Whoever has this link may ask. Ctrl-C ends it.")
        if not is_loopback(api.host):
            note(
                "Other machines can reach this address, and the line is not encrypted: put a "
                "proxy with TLS before it."
            )

    plan = ServerPlan(
        settings=setup.settings,
        site=setup.site,
        archive=setup.archive,
        token=token,
        live=False,
        pictures=None,
        host=api.host,
        port=api.port,
    )
    serve_forever(plan, say)
    return 0
