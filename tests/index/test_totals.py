"""Totals of an archive: per camera and as a whole, counted anew only after a write."""

from __future__ import annotations

from yanji.index.cameras import Camera
from yanji.index.reader import read_archive
from yanji.index.totals import ArchiveTotals, read_totals


def test_an_empty_archive_has_no_span(writer, folder):
    with read_archive(folder) as reader:
        totals = read_totals(reader)
    assert (totals.num_sightings, totals.first_ns, totals.last_ns) == (0, None, None)
    assert totals.cameras == {}


def test_cameras_are_counted_and_nothing_is_counted_twice(writer, maker, folder):
    runs = {camera_id: maker.run(camera_id) for camera_id in ("K01", "K02")}
    for camera_id, run in runs.items():
        writer.register_camera(Camera(camera_id))
        writer.start_run(run)
    with read_archive(folder) as reader:
        writer.write([maker.sighting(n, runs["K01"]) for n in (0, 1)])
        writer.write([maker.sighting(0, runs["K02"])])
        totals = read_totals(reader)
        assert {name: one.num_sightings for name, one in totals.cameras.items()} == {
            "K01": 2,
            "K02": 1,
        }
        assert totals.num_sightings == 3
        assert totals.first_ns is not None
        assert totals.last_ns is not None
        assert totals.first_ns <= totals.last_ns
        assert all(one.last_ns <= totals.last_ns for one in totals.cameras.values())
        known: ArchiveTotals = totals
        assert read_totals(reader, known) is known
        writer.write([maker.sighting(1, runs["K02"])])
        assert read_totals(reader, known).cameras["K02"].num_sightings == 2
