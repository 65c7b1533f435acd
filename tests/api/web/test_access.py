"""Who gets in: nobody without token or session, whatever route it is."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

import httpx
import pytest

from yanji.api.web.access import DELAY_S, FREE_FAILURES, IDLE_S, MAX_SESSIONS, Access, own_origin
from yanji.api.web.app import create_app

API = "/api/v1"
OPEN = {"/live", "/ready"}
FILLED = {
    "{camera_id}": "K03",
    "{sighting_id}": "0" * 32,
    "{snapshot_id}": "0" * 64,
    "{sha256}": "0" * 64,
}


def operations(served) -> list[tuple[str, str]]:
    """Every method of every path that the app has, from the app itself."""
    document = create_app(served.desk).openapi()
    found = [(method.upper(), path) for path, item in document["paths"].items() for method in item]
    assert len(found) > 20
    return found


def filled(path: str) -> str:
    for name, value in FILLED.items():
        path = path.replace(name, value)
    assert "{" not in path
    return path


def all_paths(routes) -> list[str]:
    """Every path of every route, of included routers too, in the schema or not."""
    found = []
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            prefix = route.include_context.prefix
            found += [prefix + path for path in all_paths(inner.routes)]
        else:
            found.append(route.path)
    return found


def test_every_route_is_open_by_name_or_closed(served, refused):
    paths = all_paths(create_app(served.desk).routes)
    assert {f"{API}/search", f"{API}/live", f"{API}/openapi.json", "/metrics"} <= set(paths)
    with served.client({}) as nobody:
        for path in paths:
            answer = nobody.get(filled(path))
            if path in OPEN:
                assert answer.status_code == 200, path
            else:
                refused(answer, 401, "unauthorised")


def test_every_operation_is_refused_without_a_token(served, refused):
    with served.client({}) as nobody:
        for method, path in operations(served):
            if path not in OPEN:
                answer = nobody.request(method, filled(path))
                refused(answer, 401, "unauthorised")
                assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "header",
    ["Bearer wrong-token-000000", "Basic YTpi", "Bearer", "canary-token-7f3a9c51e2"],
)
def test_a_wrong_token_is_refused(served, refused, header):
    with served.client({"Authorization": header}) as nobody:
        refused(nobody.get(f"{API}/site"), 401, "unauthorised")


def test_a_token_in_the_address_is_none(served, refused):
    with served.client({}) as nobody:
        refused(nobody.get(f"{API}/site?t={served.token}"), 401, "unauthorised")


def test_a_path_that_is_not_there_says_so_only_to_those_who_may_ask(served, api, refused):
    with served.client({}) as nobody:
        refused(nobody.get(f"{API}/nothing"), 401, "unauthorised")
        refused(nobody.get("/nothing"), 404, "not_found")
    refused(api.get(f"{API}/nothing"), 404, "not_found")
    refused(api.post(f"{API}/nothing"), 404, "not_found")


@contextlib.contextmanager
def signed_in(served) -> Iterator[httpx.Client]:
    with served.client() as program:
        answer = program.post(f"{API}/session")
        assert answer.status_code == 204
        kept = dict(program.cookies)
    with served.client({}, cookies=kept) as page:
        yield page


def test_the_page_exchanges_the_token_for_a_cookie_that_scripts_cannot_read(served):
    with served.client({}) as page:
        answer = page.post(f"{API}/session", headers=served.bearer)
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("yanji_session=")
        words = {word.strip().lower() for word in cookie.split(";")[1:]}
        assert {"httponly", "path=/", "samesite=strict"} <= words
        assert "secure" not in words, "the line is not encrypted: the browser would drop it"
        assert "canary" not in cookie
        assert page.get(f"{API}/session").status_code == 204
        assert page.get(f"{API}/site").status_code == 200


def test_a_session_ends_when_it_is_told_to(served, refused):
    with signed_in(served) as page:
        kept = dict(page.cookies)
        answer = page.delete(f"{API}/session")
        assert answer.status_code == 204
        assert answer.headers["set-cookie"].startswith('yanji_session="";')
        assert "max-age=0" in answer.headers["set-cookie"].lower()
        refused(page.get(f"{API}/session"), 401, "unauthorised")
        assert dict(page.cookies) == kept
        refused(page.get(f"{API}/site"), 401, "unauthorised")


def test_a_session_does_not_beget_sessions(served, refused):
    with signed_in(served) as page:
        refused(page.post(f"{API}/session"), 401, "unauthorised")


def test_a_made_up_session_is_none(served, refused):
    with served.client({"Cookie": "yanji_session=made-up; other=1"}) as nobody:
        refused(nobody.get(f"{API}/site"), 401, "unauthorised")
    with served.client({"Cookie": 'yanji_session="\\; ;;;=,\x7f'}) as nobody:
        refused(nobody.get(f"{API}/site"), 401, "unauthorised")


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "https://{host}",
        "http://{host}.evil.example",
        "http://127.0.0.1",
    ],
)
def test_another_page_cannot_use_the_cookie_to_change_something(served, refused, origin):
    host = served.url.removeprefix("http://")
    with signed_in(served) as page:
        answer = page.request(
            "DELETE", f"{API}/session", headers={"Origin": origin.format(host=host)}
        )
        refused(answer, 403, "forbidden_origin")
        assert page.get(f"{API}/session").status_code == 204


def test_the_own_page_can(served):
    with signed_in(served) as page:
        answer = page.delete(f"{API}/session", headers={"Origin": served.url})
        assert answer.status_code == 204


def test_a_program_may_say_any_origin(api):
    answer = api.delete(f"{API}/session", headers={"Origin": "http://tool.example"})
    assert answer.status_code == 204


def test_the_origin_is_the_same_for_http_and_its_websockets():
    assert own_origin("ws", "Host:1") == own_origin("http", "host:1") == "http://host:1"
    assert own_origin("wss", "h") == own_origin("https", "h") == "https://h"


def test_a_session_that_is_not_used_ends():
    now = [0.0]
    access = Access("t" * 16, clock=lambda: now[0])
    session = access.open_session()
    now[0] += IDLE_S
    assert access.use_session(session)
    now[0] += IDLE_S
    assert access.use_session(session), "being used keeps it"
    now[0] += IDLE_S + 1
    assert not access.use_session(session)
    assert not access.use_session(session)


def test_sessions_do_not_fill_the_memory():
    access = Access("t" * 16)
    sessions = [access.open_session() for _ in range(MAX_SESSIONS + 1)]
    assert not access.use_session(sessions[0])
    assert access.use_session(sessions[-1])


def test_wrong_tokens_are_slowed_after_some_and_only_for_a_minute():
    now = [0.0]
    access = Access("t" * 16, clock=lambda: now[0])
    assert [access.note_failure() for _ in range(FREE_FAILURES)] == [0.0] * FREE_FAILURES
    assert access.note_failure() == DELAY_S
    assert access.is_token("t" * 16), "the right one gets in"
    now[0] += 61
    assert access.note_failure() == 0.0


def test_tokens_are_compared_whole():
    access = Access("right-token-000001")
    assert access.is_token("right-token-000001")
    for wrong in ("", "right-token-00000", "right-token-0000011", "Right-token-000001", "\ud800"):
        assert not access.is_token(wrong)


def test_no_secret_is_in_any_answer_or_log(served, api, photo, caplog, capfd):
    """The token is asked for everywhere, and the session too."""
    caplog.set_level(logging.DEBUG)
    with signed_in(served) as page:
        session = page.cookies["yanji_session"]
        canaries = (served.token, session)
        texts = [api.get(f"{API}/sightings").text]
        for client in (api, page):
            for method, path in operations(served):
                if (method, path) == ("DELETE", f"{API}/session"):
                    continue
                # Also where a careless answer would repeat what it was given.
                answer = client.request(
                    method,
                    filled(path),
                    params={"from": canaries[0], "cursor": session},
                    json={"limit": canaries[0], session: canaries[0]},
                )
                headers = {k: v for k, v in answer.headers.items() if k != "set-cookie"}
                texts.append(f"{headers} {answer.text}")
        texts.append(page.get("/").text)
    clients = ("httpx", "httpcore")
    logged = [one for one in caplog.records if not one.name.startswith(clients)]
    texts += [one.getMessage() for one in logged]
    texts += capfd.readouterr()
    assert served.audit(), "something was asked"
    texts += [str(record) for record in served.audit()]
    for canary in canaries:
        for text in texts:
            assert canary not in text
