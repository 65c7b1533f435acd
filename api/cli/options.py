"""Options that several verbs share, and what they resolve to."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import click

from yanji.api.logs import start_logging
from yanji.configs.settings import Settings, load_settings
from yanji.configs.site import Site, camera_id_of, load_site

Verb = TypeVar("Verb", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Setup:
    """Settings of the installation and, where given, the site."""

    settings: Settings
    site: Site | None
    as_json: bool

    @property
    def archive(self) -> Path:
        """The archive's folder."""
        return Path(self.settings.archive)

    @property
    def zone(self) -> ZoneInfo | None:
        """The site's time zone; None without a site (then naive times are refused)."""
        return self.site.zone if self.site is not None else None

    def site_camera(self, camera_id: str) -> str:
        """Check a camera's id against the site and normalise it.

        Raises:
            UsageError: there is a site and it does not know this camera.
        """
        return self.site.camera(camera_id).id if self.site is not None else camera_id_of(camera_id)


def installation_options(verb: Verb) -> Verb:
    """`--archive`, `--settings`, `--json`."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="The answer as JSON on stdout."),
        click.option(
            "--settings",
            "settings_file",
            type=click.Path(path_type=Path, dir_okay=False),
            help="Installation settings [default: ./yanji.yaml where it exists].",
        ),
        click.option(
            "--archive",
            type=click.Path(path_type=Path),
            help="Folder of the archive [default: ./archive, or YANJI_ARCHIVE].",
        ),
    ):
        verb = option(verb)
    return verb


def site_option(*, required: bool = False) -> Callable[[Verb], Verb]:
    """`-c site.yaml`."""
    return click.option(
        "-c",
        "--site",
        "site_file",
        type=click.Path(path_type=Path, dir_okay=False),
        required=required,
        help="The site: cameras, roads, time zone.",
    )


def page_options(verb: Verb) -> Verb:
    """`--host`, `--port`: where the page is served; `page_flags` makes settings of them."""
    for option in (
        click.option(
            "--port",
            type=click.IntRange(0, 65_535),
            help="Port of the page; 0 takes a free one [default: the setting api.port, 8420].",
        ),
        click.option(
            "--host",
            help="Address of the page [default: the setting api.host, 127.0.0.1: this machine].",
        ),
    ):
        verb = option(verb)
    return verb


def page_flags(host: str | None, port: int | None) -> dict[str, object]:
    """What `page_options` gave, for the `flags` of `set_up`."""
    return {"api": {"host": host, "port": port}}


def case_options(verb: Verb) -> Verb:
    """`--case`, `--reason`, `--purpose`: without them no question is answered."""
    for option in (
        click.option("--purpose", help="One of the installation's purposes."),
        click.option("--reason", help="Why this vehicle is looked for (goes into the audit log)."),
        click.option("--case", help="Number of the case (goes into the audit log)."),
    ):
        verb = option(verb)
    return verb


def finite(_context: click.Context, parameter: click.Parameter, value: float) -> float:
    """Refuse `nan` and `inf`, which every comparison of a range lets through."""
    if not math.isfinite(value):
        raise click.BadParameter("must be a finite number.", param=parameter)
    return value


def set_up(
    *,
    as_json: bool,
    archive: Path | None = None,
    settings_file: Path | None = None,
    site_file: Path | None = None,
    flags: dict[str, object] | None = None,
    free_env: Collection[str] = (),
) -> Setup:
    """Read both settings files and start logging.

    `free_env` are environment variables that a verb itself reads.

    Raises:
        SettingsError: a file is wrong; the message names file and line.
    """
    site = load_site(site_file) if site_file is not None else None
    settings = load_settings(
        settings_file,
        {"archive": archive, **(flags or {})},
        free_env=(*free_env, *(site.password_envs if site is not None else ())),
    )
    start_logging(settings.log_level)
    return Setup(settings, site, as_json)
