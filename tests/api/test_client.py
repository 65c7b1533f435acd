"""The typed client: what it sends, what it makes of answers and of failures."""

from __future__ import annotations

import json
import pickle
from urllib.parse import unquote

import httpx
import pytest

from yanji.api.client import ApiError, Client, UnreachableServerError
from yanji.api.web.documents import FeedbackRequest, SearchRequest
from yanji.configs.errors import UsageError

ID = "5d41402abc4b2a76b9719d911017c592"
EMPTY_SEARCH = {
    "query": {"snapshot_id": None, "sighting_id": ID, "box": None, "class": None, "others": []},
    "hits": [],
    "searched": 3,
    "without_vector": 0,
    "gaps": [
        {"camera_id": "K01", "from": "2026-11-22T21:30:00+08:00", "to": None, "cause": "lost"}
    ],
    "audit_id": "1:ab",
}


def client(answer, **given) -> tuple[Client, list[httpx.Request]]:
    asked: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return answer(request) if callable(answer) else answer

    made = Client(
        "http://yanji.test:1/", "secret-token-0123", transport=httpx.MockTransport(handle), **given
    )
    return made, asked


def test_a_search_carries_token_case_and_reason_in_any_script():
    yanji, asked = client(httpx.Response(200, json=EMPTY_SEARCH), case="案-7", reason="肇事逃逸")
    answer = yanji.search(SearchRequest(sighting_id=ID, classes=("car",)))
    assert answer.searched == 3
    assert answer.gaps[0].from_ == "2026-11-22T21:30:00+08:00"
    headers = asked[0].headers
    assert headers["authorization"] == "Bearer secret-token-0123"
    assert unquote(headers["yanji-case"]) == "案-7"
    assert unquote(headers["yanji-reason"]) == "肇事逃逸"
    assert "yanji-purpose" not in headers
    assert asked[0].url.path == "/api/v1/search"
    body = json.loads(asked[0].content)
    assert body["from"] is None
    assert body["classes"] == ["car"]


def test_filters_of_a_list_are_repeated_and_empty_ones_left_out():
    page = {"sightings": [], "next": None, "audit_id": "1:ab"}
    yanji, asked = client(httpx.Response(200, json=page), case="1", reason="r")
    yanji.sightings(cameras=["K 01", "望江门"], limit=7)
    assert asked[0].url.params.get_list("camera") == ["K 01", "望江门"]
    assert asked[0].url.params["limit"] == "7"
    assert "from" not in asked[0].url.params
    assert "class" not in asked[0].url.params


def test_an_id_cannot_leave_its_place_in_the_path():
    yanji, asked = client(httpx.Response(404, json={"code": "unknown_camera", "title": "no"}))
    with pytest.raises(ApiError):
        yanji.camera("../site?x=1")
    assert asked[0].url.raw_path == b"/api/v1/cameras/..%2Fsite%3Fx%3D1"


def test_a_refusal_keeps_code_hint_and_status_also_across_processes():
    said = {
        "code": "bad_box",
        "title": "The box is empty.",
        "hint": "Draw it again.",
        "status": 422,
    }
    yanji, _ = client(httpx.Response(422, json=said), case="1", reason="r")
    with pytest.raises(ApiError) as caught:
        yanji.search(SearchRequest(sighting_id=ID))
    for error in (caught.value, pickle.loads(pickle.dumps(caught.value))):  # noqa: S301 - our own
        assert (error.code, error.status, error.hint) == ("bad_box", 422, "Draw it again.")
        assert str(error) == "The box is empty."


@pytest.mark.parametrize(
    "answer", [httpx.Response(502, text="<html>"), httpx.Response(500, json=[])]
)
def test_something_else_at_the_address_is_named(answer):
    yanji, _ = client(answer)
    with pytest.raises(UnreachableServerError, match="not yanji"):
        yanji.site()


def test_nobody_there_is_a_sentence_without_the_token():
    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    yanji, _ = client(fail)
    with pytest.raises(UnreachableServerError) as caught:
        yanji.health()
    assert "yanji serve" in caught.value.hint
    assert "secret-token" not in caught.value.message + caught.value.hint


def test_an_answer_of_another_version_is_refused():
    yanji, _ = client(httpx.Response(200, json={"sighting_id": ID}))
    with pytest.raises(UsageError, match="does not fit"):
        yanji.sighting(ID)


def test_feedback_is_posted_under_the_case():
    info = {
        "sighting_id": ID,
        "verdict": "rejected",
        "at": "2026-11-22T21:30:00+08:00",
        "audit_id": "1",
    }
    yanji, asked = client(httpx.Response(201, json=info), case="1", reason="r", purpose="exercise")
    assert (
        yanji.give_feedback(FeedbackRequest(sighting_id=ID, verdict="rejected")).verdict
        == "rejected"
    )
    assert asked[0].headers["yanji-purpose"] == "exercise"


def test_a_live_line_to_nobody_is_a_sentence():
    yanji = Client("http://127.0.0.1:9", "secret-token-0123")
    with pytest.raises(UnreachableServerError), yanji.live():
        pass
    yanji.close()
