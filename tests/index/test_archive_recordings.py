"""The ledger: a recording appears whole, or not at all, and always with the same ids."""

from __future__ import annotations

import pytest

from yanji.configs.errors import ArchiveError
from yanji.index.check import check
from yanji.index.crops import stored_files
from yanji.index.hit import Filter
from yanji.index.reader import read_archive
from yanji.index.search import search
from yanji.ingest.gap import Gap


def index_file(writer, run, sightings, *, until=None):
    writer.begin_file(run, "/videos/a.mp4")
    for number, sighting in enumerate(sightings):
        if number == until:
            return
        writer.write([sighting])
        writer.file_progress(run.run_id, float(number))
    writer.finish_file(run.run_id, run.started_ns + 10**10)


def test_a_recording_appears_whole(writer, maker, folder):
    run = maker.run(file="a")
    sightings = [maker.sighting(n, run) for n in range(4)]
    query = sightings[0].embeddings[0]
    with read_archive(folder) as reader:
        writer.begin_file(run, "/videos/a.mp4")
        writer.write(sightings)
        writer.file_progress(run.run_id, 12.5)
        assert reader.sightings() == []
        assert reader.num_sightings() == 0
        assert search(reader, query, Filter(), 10).hits == ()
        assert reader.refresh().sighting_ids == ()
        (row,) = reader.runs()
        assert (row.state, row.progress_s, row.path) == ("incomplete", 12.5, "/videos/a.mp4")
        writer.finish_file(run.run_id, run.started_ns + 10**10)
        assert len(reader.refresh().sighting_ids) == 4
        assert search(reader, query, Filter(), 10).searched == 4
        (row,) = reader.runs()
        assert (row.state, row.num_sightings) == ("done", 4)


def test_cut_off_and_run_again_it_completes_with_the_same_ids(writer, open_writer, maker, folder):
    run = maker.run(file="a")
    key = (run.content_sha256, "K01", run.started_ns)
    sightings = [maker.sighting(n, run) for n in range(6)]
    assert writer.file_state(*key) == "new"
    index_file(writer, run, sightings, until=4)
    assert writer.file_state(*key) == "incomplete"
    writer.close()
    again = open_writer()
    assert again.file_state(*key) == "incomplete"
    index_file(again, run, sightings[:5])  # the second try sees one vehicle less
    assert again.file_state(*key) == "done"
    with read_archive(folder) as reader:
        ids = {item.sighting_id for item in reader.sightings()}
    assert ids == {item.sighting_id for item in sightings[:5]}
    assert len(list(stored_files(folder))) == 5
    with pytest.raises(ArchiveError, match="already in the archive"):
        again.begin_file(run, "/videos/a.mp4")
    again.close()
    assert check(folder).problems == ()


def test_another_start_or_camera_is_another_recording(writer, maker):
    run = maker.run(file="a")
    index_file(writer, run, [])
    assert writer.file_state(run.content_sha256, "K02", run.started_ns) == "new"
    assert writer.file_state(run.content_sha256, "K01", run.started_ns + 1) == "new"


def test_an_unfinished_recording_cannot_be_ended_like_a_live_run(writer, maker, folder):
    run = maker.run(file="a")
    writer.begin_file(run, "a.mp4")
    writer.write([maker.sighting(1, run)])
    writer.end_run(run.run_id, run.started_ns + 5, "damaged")
    with read_archive(folder) as reader:
        assert reader.num_sightings() == 0
        writer.finish_file(run.run_id)
        (row,) = reader.runs()
    assert (row.state, row.end_reason, row.ended_ns) == ("done", "damaged", run.started_ns + 5)


def test_removing_a_run_undoes_it(writer, maker, folder):
    wrong, right = maker.run(file="a"), maker.run("K02", file="b")
    shared = maker.sighting(1, wrong).crops
    index_file(writer, wrong, [maker.sighting(n, wrong) for n in range(3)])
    index_file(writer, right, [maker.sighting(1, right, crops=shared)])
    with read_archive(folder) as reader:
        query = maker.sighting(0, wrong).embeddings[0]
        assert search(reader, query, Filter(), 10).searched == 4
        deleted = writer.remove_run(wrong.run_id)
        assert (deleted.sightings, deleted.vectors, deleted.crops) == (3, 3, 2)
        answer = search(reader, query, Filter(), 10)
        assert [hit.sighting.camera_id for hit in answer.hits] == ["K02"]
        assert [row.run_id for row in reader.runs()] == [right.run_id]
    assert {name for name, _, _ in stored_files(folder)} == {shared[0].sha256}
    assert writer.file_state(wrong.content_sha256, "K01", wrong.started_ns) == "new"
    with pytest.raises(ArchiveError, match="no run"):
        writer.remove_run(wrong.run_id)


def test_runs_of_a_dead_process_end_unknown_and_the_time_until_the_next_is_a_gap(
    writer, open_writer, maker, folder
):
    run = maker.run()
    writer.start_run(run)
    provisional = maker.sighting(3, run, state="provisional")
    writer.write([provisional])
    writer.close()  # without end_run: as after a kill
    again = open_writer()
    with read_archive(folder) as reader:
        (row,) = reader.runs()
        assert (row.state, row.end_reason) == ("ended", "unknown")
        assert row.ended_ns == provisional.last_wall_ns
        assert reader.sightings()[0].state == "provisional"
        assert reader.gaps() == [Gap("K01", provisional.last_wall_ns, None, "unknown")]
        later = maker.run(started_ns=run.started_ns + 10**12)
        again.start_run(later)
        assert reader.gaps() == [Gap("K01", provisional.last_wall_ns, later.started_ns, "unknown")]


def test_an_orderly_shutdown_opens_a_gap_and_a_lost_line_does_not(writer, maker, folder):
    for camera_id, reason in (("K01", "shutdown"), ("K02", "lost")):
        run = maker.run(camera_id)
        writer.start_run(run)
        writer.end_run(run.run_id, run.started_ns + 7, reason)
        writer.end_run(run.run_id, run.started_ns + 9, "again")
    with read_archive(folder) as reader:
        assert [row.end_reason for row in reader.runs()] == ["shutdown", "lost"]
        (gap,) = reader.gaps()
    assert (gap.camera_id, gap.to_ns, gap.cause) == ("K01", None, "shutdown")
