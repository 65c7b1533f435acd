"""Confirmed sightings, facts of legs and notes: what a trace says beside its words."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yanji.index.graph import CameraPlace, Road, RoadGraph
from yanji.index.hit import Hit, StoredSighting
from yanji.index.trace import LegFacts, QueryPoint, Trace, trace
from yanji.ingest.gap import Gap

T0 = 1_790_000_000_000_000_000
NOW = T0 + 10 * 3600 * 10**9


def at(seconds: float) -> int:
    return T0 + round(seconds * 1e9)


def hit(name: str, camera: str, first_s: float, score: float) -> Hit:
    times = (at(first_s), at(first_s + 3), 0.5)
    rest = ("car", 0.9, None, None, 0.8, "closed", False, ())
    return Hit(StoredSighting(name, camera, "run", 1, *times, *rest), score, None)


def line() -> RoadGraph:
    """K01 - K02 - K03 - K04, 600 m each."""
    ends = [("K01", "K02"), ("K02", "K03"), ("K03", "K04")]
    return RoadGraph(roads=[Road(a, b, 600, 15, 60) for a, b in ends])


OTHERS = [hit(f"x{i:03d}", f"K0{i % 4 + 1}", i * 20.0, 0.4 + 0.02 * (i % 7)) for i in range(40)]
DRIVE = [hit("a", "K01", 0, 0.90), hit("b", "K02", 60, 0.86), hit("c", "K03", 125, 0.88)]


def ask(
    hits: list[Hit],
    confirmed: list[Hit] | None = None,
    graph: RoadGraph | None = None,
    query: QueryPoint | None = None,
    gaps: tuple[Gap, ...] = (),
    window_s: float = 3 * 3600.0,
    max_routes: int = 5,
) -> Trace:
    sure = [one.sighting for one in confirmed or ()]
    return trace(
        query,
        hits,
        graph or line(),
        gaps,
        window_s=window_s,
        now_ns=NOW,
        max_routes=max_routes,
        confirmed=sure,
    )


def legs(answer: Trace, route: int = 0) -> list[str | None]:
    return [leg.sighting_id for leg in answer.routes[route].legs]


def codes(answer: Trace) -> list[str]:
    return [note.code for note in answer.notes]


def test_facts_say_what_the_words_say() -> None:
    first, second, _ = ask([*OTHERS, *DRIVE]).routes[0].legs
    assert first.facts == LegFacts(num_hits=43, rank=1)
    facts = second.facts
    assert (facts.rank, facts.num_hits, facts.basis, facts.distance_m) == (3, 43, "roads", 600)
    assert facts.earliest_s == pytest.approx(32.4)
    assert facts.latest_s == pytest.approx(204)
    assert facts.tolerance_s == pytest.approx(3 * 0.5**0.5 + 0.5)
    assert (facts.via, facts.unseen, facts.down) == ((), (), ())
    assert not facts.given
    assert not facts.confirmed


def test_facts_name_cameras_passed_and_those_that_were_down() -> None:
    ends = [DRIVE[0], hit("d", "K04", 190, 0.88)]
    leg = ask([*OTHERS, *ends], gaps=(Gap("K03", at(100), at(150), "lost"),)).routes[0].legs[1]
    assert leg.facts.via == ("K02", "K03")
    assert leg.facts.unseen == ("K02",)
    assert leg.facts.down == ("K03",)


def test_facts_of_a_place_given_and_of_the_sighting_asked_about() -> None:
    by_hand = ask([*OTHERS, *DRIVE], query=QueryPoint("K02", at(50), at(50)))
    assert [leg.facts.given for leg in by_hand.routes[0].legs] == [False, True, False]
    assert by_hand.routes[0].legs[1].facts.rank == 3
    asked = ask([*OTHERS, *DRIVE], query=QueryPoint("K02", at(60), at(63), 0.5, "b"))
    assert [leg.facts.given for leg in asked.routes[0].legs] == [False, True, False]
    assert asked.routes[0].legs[1].facts.rank is None


def test_what_is_not_known_is_none_in_the_facts() -> None:
    by_time = ask([*OTHERS, *DRIVE], graph=RoadGraph()).routes[0].legs[1].facts
    assert (by_time.basis, by_time.distance_m, by_time.latest_s) == ("time", None, None)
    assert by_time.earliest_s == 0
    again = ask([*OTHERS, hit("a", "K01", 0, 0.9), hit("b", "K01", 40, 0.89)]).routes[0].legs[1]
    assert again.why.endswith("at K01 again after 37 s")
    assert again.facts == LegFacts(num_hits=42, rank=2)


def test_notes_have_codes_and_the_numbers_of_their_texts() -> None:
    answer = ask([*OTHERS, *DRIVE])
    assert codes(answer) == ["basis_roads", "alike"]
    alike = answer.notes[1]
    assert alike.values["num_hits"] == 43
    assert f"best {alike.values['best']:.2f}" in alike.text
    assert f"above {alike.values['threshold']:.2f}" in alike.text
    assert codes(ask([])) == ["basis_roads", "no_sightings"]
    assert "few_hits" in codes(ask(DRIVE))
    assert "place_unmatched" in codes(ask(OTHERS, query=QueryPoint("K02", at(9e3), at(9e3))))
    assert codes(ask([*OTHERS, *DRIVE], graph=RoadGraph()))[0] == "basis_time"
    places = [CameraPlace(f"K0{n}", 112.0, 26.0 + n / 200) for n in range(1, 5)]
    assert codes(ask([*OTHERS, *DRIVE], graph=RoadGraph(places)))[0] == "basis_places"


def test_a_confirmed_sighting_that_looks_unlike_is_in_the_route() -> None:
    unlike = hit("d", "K04", 190, 0.30)
    assert legs(ask([*OTHERS, *DRIVE, unlike])) == ["a", "b", "c"]
    answer = ask([*OTHERS, *DRIVE, unlike], [unlike])
    assert legs(answer) == ["a", "b", "c", "d"]
    last = answer.routes[0].legs[-1]
    assert last.facts.confirmed
    assert last.facts.rank == 44
    assert last.score == 0.30
    assert last.why.startswith("confirmed as the vehicle; similarity 0.30 (rank 44 of 44)")
    assert "confirmed_apart" not in codes(answer)


def test_a_confirmed_sighting_that_no_hit_names_is_in_the_route() -> None:
    unseen = hit("d", "K04", 190, 0.0)
    answer = ask([*OTHERS, *DRIVE], [unseen])
    assert legs(answer) == ["a", "b", "c", "d"]
    last = answer.routes[0].legs[-1]
    assert (last.score, last.facts.rank) == (None, None)
    assert last.why.startswith("confirmed as the vehicle; K03 to K04")
    assert legs(ask([], [unseen])) == ["d"]


def test_a_confirmed_sighting_drives_out_a_more_alike_one_that_contradicts_it() -> None:
    right = hit("r", "K04", 62, 0.5)  # not to be reached from b, nor on to c's place in time
    answer = ask([*OTHERS, *DRIVE, right], [right])
    assert all("r" in legs(answer, n) for n in range(len(answer.routes)))
    assert "b" not in legs(answer)


def test_confirmed_sightings_that_exclude_each_other_each_have_a_route() -> None:
    here, there = hit("h", "K01", 3000, 0.5), hit("t", "K04", 3004, 0.5)
    answer = ask([*OTHERS, *DRIVE], [here, there], max_routes=2)
    best, second = legs(answer, 0), legs(answer, 1)
    assert {"h", "t"} == {name for name in (*best, *second) if name in ("h", "t")}
    assert not {"h", "t"} <= set(best)
    note = next(note for note in answer.notes if note.code == "confirmed_apart")
    assert note.values == {"num_apart": 1}


def test_a_route_that_leaves_out_what_is_confirmed_is_not_shown() -> None:
    like = [hit("l1", "K04", 5000, 0.95), hit("l2", "K03", 5070, 0.94)]
    plain = ask([*OTHERS, *DRIVE, *like], window_s=1800)
    assert len(plain.routes) > 1
    answer = ask([*OTHERS, *DRIVE, *like], [DRIVE[1]], window_s=1800)
    assert all("b" in legs(answer, n) for n in range(len(answer.routes)))


def test_a_confirmed_sighting_outside_of_the_window_is_named_and_left_out() -> None:
    far = hit("f", "K04", 9000, 0.9)
    query = QueryPoint("K02", at(60), at(63), 0.5, "b")
    answer = ask([*OTHERS, *DRIVE], [far], query=query, window_s=3600)
    assert "f" not in legs(answer)
    assert "confirmed_apart" in codes(answer)


def test_the_sighting_asked_about_may_be_confirmed_as_well() -> None:
    query = QueryPoint("K02", at(60), at(63), 0.5, "b")
    answer = ask([*OTHERS, DRIVE[0], DRIVE[2]], [DRIVE[1]], query=query)
    assert legs(answer) == ["a", "b", "c"]
    assert answer.routes[0].legs[1].facts.given
    assert "confirmed_apart" not in codes(answer)


def test_the_score_of_a_route_is_in_units_of_evidence_as_ever() -> None:
    plain, sure = ask([*OTHERS, *DRIVE]), ask([*OTHERS, *DRIVE], [DRIVE[0]])
    assert legs(plain) == legs(sure)
    assert sure.routes[0].score == pytest.approx(plain.routes[0].score)
    assert ask([*OTHERS, *DRIVE], [DRIVE[1]]).routes[0].score > plain.routes[0].score


@given(
    st.lists(
        st.tuples(st.integers(1, 4), st.integers(0, 4000), st.floats(0.2, 0.95), st.booleans()),
        min_size=1,
        max_size=25,
    ),
    st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_every_confirmed_sighting_is_in_a_route_unless_too_many_exclude_each_other(
    made: list[tuple[int, int, float, bool]], anchored: bool
) -> None:
    hits = [hit(f"h{n}", f"K0{c}", s, score) for n, (c, s, score, _) in enumerate(made)]
    sure = [one for one, (*_, is_sure) in zip(hits, made, strict=True) if is_sure]
    query = QueryPoint("K02", at(2000), at(2003), 0.5, "q") if anchored else None
    answer = ask([*OTHERS, *hits], sure, query=query, max_routes=50)
    names = {one.sighting.sighting_id for one in sure}
    held = [names.intersection(legs(answer, n)) for n in range(len(answer.routes))]
    # Without an anchor each can stand in a route; never is one route's share within another's.
    if not anchored:
        assert set().union(*held) == names
    for one, two in pairwise(held):
        assert not two < one
    assert all(len(held[0]) >= len(other) for other in held)
    for route in answer.routes:
        for a, b in pairwise(route.legs):
            assert a.first_ns < b.first_ns
