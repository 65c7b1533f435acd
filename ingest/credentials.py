"""User name and password of a camera, kept apart from its URL, and URLs that are safe to log."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

from yanji.configs.errors import UsageError
from yanji.configs.site import Credentials

__all__ = ["HIDDEN", "Credentials", "check_camera_url", "safe_url"]

HIDDEN = "***"
_SECRET_PARAMETER = re.compile(r"((?:pass(?:wd|word)?|pwd|token|secret)=)[^&;/?#_]*", re.IGNORECASE)


def safe_url(url: str) -> str:
    """Give `url` without its user part and with password-like parameters hidden."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return HIDDEN
    host = parts.netloc.rpartition("@")[2]
    shown = urlunsplit((parts.scheme, host, parts.path, parts.query, ""))
    return _SECRET_PARAMETER.sub(rf"\1{HIDDEN}", shown)


def check_camera_url(url: str) -> None:
    """Refuse what is not an RTSP URL, or one with a user or password in it.

    Raises:
        UsageError: never with the secret part in its message.
    """
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("rtsp", "rtsps") and bool(parts.hostname)
        valid = valid and parts.port != 0 and not re.search(r"[\x00-\x20\x7f]", url)
    except ValueError:
        valid = False
    if not valid:
        raise UsageError(
            f"{safe_url(url)} is not the URL of a camera", hint="write rtsp://host[:port]/path"
        )
    if "@" in parts.netloc:
        raise UsageError(
            f"the URL {safe_url(url)} contains a user name or password",
            hint="give them apart from the URL (username, password_env), so URLs stay loggable",
        )
