"""Probabilities of hits: by group and view, among the sightings that were compared."""

from __future__ import annotations

from dataclasses import replace

import pytest

from yanji.detect.card_calibration import ScoreCurve
from yanji.detect.travel import Travel
from yanji.index.chances import look_of, with_probabilities
from yanji.index.graph import RoadGraph
from yanji.index.hit import Filter, Hit, StoredSighting
from yanji.index.reader import read_archive
from yanji.index.route import QueryPoint
from yanji.index.search import search
from yanji.index.trace import trace
from yanji.reid.calibration import Calibration, Look, probability_of

SECOND = 10**9
AWAY, TOWARDS = Travel(0.0, 1.0), Travel(180.0, 1.0)


def curve(*points: tuple[float, float]) -> ScoreCurve:
    scores, ratios = zip(*points, strict=True)
    return ScoreCurve(
        scores=scores, log_ratios=ratios, kind="isotonic", num_same=9, num_different=90
    )


CALIBRATION = Calibration(
    "m1",
    "0" * 64,
    {
        "any": {"any": curve((0.0, -1.0), (1.0, 1.0))},
        "four_wheel": {
            "any": curve((0.0, -3.0), (1.0, 3.0)),
            "rear-rear": curve((0.0, -6.0), (1.0, 6.0)),
        },
    },
)


def hit(name: str, score: float, vehicle_class: str = "car", travel: Travel | None = None) -> Hit:
    times = (1, 0, 3 * SECOND, 0.5)
    look = (vehicle_class, 0.9, None, None, 0.8, "closed", False, ())
    return Hit(StoredSighting(name, "K01", "run", *times, *look, travel=travel), score, None)


def chances(hits: list[Hit], query: Look, **searched: int) -> list[float | None]:
    judged = with_probabilities(hits, CALIBRATION, query, sum(searched.values()), searched)
    return [one.probability for one in judged]


def test_without_a_calibration_nothing_is_said() -> None:
    hits = [hit("a", 0.9)]
    assert with_probabilities(hits, None, Look("car"), 9, {"four_wheel": 9}) == tuple(hits)


def test_a_hit_is_one_among_the_compared_of_its_group() -> None:
    found = chances([hit("a", 0.9), hit("b", 0.4)], Look("bus"), four_wheel=40, two_wheeler=900)
    assert found == [
        round(probability_of(2.4, 40), 4),
        round(probability_of(-0.6, 40), 4),
    ]


def test_known_views_choose_the_curve() -> None:
    query = Look("car", "rear")
    rear, front, parked = (hit("a", 0.9, travel=one) for one in (AWAY, TOWARDS, None))
    found = chances([rear, front, parked], query, four_wheel=40)
    assert found[0] == round(probability_of(4.8, 40), 4)
    assert found[1] == found[2] == round(probability_of(2.4, 40), 4)
    assert [look_of(one.sighting).view for one in (rear, front, parked)] == ["rear", "front", None]


def test_a_class_not_known_is_judged_among_all() -> None:
    found = chances([hit("a", 0.9)], Look(), four_wheel=40, two_wheeler=60)
    assert found == [round(probability_of(0.8, 100), 4)]


def test_another_group_is_not_judged() -> None:
    assert chances([hit("a", 0.9, "ebike")], Look("car"), four_wheel=40, two_wheeler=60) == [None]


def test_the_order_by_score_is_the_order_by_probability_of_one_pair_of_views() -> None:
    hits = [hit(str(n), 1 - n / 50) for n in range(50)]
    found = chances(hits, Look("car"), four_wheel=50)
    assert found == sorted(found, reverse=True)
    assert all(chance is not None and 0 < chance < 1 for chance in found)


def test_search_counts_the_compared_by_group(writer, maker, folder) -> None:
    run = maker.run()
    writer.start_run(run)
    kinds = ["car"] * 5 + ["van"] * 2 + ["ebike"] * 3 + ["tricycle"]
    batch = [maker.sighting(n, run, vehicle_class=kind) for n, kind in enumerate(kinds)]
    writer.write([*batch, maker.sighting(99, run, crops=None, vehicle_class="bus")])
    with read_archive(folder) as reader:
        query = batch[0].embeddings[0]
        answer = search(reader, query, Filter(), 3)
        assert (answer.searched, answer.without_vector) == (11, 1)
        assert sum(answer.searched_of.values()) == pytest.approx(11, abs=1)
        assert answer.searched_of["two_wheeler"] == 3
        cars = search(reader, query, Filter(classes=frozenset({"car"})), 3)
        assert {group: num for group, num in cars.searched_of.items() if num} == {"four_wheel": 5}
        left_out = search(reader, query, Filter(), 3, frozenset({batch[0].sighting_id}))
        assert left_out.searched == 10


def test_legs_have_the_probability_of_their_hits() -> None:
    first, second = hit("a" * 32, 0.9), hit("b" * 32, 0.8)
    later = replace(second.sighting, camera_id="K02", first_ns=60 * SECOND, last_ns=63 * SECOND)
    hits = [replace(first, probability=0.7), Hit(later, 0.8, 0.4)]
    hits += [replace(hit(f"{n:032x}", 0.1), probability=0.01) for n in range(40)]

    def legs(**options: object) -> dict[str | None, float | None]:
        answer = trace(
            None, options.pop("hits", hits), RoadGraph([], []), [], now_ns=100 * SECOND, **options
        )
        assert answer.routes[0].probability is None
        assert all(one.probability is None for one in answer.next)
        return {leg.sighting_id: leg.probability for leg in answer.routes[0].legs}

    assert legs() == {"a" * 32: 0.7, "b" * 32: 0.4}
    # What a person said is no estimate.
    assert legs(confirmed=[later]) == {"a" * 32: 0.7, "b" * 32: 1.0}
    bare = [replace(one, probability=None) for one in hits]
    assert set(legs(hits=bare).values()) == {None}


def test_of_the_sighting_asked_about_nothing_is_said() -> None:
    asked = hit("c" * 32, 1.0)
    later = replace(
        hit("a" * 32, 0.9).sighting, camera_id="K02", first_ns=60 * SECOND, last_ns=63 * SECOND
    )
    point = QueryPoint("K01", 0, 3 * SECOND, 0.5, asked.sighting.sighting_id)
    hits = [replace(asked, probability=0.99), Hit(later, 0.9, 0.6)]
    answer = trace(point, hits, RoadGraph([], []), [], now_ns=100 * SECOND)
    found = {leg.sighting_id: leg.probability for leg in answer.routes[0].legs}
    assert found == {"c" * 32: None, "a" * 32: 0.6}
