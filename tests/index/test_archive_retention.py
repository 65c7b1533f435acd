"""Retention deletes rows, crops, vectors, and their bytes; a jumping clock deletes nothing."""

from __future__ import annotations

import os

import numpy as np
import pytest

from yanji.configs.errors import ArchiveError, UsageError
from yanji.index.check import check
from yanji.index.crops import crop_path, stored_files
from yanji.index.hit import Filter
from yanji.index.reader import read_archive
from yanji.index.search import search
from yanji.index.tables import DAY_NS
from yanji.ingest.gap import Gap


def bytes_of(folder) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def filled(writer, maker):
    """Ten sightings: even numbers today, odd ones ten days ago."""
    run = maker.run()
    writer.start_run(run)
    batch = []
    for number in range(10):
        at_ns = run.started_ns - (number % 2) * 10 * DAY_NS + number * 10**9
        batch.append(maker.sighting(number, run, at_ns=at_ns, plate=f"PLATE{number}SECRET"))
    writer.write(batch)
    writer.write_gaps([Gap("K01", run.started_ns - 11 * DAY_NS, run.started_ns - 10 * DAY_NS, "x")])
    return batch


def test_old_sightings_leave_no_bytes(writer, maker, filled, folder):
    now_ns = filled[0].run.started_ns + 3600 * 10**9
    vectors = [item.embeddings[0].vector_D.astype("<f2").tobytes() for item in filled]
    before = bytes_of(folder)
    assert all(vector in before for vector in vectors)
    with read_archive(folder) as reader:
        query = filled[1].embeddings[0]
        assert search(reader, query, Filter(), 3).searched == 10
        report = writer.enforce_retention(now_ns, days=5)
        assert (report.num_sightings, report.deleted.crops, report.deleted.vectors) == (5, 5, 5)
        assert report.gaps == 1
        assert report.bytes_forgotten
        assert search(reader, query, Filter(), 3).searched == 5
    after = bytes_of(folder)
    for number, item in enumerate(filled):
        kept = number % 2 == 0
        assert (vectors[number] in after) == kept
        assert (f"PLATE{number}SECRET".encode() in after) == kept
        assert (item.sighting_id.encode() in after) == kept
        assert (item.crops[0].sha256.encode() in after) == kept
        assert crop_path(folder, item.crops[0].sha256).exists() == kept
    writer.close()
    assert check(folder).problems == ()


def test_a_reader_that_is_in_the_way_is_reported_and_the_next_pass_cleans(
    writer, filled, folder, monkeypatch
):
    monkeypatch.setattr("yanji.index.sqlite.BUSY_TIMEOUT_S", 0.1)
    writer.engine.dispose()  # the next connection takes the short time-out
    now_ns = filled[0].run.started_ns
    with read_archive(folder) as reader, reader.snapshot():
        report = writer.enforce_retention(now_ns, days=5)
        assert report.num_sightings == 5
        assert not report.bytes_forgotten
    assert writer.enforce_retention(now_ns, days=5).bytes_forgotten
    assert b"PLATE1SECRET" not in bytes_of(folder)


def test_a_clock_that_jumped_deletes_nothing_without_a_yes(writer, filled, folder):
    year_2099 = filled[0].run.started_ns + 70 * 365 * DAY_NS
    with pytest.raises(ArchiveError, match="nothing deleted") as caught:
        writer.enforce_retention(year_2099, days=30)
    assert caught.value.code == "clock_jump"
    with read_archive(folder) as reader:
        assert reader.num_sightings() == 10
        assert writer.enforce_retention(year_2099, 30, confirmed=True).num_sightings == 10
        assert reader.num_sightings() == 0


@pytest.mark.parametrize("days", [0, -1, float("nan")])
def test_days_must_be_positive(writer, days):
    with pytest.raises(UsageError):
        writer.enforce_retention(10**18, days)


def test_old_orphans_go_and_young_ones_stay_until_the_check(writer, filled, folder):
    old, young = "a" * 64, "b" * 64
    for name in (old, young):
        path = crop_path(folder, name)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"left by a crash")
    os.utime(crop_path(folder, old), (1_000_000, 1_000_000))
    report = writer.enforce_retention(filled[0].run.started_ns, days=5)
    assert report.orphans == 1
    names = {name for name, _, _ in stored_files(folder)}
    assert old not in names
    assert young in names


def test_crops_of_a_crash_between_commit_and_unlink_go_at_the_next_opening(
    writer, open_writer, maker, filled, folder, monkeypatch
):
    def crash(folder: object, names: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("yanji.index.writer.unlink_crops", crash)
    with pytest.raises(KeyboardInterrupt):
        writer.remove_run(filled[0].run.run_id)
    monkeypatch.undo()
    assert len(list(stored_files(folder))) == 10
    writer.close()
    open_writer()
    assert list(stored_files(folder)) == []


def test_a_reader_that_slept_past_forgotten_notes_starts_anew(writer, maker, filled, folder):
    now_ns = filled[0].run.started_ns
    query = filled[0].embeddings[0]
    with read_archive(folder) as reader:
        assert search(reader, query, Filter(), 20).searched == 10
        writer.enforce_retention(now_ns, days=5)
        writer.enforce_retention(now_ns + 9 * DAY_NS, days=15, confirmed=True)  # notes are gone
        answer = search(reader, query, Filter(), 20)
        assert answer.searched == 5
        assert len(answer.hits) == 5
        assert np.isclose(answer.hits[0].score, 1, atol=1e-3)
