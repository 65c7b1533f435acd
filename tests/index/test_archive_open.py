"""Opening: one writer, newer and older schemas, read-only places, things that are no archive."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect

from yanji.configs.errors import ArchiveBusyError, ArchiveError, ArchiveTooNewError
from yanji.index.migrations import Migration, migrations
from yanji.index.reader import read_archive
from yanji.index.sqlite import statements
from yanji.index.tables import METADATA
from yanji.index.writer import open_archive

NEXT = Migration(
    len(migrations()) + 1,
    "test",
    "-- one\nALTER TABLE cameras ADD COLUMN note TEXT;\n"
    "CREATE TABLE extra (a INTEGER); -- two\nINSERT INTO extra VALUES (7);\n",
)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_the_tables_are_those_of_the_migrations(writer, folder):
    engine = create_engine(f"sqlite:///{folder / 'archive.db'}")
    found = inspect(engine)
    assert set(found.get_table_names()) == set(METADATA.tables)
    for name, table in METADATA.tables.items():
        columns = [column["name"] for column in found.get_columns(name)]
        assert columns == [column.name for column in table.columns], name
    engine.dispose()


def test_what_a_power_cut_and_retention_depend_on(writer):
    """Measured: with synchronous=NORMAL (1) a power cut loses all commits since a checkpoint."""
    expected = {
        "synchronous": 2,
        "journal_mode": "wal",
        "foreign_keys": 1,
        "secure_delete": 1,
        "auto_vacuum": 2,
    }
    with writer.transaction() as connection:
        for name, value in expected.items():
            assert connection.exec_driver_sql(f"PRAGMA {name}").scalar() == value, name


def test_a_second_writer_is_refused_until_the_first_is_done(open_writer, folder):
    first = open_writer()
    code = (
        "import sys; from pathlib import Path; from yanji.index.writer import open_archive\n"
        "from yanji.configs.errors import ArchiveBusyError\n"
        "try: open_archive(Path(sys.argv[1]), low_water_bytes=0)\n"
        "except ArchiveBusyError as error: print(error.message); sys.exit(7)\n"
    )
    ask = [sys.executable, "-c", code, str(folder)]
    refused = subprocess.run(ask, capture_output=True, text=True, check=False)
    assert refused.returncode == 7, refused.stderr
    assert "another process writes" in refused.stdout
    with pytest.raises(ArchiveBusyError):
        open_archive(folder)
    first.close()
    assert subprocess.run(ask, check=False).returncode == 0


def test_an_archive_of_a_newer_version_is_refused_and_not_touched(open_writer, folder):
    open_writer(known=(*migrations(), NEXT)).close()
    before = contents(folder)
    with pytest.raises(
        ArchiveTooNewError,
        match=f"schema {NEXT.version}, this yanji knows up to {NEXT.version - 1}",
    ):
        open_writer()
    with pytest.raises(ArchiveTooNewError):
        read_archive(folder)
    assert contents(folder) == before


def test_the_next_migration_keeps_the_rows(open_writer, maker, folder):
    from yanji.index.cameras import Camera

    with open_writer() as old:
        old.register_camera(Camera("K01"))
        run = maker.run()
        old.start_run(run)
        old.write([maker.sighting(1, run)])
    open_writer(known=(*migrations(), NEXT)).close()
    with sqlite3.connect(folder / "archive.db") as raw:
        assert raw.execute("SELECT a FROM extra").fetchall() == [(7,)]
        assert raw.execute("SELECT camera_id, note FROM cameras").fetchall() == [("K01", None)]
        assert raw.execute("SELECT count(*) FROM sightings").fetchone() == (1,)
        assert raw.execute("SELECT max(version) FROM schema_version").fetchone() == (NEXT.version,)
    raw.close()


def test_every_older_version_upgrades(tmp_path):
    """An archive of each version N-1, made by its own migrations, opens as N."""
    known = (*migrations(), NEXT)
    for count in range(1, len(known)):
        folder = tmp_path / str(count)
        open_archive(folder, known=known[:count], low_water_bytes=0).close()
        open_archive(folder, known=known, low_water_bytes=0).close()
        with pytest.raises(ArchiveTooNewError):
            open_archive(folder, known=known[:count])


KILLED_HALF_WAY = """
import os, sys
from pathlib import Path
from sqlalchemy import Engine, event
from yanji.index.migrations import Migration, migrations
from yanji.index.writer import open_archive
@event.listens_for(Engine, "after_cursor_execute")
def die(connection, cursor, statement, *rest):
    if "CREATE TABLE extra" in statement:
        os._exit(9)
