"""Lists page by page: complete, without repeats, whatever arrives meanwhile, and read by index."""

from __future__ import annotations

import random

import pytest
from sqlalchemy import event

from yanji.detect.classes import expand
from yanji.index import listing
from yanji.index.hit import Filter
from yanji.index.reader import read_archive
from yanji.index.tables import DAY_NS

SECOND = 10**9


def place(sighting):
    return (sighting.first_ns, sighting.sighting_id)


def all_pages(reader, wanted, limit, newest_first):
    found, after = [], None
    while True:
        page = reader.sightings_page(wanted, after=after, limit=limit, newest_first=newest_first)
        assert len(page) <= limit
        found += page
        if len(page) < limit:
            return found
        after = place(page[-1])


def fill(writer, maker, cameras=("K01", "K02", "K03"), num=50, seed=3):
    from yanji.index.cameras import Camera

    chance = random.Random(seed)
    for camera_id in cameras:
        writer.register_camera(Camera(camera_id))
        run = maker.run(camera_id)
        writer.start_run(run)
        writer.write(
            [
                maker.sighting(
                    n,
                    run,
                    # Many at the same second.
                    at_ns=run.started_ns + chance.randint(0, 40) * DAY_NS // 10 // SECOND * SECOND,
                    vehicle_class=chance.choice(["car", "ebike"]),
                )
                for n in range(num)
            ]
        )


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("offsets", [False, True])
def test_pages_are_the_list_cut_up(writer, maker, folder, newest_first, offsets, monkeypatch):
    monkeypatch.setattr(listing, "_LEAST_ROWS", 7)
    fill(writer, maker)
    start = maker.run().started_ns
    if offsets:
        writer.set_clock_offset("K01", 0, 3 * 3600.0, 1.0)
        writer.set_clock_offset("K01", start + DAY_NS, -70.0, 1.0)
        writer.set_clock_offset("K02", start, 0.5, 1.0)
    filters = [
        Filter(),
        Filter(from_ns=start + DAY_NS, to_ns=start + 2 * DAY_NS),
        Filter(from_ns=start + DAY_NS // 2),
        Filter(to_ns=start + DAY_NS),
        Filter(cameras=frozenset({"K02"})),
        Filter(cameras=frozenset({"K01", "K03", "unknown"}), to_ns=start + DAY_NS),
        Filter(cameras=frozenset()),
        Filter(classes=expand(("two_wheeler",)), from_ns=start),
        Filter(from_ns=start + 90 * DAY_NS),
        Filter(to_ns=start - 90 * DAY_NS),
    ]
    with read_archive(folder) as reader:
        for wanted in filters:
            whole = reader.sightings(wanted, newest_first=newest_first)
            assert whole == sorted(whole, key=place, reverse=newest_first)
            for limit in (4, 50, 1000):
                assert all_pages(reader, wanted, limit, newest_first) == whole
                assert (
                    reader.sightings(wanted, limit=limit, newest_first=newest_first)
                    == (whole[:limit])
                )
        assert len(reader.sightings(Filter())) == 150


def test_many_cameras_are_sieved_alike(writer, maker, folder, monkeypatch):
    fill(writer, maker)
    wanted = Filter(cameras=frozenset({"K01", "K02"}))
    with read_archive(folder) as reader:
        merged = all_pages(reader, wanted, 20, True)
        monkeypatch.setattr(listing, "_MOST_STREAMS", 1)
        assert all_pages(reader, wanted, 20, True) == merged
        assert {seen.camera_id for seen in merged} == {"K01", "K02"}


def test_what_arrives_meanwhile_moves_no_page(writer, maker, folder):
    fill(writer, maker, cameras=("K01",))
    with read_archive(folder) as reader:
        whole = reader.sightings(newest_first=True)
        page = reader.sightings_page(limit=20)
        run = maker.run("K02")
        writer.start_run(run)
        writer.write(
            [
                maker.sighting(900, run, at_ns=whole[0].first_ns + SECOND),
                maker.sighting(901, run, at_ns=whole[5].first_ns + 1),
            ]
        )
        following = reader.sightings_page(after=place(page[-1]), limit=20)
        assert [*page, *following] == whole[:40]
        assert len(reader.sightings_page(limit=1000)) == 52


def test_a_page_behind_a_place_that_is_gone_goes_on(writer, maker, folder):
    fill(writer, maker, cameras=("K01",), num=20)
    with read_archive(folder) as reader:
        whole = reader.sightings(newest_first=True)
        after = (whole[9].first_ns, whole[9].sighting_id[:-1] + "!")
        expected = [seen for seen in whole if place(seen) < after]
        assert reader.sightings_page(after=after, limit=100) == expected
        assert reader.sightings_page(after=(0, ""), limit=5) == []
        assert reader.sightings_page(after=None, limit=0) == []


def test_unfinished_recordings_are_not_listed(writer, maker, folder):
    run = maker.run(file="a.mp4")
    writer.begin_file(run, "a.mp4")
    writer.write([maker.sighting(1, run)])
    with read_archive(folder) as reader:
        assert reader.sightings_page(limit=5) == []
        assert reader.latest_of_cameras() == {}
        assert reader.counts_of_cameras() == {}


def test_pages_are_read_from_an_index_and_never_sorted(writer, maker, folder):
    fill(writer, maker, num=30)
    asked: list[tuple[str, object]] = []
    with read_archive(folder) as reader:

        @event.listens_for(reader._engine, "before_cursor_execute")
        def note(connection, cursor, statement, parameters, context, many):
            asked.append((statement, parameters))

        start = maker.run().started_ns
        for wanted in (
            Filter(),
            Filter(from_ns=start, to_ns=start + DAY_NS),
            Filter(cameras=frozenset({"K01", "K02"}), classes=frozenset({"car"})),
        ):
            page = reader.sightings_page(wanted, limit=3)
            reader.sightings_page(wanted, limit=3, after=place(page[-1]), newest_first=False)
        reader.time_span()
        reader.latest_of_cameras()
        reader.counts_of_cameras()
        statements = [item for item in asked if "FROM sightings" in item[0]]
        with reader.snapshot() as now:
            plans = []
            for statement, parameters in statements:
                rows = now.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                plans.append(" / ".join(str(row[-1]) for row in rows))
    assert len(plans) >= 12
    for plan in plans:
        assert "INDEX" in plan or "PRIMARY KEY" in plan, plan
        assert "TEMP B-TREE" not in plan, plan


def test_the_span_and_each_cameras_newest_and_number(writer, maker, folder):
    with read_archive(folder) as reader:
        assert reader.time_span() is None
        assert reader.latest_of_cameras() == {}
        assert reader.counts_of_cameras() == {}
        one, two = maker.run("K01"), maker.run("K02")
        for run in (one, two):
            writer.start_run(run)
        start = one.started_ns
        writer.write([maker.sighting(n, one, at_ns=start + n * DAY_NS) for n in range(3)])
        writer.write([maker.sighting(1, two, at_ns=start + 5 * SECOND)])
        assert reader.time_span() == (start, start + 2 * DAY_NS + 4 * SECOND)
        assert reader.counts_of_cameras() == {"K01": 3, "K02": 1}
        writer.set_clock_offset("K01", 0, 60.0, 1.0)
        assert reader.latest_of_cameras() == {
            "K01": start + 2 * DAY_NS - 56 * SECOND,
            "K02": start + 9 * SECOND,
        }
        hidden = maker.run("K02", file="b.mp4")
        writer.begin_file(hidden, "b.mp4")
        writer.write([maker.sighting(7, hidden, at_ns=start + 9 * DAY_NS)])
        assert reader.counts_of_cameras() == {"K01": 3, "K02": 1}
        assert reader.latest_of_cameras()["K02"] == start + 9 * SECOND


def test_sightings_and_vectors_by_id(writer, maker, folder):
    run = maker.run()
    writer.start_run(run)
    batch = [maker.sighting(n, run) for n in range(3)]
    other = maker.sighting(9, run, model="other")
    writer.write([*batch, other])
    ids = [item.sighting_id for item in (*batch, other)]
    embedding = batch[0].embeddings[0]
    with read_archive(folder) as reader:
        assert set(reader.sightings_of([*ids, "nope"])) == set(ids)
        assert reader.sightings_of([]) == {}
        vectors = reader.vectors_of([*ids, "nope"], embedding.model_id, embedding.weights_sha256)
        assert set(vectors) == set(ids[:3])
        assert vectors[ids[0]] == pytest.approx(embedding.vector_D, abs=1e-3)
        assert reader.vectors_of(ids, "m1", "f" * 64) == {}
