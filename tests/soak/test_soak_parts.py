"""What the soaks judge by: a bar that cannot be missed is none."""

from __future__ import annotations

import random

import pytest
from city_films import HALF_S, city_films
from faults_table import Row, faults, most_in_a_minute
from watched_site import not_covered_s

from yanji.ingest.gap import CAUSES, Gap
from yanji.ingest.testcity.demo_data import clip_path

S = 10**9


def gap(from_s: int, to_s: int | None) -> Gap:
    return Gap("K01", from_s * S, None if to_s is None else to_s * S, "lost")


@pytest.mark.parametrize(
    ("gaps", "expected"),
    [
        ([], 20),
        ([gap(10, 30)], 0),
        ([gap(5, 40)], 0),
        ([gap(5, None)], 0),
        ([gap(12, 30)], 2),
        ([gap(12, 20), gap(25, 28)], 9),
        ([gap(25, 28), gap(12, 20), gap(13, 15)], 9),
        ([gap(0, 10), gap(30, 40)], 20),
    ],
)
def test_what_no_gap_covers(gaps, expected):
    assert not_covered_s(10 * S, 30 * S, gaps) == expected


def test_the_worst_minute():
    assert most_in_a_minute([]) == 0
    assert most_in_a_minute([7.0]) == 1
    assert most_in_a_minute([0, 10, 20, 59.9, 60, 61, 62, 63]) == 7
    assert most_in_a_minute([number * 10.0 for number in range(100)]) == 6


def test_a_row_tells_every_bar_that_was_missed():
    row = Row("killed", 10, 15, ("unreachable",))
    assert row.problems() == ["killed: was never played", "killed: found after None s"]
    row.note(0.1, 9.0, {"unreachable"})
    assert row.problems() == []
    row.note(0.1, 19.0, {"lost"})
    assert [problem.partition(": ")[2].split()[0] for problem in row.problems()] == [
        "back",
        "recorded",
    ]
    row = Row("killed", 10, 15, ("unreachable",))
    row.note(40.0, 1.0, set())
    assert len(row.problems()) == 2  # too late, and not in the archive
    row = Row("new size", None, 15)
    row.note(None, 1.0, {"lost"})
    assert row.problems()


def test_every_fault_has_a_name_of_its_own_and_a_cause_that_can_be_recorded():
    table = faults()
    assert len({fault.row.fault for fault in table}) == len(table) >= 18
    assert {cause for fault in table for cause in fault.row.allowed} <= set(CAUSES)
    for fault in table:
        assert (fault.row.found_bar_s is None) == (not fault.row.allowed)
    assert faults()[0].row is not table[0].row


def test_the_films_of_the_large_city_where_all_are_there(tmp_path, monkeypatch):
    monkeypatch.delenv("YANJI_TESTCITY", raising=False)
    shipped = city_films()
    assert [film.path.name for film in shipped] == [f"K0{n}.mp4" for n in (1, 2, 3, 4)] * 2
    assert [film.from_s for film in shipped] == [0.0] * 4 + [HALF_S] * 4
    monkeypatch.setenv("YANJI_TESTCITY", str(tmp_path))
    for number in random.sample(range(1, 9), 8):
        assert city_films() == shipped
        (tmp_path / f"K0{number}.mp4").write_bytes(clip_path("K01").read_bytes())
    large = city_films()
    assert [film.path for film in large] == [tmp_path / f"K0{n}.mp4" for n in range(1, 9)]
    assert {film.from_s for film in large} == {0.0}
