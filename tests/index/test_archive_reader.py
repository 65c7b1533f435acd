"""Reading beside the writer: news within 2 s, corrected times, filters, sizes."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from yanji.configs.errors import NothingFoundError
from yanji.detect.classes import expand
from yanji.index.bench import bench_index
from yanji.index.hit import Filter
from yanji.index.migrations import migrations
from yanji.index.reader import read_archive
from yanji.index.search import search
from yanji.index.stats import read_stats
from yanji.index.tables import DAY_NS
from yanji.ingest.gap import Gap

SECOND = 10**9

FOLLOWER = """
import sys, time
from pathlib import Path
from yanji.index.reader import read_archive
with read_archive(Path(sys.argv[1])) as reader:
    reader.refresh()
    print("ready", flush=True)
    while True:
        changes = reader.refresh()
        for name in changes.sighting_ids:
            print(time.time(), name, reader.sighting(name).state, flush=True)
        if changes.num_deleted:
            print(time.time(), "deleted", changes.num_deleted, flush=True)
        time.sleep(0.2)
"""


def test_another_process_sees_news_within_two_seconds(writer, maker, folder):
    run = maker.run()
    writer.start_run(run)
    child = subprocess.Popen(
        [sys.executable, "-c", FOLLOWER, str(folder)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        sighting = maker.sighting(1, run, state="provisional")
        closed = maker.sighting(1, run, crops=None)
        steps = [
            (lambda: writer.write([sighting]), [sighting.sighting_id, "provisional"]),
            (lambda: writer.write([closed]), [sighting.sighting_id, "closed"]),
            (lambda: writer.remove_run(run.run_id), ["deleted", "1"]),
        ]
        for step, expected in steps:
            began = time.time()
            step()
            at, *words = child.stdout.readline().split()
            assert words == expected
            assert float(at) - began < 2.0
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


def test_an_offset_learned_later_mends_earlier_answers(writer, maker, folder):
    run = maker.run()
    writer.start_run(run)
    noon = run.started_ns
    early = maker.sighting(1, run, at_ns=noon)
    late = maker.sighting(2, run, at_ns=noon + 1000 * SECOND)
    writer.write([early, late])
    writer.write_gaps([Gap("K01", noon + 100 * SECOND, None, "lost")])
    with read_archive(folder) as reader:
        window = Filter(from_ns=noon - 61 * SECOND, to_ns=noon - 1)
        query = early.embeddings[0]
        assert reader.sightings(window) == []
        assert search(reader, query, window, 5).searched == 0
        # The clock is a minute ahead, from a little later on three hours.
        writer.set_clock_offset("K01", noon - 10 * SECOND, 60.0, 0.5)
        writer.set_clock_offset("K01", noon + 500 * SECOND, 3 * 3600.0, 0.25)
        (found,) = reader.sightings(window)
        assert found.sighting_id == early.sighting_id
        assert (found.first_ns, found.sigma_s) == (noon - 60 * SECOND, 0.5)
        answer = search(reader, query, window, 5)
        assert [hit.sighting for hit in answer.hits] == [found]
        moved = reader.sighting(late.sighting_id)
        assert moved.first_ns == late.first_wall_ns - 3 * 3600 * SECOND
        assert moved.last_ns == late.last_wall_ns - 3 * 3600 * SECOND
        assert reader.gaps() == [Gap("K01", noon + 40 * SECOND, None, "lost")]
        # In order of corrected time, the second was first.
        assert [item.sighting_id for item in reader.sightings()] == [
            late.sighting_id,
            early.sighting_id,
        ]
        assert reader.crops(early.sighting_id)[0].time_ns == noon - 60 * SECOND


def test_a_clock_nobody_compared_is_taken_as_right_with_two_seconds(writer, maker, folder):
    run = maker.run()
    writer.start_run(run)
    writer.write([maker.sighting(1, run)])
    with read_archive(folder) as reader:
        assert reader.sightings()[0].sigma_s == 2.0


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (Filter(), {0, 1, 2, 3, 4, 5}),
        (Filter(cameras=frozenset({"K02"})), {1, 3, 5}),
        (Filter(cameras=frozenset()), set()),
        (Filter(cameras=frozenset({"K77"})), set()),
        (Filter(classes=expand(("two_wheeler",))), {4, 5}),
        (Filter(classes=frozenset({"bus"})), set()),
        (Filter(from_ns=3 * DAY_NS), {3, 4, 5}),
        (Filter(to_ns=3 * DAY_NS), {0, 1, 2, 3}),
        (Filter(from_ns=3 * DAY_NS + 4 * SECOND, to_ns=4 * DAY_NS - 1), {3}),
        (Filter(from_ns=3 * DAY_NS + 4 * SECOND + 1, to_ns=4 * DAY_NS - 1), set()),
        (Filter(from_ns=DAY_NS, cameras=frozenset({"K01"}), classes=expand(("car",))), {2}),
    ],
)
def test_filters_keep_what_they_say_in_lists_and_in_searches(
    writer, maker, folder, wanted, numbers
):
    batch = []
    for number in range(6):
        run = maker.run("K02" if number % 2 else "K01", started_ns=DAY_NS // 2)
        writer.start_run(run)
        kind = "ebike" if number >= 4 else "car"
        batch.append(maker.sighting(number, run, at_ns=number * DAY_NS, vehicle_class=kind))
    writer.write(batch)
    expected = {batch[number].sighting_id for number in numbers}
    with read_archive(folder) as reader:
        assert {item.sighting_id for item in reader.sightings(wanted)} == expected
        answer = search(reader, batch[0].embeddings[0], wanted, 10)
    assert {hit.sighting.sighting_id for hit in answer.hits} == expected
    assert answer.searched == len(expected)


def test_unknown_things_are_named(writer, folder):
    with read_archive(folder) as reader:
        with pytest.raises(NothingFoundError, match="no sighting nope"):
            reader.sighting("nope")
        with pytest.raises(NothingFoundError, match="is gone"):
            reader.crop_path("0" * 64)
        with pytest.raises(NothingFoundError, match="no vector"):
            reader.embedding("nope", "m1", "0" * 64)
        assert reader.crops("nope") == ()


def test_stats(writer, maker, folder):
    run = maker.run()
    writer.start_run(run)
    start = run.started_ns
    with read_archive(folder) as reader:
        empty = read_stats(reader)
        assert (empty.num_sightings, empty.first_ns, empty.bytes_per_day) == (0, None, None)
        crop = maker.sighting(1, run).crops
        writer.write(
            [
                maker.sighting(1, run, at_ns=start, crops=crop, state="provisional"),
                maker.sighting(2, run, at_ns=start + DAY_NS // 2 - 4 * SECOND, crops=crop),
            ]
        )
        stats = read_stats(reader, low_water_bytes=1000, free=lambda folder: 10**9)
    assert (stats.num_sightings, stats.num_provisional) == (2, 1)
    assert (stats.num_cameras, stats.num_runs) == (2, 1)
    assert stats.schema_version == len(migrations())
    assert stats.crop_bytes == len(crop[0].jpeg)  # one file, although two sightings name it
    size = sum(path.stat().st_size for path in folder.glob("archive.db*") if "shm" not in path.name)
    assert stats.database_bytes == size
    assert stats.bytes_per_day == pytest.approx(2 * (size + len(crop[0].jpeg)))
    assert stats.days_left == pytest.approx((10**9 - 1000) / stats.bytes_per_day)
    assert [(m.model_id, m.num_vectors, m.active) for m in stats.models] == [("m1", 2, True)]
    assert len(stats.archive_id) == 36


def test_sightings_since_a_seq(writer, maker, folder):
    run = maker.run()
    writer.start_run(run)
    with read_archive(folder) as reader:
        writer.write([maker.sighting(1, run, state="provisional"), maker.sighting(2, run)])
        seen = reader.sightings_since(0)
        assert len(seen) == 2
        assert reader.sightings_since(seen[-1].seq) == []
        writer.write([maker.sighting(1, run)])
        (news,) = reader.sightings_since(seen[-1].seq)
        assert (news.sighting_id, news.state) == (maker.sighting(1, run).sighting_id, "closed")
        assert news.seq > seen[-1].seq


def test_a_limited_list_is_the_start_of_the_whole_one(writer, maker, folder):
    for number, camera_id in enumerate(("K01", "K02")):
        run = maker.run(camera_id, started_ns=number)
        writer.start_run(run)
        writer.write([maker.sighting(n, run, at_ns=n * DAY_NS // 3 + number) for n in range(30)])
    # One clock is two days behind, the other one ahead: days mix.
    writer.set_clock_offset("K01", 0, -2 * 86_400.0, 1.0)
    writer.set_clock_offset("K02", 3 * DAY_NS, 86_400.0, 1.0)
    with read_archive(folder) as reader:
        for newest_first in (False, True):
            for wanted in (Filter(), Filter(from_ns=4 * DAY_NS, to_ns=8 * DAY_NS)):
                whole = reader.sightings(wanted, newest_first=newest_first)
                times = [item.first_ns for item in whole]
                assert times == sorted(times, reverse=newest_first)
                for limit in (0, 1, 2, 5, 17, 500):
                    part = reader.sightings(wanted, limit=limit, newest_first=newest_first)
                    assert part == whole[:limit]


def test_a_small_bench_has_figures_for_both_back_ends():
    figures = bench_index(300, 8, rounds=1)
    assert figures["num_vectors"] == 300
    assert all(value > 0 for name, value in figures.items() if not name.endswith("cpu_ms"))
    assert {"flat_search_all_ms", "faiss_search_one_day_cpu_ms"} <= set(figures)
