"""Filters by colour and direction: one rule, the same in searches, lists, pages and one by one."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import numpy as np
import pytest

from yanji.detect.travel import DIRECTIONS, Travel
from yanji.index.attributes import directions_kept, keeps_direction
from yanji.index.cameras import Camera
from yanji.index.hit import Filter
from yanji.index.migrations import migrations
from yanji.index.reader import read_archive
from yanji.index.search import search
from yanji.index.writer import open_archive

SECOND = 10**9
COLOURS = ("white", "blue", None)
ANGLES = (0.0, 95.0, 180.0, 271.5, 359.9, None)


def varied(maker, run, num=18):
    """Every colour with every direction, or none."""
    made = []
    for n in range(num):
        colour, angle = COLOURS[n % 3], ANGLES[n % 6 if n < 9 else (n + 1) % 6]
        made.append(
            maker.sighting(
                n,
                run,
                at_ns=n * SECOND,
                colour=colour,
                colour_score=0.8 if colour else None,
                travel=None if angle is None else Travel(angle, 0.7),
            )
        )
    return made


@pytest.fixture
def town(writer, maker):
    """Two cameras with the same vehicles; one has a heading."""
    writer.register_camera(Camera("K01", heading_deg=100.0))
    batch = []
    for camera_id in ("K01", "K02"):
        run = maker.run(camera_id)
        writer.start_run(run)
        batch += varied(maker, run)
    writer.write(batch)
    return batch


FILTERS = [
    Filter(colours=frozenset({"blue"})),
    Filter(colours=frozenset({"blue", "red"}), only_known=True),
    Filter(colours=frozenset({"purple"})),
    *(Filter(directions=frozenset({name})) for name in DIRECTIONS),
    *(Filter(directions=frozenset({name}), only_known=True) for name in DIRECTIONS),
    Filter(directions=frozenset({"E", "left"}), colours=frozenset({"white"}), only_known=True),
    Filter(directions=frozenset({"N"}), cameras=frozenset({"K02"}), only_known=True),
]


@pytest.mark.parametrize("wanted", FILTERS, ids=str)
def test_all_ways_of_asking_keep_the_same(town, folder, wanted):
    with read_archive(folder) as reader:
        everyone = reader.sightings()
        expected = {seen.sighting_id for seen in everyone if wanted.keeps(seen)}
        found = search(reader, town[0].embeddings[0], wanted, 1000)
        assert {hit.sighting.sighting_id for hit in found.hits} == expected
        assert found.searched == len(expected)
        assert {seen.sighting_id for seen in reader.sightings(wanted)} == expected
        pages, after = [], None
        while page := reader.sightings_page(wanted, after=after, limit=5):
            pages += page
            after = (page[-1].first_ns, page[-1].sighting_id)
        assert [seen.sighting_id for seen in pages] == [
            seen.sighting_id
            for seen in sorted(
                everyone, key=lambda seen: (seen.first_ns, seen.sighting_id), reverse=True
            )
            if seen.sighting_id in expected
        ]


def test_what_is_not_known_is_kept_unless_it_is_asked_for(town, folder):
    with read_archive(folder) as reader:
        kept = reader.sightings(Filter(colours=frozenset({"white"})))
        assert {seen.colour for seen in kept} == {"white", None}
        known = reader.sightings(Filter(colours=frozenset({"white"}), only_known=True))
        assert {seen.colour for seen in known} == {"white"}
        north = reader.sightings(Filter(directions=frozenset({"N"}), only_known=True))
        # K02 has no heading: where its vehicles drove to is not known.
        assert {seen.camera_id for seen in north} == {"K01"}
        assert all(seen.direction in ("NW", "N", "NE") for seen in north)
        towards = reader.sightings(Filter(directions=frozenset({"towards"}), only_known=True))
        assert {seen.camera_id for seen in towards} == {"K01", "K02"}


def test_they_are_read_back_as_written(town, folder):
    with read_archive(folder) as reader:
        seen = {one.sighting_id: one for one in reader.sightings()}
    for one in town:
        stored = seen[one.sighting_id]
        assert (stored.colour, stored.colour_score) == (one.colour, one.colour_score)
        assert stored.travel == one.travel
        expected = 100.0 if one.run.camera_id == "K01" else None
        assert stored.heading_deg == expected
        assert (stored.direction is None) == (expected is None or one.travel is None)


def test_a_later_message_changes_them_and_readers_follow(writer, maker, folder):
    run = maker.run()
    writer.start_run(run)
    first = maker.sighting(1, run, state="provisional", colour=None)
    writer.write([first])
    asked = Filter(colours=frozenset({"red"}), only_known=True)
    with read_archive(folder) as reader:
        assert search(reader, first.embeddings[0], asked, 5).searched == 0
        writer.write(
            [replace(first, colour="red", colour_score=0.7, travel=Travel(90.0, 0.5), crops=None,
                     embeddings=None)]
        )  # fmt: skip
        answer = search(reader, first.embeddings[0], asked, 5)
    assert [hit.sighting.colour for hit in answer.hits] == ["red"]
    assert answer.hits[0].sighting.travel == Travel(90.0, 0.5)


def test_a_colour_that_nobody_knows_is_refused_and_the_others_are_stored(writer, maker):
    run = maker.run()
    writer.start_run(run)
    written = writer.write([maker.sighting(1, run, colour="mauve"), maker.sighting(2, run)])
    assert written.stored == 1
    assert "mauve" in written.refused[0].reason


def test_columns_keep_what_single_sightings_keep():
    angles = np.array([*range(0, 360, 7), np.nan])
    for heading_deg in (0.0, 133.0, np.nan):
        headings_N = np.full(len(angles), heading_deg)
        for name in DIRECTIONS:
            for only_known in (False, True):
                names = frozenset({name})
                kept_N = directions_kept(names, only_known, angles, headings_N)
                assert kept_N.tolist() == [
                    keeps_direction(
                        names,
                        only_known,
                        None if np.isnan(angle) else float(angle),
                        None if np.isnan(heading_deg) else heading_deg,
                    )
                    for angle in angles
                ]


def test_an_archive_of_version_4_keeps_its_sightings(tmp_path, maker):
    """Made by its own migrations, filled by hand as it was then; colours were never known."""
    folder = tmp_path / "old"
    with open_archive(folder, known=migrations()[:4], low_water_bytes=0) as writer:
        writer.register_camera(Camera("K01", heading_deg=0.0))
        run = maker.run()
        writer.start_run(run)
    with sqlite3.connect(folder / "archive.db") as raw:
        raw.execute(
            "INSERT INTO sightings VALUES (1, ?, 1, 1, 1, 0, 'closed', 0, 5, 9, 0, 4, 'car', 0.9, "
            "NULL, NULL, 0.5)",
            ("a" * 32,),
        )
        raw.execute("INSERT OR REPLACE INTO counters VALUES ('sighting', 1)")
    raw.close()
    with open_archive(folder, low_water_bytes=0) as writer, read_archive(folder) as reader:
        (seen,) = reader.sightings()
        assert (seen.colour, seen.colour_score, seen.travel) == (None, None, None)
        assert reader.sightings(Filter(directions=frozenset({"N"}))) == [seen]
        writer.write([maker.sighting(7, run, travel=Travel(0.0, 1.0))])
        assert len(reader.sightings(Filter(directions=frozenset({"N"}), only_known=True))) == 1
