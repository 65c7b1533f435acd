"""What a server is to serve where, and the link to it.

Apart from `server.py`, so that who starts a server as a child loads no web framework.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from yanji.api.web.access import new_token
from yanji.configs.settings import Settings
from yanji.configs.site import Site


@dataclass(frozen=True, slots=True)
class ServerPlan:
    """All that a server needs to start."""

    settings: Settings
    site: Site | None
    archive: Path
    token: str = field(repr=False)
    live: bool
    """Whether cameras are watched by this installation."""
    pictures: Path | None
    """Folder of the cameras' latest pictures."""
    host: str
    port: int
    """0 takes a free one."""
    warm: bool = True
    """Whether the models are opened at once; else with the first picture (the demo plays first)."""


def token_of(settings: Settings) -> str:
    """The token of the settings, else a new one."""
    given = settings.api.token
    return given.get_secret_value() if given is not None else new_token()


def page_link(url: str, token: str, to: str = "", case: str = "", reason: str = "") -> str:
    """The address to open: the token stands in the fragment, which no log and no server sees.

    Args:
        url: of the server.
        token: signs the page in.
        to: route of the page to open.
        case: filled in for the sitting.
        reason: likewise.
    """
    link = f"{url.rstrip('/')}/#t={quote(token, safe='')}"
    for name, value in (("to", to), ("case", case), ("reason", reason)):
        if value:
            link += f"&{name}={quote(value, safe='')}"
    return link
