"""The time in the name of a recording, as recorders and cameras write it.

Read are, anywhere in a name: a full date with a time of day (`20261120_080000`,
`2026-11-20T08.00.00`, `2026年11月20日08时00分00秒`, ...), also as start and end; seconds since
1970; a time of day alone where a folder gives the date. `docs/design/time.md` lists recorders.

A name is refused, not guessed at, where it can mean two things or a time that does not exist.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from yanji.configs.errors import UsageError

HINT: Final = "Give its start with --start, or in a manifest."
NUM_FOLDERS: Final = 5
"""How many folders above a recording are searched for a date."""
SECOND_SIGMA_S: Final = 0.5
"""Of a time that names seconds: recorders cut the fraction off."""
MINUTE_SIGMA_S: Final = 17.0
"""Of a time that names minutes only: 60 s / sqrt(12)."""

# Each separator may be used once more in the same date or time, never mixed: `2026-11.20` is none.
_DATE = (
    r"(?P<year>20\d\d)(?:(?P<dash>[-_.])(?P<month1>\d\d)(?P=dash)(?P<day1>\d\d)"
    r"|(?P<month2>\d\d)(?P<day2>\d\d)"
    r"|年(?P<month3>\d\d?)月(?P<day3>\d\d?)日)"
)
_CLOCK = (
    r"(?P<hour>\d\d(?=\d{4})|\d\d?(?!\d))(?:(?P<colon>[-_.:])(?P<minute1>\d\d)(?:(?P=colon)(?P<second1>\d\d))?"
    r"|(?P<minute2>\d\d)(?P<second2>\d\d)"
    r"|[时時](?P<minute3>\d\d?)分(?:(?P<second3>\d\d?)秒)?"
    r"|h(?P<minute4>\d\d)(?:m(?P<second4>\d\d)s?)?)"
    r"(?:[.,]?(?P<fraction>\d{6}|\d{3}))?(?!\d)"
    r"(?: ?(?P<half>[AaPp][Mm])(?![A-Za-z]))?"
    # A minus before four digits is more often a second time or a number than a zone.
    r"(?P<zone>Z(?![A-Za-z])| ?UTC|\+\d\d:?\d\d(?!\d)|-\d\d:\d\d(?!\d))?"
)
_MOMENT = re.compile(rf"(?<!\d){_DATE}(?:T|[ _@.-]{{0,3}}){_CLOCK}")
"""A date whose time of day follows at once; the time has two digits for each part, or marks."""
_FOLDER_DATE = re.compile(rf"(?<!\d){_DATE}(?!\d)")
_CLOCK_ALONE = re.compile(rf"(?<!\d){_CLOCK}")
_EPOCH = re.compile(r"(?<![\d.])(?P<seconds>[1-3]\d{9})(?P<fraction>\d{3}|\d{6})?(?![\d])")


@dataclass(frozen=True, slots=True)
class NamedTime:
    """A time that a name holds."""

    local: datetime
    """Without a zone: a time of the camera's place. With one: that moment."""
    sigma_s: float
    """What the name leaves open, one standard deviation, seconds."""
    end: datetime | None = None
    """Where the name holds a second, later time."""


def time_in_name(path: Path, not_after: datetime) -> NamedTime | None:
    """Find the start of a recording in its name, or in its name and a folder's.

    Args:
        path: of the recording; only read as text.
        not_after: a number that as seconds since 1970 would be later is some other number.

    Returns:
        None where the name holds no time.

    Raises:
        UsageError: it holds several that are not a start and an end, or one that does not exist.
    """
    stem = unicodedata.normalize("NFKC", path.stem)
    matches = [match for match in _MOMENT.finditer(stem) if _is_moment(match)]
    moments = _distinct([_moment(match, match, path) for match in matches])
    if not moments:
        moments = _of_folder_and_name(path, stem)
    if not moments:
        moments = _distinct(_epochs(stem, not_after))
    if not moments:
        return None
    shown = " and ".join(f"{moment.local:%Y-%m-%d %H:%M:%S}" for moment in moments)
    start, *others = moments
    if len(others) > 1 or any(_is_before(other.local, start.local) for other in others):
        raise UsageError(
            f"the name {path.name} holds the times {shown}: which of them is its start is not "
            "clear.",
            hint=HINT,
        )
    end = others[0].local if others else None
    return NamedTime(start.local, start.sigma_s, end)


