"""Colour and direction as filters on the page: asked for, kept in the address, taken back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Page, Response, expect


@dataclass(frozen=True)
class Words:
    """What the page says, in one language."""

    find: str
    filters: str
    apply: str
    reset: str
    colours: dict[str, str]
    north: str
    away: str
    only_known: str


WORDS = {
    "en": Words(
        find="Find sightings",
        filters="Filters",
        apply="Apply",
        reset="Reset",
        colours={"white": "white", "red": "red"},
        north="north",
        away="away from the camera",
        only_known="Leave out whatever has no known colour or direction",
    ),
    "zh": Words(
        find="检索过车记录",
        filters="筛选条件",
        apply="应用",
        reset="重置",
        colours={"white": "白色", "red": "红色"},
        north="北",
        away="驶离摄像机",
        only_known="排除颜色或方向未知的记录",
    ),
}
SEARCH = "**/api/v1/search"


def asked(response: Response) -> dict[str, Any]:
    body: dict[str, Any] = response.request.post_data_json
    return body


def press(page: Page, name: str) -> None:
    page.locator(".results-filters").get_by_role("button", name=name, exact=True).click()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_hits_are_narrowed_by_colour_and_direction(
    open_page, served, snapshot, picture, barriers, language: str
) -> None:
    words = WORDS[language]
    page = open_page(served, language=language)
    page.locator("input[type=file]").first.set_input_files(snapshot)
    with page.expect_response(SEARCH) as plain:
        page.get_by_role("button", name=words.find).click()
    assert asked(plain.value)["colours"] == []
    everything = plain.value.json()["hits"]
    page.get_by_role("button", name=words.filters).click()

    # Nobody can leave out the unknown of nothing.
    expect(page.get_by_label(words.only_known)).to_have_count(0)
    for name in (words.colours["white"], words.colours["red"], words.north, words.away):
        press(page, name)
    press(page, words.north)
    page.get_by_label(words.only_known).check()
    picture(page, f"page-filters-{language}")
    assert barriers(page) == []
    with page.expect_response(SEARCH) as narrow:
        page.get_by_role("button", name=words.apply).click()
    request = asked(narrow.value)
    assert request["colours"] == ["white", "red"]
    assert request["directions"] == ["away"]
    assert request["only_known"] is True
    hits = narrow.value.json()["hits"]
    assert len(hits) < len(everything)
    assert {hit["colour"] for hit in hits} <= {"white", "red"}
    expect(page.locator("article.hit")).to_have_count(len(hits))

    # The address says it, so a link and a reload ask the same.
    for part in ("colour=white", "colour=red", "direction=away", "known=only"):
        assert part in page.url
    with page.expect_response(SEARCH) as again:
        page.reload()
    assert asked(again.value)["colours"] == ["white", "red"]

    page.get_by_role("button", name=words.filters).click()
    expect(
        page.locator(".results-filters").get_by_role(
            "button", name=words.colours["red"], exact=True
        )
    ).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name=words.reset).click()
    with page.expect_response(SEARCH) as wide:
        page.get_by_role("button", name=words.apply).click()
    assert len(wide.value.json()["hits"]) == len(everything)
    assert "colour=" not in page.url
