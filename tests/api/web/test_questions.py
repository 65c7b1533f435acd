"""Search, trace and feedback over HTTP: what is answered, refused and written to the audit log."""

from __future__ import annotations

import contextlib
import json
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest

from yanji.configs.errors import AuditError

API = "/api/v1"
CASE = {"Yanji-Case": "2026-17", "Yanji-Reason": "hit%20and%20run"}
NOBODY = "0" * 32


def search(api, **asked):
    return api.post(f"{API}/search", json=asked)


@pytest.fixture(scope="module")
def target(api, snapshot):
    """The answer to the snapshot's own vehicle."""
    answer = search(api, snapshot_id=snapshot["snapshot_id"])
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_vehicle_of_the_snapshot_is_found(target, snapshot, api):
    assert target["query"]["snapshot_id"] == snapshot["snapshot_id"]
    assert target["query"]["box"] == snapshot["vehicles"][0]["box"]
    assert target["query"]["class"] == snapshot["vehicles"][0]["class"]
    assert len(target["query"]["others"]) == len(snapshot["vehicles"]) - 1
    hits = target["hits"]
    assert [hit["rank"] for hit in hits] == list(range(1, len(hits) + 1))
    assert [hit["score"] for hit in hits] == sorted((h["score"] for h in hits), reverse=True)
    assert {hits[0]["camera_id"]} <= {"K03", "K04"}
    assert hits[0]["score"] > 0.6
    assert api.get(f"{API}/site").json()["calibrated"]
    groups = {hit["class"] for hit in hits if hit["probability"] is not None}
    assert target["query"]["class"] in groups
    assert all(0 < hit["probability"] < 1 for hit in hits if hit["probability"] is not None)
    assert target["searched"] == len(hits)
    crop = api.get(hits[0]["crops"][0])
    assert crop.headers["content-type"] == "image/jpeg"
    assert "immutable" in crop.headers["cache-control"]


def test_a_picture_and_a_question_in_one_call_answer_the_same(api, photo, target):
    answer = api.post(f"{API}/search/upload", files={"file": photo})
    assert answer.status_code == 200, answer.text
    assert answer.json()["hits"] == target["hits"]
    assert answer.json()["query"] == target["query"]


def test_a_form_takes_filters(api, photo, target):
    camera = target["hits"][0]["camera_id"]
    box = ",".join(str(edge) for edge in target["query"]["box"])
    form = {"camera": [camera], "class": ["car", "two_wheeler"], "limit": "3", "box": box}
    answer = api.post(f"{API}/search/upload", files={"file": photo}, data=form).json()
    assert {hit["camera_id"] for hit in answer["hits"]} == {camera}
    assert len(answer["hits"]) <= 3


@pytest.mark.parametrize(
    ("form", "status", "code"),
    [
        ({"limit": "0"}, 422, "invalid"),
        ({"limit": "many"}, 422, "invalid"),
        ({"limit": ["1", "2"]}, 422, "invalid"),
        ({"box": "1,2,3"}, 422, "bad_box"),
        ({"box": "nan,0,9,9"}, 422, "bad_box"),
        ({"box": "9000,0,9900,50"}, 422, "bad_box"),
        ({"from": "soon"}, 422, "bad_time"),
        ({"class": "tank"}, 422, "invalid"),
        ({"colour": "mauve"}, 422, "invalid"),
        ({"direction": "up"}, 422, "invalid"),
        ({"only_known": "perhaps"}, 422, "invalid"),
        ({"camera": "K99"}, 404, "unknown_camera"),
        ({"sort": "score; DROP TABLE"}, 422, "invalid"),
        ({"limit": "9" * 9000}, 422, "invalid"),
    ],
)
def test_a_form_with_wrong_fields_is_refused(api, photo, refused, form, status, code):
    refused(api.post(f"{API}/search/upload", files={"file": photo}, data=form), status, code)


def test_a_stored_sighting_finds_others_and_not_itself(api, target):
    own = target["hits"][0]["sighting_id"]
    answer = search(api, sighting_id=own).json()
    assert answer["query"]["sighting_id"] == own
    assert answer["query"]["class"] == target["hits"][0]["class"]
    found = [hit["sighting_id"] for hit in answer["hits"]]
    assert own not in found
    assert len(found) == target["searched"] - 1


