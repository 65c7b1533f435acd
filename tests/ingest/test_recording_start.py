"""When a recording begins: names of many recorders, what is refused, what the container says."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yanji.configs.errors import UsageError
from yanji.configs.times import format_time, parse_time
from yanji.ingest.recording_name import MINUTE_SIGMA_S, SECOND_SIGMA_S, time_in_name
from yanji.ingest.recording_start import (
    CONTAINER_SIGMA_S,
    ContainerFacts,
    find_start,
    start_of_container,
    start_of_name,
)

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
NOW_NS = round(NOW.timestamp()) * 10**9


def start_of(name: str, zone: ZoneInfo | None = SHANGHAI, duration_s: float | None = None) -> str:
    """Start of a recording by its name alone, as text in Shanghai's time."""
    named = time_in_name(Path(name), NOW)
    assert named is not None, name
    found = start_of_name(Path(name), named, zone, NOW, duration_s)
    assert found.source == "name"
    return format_time(found.started_ns, SHANGHAI)


@pytest.mark.parametrize(
    ("name", "second"),
    [
        # Hikvision: download of iVMS-4200, of the web page, of the player
        ("192.168.1.64_01_20261120080000000_1.mp4", "08:00:00.000"),
        ("192.168.1.64_01_20261120080000_20261120083000.mp4", "08:00:00.000"),
        ("ch0001_00000000000000000_20261120080000.mp4", "08:00:00.000"),
        ("Camera 01_192.168.1.64_Camera 01_20261120080000_20261120083000_1234.mp4", "08:00:00.000"),
        ("D12_20261120080000.mp4", "08:00:00.000"),
        # Dahua: download of an NVR, memory card with the date in a folder
        ("NVR_ch1_main_20261120080000_20261120083000.dav", "08:00:00.000"),
        ("XVR_ch12_sub_20261120080000_20261120083000[M].dav", "08:00:00.000"),
        ("2026-11-20/001/dav/08/08.00.00-08.30.00[M][0@0][0].dav", "08:00:00.000"),
        ("2026-11-20/001/dav/23/23.30.00-00.00.00[R][0@0][0].mp4", "23:30:00.000"),
        # Uniview, Tiandy, Reolink, Axis, Xiaomi, Blue Iris, Milestone
        ("D1_S20261120080000_E20261120083000.ts", "08:00:00.000"),
        ("通道01_2026-11-20 08-00-00_2026-11-20 08-30-00.mp4", "08:00:00.000"),
        ("RecM02_20261120_080000_081500_6D28C08_1E8E3B.mp4", "08:00:00.000"),
        ("RLC-410W_01_20261120080000.mp4", "08:00:00.000"),
        ("20261120_080000_A1B2_ACCC8E123456.mkv", "08:00:00.000"),
        ("2026112008/00M00S_1795132800.mp4", "08:00:00.000"),
        ("Cam1.20261120_080000.mp4", "08:00:00.000"),
        ("Camera 1 - 2026-11-20 08.00.00.250.mkv", "08:00:00.250"),
        # generic
        ("2026-11-20T08:00:00+08:00.mp4", "08:00:00.000"),
        ("20261120T000000Z.mp4", "08:00:00.000"),
        ("gate_2026-11-20_08-00.mp4", "08:00:00.000"),
        ("gate_2026.11.20_8.00.00.mp4", "08:00:00.000"),
        ("2026-11-20 08.00.00 PM.mp4", "20:00:00.000"),
        ("2026-11-20 12.05.00 am.mp4", "00:05:00.000"),
        ("2026_11_20__08_00_00_ch3.mp4", "08:00:00.000"),
        ("20261120-080000.mp4", "08:00:00.000"),
        ("20261120@080000.avi", "08:00:00.000"),
        ("20261120080000_000123.MP4", "08:00:00.000"),
        ("1795132800.mp4", "08:00:00.000"),
        ("K01-1795132800-1795134600.mp4", "08:00:00.000"),
        ("cam_1795132800123.ts", "08:00:00.123"),
        # Chinese names and folders, full-width digits
        ("向阳路口/2026年11月20日08时00分00秒.mp4", "08:00:00.000"),
        ("２０２６１１２０＿０８００００.mp4", "08:00:00.000"),
        ("向阳路口/2026年11月20日/8时00分00秒.mp4", "08:00:00.000"),
        ("2026/11/20/08-00-00.mp4", "08:00:00.000"),
        # a recording after midnight in the folder of the evening: the name knows better
        ("2026-11-19/ch1_20261120080000.mp4", "08:00:00.000"),
        # a name that says when it was exported, too
        ("20261120080000_export_20261127120000.mp4", "08:00:00.000"),
    ],
)
def test_names_of_recorders(name, second):
    assert start_of(name) == f"2026-11-20T{second}+08:00"


