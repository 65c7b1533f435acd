"""What a picture notes about itself (EXIF). Notes are often missing, wrong or broken."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from PIL import Image

_EXIF_IFD: Final = 0x8769
_ORIGINAL: Final = 0x9003
_OFFSET: Final = 0x9011
_FRACTION: Final = 0x9291
_TIME = re.compile(r"(\d{4})[:\-](\d\d)[:\-](\d\d)[ T](\d\d):(\d\d):(\d\d)", re.ASCII)
_ZONE = re.compile(r"[+\-](?:0\d|1[0-4]):[0-5]\d", re.ASCII)


def taken_of(exif: Image.Exif) -> str | None:
    """When the picture was taken: ISO 8601, with an offset where one is noted, else local time.

    None where no time is noted, or none that a calendar has. Raises nothing.
    """
    try:
        notes = exif.get_ifd(_EXIF_IFD)
        original = _TIME.fullmatch(_words(notes.get(_ORIGINAL)))
        offset = _ZONE.fullmatch(_words(notes.get(_OFFSET)))
        fraction = _words(notes.get(_FRACTION))
    except Exception:  # broken notes raise anything, and they cost only the time
        return None
    if original is None:
        return None
    year, month, day, hour, minute, second = (int(part) for part in original.groups())
    try:
        moment = datetime(year, month, day, hour, minute, second)
    except ValueError:
        return None
    if fraction.isascii() and fraction.isdigit():
        moment = moment.replace(microsecond=int(fraction[:6].ljust(6, "0")))
    return moment.isoformat() + (offset[0] if offset is not None else "")


def _words(value: object) -> str:
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    return str(value or "").strip("\0 ")