def test_filters_keep_what_they_say(api, snapshot, target):
    asked = {"snapshot_id": snapshot["snapshot_id"], "limit": 500}
    for camera in ("K03", "K04"):
        hits = search(api, **asked, cameras=[camera]).json()["hits"]
        assert hits
        assert {hit["camera_id"] for hit in hits} == {camera}
    times = sorted(hit["first_seen"] for hit in target["hits"])
    middle = times[len(times) // 2]
    late = search(api, **asked, **{"from": middle}).json()["hits"]
    early = search(api, **asked, to=middle).json()["hits"]
    assert all(hit["last_seen"] >= middle for hit in late)
    assert all(hit["first_seen"] <= middle for hit in early)
    assert {h["sighting_id"] for h in late} | {h["sighting_id"] for h in early} == {
        h["sighting_id"] for h in target["hits"]
    }
    cars = search(api, **asked, classes=["four_wheel"]).json()["hits"]
    assert {hit["class"] for hit in cars} <= {"car", "van", "truck", "bus"}
    assert len(search(api, **asked | {"limit": 2}).json()["hits"]) == 2
    for given, field in (({"colours": ["red"]}, "colour"), ({"directions": ["N"]}, "travel_deg")):
        some = search(api, **asked, **given).json()["hits"]
        known = search(api, **asked, **given, only_known=True).json()["hits"]
        unknown = {h["sighting_id"] for h in target["hits"] if h[field] is None}
        assert unknown <= {hit["sighting_id"] for hit in some}
        assert not unknown & {hit["sighting_id"] for hit in known}
    red = search(api, **asked, colours=["red"], only_known=True).json()["hits"]
    assert {hit["colour"] for hit in red} <= {"red"}
    assert all(0.5 <= hit["colour_score"] <= 1 for hit in red)


def test_a_drawn_box_is_another_question(api, snapshot, target):
    other = snapshot["vehicles"][1]["box"]
    answer = search(api, snapshot_id=snapshot["snapshot_id"], box=other).json()
    assert answer["query"]["box"] == other
    assert [hit["score"] for hit in answer["hits"]] != [hit["score"] for hit in target["hits"]]
    nothing = search(api, snapshot_id=snapshot["snapshot_id"], box=[0, 0, 40, 40]).json()
    assert nothing["query"]["class"] is None


@pytest.mark.parametrize(
    "box",
    [
        [5, 5, 5, 50],
        [50, 50, 5, 5],
        [-40, 0, 50, 50],
        [0, 0, 1, 1],
        [900, 500, 2000, 2000],
        [0, 0, 1e300, 1e300],
    ],
)
def test_a_bad_box_is_refused(api, snapshot, refused, box):
    for path in ("search", "trace"):
        asked = {"snapshot_id": snapshot["snapshot_id"], "box": box}
        refused(api.post(f"{API}/{path}", json=asked), 422, "bad_box")


def test_a_picture_without_a_vehicle_is_said_and_recorded(api, served, encoded, refused):
    held = api.post(f"{API}/snapshots", files={"file": encoded("PNG", 200, 150)}).json()
    assert held["vehicles"] == []
    for path in ("search", "trace"):
        found = refused(
            api.post(f"{API}/{path}", json={"snapshot_id": held["snapshot_id"]}), 422, "no_vehicle"
        )
        assert "box" in found["hint"]
        last = served.audit()[-1]
        assert (last["action"], last["parameters"]["outcome"]) == (path, "no_vehicle")
        assert last["image_sha256"] == held["snapshot_id"]
        assert last["parameters"]["via"] == "api"


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({}, 422, "invalid"),
        ({"snapshot_id": "0" * 64, "sighting_id": NOBODY}, 422, "invalid"),
        ({"snapshot_id": "0" * 64}, 404, "unknown_snapshot"),
        ({"sighting_id": NOBODY}, 404, "unknown_sighting"),
        ({"sighting_id": NOBODY, "box": [0, 0, 9, 9]}, 422, "bad_box"),
        ({"sighting_id": "../../etc"}, 422, "invalid"),
        ({"sighting_id": NOBODY, "sort": "score"}, 422, "invalid"),
        ({"sighting_id": NOBODY, "confirmed": [NOBODY] * 51}, 422, "invalid"),
    ],
)
def test_a_wrong_subject_is_refused(api, refused, asked, status, code):
    for path in ("search", "trace"):
        refused(api.post(f"{API}/{path}", json=asked), status, code)


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"limit": 0}, 422, "invalid"),
        ({"limit": 501}, 422, "invalid"),
        ({"from": "2026-11-20"}, 422, "bad_time"),
        ({"from": "x" * 41}, 422, "invalid"),
        ({"to": "2026-02-30T10:00:00Z"}, 422, "bad_time"),
        ({"from": "2026-11-20T09:00:00Z", "to": "2026-11-20T08:00:00Z"}, 422, "bad_time"),
        ({"classes": ["tank"]}, 422, "invalid"),
        ({"cameras": ["K99"]}, 404, "unknown_camera"),
        ({"cameras": ["a/b"]}, 404, "unknown_camera"),
        ({"cameras": ["\u202e"]}, 404, "unknown_camera"),
        ({"confirmed": [NOBODY]}, 404, "unknown_sighting"),
        ({"rejected": [NOBODY]}, 404, "unknown_sighting"),
    ],
)
def test_wrong_filters_of_a_search_are_refused(api, snapshot, refused, asked, status, code):
    refused(search(api, snapshot_id=snapshot["snapshot_id"], **asked), status, code)