@pytest.mark.parametrize(
    "name",
    [
        "K01.mp4",
        "hiv00001.mp4",
        "192.168.20.26_01.mp4",
        "recording_123456.mp4",
        "20261120.mp4",
        "20261120_0001.mp4",
        "20261120_01_02.mp4",
        "2026-11-20/000123.mp4",
        "2026-11-20/ch1.mp4",
        "12.00.00.mp4",
        "13800138000.mp4",
        "2026-11.20_08.00.00.mp4",
        "211120_080000.mp4",
        "20.11.2026_08.00.00.mp4",
        "9876543210.mp4",
        "3000000000.mp4",
    ],
)
def test_names_without_a_time(name):
    assert time_in_name(Path(name), NOW) is None


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("20261320080000.mp4", "no such time"),
        ("2026-02-29_08-00-00.mp4", "no such time"),
        ("20261120_250000.mp4", "no such time"),
        ("2026-11-20 13.00.00 PM.mp4", "no such time"),
        ("20261120090000_20261120080000.mp4", "not clear"),
        ("20261120080000_20261120090000_20261120100000.mp4", "not clear"),
        ("1795134600_1795132800.mp4", "not clear"),
        ("2026-11-19/2026-11-20/08.00.00.mp4", "several dates"),
    ],
)
def test_names_that_are_refused_and_not_guessed_at(name, why):
    with pytest.raises(UsageError, match=why) as caught:
        time_in_name(Path(name), NOW)
    assert "--start" in caught.value.hint


def test_a_name_without_a_zone_needs_a_site():
    with pytest.raises(UsageError, match="in which zone"):
        start_of("20261120_080000.mp4", zone=None)
    assert start_of("20261120_080000+0800.mp4", zone=None) == "2026-11-20T08:00:00.000+08:00"
    assert start_of("1795132800.mp4", zone=None) == "2026-11-20T08:00:00.000+08:00"


def test_times_that_the_zone_has_not_or_twice_are_refused():
    with pytest.raises(UsageError, match="does not exist in Europe/Berlin"):
        start_of("20260329_023000.mp4", zone=BERLIN)
    with pytest.raises(UsageError, match="twice"):
        start_of("20261025_023000.mp4", zone=BERLIN)
    assert start_of("20261025_023000+0100.mp4", zone=BERLIN) == "2026-10-25T09:30:00.000+08:00"
    assert start_of("20261025_033000.mp4", zone=BERLIN) == "2026-10-25T10:30:00.000+08:00"


def test_a_start_in_the_future_is_refused():
    with pytest.raises(UsageError, match="in the future"):
        start_of("20270101_080000.mp4")


def test_two_times_must_fit_the_length():
    name = "20261120080000_20261120083000.mp4"
    assert start_of(name, duration_s=1805.0).startswith("2026-11-20T08:00")
    assert start_of(name, duration_s=600.0).startswith("2026-11-20T08:00")  # cut, or with holes
    with pytest.raises(UsageError, match="1800 s apart, but it is 3600 s long"):
        start_of(name, duration_s=3600.0)


def test_what_a_name_leaves_open():
    def sigma_s(name: str) -> float:
        named = time_in_name(Path(name), NOW)
        assert named is not None
        return named.sigma_s

    assert sigma_s("20261120080000.mp4") == SECOND_SIGMA_S
    assert sigma_s("20261120080000123.mp4") == 0.0
    assert sigma_s("2026-11-20_08-00.mp4") == MINUTE_SIGMA_S


