"""When a recording begins: as somebody said, else by its name, else by what its container says.

Each source is trusted less than the one before it, and the one that was used is told and stored.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal
from zoneinfo import ZoneInfo

from yanji.configs.errors import SourceError, UsageError
from yanji.configs.times import format_time, parse_time
from yanji.ingest.recording_name import HINT, NamedTime, time_in_name

StartSource = Literal["given", "manifest", "name", "container"]

EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""A container's date before it is that of a clock which was never set (1904, 1970)."""
FUTURE: Final = timedelta(minutes=10)
"""A start this much later than now is wrong: a recording ends before it is indexed."""
SPAN_S: Final = 10.0
"""A recording longer than the two times of its name, by more than this, has another meaning."""
CONTAINER_SIGMA_S: Final = 2.0
_INEXACT_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class RecordingStart:
    """When the first picture was taken, by the camera's clock, and how that is known."""

    started_ns: int
    """Nanoseconds since 1970 UTC."""
    source: StartSource
    sigma_s: float
    """What the source leaves open, one standard deviation, seconds; 0 for a time that was given.
    It comes on top of the uncertainty of the camera's clock."""


@dataclass(frozen=True, slots=True)
class ContainerFacts:
    """What a file says of itself."""

    metadata: Mapping[str, str]
    duration_s: float | None


NOTHING_SAID: Final = ContainerFacts({}, None)


def find_start(path: Path, zone: ZoneInfo | None, now_ns: int) -> RecordingStart:
    """Find the start of a recording for which none was given.

    Args:
        path: the file.
        zone: the site's; names without a zone are read in it.
        now_ns: the host's wall time; later starts are refused.

    Raises:
        UsageError: name and container give none, or one that is not to be trusted: ambiguous,
            not existing (or twice) in the zone, in the future.
    """
    now = datetime.fromtimestamp(now_ns // 10**9, tz=UTC)
    named = time_in_name(path, now + FUTURE)
    facts = container_facts(path)
    if named is not None:
        return start_of_name(path, named, zone, now, facts.duration_s)
    found = start_of_container(facts, path, now)
    if found is None:
        raise UsageError(
            f"{path}: its start is neither in its name nor in the file.",
            hint=HINT,
        )
    return found


def start_of_name(
    path: Path,
    named: NamedTime,
    zone: ZoneInfo | None,
    now: datetime,
    duration_s: float | None,
) -> RecordingStart:
    """Make a start of a time in a name; `duration_s` is the length of the recording, if known.

    Raises:
        UsageError: see `find_start`.
    """
    started_ns = _in_zone(path, named.local, zone)
    _refuse_future(path, started_ns, zone, now, "its name")
    if named.end is not None and duration_s is not None:
        span_s = (named.end.replace(tzinfo=None) - named.local.replace(tzinfo=None)).total_seconds()
        if duration_s > span_s * 1.02 + SPAN_S:
            raise UsageError(
                f"{path}: its name holds two times {span_s:.0f} s apart, but it is "
                f"{duration_s:.0f} s long: they are not its start and end.",
                hint=HINT,
            )
    return RecordingStart(started_ns, "name", named.sigma_s)


def _in_zone(path: Path, local: datetime, zone: ZoneInfo | None) -> int:
    text = local.isoformat(sep=" ", timespec="microseconds")
    if local.tzinfo is not None:
        return parse_time(text)
    if zone is None:
        raise UsageError(
            f"{path}: its name says {local:%Y-%m-%d %H:%M:%S}, but no site says in which zone.",
            hint="Name a site with `-c site.yaml`, or give the start with its offset.",
        )
    try:
        first_ns = parse_time(text, zone)
    except UsageError as error:
        raise UsageError(f"{path}: {error.message}", hint=HINT) from None
    second = local.replace(tzinfo=zone, fold=1)
    if second.utcoffset() != local.replace(tzinfo=zone, fold=0).utcoffset():
        raise UsageError(
            f"{path}: its name says {local:%Y-%m-%d %H:%M:%S}, a time that {zone.key} has twice "
            "that day (the clocks were set back).",
            hint=HINT,
        )
    return first_ns


def start_of_container(facts: ContainerFacts, path: Path, now: datetime) -> RecordingStart | None:
    """Read the start out of a container's metadata; None where there is none.

    A date with an offset (QuickTime's own) is believed. `creation_time` is written as UTC and
    taken for the beginning, though recorders are known that write the local time there (wrong by
    hours: refused only where that gives a time in the future) or the end of the recording: so its
    standard deviation is the length of the recording, and at least `CONTAINER_SIGMA_S`.

    Raises:
        UsageError: the date is in the future.
    """
    texts = {key.lower(): value for key, value in facts.metadata.items()}
    exact = _moment_of(texts.get("com.apple.quicktime.creationdate", ""))
    if exact is not None:
        started_ns = _ns_of(exact)
        _refuse_future(path, started_ns, None, now, "the file")
        return RecordingStart(started_ns, "container", _INEXACT_S)
    created = _moment_of(texts.get("creation_time", ""))
    if created is None:
        return None
    started_ns = _ns_of(created)
    _refuse_future(path, started_ns, None, now, "the file")
    sigma_s = max(CONTAINER_SIGMA_S, facts.duration_s or 3600.0)
    return RecordingStart(started_ns, "container", sigma_s)


def _moment_of(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment if moment >= EARLIEST else None


def _ns_of(moment: datetime) -> int:
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 10**9 + since.microseconds * 1000


def _refuse_future(
    path: Path, started_ns: int, zone: ZoneInfo | None, now: datetime, what: str
) -> None:
    if started_ns > _ns_of(now + FUTURE):
        raise UsageError(
            f"{path}: {what} says that it begins at {format_time(started_ns, zone, digits=0)}, "
            "and that is in the future.",
            hint="Was the camera's clock wrong, or is it local time written as UTC? " + HINT,
        )


def container_facts(path: Path) -> ContainerFacts:
    """Ask a file for its metadata and length; a file that cannot be read says nothing.

    Where PyAV cannot be loaded nothing is known: the OpenCV fallback reads no metadata.
    """
    try:
        module = importlib.import_module("yanji.ingest.file")
    except ImportError:
        return NOTHING_SAID
    try:
        metadata, duration_s = module.read_facts(path)
    except SourceError:
        return NOTHING_SAID  # whoever reads its pictures says what is wrong with it
    return ContainerFacts(metadata, duration_s)