@pytest.mark.parametrize(
    ("body", "code"),
    [(b"", "invalid"), (b"{", "invalid"), (b"[" * 50_000, "invalid"), (b"\xff\xfe{}", "invalid"),
     (b'"text"', "invalid"), (b"null", "invalid"), (b'{"limit": NaN}', "invalid")],
)  # fmt: skip
def test_a_body_that_is_no_json_is_refused(api, refused, body, code):
    answer = api.post(f"{API}/search", content=body, headers={"Content-Type": "application/json"})
    refused(answer, 422, code)


def test_verdicts_change_the_order_at_once(api, snapshot, target):
    first, second, *_, last = [hit["sighting_id"] for hit in target["hits"]]
    asked = {"snapshot_id": snapshot["snapshot_id"]}
    found = search(api, **asked, confirmed=[last], rejected=[first]).json()["hits"]
    ids = [hit["sighting_id"] for hit in found]
    assert ids[0] == last, "what is confirmed stands first"
    assert first not in ids
    assert second in ids


def test_one_sighting_cannot_be_both(api, snapshot, target, refused):
    one = [target["hits"][0]["sighting_id"]]
    asked = {"snapshot_id": snapshot["snapshot_id"], "confirmed": one, "rejected": one}
    refused(search(api, **asked), 422, "invalid")


def test_the_route_of_the_snapshot(api, snapshot, target):
    answer = api.post(f"{API}/trace", json={"snapshot_id": snapshot["snapshot_id"]})
    assert answer.status_code == 200, answer.text
    traced = answer.json()
    best = traced["routes"][0]
    assert best["rank"] == 1
    assert [leg["camera_id"] for leg in best["legs"]] == ["K04", "K03"]
    first, then = best["legs"]
    assert first["first_seen"] < then["first_seen"]
    assert first["travel_s"] is None
    assert then["facts"]["basis"] == "roads"
    assert then["facts"]["earliest_s"] < then["travel_s"] < then["facts"]["latest_s"]
    assert then["why"]
    assert then["crops"]
    assert then["class"] is not None
    assert traced["basis"] == "roads"
    assert {note["code"] for note in traced["notes"]}
    assert {one["camera_id"] for one in traced["next"]} <= {"K01", "K02", "K03", "K04"}


def test_the_route_of_a_stored_sighting_holds_it(api, target):
    own = target["hits"][0]["sighting_id"]
    traced = api.post(f"{API}/trace", json={"sighting_id": own, "window_s": 600}).json()
    legs = traced["routes"][0]["legs"]
    given = [leg for leg in legs if leg["facts"]["given"]]
    assert [leg["sighting_id"] for leg in given] == [own]
    assert given[0]["crops"], "the sighting asked about is shown too"


