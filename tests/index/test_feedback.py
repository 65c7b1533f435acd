"""Verdicts: kept per case, beside the archive, by several at once, and no longer than allowed."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from yanji.configs.errors import ArchiveError, ArchiveTooNewError, DiskFullError, UsageError
from yanji.index.feedback import FEEDBACK, FeedbackStore
from yanji.index.reader import read_archive

DAY_NS = 86_400 * 10**9
A, B, C = "a" * 32, "b" * 32, "c" * 32


@pytest.fixture
def store(tmp_path: Path):
    with FeedbackStore.open(tmp_path) as opened:
        yield opened


def test_the_newest_verdict_of_a_case_counts_and_the_history_is_kept(store) -> None:
    store.put("17", A, "confirmed", "q", "audit1", 10)
    store.put("17", B, "rejected", "q", "audit2", 20)
    store.put("18", A, "rejected", "q", "audit3", 30)
    # The clock was set back: what was said last counts all the same.
    last = store.put("17", A, "unsure", "q", "audit4", 5)
    assert [(said.sighting_id, said.verdict) for said in store.of_case("17")] == [
        (A, "unsure"),
        (B, "rejected"),
    ]
    assert store.of_case("17")[0] == last
    assert [said.audit_id for said in store.history("17")] == ["audit4", "audit2", "audit1"]
    assert [said.verdict for said in store.of_case("18")] == ["rejected"]
    assert store.of_case("19") == []


def test_what_is_said_for_one_vehicle_says_nothing_of_another(store) -> None:
    """A case may look for two vehicles of one snapshot."""
    store.put("17", A, "confirmed", "photo 1,2,3,4", "audit1", 10)
    store.put("17", A, "rejected", "photo 5,6,7,8", "audit2", 20)
    assert [(said.query, said.verdict) for said in store.of_case("17")] == [
        ("photo 5,6,7,8", "rejected"),
        ("photo 1,2,3,4", "confirmed"),
    ]


def test_a_case_number_is_the_same_in_every_spelling(store) -> None:
    composed, apart = (
        unicodedata.normalize("NFC", "Übung 案件"),
        unicodedata.normalize("NFD", "Übung 案件"),
    )
    assert composed != apart
    store.put(apart, A, "confirmed", "", "x", 1)
    assert store.of_case(f" {composed} ")[0].case == composed
    store.put("'; DROP TABLE verdicts; --", B, "confirmed", "", "x", 1)
    assert len(store.of_case("'; DROP TABLE verdicts; --")) == 1


@pytest.mark.parametrize("case", ["", "  ", "\ud800"])
def test_a_missing_case_is_refused(store, case: str) -> None:
    with pytest.raises(UsageError, match="case number"):
        store.put(case, A, "confirmed", "", "x", 1)
    with pytest.raises(UsageError):
        store.of_case(case)


def test_only_three_verdicts_are_known(store) -> None:
    with pytest.raises(UsageError, match="'maybe'"):
        store.put("17", A, "maybe", "", "x", 1)
    assert store.history("17") == []


def test_what_was_said_is_there_after_opening_again(tmp_path: Path) -> None:
    with FeedbackStore.open(tmp_path) as one:
        one.put("17", A, "confirmed", "", "x", 1)
    with FeedbackStore.open(tmp_path) as two:
        assert len(two.of_case("17")) == 1


SAYER = """
import sys
from pathlib import Path
from yanji.index.feedback import FeedbackStore
folder, case = Path(sys.argv[1]), sys.argv[2]
with FeedbackStore.open(folder) as store:
    for number in range(60):
        store.put(case, f"{number:032d}", "confirmed", "", "x", number)
