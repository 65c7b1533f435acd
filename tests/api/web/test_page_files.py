"""The page's files: from memory, compressed, named by content, with a strict policy."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from starlette.datastructures import Headers

from yanji.api.web.page import Page
from yanji.api.web.problems import RequestError

SCRIPT = b"console.log('goose');" * 200


@pytest.fixture
def built(tmp_path: Path) -> Page:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>yanji</title>", encoding="utf-8")
    (tmp_path / "assets" / "index-BkZ7Qw3x.js").write_bytes(SCRIPT)
    (tmp_path / "goose.svg").write_text("<svg/>", encoding="utf-8")
    (tmp_path.parent / "outside.txt").write_text("secret", encoding="utf-8")
    return Page(tmp_path)


def answer(page: Page, name: str, **headers: str):
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return page.answer(name, Headers(named))


def test_the_page_is_looked_at_anew_and_its_assets_are_kept(built):
    index = answer(built, "")
    assert index.headers["content-type"] == "text/html; charset=utf-8"
    assert index.headers["cache-control"] == "no-cache"
    script = answer(built, "assets/index-BkZ7Qw3x.js")
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"
    assert "immutable" in script.headers["cache-control"]
    assert script.body == SCRIPT
    assert answer(built, "goose.svg").headers["cache-control"] == "no-cache"


def test_files_go_out_compressed_to_those_who_read_it(built):
    script = answer(built, "assets/index-BkZ7Qw3x.js", accept_encoding="br, gzip")
    assert script.headers["content-encoding"] == "gzip"
    assert gzip.decompress(script.body) == SCRIPT
    assert script.headers["vary"] == "Accept-Encoding"


def test_what_the_browser_has_is_not_sent_again(built):
    etag = answer(built, "").headers["etag"]
    again = answer(built, "", if_none_match=etag)
    assert (again.status_code, again.body) == (304, b"")
    assert answer(built, "", if_none_match='"other"').status_code == 200


@pytest.mark.parametrize(
    "name", ["../outside.txt", "assets/../index.html", "assets", "index.html/", "nothing", "\x00"]
)
def test_only_names_of_its_files_are_answered(built, name):
    with pytest.raises(RequestError) as raised:
        answer(built, name)
    assert raised.value.code == "not_found"


def test_a_page_that_is_not_built_says_so(tmp_path):
    page = Page(tmp_path)
    assert not page.is_built
    assert b"not built" in answer(page, "").body
    with pytest.raises(RequestError):
        answer(page, "assets/index.js")


def test_every_answer_has_the_policy(served):
    with served.client({}) as nobody:
        for path in ("/", "/live", "/nothing", "/api/v1/site"):
            headers = nobody.get(path).headers
            policy = headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "script-src 'self';" in policy
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
            assert headers["cross-origin-opener-policy"] == "same-origin"
            assert "server" not in headers


def test_answers_are_not_kept_and_json_is_compressed(api):
    answer = api.get("/api/v1/openapi.json")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-encoding"] == "gzip"


def test_the_page_is_open_and_its_folder_is_not_a_way_out(served):
    with served.client({}) as nobody:
        for path in ("/..%2f..%2fconfigs/settings.py", "/%2e%2e/app.py", "/assets/..%5c..%5cx"):
            assert nobody.get(path).status_code == 404
        assert nobody.post("/").status_code == 404
        assert nobody.head("/live").status_code in (200, 405)