def test_a_place_and_time_pin_the_route(api, snapshot, refused):
    asked = {"snapshot_id": snapshot["snapshot_id"]}
    at = {"camera_id": "K04", "time": "2026-11-20T08:00:06"}
    traced = api.post(f"{API}/trace", json={**asked, "at": at}).json()
    for route in traced["routes"]:
        assert any(leg["facts"]["given"] and leg["camera_id"] == "K04" for leg in route["legs"])
    wrong = {**at, "camera_id": "K99"}
    refused(api.post(f"{API}/trace", json={**asked, "at": wrong}), 404, "unknown_camera")
    wrong = {**at, "time": "noon"}
    refused(api.post(f"{API}/trace", json={**asked, "at": wrong}), 422, "bad_time")
    refused(api.post(f"{API}/trace", json={**asked, "window_s": 1}), 422, "invalid")
    both = {"sighting_id": NOBODY, "at": at}
    refused(api.post(f"{API}/trace", json=both), 422, "invalid")


def everything_audited(served, snapshot):
    """Every question: method, path, body."""
    return [
        ("POST", f"{API}/search", {"snapshot_id": snapshot["snapshot_id"]}, "search"),
        ("POST", f"{API}/trace", {"snapshot_id": snapshot["snapshot_id"]}, "trace"),
        ("GET", f"{API}/sightings", None, "sightings"),
        (
            "POST",
            f"{API}/feedback",
            {
                "sighting_id": served.desk.reader.sightings(limit=1)[0].sighting_id,
                "verdict": "unsure",
            },
            "feedback",
        ),
    ]


def test_every_question_needs_a_case(served, snapshot, refused):
    questions = [
        *everything_audited(served, snapshot),
        ("GET", f"{API}/feedback", None, ""),
        # Before anything is looked up.
        ("POST", f"{API}/search", {"snapshot_id": "0" * 64}, ""),
    ]
    before = len(served.audit())
    with served.client() as client:
        for method, path, body, _ in questions:
            for headers in (
                {},
                {"Yanji-Case": "1"},
                {"Yanji-Reason": "r"},
                {"Yanji-Case": "%20", "Yanji-Reason": "r"},
                {"Yanji-Case": "1", "Yanji-Reason": ""},
            ):
                answer = client.request(method, path, json=body, headers=headers)
                assert "Yanji-Case" in refused(answer, 422, "case_missing")["hint"]
    assert len(served.audit()) == before


@pytest.mark.parametrize(
    "headers",
    [
        {"Yanji-Case": "1", "Yanji-Reason": "%FF%FE"},
        {"Yanji-Case": "1", "Yanji-Reason": "r", "Yanji-Purpose": "curiosity"},
        {"Yanji-Case": "1" * 201, "Yanji-Reason": "r"},
        {"Yanji-Case": "1", "Yanji-Reason": "r" * 2001},
        {"Yanji-Case": "1", "Yanji-Reason": "r" * 9000},
    ],
)
def test_a_wrong_case_header_is_refused(served, refused, headers):
    with served.client() as client:
        refused(client.get(f"{API}/sightings", headers=headers), 422, "invalid")


def test_every_question_is_recorded_with_case_and_origin(served, snapshot):
    case = {"Yanji-Case": quote("案-17"), "Yanji-Reason": quote("肇事逃逸 %")}
    with served.client(case | served.bearer) as client:
        for method, path, body, action in everything_audited(served, snapshot):
            answer = client.request(method, path, json=body)
            assert answer.status_code in (200, 201), answer.text
            last = served.audit()[-1]
            assert last["action"] == action
            assert (last["case"], last["reason"]) == ("案-17", "肇事逃逸 %")
            assert last["purpose"] == "hit_and_run"
            assert last["parameters"]["via"] == "api"
            assert last["parameters"]["client"] == "127.0.0.1"
            assert answer.json()["audit_id"] == f"{last['seq']}-{last['hash']}" or last[
                "hash"
            ].startswith(answer.json()["audit_id"].split("-")[-1])


def test_raw_utf8_in_a_header_is_understood(served):
    with served.client() as client:
        raw = {"Yanji-Case": "案-18".encode(), "Yanji-Reason": "测试".encode()}
        assert client.get(f"{API}/sightings", headers=raw).status_code == 200
    assert served.audit()[-1]["case"] == "案-18"


