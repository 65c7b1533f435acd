"""Nobody is kept out: axe-core finds no serious fault in any view, light and dark."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

PHONE, DESK = (390, 844), (1440, 900)


@pytest.mark.parametrize(
    ("dark", "language", "size"),
    [(False, "en", DESK), (True, "zh", DESK), (True, "en", PHONE)],
    ids=["light", "dark", "phone"],
)
def test_no_view_has_barriers(
    open_page, served, snapshot: Path, barriers, dark: bool, language: str, size: tuple[int, int]
) -> None:
    page: Page = open_page(served, dark=dark, language=language, size=size)
    found: dict[str, list[str]] = {}

    def look(name: str) -> None:
        page.wait_for_timeout(400)  # what fades in has done so
        if faults := barriers(page):
            found[name] = faults

    expect(page.locator(".drop-target")).to_be_visible()
    look("search: start")
    page.locator("input[type=file]").first.set_input_files(snapshot)
    expect(page.get_by_role("radio").first).to_be_visible()
    look("search: vehicles")
    page.locator("button[type=submit]").click()
    expect(page.locator("article.hit").first).to_be_visible()
    look("search: results")
    results = page.url
    page.locator("article.hit a.hit-picture").first.click()
    expect(page).to_have_url(re.compile("#/sighting"))
    expect(page.locator("main img").first).to_be_visible()
    look("sighting")
    page.goto(results.replace("#/search", "#/trace") + "&at=K04&time=2026-11-22T10:18:07%2B08:00")
    expect(page.locator(".timeline-visit").first).to_be_visible()
    look("trace")
    page.goto(f"{served.url}/#/trace")
    expect(page.locator(".empty").first).to_be_visible()
    look("trace: empty")
    page.locator(".case-chip").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    look("the case")
    assert found == {}


def test_the_page_for_strangers_has_no_barriers(open_page, served, barriers) -> None:
    page = open_page(served, to=None, expects=("Failed to load resource",))
    page.goto(served.url)
    expect(page.get_by_label("Link or token")).to_be_visible()
    assert barriers(page) == []


def test_large_print_breaks_nothing(open_page, served) -> None:
    """Twice the size of text at the width of a small phone: nothing is cut off sideways."""
    page = open_page(served, to="live", size=(360, 780))
    expect(page.get_by_role("button", name="K04")).to_be_visible()
    for view in ("live", "search", "trace"):
        page.goto(f"{served.url}/#/{view}")
        page.evaluate("document.documentElement.style.fontSize = '24px'")
        page.wait_for_timeout(300)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, view


def test_who_wants_no_motion_sees_none(open_page, served) -> None:
    page = open_page(served, to="live")
    page.emulate_media(reduced_motion="reduce")
    expect(page.get_by_text("Connected")).to_be_visible()
    moving = page.evaluate(
        "document.getAnimations().filter((one) => one.playState === 'running').length"
    )
    assert moving == 0