last = Migration(len(migrations()) + 1, "x", sys.argv[2])
open_archive(Path(sys.argv[1]), known=(*migrations(), last))
"""


def test_a_migration_killed_half_way_leaves_the_old_schema(open_writer, folder):
    open_writer().close()
    child = subprocess.run(
        [sys.executable, "-c", KILLED_HALF_WAY, str(folder), NEXT.sql], check=False
    )
    assert child.returncode == 9
    with open_writer():  # the old version still, and writable
        pass
    with sqlite3.connect(folder / "archive.db") as raw:
        columns = [row[1] for row in raw.execute("PRAGMA table_info(cameras)")]
    raw.close()
    assert "note" not in columns


def test_a_script_is_cut_where_its_statements_end():
    script = "-- a; comment\nCREATE TABLE t (a TEXT -- b; c\n);\n\nINSERT INTO t VALUES (';');\n"
    assert len(statements(script)) == 2
    with pytest.raises(ValueError, match="unfinished"):
        statements("CREATE TABLE t (a")


def test_no_archive_says_how_to_make_one(tmp_path):
    with pytest.raises(ArchiveError, match="there is no archive") as caught:
        read_archive(tmp_path / "nowhere")
    assert "--archive" in caught.value.hint
    assert not (tmp_path / "nowhere").exists()


def test_a_file_in_place_of_the_folder(tmp_path):
    path = tmp_path / "file"
    path.write_text("x")
    with pytest.raises(ArchiveError, match="is a file"):
        open_archive(path)
    with pytest.raises(ArchiveError, match="Not a directory"):
        open_archive(path / "below")


def test_a_database_that_is_none(tmp_path):
    (tmp_path / "archive.db").write_bytes(b"no database at all, only text" * 100)
    with pytest.raises(ArchiveError, match="damaged"):
        open_archive(tmp_path)
    with pytest.raises(ArchiveError, match="damaged"):
        read_archive(tmp_path)


@pytest.fixture
def as_nobody():
    """Root ignores permissions: become an ordinary user for the length of a test."""
    if os.geteuid() != 0:
        yield
        return
    os.setegid(65534)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


@pytest.fixture
def locked(writer, maker, folder):
    """An archive whose folder cannot be written, somewhere that anybody can reach."""
    run = maker.run()
    writer.start_run(run)
    writer.write([maker.sighting(n, run) for n in range(4)])
    writer.close()
    place = Path(tempfile.mkdtemp(prefix="yanji-test-"))
    copy = place / "archive"
    shutil.copytree(folder, copy)
    place.chmod(0o755)
    for path in [copy, *copy.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    yield copy
    for path in [copy, *copy.rglob("*")]:
        path.chmod(0o755)
    shutil.rmtree(place)


def test_a_read_only_archive_can_be_read_and_says_why_it_cannot_be_written(locked, as_nobody):
    with read_archive(locked) as reader:
        assert len(reader.sightings()) == 4
    with pytest.raises(ArchiveError, match="cannot be written") as caught:
        open_archive(locked)
    assert "read-only" in caught.value.hint


@pytest.fixture
def locked_with_log(writer, maker, folder):
    """A copy of an archive whose newest rows are only in the log, in a read-only folder."""
    run = maker.run()
    writer.start_run(run)
    writer.write([maker.sighting(1, run)])
    place = Path(tempfile.mkdtemp(prefix="yanji-test-"))
    copy = place / "archive"
    copy.mkdir()
    for name in ("archive.db", "archive.db-wal"):
        shutil.copy(folder / name, copy / name)
        (copy / name).chmod(0o444)
    assert (copy / "archive.db-wal").stat().st_size > 0
    place.chmod(0o755)
    copy.chmod(0o555)
    yield copy
    copy.chmod(0o755)
    shutil.rmtree(place)


def test_a_read_only_archive_is_never_read_in_part(locked_with_log, as_nobody):
    with pytest.raises(ArchiveError, match="cannot be read completely"):
        read_archive(locked_with_log)