def test_the_record_is_on_the_disk_before_the_answer_leaves(served, snapshot, monkeypatch):
    """The record is looked for at the moment when an answer is built."""
    from yanji.api.web import routes_questions

    seen = []
    build = routes_questions.search_document

    def late(desk, taken, found, verdicts, audit_id):
        seen.append((len(served.audit()), served.audit()[-1]["action"]))
        return build(desk, taken, found, verdicts, audit_id)

    monkeypatch.setattr(routes_questions, "search_document", late)
    before = len(served.audit())
    with served.client(CASE | served.bearer) as client:
        assert search(client, snapshot_id=snapshot["snapshot_id"]).status_code == 200
    assert seen == [(before + 1, "search")]


def test_without_an_audit_record_nothing_is_answered(served, snapshot, refused, monkeypatch):
    def fails(*_args, **_given):
        raise AuditError("The audit log in /secret/place cannot be written.")

    monkeypatch.setattr("yanji.api.questions.append_record", fails)
    monkeypatch.setattr("yanji.api.web.auditing.append_record", fails)
    with served.client(CASE | served.bearer) as client:
        for method, path, body, _ in everything_audited(served, snapshot):
            answer = client.request(method, path, json=body)
            refused(answer, 503, "audit")
            assert "/secret/place" not in answer.text
        assert client.get(f"{API}/feedback").json()["feedback"] == [] or "unsure" not in [
            one["verdict"] for one in client.get(f"{API}/feedback").json()["feedback"]
        ]


def test_feedback_is_kept_per_case_and_shown_at_the_hits(served, snapshot, target):
    one, other = (hit["sighting_id"] for hit in target["hits"][:2])
    mine = {"Yanji-Case": "feedback-1", "Yanji-Reason": "r"}
    theirs = {"Yanji-Case": "feedback-2", "Yanji-Reason": "r"}
    with served.client() as client:
        for sighting_id, verdict in ((one, "rejected"), (other, "unsure"), (one, "confirmed")):
            said = {
                "sighting_id": sighting_id,
                "verdict": verdict,
                "snapshot_id": snapshot["snapshot_id"],
            }
            answer = client.post(f"{API}/feedback", json=said, headers=mine)
            assert answer.status_code == 201, answer.text
            assert answer.json()["verdict"] == verdict
        kept = client.get(f"{API}/feedback", headers=mine).json()["feedback"]
        assert [(k["sighting_id"], k["verdict"]) for k in kept] == [
            (one, "confirmed"),
            (other, "unsure"),
        ]
        assert client.get(f"{API}/feedback", headers=theirs).json()["feedback"] == []
        asked = {"snapshot_id": snapshot["snapshot_id"]}
        for case, verdicts in ((mine, {one: "confirmed", other: "unsure"}), (theirs, {})):
            hits = client.post(f"{API}/search", json=asked, headers=case).json()["hits"]
            said = {h["sighting_id"]: h["verdict"] for h in hits if h["verdict"] is not None}
            assert said == verdicts


def test_what_was_said_of_one_vehicle_is_not_shown_for_another_of_the_same_picture(
    served, snapshot, target
):
    mine = {"Yanji-Case": "feedback-3", "Yanji-Reason": "r"}
    one, other = (vehicle["box"] for vehicle in snapshot["vehicles"][:2])
    hit = target["hits"][0]["sighting_id"]
    about = {"snapshot_id": snapshot["snapshot_id"]}
    with served.client() as client:
        said = {"sighting_id": hit, "verdict": "confirmed", **about, "box": one}
        assert client.post(f"{API}/feedback", json=said, headers=mine).status_code == 201
        for box, shown in ((one, "confirmed"), (other, None)):
            asked = {**about, "box": box, "limit": 500}
            hits = client.post(f"{API}/search", json=asked, headers=mine).json()["hits"]
            assert [h["verdict"] for h in hits if h["sighting_id"] == hit] == [shown]


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        ({"sighting_id": NOBODY, "verdict": "confirmed"}, 404, "unknown_sighting"),
        ({"sighting_id": NOBODY, "verdict": "maybe"}, 422, "invalid"),
        ({"sighting_id": NOBODY}, 422, "invalid"),
        (
            {
                "sighting_id": NOBODY,
                "verdict": "unsure",
                "snapshot_id": "0" * 64,
                "query_sighting_id": NOBODY,
            },
            422,
            "invalid",
        ),
    ],
)
def test_wrong_feedback_is_refused(api, refused, said, status, code):
    refused(api.post(f"{API}/feedback", json=said), status, code)