@given(
    st.datetimes(datetime(2001, 1, 1), datetime(2026, 11, 27)),
    st.sampled_from(
        ["%Y%m%d_%H%M%S", "%Y%m%d%H%M%S", "%Y-%m-%dT%H-%M-%S", "%Y年%m月%d日%H时%M分%S秒"]
    ),
    st.sampled_from(["", "ch01_", "NVR_ch12_main_", "10.0.0.7_", "路口-", "K7 "]),
    st.sampled_from(["", "_1", "_0001", "[M][0@0]", " (2)", "_main"]),
)
@settings(deadline=None)
def test_whatever_stands_around_a_time_it_is_read(moment, form, before, after):
    named = time_in_name(Path(f"{before}{moment:{form}}{after}.mp4"), NOW)
    assert named is not None
    assert named.local == moment.replace(microsecond=0)


@given(st.text(max_size=40))
@settings(deadline=None)
def test_any_name_is_read_or_refused(text):
    with contextlib.suppress(UsageError):
        time_in_name(Path("x") / text.replace("/", "").replace("\0", ""), NOW)


def test_the_containers_date_is_taken_for_utc_and_the_beginning_within_its_length():
    facts = ContainerFacts({"creation_time": "2026-11-20T00:00:00.000000Z"}, 1800.0)
    found = start_of_container(facts, Path("a.mp4"), NOW)
    assert found is not None
    assert found.started_ns == parse_time("2026-11-20T08:00:00+08:00")
    assert (found.source, found.sigma_s) == ("container", 1800.0)
    short = ContainerFacts({"creation_time": "2026-11-20T00:00:00Z"}, 1.0)
    found = start_of_container(short, Path("a.mp4"), NOW)
    assert found is not None
    assert found.sigma_s == CONTAINER_SIGMA_S
    quicktime = {"com.apple.quicktime.creationdate": "2026-11-20T08:00:00+0800", **facts.metadata}
    found = start_of_container(ContainerFacts(quicktime, 1800.0), Path("a.mov"), NOW)
    assert found is not None
    assert found.sigma_s == 1.0


@pytest.mark.parametrize(
    "text", ["", "yesterday", "1904-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "0000-00-00"]
)
def test_a_container_whose_clock_was_never_set_says_nothing(text):
    facts = ContainerFacts({"creation_time": text}, 60.0)
    assert start_of_container(facts, Path("a.mp4"), NOW) is None


def test_local_time_written_as_utc_shows_where_it_lies_in_the_future():
    facts = ContainerFacts({"creation_time": "2026-11-28T19:55:00Z"}, 60.0)
    with pytest.raises(UsageError, match="in the future") as caught:
        start_of_container(facts, Path("a.mp4"), NOW)
    assert "local time" in caught.value.hint


def test_name_before_container_before_nothing(make_clip, tmp_path):
    made = make_clip("plain.mp4")
    with av.open(str(made)) as source, av.open(str(tmp_path / "dated.mp4"), "w") as out:
        out.metadata["creation_time"] = "2026-11-20T00:00:00Z"
        stream = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                out.mux(packet)
    dated = find_start(tmp_path / "dated.mp4", SHANGHAI, NOW_NS)
    assert (dated.source, dated.started_ns) == ("container", parse_time("2026-11-20T00:00:00Z"))
    named = (tmp_path / "dated.mp4").rename(tmp_path / "K01_20261120_090000.mp4")
    found = find_start(named, SHANGHAI, NOW_NS)
    assert (found.source, found.started_ns) == ("name", parse_time("2026-11-20T01:00:00Z"))
    with pytest.raises(UsageError, match="neither in its name nor in the file"):
        find_start(made, SHANGHAI, NOW_NS)
    text = tmp_path / "20261120_080000.mp4"
    text.write_text("no video")  # what is wrong with it is said when it is read
    assert find_start(text, SHANGHAI, NOW_NS).source == "name"
