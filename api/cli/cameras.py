"""`yanji cameras`: how the cameras of a running installation are; find and test a camera."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlsplit

import click

from yanji.api.cli.camera_discovery import cameras_discover
from yanji.api.cli.camera_probe import cameras_probe
from yanji.api.cli.options import set_up
from yanji.api.cli.output import note, print_json, print_line, table
from yanji.configs.errors import NothingFoundError, UsageError

if TYPE_CHECKING:
    from yanji.api.web.documents import CameraInfo, Health
    from yanji.configs.settings import Settings

GOOD: Final = ("up", "recorded")
"""States of a camera that is as it should be; `recorded` is one that nobody watches live."""
ASK_S: Final = 10.0
"""An installation that does not answer within so long is not well."""
_EVERYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what is asked instead


@click.group("cameras")
def cameras_verb() -> None:
    """How the cameras of a running installation are; find and test a camera."""


@cameras_verb.command("status")
@click.option(
    "--url",
    metavar="URL",
    help="Of the installation, or the whole link that `yanji run` printed [default: this machine, "
    "the setting api.port].",
)
@click.option(
    "--token", help="Of the installation [default: that of the link, else the setting api.token]."
)
@click.option(
    "--settings",
    "settings_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Installation settings [default: ./yanji.yaml where it exists].",
)
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON on stdout.")
def cameras_status(
    url: str | None, token: str | None, settings_file: Path | None, as_json: bool
) -> int:
    """How each camera of a running `yanji run` is.

    Exit status 1 when one of them is not watched (down, connecting, still, black, waiting), 3 when
    there is no camera at all.
    """
    from yanji.api.client import Client

    setup = set_up(as_json=as_json, settings_file=settings_file)
    address, found = _address(url, setup.settings)
    with Client(address, token or found or _token(setup.settings), timeout_s=ASK_S) as asked:
        cameras, health = asked.cameras().cameras, asked.health()
    if not cameras:
        raise NothingFoundError(
            f"The installation at {address} has no camera.",
            hint="Start it with a site: yanji run -c site.yaml",
        )
    if as_json:
        print_json(
            {
                "url": address,
                "cameras": [camera.model_dump(mode="json") for camera in cameras],
                "archive": health.archive.model_dump(mode="json"),
            }
        )
    else:
        _print_status(cameras, health)
    return 0 if all(camera.state in GOOD for camera in cameras) else 1


def _address(url: str | None, settings: Settings) -> tuple[str, str | None]:
    """Where to ask, and the token where the address is a whole link.

    Raises:
        UsageError: it is no address, or none is known.
    """
    if url is None:
        if settings.api.port == 0:
            raise UsageError(
                "The setting api.port is 0, so the port is another one at each start.",
                hint="Give the link that `yanji run` printed: --url LINK",
            )
        host = _EVERYWHERE.get(settings.api.host, settings.api.host)
        return f"http://{f'[{host}]' if ':' in host else host}:{settings.api.port}", None
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in url
        valid = valid and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        raise UsageError("--url is no address.", hint="Write http://host:port")
    address = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
    return address, next(iter(parse_qs(parts.fragment).get("t", [])), None)


def _token(settings: Settings) -> str:
    given = settings.api.token
    if given is None:
        raise UsageError(
            "The token of the installation is not known.",
            hint="Set YANJI_API__TOKEN, or give the link that `yanji run` printed: --url LINK",
        )
    return given.get_secret_value()


def _print_status(cameras: tuple[CameraInfo, ...], health: Health) -> None:
    heads = ("camera", "state", "fps", "analysed", "lag", "dropped", "reconnects", "sightings")
    rows = [
        (
            camera.camera_id,
            camera.state,
            _shown(camera.fps, ".1f"),
            _shown(camera.analysed_fps, ".1f"),
            _shown(camera.lag_s, ".1f", " s"),
            _shown(camera.num_dropped, "d"),
            _shown(camera.num_reconnects, "d"),
            str(camera.num_sightings),
            _why(camera),
        )
        for camera in cameras
    ]
    for line in table((*heads, ""), rows):
        print_line(line)
    if health.archive.state == "disk_full":
        print_line(f"archive: {health.archive.state}: {health.archive.detail}")
    if all(camera.state == "recorded" for camera in cameras):
        note("Nothing is watched live at this address.")


def _shown(number: float | None, form: str, unit: str = "") -> str:
    return "-" if number is None else f"{number:{form}}{unit}"


def _why(camera: CameraInfo) -> str:
    late = "degraded: the machine does not keep up" if camera.degraded else ""
    parts = [late, camera.cause or "", f"since {camera.since}" if camera.since else ""]
    return " ".join(part for part in parts if part)


cameras_verb.add_command(cameras_probe)
cameras_verb.add_command(cameras_discover)
