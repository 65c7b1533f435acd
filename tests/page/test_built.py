"""The built page is the one of its source, and asks nobody but its own server. Needs no Node."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "api" / "page"
BUILT = PAGE / "built"
SOURCE_FILES = (
    "index.html",
    "package-lock.json",
    "package.json",
    "sources.mjs",
    "tsconfig.json",
    "vite.config.ts",
)
SOURCE_FOLDERS = ("public", "src")
MOST_SCRIPT_BYTES = 400_000
"""Compressed, without the map library: docs/design/page.md."""
HOST = re.compile(rb"""(?:https?:)?//[a-z0-9-]+(?:\.[a-z0-9-]+)+""", re.I)
NAMESPACES = (b"http://www.w3.org",)
"""Names that look like addresses and are never fetched: SVG, MathML, XLink."""


class Tags(HTMLParser):
    """All tags of a document, and the text within scripts and styles."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inline: list[str] = []
        self._within = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._within = tag

    def handle_endtag(self, tag: str) -> None:
        self._within = ""

    def handle_data(self, data: str) -> None:
        if self._within in ("script", "style") and data.strip():
            self.inline.append(data)


@pytest.fixture(scope="module")
def index() -> Tags:
    tags = Tags()
    tags.feed((BUILT / "index.html").read_text(encoding="utf-8"))
    return tags


def source_digests() -> dict[str, str]:
    """As `api/page/sources.mjs` writes them."""
    paths = [PAGE / name for name in SOURCE_FILES]
    for folder in SOURCE_FOLDERS:
        found = (PAGE / folder).rglob("*")
        paths += [path for path in found if path.is_file() and ".test." not in path.name]
    return {
        path.relative_to(PAGE).as_posix(): hashlib.sha256(
            path.read_bytes().replace(b"\r\n", b"\n")
        ).hexdigest()
        for path in paths
    }


def scripts() -> dict[str, bytes]:
    return {
        path.relative_to(BUILT).as_posix(): path.read_bytes()
        for path in BUILT.rglob("*")
        if path.suffix in (".js", ".mjs")
    }


def is_map_library(name: str) -> bool:
    """The library has chunks of its own (see vite.config.ts); the page's own map code has not."""
    return "maplibre" in name


def test_the_built_page_is_the_one_of_its_source() -> None:
    built = json.loads((BUILT / "SOURCES.json").read_text(encoding="utf-8"))["sources"]
    now = source_digests()
    changed = sorted(name for name in {*built, *now} if built.get(name) != now.get(name))
    assert not changed, f"`make page` was not run after a change of {', '.join(changed)}"
    assert list(built) == sorted(built)


def test_all_files_that_the_page_names_are_there(index: Tags) -> None:
    named = [
        address
        for _, attributes in index.tags
        for key in ("src", "href")
        if (address := attributes.get(key))
    ]
    assert any(address.endswith(".js") for address in named)
    assert any(address.endswith(".css") for address in named)
    for address in named:
        assert address.startswith("/"), f"{address} is not on this host"
        assert not address.startswith("//"), f"{address} is not on this host"
        assert (BUILT / address.removeprefix("/")).is_file(), address


def test_all_files_that_scripts_and_styles_name_are_there() -> None:
    for path in [*BUILT.rglob("*.js"), *BUILT.rglob("*.mjs"), *BUILT.rglob("*.css")]:
        text = path.read_text(encoding="utf-8")
        for found in re.finditer(r"""["'(](?:/|\./)?(assets/[\w.-]+\.\w+)["')]""", text):
            assert (BUILT / found.group(1)).is_file(), (path.name, found.group(1))
        for found in re.finditer(r"""(?:from|import)\s*\(?\s*["'](\./[\w.-]+)["']""", text):
            assert (path.parent / found.group(1)).is_file(), (path.name, found.group(1))


def test_nothing_is_built_that_nobody_needs(index: Tags) -> None:
    """Left over from another build: it would be served and shipped."""
    texts = b"".join(
        path.read_bytes() for path in BUILT.rglob("*") if path.suffix in (".html", ".js", ".mjs")
    )
    for path in (BUILT / "assets").iterdir():
        assert path.name.encode() in texts, path.name


def test_the_page_holds_no_inline_script_or_style(index: Tags) -> None:
    assert index.inline == []
    for tag, attributes in index.tags:
        assert "style" not in attributes, tag
        assert not [key for key in attributes if key.startswith("on")], tag
        for value in attributes.values():
            assert not (value or "").lower().startswith(("javascript:", "data:")), tag


def test_the_page_runs_nothing_that_its_policy_forbids() -> None:
    for name, text in scripts().items():
        if not is_map_library(name):
            assert b"eval(" not in text.replace(b".eval(", b""), name
            assert b"new Function" not in text, name


def test_no_file_of_the_page_names_another_host() -> None:
    """The map library names hosts in messages and examples; the policy of the server
    (`connect-src 'self'`) and tests/page see to it that it asks none."""
    for path in BUILT.rglob("*"):
        if path.is_file() and path.name != "SOURCES.json" and not is_map_library(path.name):
            for found in HOST.finditer(path.read_bytes()):
                assert found.group() in NAMESPACES, (path.name, found.group())


def test_no_style_asks_for_another_host() -> None:
    for path in BUILT.rglob("*.css"):
        text = path.read_text(encoding="utf-8")
        assert "@import" not in text, path.name
        for address in re.findall(r"url\(\s*[\"']?([^\"')]+)", text):
            assert address.startswith(("/", "./", "data:", "#")), (path.name, address)
            assert not address.startswith("//"), (path.name, address)


def test_the_scripts_are_small() -> None:
    sizes = {
        name: len(gzip.compress(text, 6, mtime=0))
        for name, text in scripts().items()
        if not is_map_library(name)
    }
    assert sizes
    assert sum(sizes.values()) <= MOST_SCRIPT_BYTES, sizes


def test_the_map_library_loads_only_where_a_map_is_drawn(index: Tags) -> None:
    """Neither the page nor the script that it begins with names it as one to load at once."""
    begin = [str(attributes.get("src")) for tag, attributes in index.tags if tag == "script"]
    early = [str(attributes.get("href")) for tag, attributes in index.tags if tag == "link"]
    for address in [*begin, *early]:
        assert not is_map_library(address)
        if address.endswith(".js"):
            text = (BUILT / address.removeprefix("/")).read_text(encoding="utf-8")
            assert not re.search(r"""(?:from|import)\s*["'][^"']*maplibre""", text), address
