"""`yanji trace`: from a picture, from a stored sighting, with and without a place and a time."""

from __future__ import annotations

import json

import pytest

from yanji.api.audit_verify import verify
from yanji.ingest.testcity.demo_data import load_truth, snapshot_of, snapshot_path

CASE = ("--case", "2026-17", "--reason", "hit and run at the bridge")


@pytest.fixture
def trace(yanji, town):
    """Traces in the town of two clips."""

    def call(what, *more, case=CASE):
        return yanji("trace", what, "--archive", town.archive, *case, *more)

    return call


@pytest.fixture
def target(yanji, town):
    """Id of the target's sighting at K04."""
    asked = ("--archive", town.archive, "--camera", "K04", *CASE, "--json")
    return yanji("search", snapshot_path(), *asked).json["hits"][0]["sighting_id"]


def routes_of(document):
    return [[leg["camera_id"] for leg in route["legs"]] for route in document["routes"]]


def test_the_answer_has_the_form_that_programs_rely_on(trace, town):
    at = ("--at", "K04", "--time", "2026-11-20 08:00:07.6")
    answer = trace(snapshot_path(), *at, "-c", town.site, "--json")
    assert answer.status == 0
    document = answer.json
    assert {"query", "routes", "next", "gaps", "audit_id"} <= set(document)
    assert document["query"]["box"]
    for route in document["routes"]:
        assert route["probability"] is None
        for leg in route["legs"]:
            assert {
                *("sighting_id", "camera_id", "first_seen", "last_seen"),
                *("probability", "travel_s", "why"),
            } <= set(leg)
            assert leg["why"]
            assert leg["probability"] is None or 0 < leg["probability"] < 1
            assert leg["first_seen"].endswith("+08:00")
    assert routes_of(document)[0][-2:] == ["K04", "K03"]
    for place in document["next"]:
        assert {"camera_id", "earliest", "latest", "probability"} <= set(place)
        assert place["probability"] is None
    assert verify(town.archive).ok


def test_a_stored_sighting_is_traced_like_a_picture(trace, town, target):
    answer = trace(target, "-c", town.site, "--json")
    assert answer.status == 0
    assert answer.json["query"] == {"sighting_id": target}
    best = answer.json["routes"][0]["legs"]
    assert target in [leg["sighting_id"] for leg in best]
    assert best[-1]["camera_id"] == "K03"
    shouted = trace(target.upper(), "-c", town.site, "--json")
    assert routes_of(shouted.json) == routes_of(answer.json)


def test_without_a_site_time_alone_orders_and_the_answer_says_so(trace, yanji, target):
    answer = trace(target, "--json")
    assert answer.status == 0
    assert all(leg["first_seen"].endswith("+00:00") for leg in answer.json["routes"][0]["legs"])
    told = trace(target)
    assert told.status == 0
    assert "audit record" in told.out
    assert "Route 1 of" in told.out


def test_without_a_place_and_a_time_a_picture_is_traced_too(trace, town):
    answer = trace(snapshot_path(), "-c", town.site, "--json")
    assert answer.status == 0
    assert snapshot_of(load_truth(())).camera_id in routes_of(answer.json)[0]


def test_an_unknown_sighting_is_status_3_and_recorded(trace, town):
    answer = trace("0123456789abcdef" * 2)
    assert answer.status == 3
    assert "no sighting 0123456789abcdef" in answer.sentence
    assert answer.out == ""
    as_json = trace("0123456789abcdef" * 2, "--json")
    assert (as_json.status, as_json.error["code"]) == (3, "nothing_found")
    report = verify(town.archive)
    assert (report.ok, report.records) == (True, 2)
    assert "0123456789abcdef" in (town.archive / "audit.jsonl").read_text(encoding="utf-8")


def test_nothing_in_the_window_is_status_3(trace):
    long_ago = ("--at", "K04", "--time", "2020-01-01T00:00:00Z", "--json")
    answer = trace(snapshot_path(), *long_ago)
    assert answer.status == 3
    assert not any(leg["sighting_id"] for route in answer.json["routes"] for leg in route["legs"])


@pytest.mark.parametrize("window", ["3h", "90m", "1h30m", "45s", "2d"])
def test_windows_are_written_in_several_ways(trace, target, window):
    assert trace(target, "--window", window).status in (0, 3)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--window", "3"), "not a duration"),
        (("--window", "later"), "not a duration"),
        (("--window", "-3h"), "not a duration"),
        (("--window", "0h"), "no time at all"),
        (("--window", "9999d"), "longer than ten years"),
        (("--at", "K04"), "belong together"),
        (("--time", "2026-11-20T08:00:00Z"), "belong together"),
        (("--at", "K04", "--time", "2026-11-20T08:00:00"), "no offset"),
        (("--at", "K99", "--time", "2026-11-20T08:00:00Z"), "K99"),
        (("--box", "0,0,0,0"), "empty"),
        (("--box", "0,0,99999,99999"), "outside"),
        (("--purpose", "curiosity"), "curiosity"),
    ],
)
def test_wrong_usage_is_one_sentence_and_status_2(trace, town, more, words):
    plain = trace(snapshot_path(), *more)
    assert plain.status == 2
    assert words in plain.sentence
    assert plain.out == ""
    assert words in trace(snapshot_path(), *more, "--json").error["message"]
    assert verify(town.archive).records == 0


def test_a_camera_that_the_site_does_not_know_is_status_2(trace, town):
    at = ("--at", "K99", "--time", "2026-11-20T08:00:00Z", "-c", town.site)
    answer = trace(snapshot_path(), *at)
    assert answer.status == 2
    assert "K99" in answer.sentence


def test_a_box_with_a_stored_sighting_is_refused(trace, target):
    answer = trace(target, "--box", "1,1,50,50")
    assert answer.status == 2
    assert "--box belongs to a picture" in answer.sentence


def test_without_case_and_reason_nothing_is_answered(trace, target):
    for case in ((), ("--case", "1"), ("--reason", "why")):
        answer = trace(target, case=case)
        assert (answer.status, answer.out) == (2, "")
        assert "is needed" in answer.sentence


def test_no_answer_without_an_audit_record(trace, town, target):
    (town.archive / "audit.jsonl").unlink()
    (town.archive / "audit.jsonl").mkdir()
    answer = trace(target)
    assert (answer.status, answer.out) == (1, "")
    assert "audit log" in answer.sentence


def test_something_that_is_neither_picture_nor_sighting(trace):
    answer = trace("no-such-thing.jpg")
    assert answer.status == 1
    assert "no picture" in answer.sentence


def test_colours_and_directions_narrow_a_trace_and_are_recorded(trace, town, target):
    plain = trace(target, "-c", town.site, "--json").json
    # Nothing is purple and known to be: only the sighting asked about is left.
    narrow = trace(target, "-c", town.site, "--colour", "purple", "--only-known", "--json")
    legs = {leg["sighting_id"] for route in narrow.json["routes"] for leg in route["legs"]}
    assert len(legs) <= len({leg["sighting_id"] for r in plain["routes"] for leg in r["legs"]})
    record = json.loads((town.archive / "audit.jsonl").read_text("utf-8").splitlines()[-1])
    assert record["parameters"]["colours"] == ["purple"]
    assert record["parameters"]["only_known"] is True
    wrong = trace(target, "-c", town.site, "--only-known")
    assert wrong.status == 2
    assert "--colour or --direction" in wrong.sentence
