from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yanji.configs.errors import UsageError
from yanji.configs.times import format_time, parse_duration, parse_time

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")


def ns(*fields: int, rest_ns: int = 0) -> int:
    return int(datetime(*fields, tzinfo=UTC).timestamp()) * 1_000_000_000 + rest_ns  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-22T21:30:00+08:00", ns(2026, 11, 22, 13, 30)),
        ("2026-11-22 21:30", ns(2026, 11, 22, 13, 30)),
        (" 2026-11-22t13:30z ", ns(2026, 11, 22, 13, 30)),
        ("20261122T213000+08", ns(2026, 11, 22, 13, 30)),
        ("20261122T2130-0330", ns(2026, 11, 23, 1, 0)),
        ("2026-11-22T13:30:00.123456789Z", ns(2026, 11, 22, 13, 30, rest_ns=123456789)),
        ("2026-11-22T13:30:00,5 +00:00", ns(2026, 11, 22, 13, 30, rest_ns=500_000_000)),
        ("2099-12-31T23:59:59Z", ns(2099, 12, 31, 23, 59, 59)),
        ("2028-02-29 00:00:00", ns(2028, 2, 28, 16)),
    ],
)
def test_times_are_read(text: str, expected: int) -> None:
    assert parse_time(text, SHANGHAI) == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "yesterday", "2026-11-22", "21:30", "2026-11-22T24:00", "2026-02-29T00:00",
        "2026-11-22T13:60", "2026-11-22T13:30:60Z", "2026-11-22T13:30+15:00", "1795354200",
        "2026-11-22T13:30.5Z", "1969-01-01T00:00Z", "2300-01-01T00:00Z", "2026-11-22T13:30:00+8",
        "2026-11-22T13:30:00.1234567890Z", "٢٠٢٦-11-22T13:30", "2026-1-2T3:04",
        "2026-11-22T13:30 Asia/Shanghai",
    ],
)  # fmt: skip
def test_what_is_no_time_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_time(text, SHANGHAI)
    assert "2026-11-22T21:30:00+08:00" in caught.value.hint


def test_a_time_without_an_offset_needs_a_site() -> None:
    with pytest.raises(UsageError, match="no offset from UTC") as caught:
        parse_time("2026-11-22T21:30")
    assert "2026-11-22T21:30:00+08:00" in caught.value.hint


def test_an_hour_that_comes_twice_is_the_first_unless_it_says_so() -> None:
    first = ns(2026, 10, 25, 0, 30)
    assert parse_time("2026-10-25T02:30", BERLIN) == first
    assert parse_time("2026-10-25T02:30+01:00", BERLIN) == first + 3_600_000_000_000


def test_an_hour_that_is_skipped_is_refused() -> None:
    with pytest.raises(UsageError, match="does not exist in Europe/Berlin"):
        parse_time("2026-03-29T02:30", BERLIN)
    assert parse_time("2026-03-29T03:00", BERLIN) == ns(2026, 3, 29, 1)


def test_times_are_written_with_their_offset() -> None:
    time_ns = ns(2026, 11, 22, 13, 30, rest_ns=123_999_999)
    assert format_time(time_ns) == "2026-11-22T13:30:00.123+00:00"
    assert format_time(time_ns, SHANGHAI) == "2026-11-22T21:30:00.123+08:00"
    assert format_time(time_ns, SHANGHAI, digits=0) == "2026-11-22T21:30:00+08:00"
    assert format_time(time_ns, digits=9) == "2026-11-22T13:30:00.123999999+00:00"
    assert format_time(0) == "1970-01-01T00:00:00.000+00:00"
    assert format_time(ns(2026, 10, 25, 1, 30), BERLIN) == "2026-10-25T02:30:00.000+01:00"


@given(
    st.integers(ns(1972, 1, 1), ns(2199, 1, 1)),
    st.sampled_from([None, SHANGHAI, BERLIN, ZoneInfo("Asia/Kathmandu"), ZoneInfo("Pacific/Apia")]),
)
def test_what_is_written_reads_back_exactly(time_ns: int, zone: ZoneInfo | None) -> None:
    assert parse_time(format_time(time_ns, zone, digits=9)) == time_ns


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("3h", 10_800),
        ("90m", 5_400),
        ("45s", 45),
        ("1h30m", 5_400),
        ("2d", 172_800),
        (" 1d1s ", 86_401),
    ],
)
def test_durations_are_read(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "3", "h", "30m1h", "1.5h", "-3h", "0s", "99999d", "1h" * 2])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_duration(text)


def test_a_number_of_a_thousand_digits_is_refused() -> None:
    with pytest.raises(UsageError, match="longer than ten years"):
        parse_duration("9" * 5000 + "s")