def _is_moment(match: re.Match[str]) -> bool:
    """`20261120_01_02` is as likely camera 1, part 2, as two minutes past one."""
    return bool(_one_of(match, "second") or match["dash"] or match["month3"])


def _moment(date: re.Match[str], clock: re.Match[str], path: Path) -> NamedTime:
    hour = int(clock["hour"])
    if clock["half"]:
        # 13 PM is no time; 25 makes it fail like any other hour that does not exist.
        in_half = hour % 12 if 1 <= hour <= 12 else 25
        hour = in_half + (12 if clock["half"].upper() == "PM" else 0)
    second = _one_of(clock, "second")
    zone = (clock["zone"] or "").strip().replace("UTC", "+00:00").replace("Z", "+00:00")
    text = (
        f"{date['year']}-{_one_of(date, 'month'):0>2}-{_one_of(date, 'day'):0>2}"
        f"T{hour:02d}:{_one_of(clock, 'minute'):0>2}:{second or '00':0>2}"
    )
    fraction = clock["fraction"] or ""
    try:
        local = datetime.fromisoformat(text + (f".{fraction}" if fraction else "") + zone)
    except ValueError:
        raise UsageError(
            f"the name {path.name} says {text.replace('T', ' ')}, and there is no such time.",
            hint=HINT,
        ) from None
    if not second:
        return NamedTime(local, MINUTE_SIGMA_S)
    return NamedTime(local, 0.0 if fraction else SECOND_SIGMA_S)


def _one_of(match: re.Match[str], name: str) -> str:
    """The group that took part, of those that end in a number; empty for none."""
    for key, value in match.groupdict().items():
        if value and key.rstrip("1234") == name:
            return value
    return ""


def _of_folder_and_name(path: Path, stem: str) -> list[NamedTime]:
    """A time of day at the beginning of the name, the date in a folder: `2026-11-20/08.00.00`."""
    clock = _CLOCK_ALONE.match(stem)
    # Six digits alone are a running number as often as a time.
    if clock is None or clock["second2"] or not _one_of(clock, "second"):
        return []
    date = _date_of_folders(path)
    if date is None:
        return []
    start = _moment(date, clock, path)
    after = _CLOCK_ALONE.match(stem, clock.end() + 1) if stem[clock.end() :] else None
    if after is None or not _one_of(after, "second"):
        return [start]
    end = _moment(date, after, path)
    if _is_before(end.local, start.local):  # 23.30.00-00.00.00
        end = NamedTime(end.local + timedelta(days=1), end.sigma_s)
    return [start, end]


def _date_of_folders(path: Path) -> re.Match[str] | None:
    folders = [unicodedata.normalize("NFKC", part) for part in path.parts[:-1]][-NUM_FOLDERS:]
    # 2026/11/20 as three folders reads as one date with dashes.
    joined = "-".join(folders)
    found: dict[tuple[str, str, str], re.Match[str]] = {}
    for text in (*folders, joined):
        for match in _FOLDER_DATE.finditer(text):
            month, day = _one_of(match, "month"), _one_of(match, "day")
            key = (match["year"], month.zfill(2), day.zfill(2))
            found.setdefault(key, match)
    if len(found) > 1:
        raise UsageError(
            f"the folders of {path.name} name several dates.",
            hint=HINT,
        )
    return next(iter(found.values()), None)


def _epochs(stem: str, not_after: datetime) -> list[NamedTime]:
    found = []
    for match in _EPOCH.finditer(stem):
        moment = datetime.fromtimestamp(int(match["seconds"]), tz=not_after.tzinfo)
        if moment > not_after:
            continue
        fraction = (match["fraction"] or "").ljust(6, "0")
        moment += timedelta(microseconds=int(fraction))
        found.append(NamedTime(moment, 0.0 if match["fraction"] else SECOND_SIGMA_S))
    return found


def _distinct(moments: list[NamedTime]) -> list[NamedTime]:
    kept: list[NamedTime] = []
    for moment in moments:
        if all(moment.local != other.local for other in kept):
            kept.append(moment)
    return kept


def _is_before(one: datetime, two: datetime) -> bool:
    """Compare two times; where only one has a zone, as they are written."""
    if (one.tzinfo is None) != (two.tzinfo is None):
        return one.replace(tzinfo=None) < two.replace(tzinfo=None)
    return one < two
