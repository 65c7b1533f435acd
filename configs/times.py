"""Points in time and durations as people type and read them.

Inside yanji a time is an integer: nanoseconds since 1970 UTC. Text is ISO 8601. A time without
an offset is read in the site's zone, and refused where there is no site: a guess would be wrong
by hours without anybody noticing.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from yanji.configs.errors import UsageError

EXAMPLE = "2026-11-22T21:30:00+08:00"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_YEAR = 2199
"""Nanoseconds fit 64 bits until 2262; later years are typing errors."""
_FARTHEST_OFFSET = timedelta(hours=14)
_TIME = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d|\d{8})[T ]"
    r"(?P<clock>\d\d:\d\d(?::\d\d)?|\d{4}(?:\d\d)?)"
    r"(?:[.,](?P<fraction>\d{1,9}))?"
    r" ?(?P<offset>Z|[+-]\d\d(?::?\d\d)?)?",
    re.ASCII | re.IGNORECASE,
)
_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", re.ASCII)
_SECONDS = (86_400, 3_600, 60, 1)
_LONGEST_S = 3_660 * 86_400


def parse_time(text: str, zone: ZoneInfo | None = None) -> int:
    """Read an ISO 8601 time: date, `T` or a blank, hours and minutes at least.

    A time that the zone has twice (clocks set back) is the first of the two; write the offset to
    mean the second. A fraction of up to nine digits is kept exactly.

    Args:
        text: for example `2026-11-22T21:30:00+08:00` or, with a zone, `2026-11-22 21:30`.
        zone: the site's zone for times without an offset; None where there is no site.

    Returns:
        Nanoseconds since 1970 UTC.

    Raises:
        UsageError: not a time, no such time in the zone (clocks set forward), outside the years
            1970 to 2199, or without an offset where there is no zone.
    """
    shown = text if len(text) <= 60 else text[:60] + "…"
    hint = f"Write it like {EXAMPLE}."
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"`{shown}` is not a time with date, hour and minute.", hint=hint)
    if match["fraction"] and not re.search(r"\d\d:\d\d:\d\d|\d{6}", match["clock"]):
        raise UsageError(f"`{shown}` has a fraction but no seconds.", hint=hint)
    offset = (match["offset"] or "").upper()
    try:
        local = datetime.fromisoformat(f"{match['date']}T{match['clock']}")
        if offset:
            local = datetime.fromisoformat(f"{local.isoformat()}{offset}")
    except ValueError as error:
        raise UsageError(f"`{shown}` is not a time: {error}.", hint=hint) from None
    if not 1970 < local.year <= _LAST_YEAR:
        raise UsageError(f"`{shown}` is not between 1971 and {_LAST_YEAR}.", hint=hint)
    if not offset:
        local = _in_zone(local, zone, shown)
    elif abs(local.utcoffset() or timedelta()) > _FARTHEST_OFFSET:
        raise UsageError(f"`{shown}` has an offset of more than 14 hours.", hint=hint)
    since = local - _EPOCH
    whole_s = since.days * 86_400 + since.seconds
    return whole_s * 1_000_000_000 + int((match["fraction"] or "0").ljust(9, "0"))


def _in_zone(local: datetime, zone: ZoneInfo | None, shown: str) -> datetime:
    if zone is None:
        raise UsageError(
            f"`{shown}` has no offset from UTC, and no site says which zone is meant.",
            hint=f"Write the offset, like {EXAMPLE}, or name a site with `-c site.yaml`.",
        )
    aware = local.replace(tzinfo=zone, fold=0)
    if aware.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local:
        raise UsageError(
            f"`{shown}` does not exist in {zone.key}: the clocks were set forward over it.",
            hint=f"Write the offset, like {EXAMPLE}.",
        )
    # Subtracting two times of one zone would ignore its offsets: go over UTC.
    return aware.astimezone(UTC)


def format_time(time_ns: int, zone: ZoneInfo | None = None, *, digits: int = 3) -> str:
    """Write a time as ISO 8601 with its offset from UTC.

    Args:
        time_ns: nanoseconds since 1970 UTC.
        zone: the site's zone; UTC (`+00:00`) where there is none.
        digits: of the fraction of a second, 0 to 9; the rest is cut off, not rounded.
    """
    whole_s, rest_ns = divmod(time_ns, 1_000_000_000)
    moment = (_EPOCH + timedelta(seconds=whole_s)).astimezone(zone or UTC)
    offset = moment.isoformat()[19:]
    fraction = f".{rest_ns:09d}"[: digits + 1] if digits else ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}{offset}"


def parse_duration(text: str) -> int:
    """Read a duration such as `3h`, `90m`, `45s`, `1h30m` or `2d`; returns whole seconds.

    Raises:
        UsageError: not of this form, zero, or longer than ten years.
    """
    match = _DURATION.fullmatch(text.strip())
    parts = match.groups() if match is not None else ()
    if not any(parts):
        raise UsageError(
            f"`{text[:60]}` is not a duration.", hint="Write it like 3h, 90m, 45s or 1h30m."
        )
    if any(len(part or "") > 10 for part in parts):
        raise UsageError(f"`{text[:60]}` is longer than ten years.")
    seconds = sum(int(part or 0) * unit for part, unit in zip(parts, _SECONDS, strict=True))
    if seconds == 0:
        raise UsageError(f"`{text[:60]}` is no time at all.", hint="Write it like 3h or 90m.")
    if seconds > _LONGEST_S:
        raise UsageError(f"`{text[:60]}` is longer than ten years.")
    return seconds