"""


def test_processes_make_the_file_and_say_things_at_once(tmp_path: Path) -> None:
    children = [
        subprocess.Popen([sys.executable, "-W", "error", "-c", SAYER, str(tmp_path), f"case {n}"])
        for n in range(3)
    ]
    assert [child.wait() for child in children] == [0, 0, 0]
    with FeedbackStore.open(tmp_path) as store:
        assert [len(store.of_case(f"case {n}")) for n in range(3)] == [60, 60, 60]


def test_a_verdict_neither_changes_the_archive_nor_waits_for_its_writer(
    writer, maker, folder
) -> None:
    run = maker.run()
    writer.start_run(run)
    sighting = maker.sighting(1, run)
    writer.write([sighting])
    with read_archive(folder) as reader, FeedbackStore.open(folder) as store:
        before = reader.refresh()
        with writer.transaction():
            store.put("17", sighting.sighting_id, "confirmed", "", "x", 1)
            assert len(store.of_case("17")) == 1
        after = reader.refresh()
        assert after.sighting_ids == ()
        assert after.num_deleted == 0
        assert before.num_deleted == 0
        assert reader.sighting(sighting.sighting_id).state == "closed"


def test_a_newer_file_is_refused_and_not_touched(tmp_path: Path) -> None:
    FeedbackStore.open(tmp_path).close()
    with sqlite3.connect(tmp_path / FEEDBACK) as raw:
        raw.execute("PRAGMA user_version = 99")
    raw.close()
    before = (tmp_path / FEEDBACK).read_bytes()
    with pytest.raises(ArchiveTooNewError, match="schema 99, this yanji knows up to 1"):
        FeedbackStore.open(tmp_path)
    assert (tmp_path / FEEDBACK).read_bytes() == before


@pytest.mark.parametrize(
    "content", [b"not a database" * 500, b"SQLite format 3\0" + b"\xff" * 9000]
)
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FEEDBACK).write_bytes(content)
    with pytest.raises(ArchiveError, match=r"feedback\.db are damaged") as caught:
        FeedbackStore.open(tmp_path)
    assert caught.value.code == "feedback_damaged"
    assert "archive itself is untouched" in caught.value.hint


def test_pages_damaged_later_are_named_too(tmp_path: Path) -> None:
    with FeedbackStore.open(tmp_path) as store:
        for number in range(300):
            store.put("17", f"{number:032d}", "confirmed", "", "x", number)
    path = tmp_path / FEEDBACK
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xee" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(ArchiveError) as caught, FeedbackStore.open(tmp_path) as store:
        store.history("17")
    assert caught.value.code == "feedback_damaged"


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError):
        FeedbackStore.open(tmp_path / "none")


def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    with FeedbackStore.open(tmp_path) as store:
        store.put("17", A, "confirmed", "", "x", 1)
        with store._writing.connect() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 1")
        with pytest.raises(DiskFullError, match="is full"):
            store.put("17", B, "confirmed", "q" * 500_000, "x", 2)
        assert [said.sighting_id for said in store.of_case("17")] == [A]


def test_retention_takes_verdicts_with_their_sightings(writer, maker, folder) -> None:
    run = maker.run()
    writer.start_run(run)
    old = maker.sighting(1, run, at_ns=run.started_ns - 40 * DAY_NS)
    new = maker.sighting(2, run, at_ns=run.started_ns)
    writer.write([old, new])
    now_ns = run.started_ns + DAY_NS
    with FeedbackStore.open(folder) as store:
        for sighting in (old, new):
            store.put("17", sighting.sighting_id, "confirmed", "", "x", now_ns)
        store.put("17", new.sighting_id, "rejected", "", "secret-of-old", now_ns - 50 * DAY_NS)
        writer.enforce_retention(now_ns, days=30)
        assert [said.sighting_id for said in store.history("17")] == [new.sighting_id]
        assert store.of_case("17")[0].verdict == "confirmed"
    for path in folder.glob("feedback.db*"):
        assert old.sighting_id.encode() not in path.read_bytes()
        assert b"secret-of-old" not in path.read_bytes()


def test_purging_needs_no_archive_and_counts(store) -> None:
    assert store.purge(100) == 0
    store.put("17", A, "confirmed", "", "x", 99)
    store.put("17", B, "confirmed", "", "x", 100)
    assert store.purge(100) == 1
    assert [said.sighting_id for said in store.history("17")] == [B]


def test_retention_without_verdicts_makes_no_file(writer, maker, folder) -> None:
    writer.enforce_retention(maker.run().started_ns, days=30)
    assert not (folder / FEEDBACK).exists()


def test_damaged_verdicts_do_not_stop_retention(writer, maker, folder, caplog) -> None:
    run = maker.run()
    writer.start_run(run)
    writer.write([maker.sighting(1, run, at_ns=run.started_ns - 40 * DAY_NS)])
    (folder / FEEDBACK).write_bytes(b"not a database" * 500)
    assert writer.enforce_retention(run.started_ns, days=30).num_sightings == 1
    assert "verdicts were not examined" in caplog.text
