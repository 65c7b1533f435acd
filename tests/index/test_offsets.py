"""The table of clock offsets: written, handed over, in force; corrected times follow it."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yanji.configs.errors import ArchiveError, DiskFullError
from yanji.index.clock import UNKNOWN_SIGMA_S, ClockOffsets
from yanji.index.handover import FOLDER, MAX_BYTES, OffsetOrder, hand_over, take_over
from yanji.index.offsets import (
    ALWAYS_NS,
    StoredOffset,
    begins_ns,
    in_force,
    read_offset_table,
)
from yanji.index.reader import read_archive

SECOND = 10**9
NOON_NS = 1_790_000_000 * SECOND


def table_of(writer) -> list[StoredOffset]:
    with writer.transaction() as connection:
        return read_offset_table(connection)


entries = st.lists(
    st.tuples(st.integers(0, 10**6), st.floats(-3600, 3600)), max_size=6, unique_by=lambda e: e[0]
)


@given(entries, st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
@settings(deadline=None)
def test_one_time_and_many_are_corrected_alike_by_the_entry_in_force(given_entries, times_s):
    rows = sorted(given_entries)
    clock = ClockOffsets(
        np.array([begin * SECOND for begin, _ in rows], np.int64),
        np.array([round(offset_s * 1e9) for _, offset_s in rows], np.int64),
        tuple(0.5 for _ in rows),
    )
    table = [StoredOffset("K01", begin * SECOND, ahead, 0.5, "clock") for begin, ahead in rows]
    wall_N = np.array([time_s * SECOND for time_s in times_s], np.int64)
    corrected_N = clock.corrected(wall_N)
    for wall_ns, corrected_ns in zip(wall_N.tolist(), corrected_N.tolist(), strict=True):
        entry = in_force(table, "K01", wall_ns)
        assert clock.corrected_ns(wall_ns) == corrected_ns == wall_ns - round(entry.ahead_s * 1e9)
        assert clock.sigma_s(wall_ns) == entry.sigma_s
        low, high = clock.bounds_ns()
        assert low <= wall_ns - corrected_ns <= high


@given(entries, st.lists(st.integers(0, 10**6), min_size=2, max_size=20))
@settings(deadline=None)
def test_between_two_entries_correction_keeps_the_order(given_entries, times_s):
    rows = sorted(given_entries)
    clock = ClockOffsets(
        np.array([begin * SECOND for begin, _ in rows], np.int64),
        np.array([round(offset_s * 1e9) for _, offset_s in rows], np.int64),
        tuple(0.5 for _ in rows),
    )
    for one, two in itertools.pairwise(sorted(times_s)):
        if any(one < begin <= two for begin, _ in rows):
            continue  # the clock was set in between
        assert clock.corrected_ns(one * SECOND) <= clock.corrected_ns(two * SECOND)


def test_the_first_comparison_holds_always_and_later_ones_from_then_on():
    nobody = StoredOffset("K01", 0, 0.0, UNKNOWN_SIGMA_S, "site")
    other = StoredOffset("K02", 0, 3.0, 1.0, "site")
    assert begins_ns([], "K01", NOON_NS) == ALWAYS_NS
    assert begins_ns([nobody, other], "K01", NOON_NS) == ALWAYS_NS
    first = StoredOffset("K01", ALWAYS_NS, 1.0, 0.5, "clock")
    assert begins_ns([nobody, first], "K01", NOON_NS) == NOON_NS
    assert begins_ns([other], "K02", NOON_NS) == NOON_NS
    assert in_force([nobody, first], "K01", NOON_NS) == first
    assert in_force([nobody, first], "K03", NOON_NS).sigma_s == UNKNOWN_SIGMA_S


def test_the_site_file_is_written_again_and_covers_nothing_that_was_measured(writer):
    writer.set_clock_offset("K01", 0, 0.0, 2.0, "site")
    writer.set_clock_offset("K01", ALWAYS_NS, 3.0, 0.5, "clock")
    writer.set_clock_offset("K01", 0, 7.0, 1.0, "site")
    assert in_force(table_of(writer), "K01", NOON_NS).ahead_s == 3.0


def test_offsets_that_were_handed_over_are_taken_in_once_and_in_order(writer, folder):
    assert take_over(writer) == 0
    hand_over(folder, [OffsetOrder("K01", ALWAYS_NS, 1.5, 0.5, "clock")])
    hand_over(
        folder,
        [
            OffsetOrder("K01", ALWAYS_NS, 2.5, 0.5, "clock"),
            OffsetOrder("K02", NOON_NS, -1.0, 0.7, "pairs"),
        ],
    )
    assert take_over(writer) == 3
    assert take_over(writer) == 0
    assert table_of(writer) == [
        StoredOffset("K01", ALWAYS_NS, 2.5, 0.5, "clock"),
        StoredOffset("K02", NOON_NS, -1.0, 0.7, "pairs"),
    ]
    assert list((folder / FOLDER).iterdir()) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"camera_id": "K01"}',
        json.dumps({"camera_id": "K99", "valid_from_ns": 1, "offset_s": 1.0, "sigma_s": 1.0}),
        '{"camera_id": "K99", "valid_from_ns": 1, "offset_s": 1, "sigma_s": 1, "source": "clock"}',
        '{"camera_id":"K01","valid_from_ns":1,"offset_s":NaN,"sigma_s":1,"source":"clock"}',
        '{"camera_id":"K01","valid_from_ns":1,"offset_s":1,"sigma_s":-1,"source":"clock"}',
        '{"camera_id":"K01","valid_from_ns":"1","offset_s":1,"sigma_s":1,"source":"clock"}',
        " " * (MAX_BYTES + 1),
    ],
)
def test_what_cannot_be_used_is_put_aside_and_stops_nothing(writer, folder, text, caplog):
    (folder / FOLDER).mkdir()
    (folder / FOLDER / "0.json").write_text(text)
    hand_over(folder, [OffsetOrder("K01", ALWAYS_NS, 1.5, 0.5, "clock")])
    assert take_over(writer) == 1
    assert [path.name for path in (folder / FOLDER).iterdir()] == ["0.bad"]
    assert "not taken in" in caplog.text


def test_on_a_full_disk_it_waits(writer, folder, monkeypatch):
    hand_over(folder, [OffsetOrder("K01", ALWAYS_NS, 1.5, 0.5, "clock")])

    def full(*_: object) -> None:
        raise DiskFullError("full")

    monkeypatch.setattr(writer, "set_clock_offset", full)
    with pytest.raises(DiskFullError):
        take_over(writer)
    monkeypatch.undo()
    assert take_over(writer) == 1


def test_an_offset_mends_what_was_stored_before(writer, maker, folder):
    run = maker.run()
    writer.start_run(run)
    writer.write([maker.sighting(1, run)])
    with read_archive(folder) as reader:
        (before,) = reader.sightings()
        writer.set_clock_offset("K01", ALWAYS_NS, 2.5, 0.5, "clock")
        (after,) = reader.sightings()
    assert before.first_ns - after.first_ns == 2_500_000_000
    assert (before.sigma_s, after.sigma_s) == (UNKNOWN_SIGMA_S, 0.5)


def test_an_unknown_camera_is_refused(writer):
    with pytest.raises(ArchiveError, match="no camera"):
        writer.set_clock_offset("K99", 1, 0.0, 1.0, "clock")