def test_two_questions_at_once_answer_as_one_after_the_other(served, photo, target):
    asked = {"snapshot_id": target["query"]["snapshot_id"]}

    def ask(number: int):
        with served.client(CASE | served.bearer) as client:
            if number % 3 == 0:
                return client.post(f"{API}/search/upload", files={"file": photo}).json()["hits"]
            if number % 3 == 1:
                return client.post(f"{API}/search", json=asked).json()["hits"]
            return client.post(f"{API}/trace", json=asked).json()["routes"][0]["legs"]

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(ask, range(12)))
    assert all(one == target["hits"] for number, one in enumerate(answers) if number % 3 < 2)
    routes = [one for number, one in enumerate(answers) if number % 3 == 2]
    assert all(one == routes[0] for one in routes)


def test_the_loop_answers_while_a_search_runs(served, snapshot, monkeypatch):
    """A search that does not end must not hold up who asks whether the process lives."""
    from yanji.api.web import asking

    begun, go_on = threading.Event(), threading.Event()
    ask = asking.ask_search

    def slow(*args, **given):
        begun.set()
        assert go_on.wait(30)
        return ask(*args, **given)

    monkeypatch.setattr(asking, "ask_search", slow)
    with ThreadPoolExecutor(1) as pool, served.client(CASE | served.bearer) as client:
        running = pool.submit(search, client, snapshot_id=snapshot["snapshot_id"])
        try:
            assert begun.wait(30)
            with served.client() as other:
                assert other.get("/live").json() == {"status": "live", "detail": ""}
                assert other.get(f"{API}/cameras").status_code == 200
            assert not running.done()
        finally:
            go_on.set()
        assert running.result().status_code == 200


def test_an_archive_of_another_model_says_what_to_do(serve, filled, refused):
    """The made-up sightings have vectors of the shipped model's kind; take those away."""
    import sqlite3

    with contextlib.closing(sqlite3.connect(filled / "archive.db")) as database, database:
        database.execute("UPDATE models SET model_id = 'another'")
    with serve(filled) as served, served.client(CASE | served.bearer) as client:
        one = client.get(f"{API}/sightings").json()["sightings"][0]["sighting_id"]
        found = refused(search(client, sighting_id=one), 422, "no_vector")
        assert "reembed" in found["hint"]
        last = served.audit()[-1]
        assert last["parameters"]["outcome"] == "no_vector"


def test_without_a_site_times_need_an_offset(serve, filled, refused):
    with serve(filled) as served, served.client(CASE | served.bearer) as client:
        asked = {"sighting_id": NOBODY, "from": "2026-11-20T08:00:00"}
        refused(client.post(f"{API}/search", json=asked), 422, "bad_time")
        assert client.get(f"{API}/site").json()["timezone"] is None
        assert client.get(f"{API}/roads").json() == {"roads": []}
        one = client.get(f"{API}/sightings?order=oldest").json()["sightings"][0]
        assert one["first_seen"] == "2026-11-20T00:00:00.000+00:00"
        traced = client.post(f"{API}/trace", json={"sighting_id": one["sighting_id"]}).json()
        assert traced["basis"] == "time"


def test_the_answers_are_those_of_the_command_line(yanji, indexed_town, target, tmp_path):
    """One archive, two ways to ask."""
    from yanji.ingest.testcity.demo_data import snapshot_path

    archive = shutil.copytree(indexed_town.archive, tmp_path / "copy")
    done = yanji(
        "search", snapshot_path(), "--archive", archive, "-c", indexed_town.site,
        "--case", "1", "--reason", "r", "--limit", "50", "--json",
    )  # fmt: skip
    hits = json.loads(done.out)["hits"]
    for field in ("sighting_id", "score", "first_seen", "camera_id", "class"):
        assert [hit[field] for hit in hits] == [hit[field] for hit in target["hits"]]
