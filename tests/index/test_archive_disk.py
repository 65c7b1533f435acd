"""A full disk: intake stops before it, nothing stored is lost, deletions still work."""

from __future__ import annotations

import ctypes
import hashlib
import os
from contextlib import suppress
from pathlib import Path

import pytest

from yanji.configs.errors import DiskFullError
from yanji.index.cameras import Camera
from yanji.index.check import check
from yanji.index.crops import stored_files
from yanji.index.delete import Deleted
from yanji.index.disk import BALLAST, BALLAST_BYTES, release_ballast
from yanji.index.reader import read_archive
from yanji.index.writer import open_archive
from yanji.reid.sighting import CropFile

MIB = 2**20


def test_intake_stops_at_the_low_water_mark_and_resumes_by_itself(open_writer, maker, folder):
    left = [10_000 * MIB]
    writer = open_writer(low_water_bytes=500 * MIB, free=lambda folder: left[0])
    writer.register_camera(Camera("K01"))
    run = maker.run()
    writer.start_run(run)
    writer.write([maker.sighting(1, run)])
    left[0] = 499 * MIB
    with pytest.raises(DiskFullError, match="intake stopped: 499 MiB free"):
        writer.write([maker.sighting(2, run)])
    assert len(list(stored_files(folder))) == 1
    with read_archive(folder) as reader:
        assert reader.num_sightings() == 1
        left[0] = 501 * MIB
        writer.write([maker.sighting(2, run)])
        assert reader.num_sightings() == 2


def test_the_ballast_is_kept_where_there_is_room(open_writer, folder):
    left = [100 * MIB]
    open_writer(low_water_bytes=90 * MIB, free=lambda folder: left[0]).close()
    assert not (folder / BALLAST).exists()
    left[0] = 1000 * MIB
    open_writer(low_water_bytes=90 * MIB, free=lambda folder: left[0]).close()
    assert (folder / BALLAST).stat().st_size == BALLAST_BYTES
    assert (folder / BALLAST).stat().st_blocks * 512 >= BALLAST_BYTES
    assert release_ballast(folder)
    assert not release_ballast(folder)


def test_a_deletion_on_a_full_disk_releases_the_ballast_and_is_done(open_writer, folder):
    writer = open_writer()
    assert (folder / BALLAST).exists()
    tries = []

    def work(connection: object) -> Deleted:
        tries.append((folder / BALLAST).exists())
        if tries[-1]:
            raise DiskFullError("full")
        return Deleted(1)

    assert writer.in_reserve(work) == Deleted(1)
    assert tries == [True, False]

    def hopeless(connection: object) -> Deleted:
        raise DiskFullError("full")

    with pytest.raises(DiskFullError):
        writer.in_reserve(hopeless)


def test_crops_that_find_no_room_leave_nothing_behind(open_writer, maker, folder, monkeypatch):
    writer = open_writer()
    writer.register_camera(Camera("K01"))
    run = maker.run()
    writer.start_run(run)
    calls = []

    def fsync(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 3:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("yanji.index.crops.os.fsync", fsync)
    with pytest.raises(DiskFullError):
        writer.write([maker.sighting(n, run) for n in range(5)])
    monkeypatch.undo()
    assert [path for name, path, _ in stored_files(folder) if name] == []
    writer.write([maker.sighting(n, run) for n in range(5)])
    writer.close()
    open_writer().close()
    assert check(folder).problems == ()


@pytest.fixture
def small_disk(tmp_path: Path):
    """A file system of 40 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"none", bytes(place), b"tmpfs", 0, b"size=40m") != 0:
        pytest.skip(f"cannot mount a small disk here: {os.strerror(ctypes.get_errno())}")
    yield place
    libc.umount2(bytes(place), 2)


def test_a_disk_that_is_really_full_loses_nothing_and_can_be_emptied(small_disk, maker):
    folder = small_disk / "archive"
    run = maker.run()
    acked: list[str] = []
    with open_archive(folder, low_water_bytes=0, clock_ns=lambda: run.started_ns) as writer:
        assert (folder / BALLAST).exists()
        writer.register_camera(Camera("K01"))
        writer.start_run(run)
        filler = small_disk / "filler"
        filler.write_bytes(bytes(20 * MIB))

        def fill() -> None:
            for number in range(10_000):
                crop = os.urandom(20_000)
                name = hashlib.sha256(crop).hexdigest()
                file = CropFile(crop, name, 1, 1, (0, 0, 1, 1), 0, 0.5)
                sighting = maker.sighting(number, run, crops=(file,))
                writer.write([sighting])
                acked.append(sighting.sighting_id)

        with pytest.raises(DiskFullError):
            fill()
        # The crops filled it; now the log as well.
        with suppress(OSError), filler.open("ab", buffering=0) as rest:
            while True:
                rest.write(bytes(4096))
        with read_archive(folder) as reader:
            assert {item.sighting_id for item in reader.sightings()} == set(acked)
        assert len(acked) > 10
        deleted = writer.remove_run(run.run_id)  # needs room in the log: the ballast gives it
        assert deleted.sightings == len(acked)
        assert list(stored_files(folder)) == []
    filler.unlink()
    assert check(folder).problems == ()
