"""An investigator who never read a manual: a photo in, the route on the map, in both languages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

REASON = "河边路口肇事逃逸"
CASES = {"en": "2026-1122-041", "zh": "2026-1122-042"}
"""One each: what was said of a hit in a case changes its next answers."""
PHONE = (390, 844)
WHEN = "2026-11-22T10:18:07"
"""By the site's clock; the browser's own zone is another."""
BEST_ROUTE = re.compile(r" 1: K04 → K03 → K01$")


@dataclass(frozen=True)
class Words:
    """What the page says, in one language."""

    vehicle: re.Pattern[str]
    camera: str
    time: re.Pattern[str]
    find: str
    case: str
    reason: str
    go: str
    confirm: str
    reject: str
    trace: str
    why: re.Pattern[str]
    copy: str
    give_case: str
    sheet: str
    stop: re.Pattern[str]


WORDS = {
    "en": Words(
        vehicle=re.compile(r"^Vehicle \d+: "),
        camera="Camera",
        time=re.compile(r"^Time \("),
        find="Find sightings",
        case="Case number",
        reason="Reason",
        go="Go on",
        confirm="It is this one",
        reject="It is not",
        trace="Trace",
        why=re.compile(r"86 m by road in \d+ s"),
        copy="Copy link",
        give_case="Give the case",
        sheet="Trace",
        stop=re.compile(r"^K04 望江门, leg 1, "),
    ),
    "zh": Words(
        vehicle=re.compile(r"^车辆 \d+："),
        camera="摄像机",
        time=re.compile(r"^时间（"),
        find="检索过车记录",
        case="案件编号",
        reason="查询事由",
        go="继续",
        confirm="是这辆",
        reject="不是",
        trace="轨迹",
        why=re.compile(r"86 米"),
        copy="复制链接",
        give_case="填写案件",
        sheet="轨迹",
        stop=re.compile(r"^K04 望江门，第 1 段，"),
    ),
}


def fill_case(page: Page, words: Words, case: str) -> None:
    """The dialog that asks once per sitting."""
    dialog = page.get_by_role("dialog")
    dialog.get_by_label(words.case).fill(case)
    dialog.get_by_label(words.reason).fill(REASON)
    dialog.get_by_role("button", name=words.go).click()
    expect(dialog).to_be_hidden()


def hand_in(page: Page, words: Words, snapshot: Path) -> None:
    """Choose the file, the vehicle, the place and the time."""
    page.locator("input[type=file]").first.set_input_files(snapshot)
    vehicles = page.get_by_role("radio", name=words.vehicle)
    expect(vehicles.nth(2)).to_be_visible()
    vehicles.nth(1).click()
    vehicles.nth(0).click()
    expect(vehicles.nth(0)).to_be_checked()
    camera = page.get_by_role("combobox", name=words.camera).first
    camera.click()
    camera.fill("望江")
    page.get_by_role("option", name="K04 望江门").click()
    page.get_by_label(words.time).fill(WHEN)
    page.get_by_label(words.time).blur()


def hits(page: Page) -> list[str]:
    """Cameras of the cards, in their order."""
    return page.locator("article.hit .sighting-camera").all_inner_texts()


def route_is_shown(page: Page, words: Words) -> None:
    """The best route is chosen, and it is the true one."""
    expect(page.get_by_role("radio", name=BEST_ROUTE)).to_be_checked()
    expect(page.get_by_role("button", name=words.stop)).to_be_visible()
    lanes = page.locator(".timeline-visit")
    expect(lanes).to_have_count(3)
    expect(page.get_by_text(words.why).first).to_be_visible()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_from_a_snapshot_to_the_route(open_page, served, snapshot, picture, language: str) -> None:
    words = WORDS[language]
    page = open_page(served, language=language, sitting=False)
    hand_in(page, words, snapshot)
    page.get_by_role("button", name=words.find).click()
    fill_case(page, words, CASES[language])
    expect(page.locator("article.hit").first).to_be_visible()
    assert hits(page)[0] == "K04 望江门"
    if language == "en":
        picture(page, "page-search")

    # A hit at another camera is confirmed, a wrong one taken out: the answer follows at once.
    second = page.locator("article.hit", has_text=re.compile("K0[13]")).first
    with page.expect_response("**/api/v1/search"):
        second.get_by_role("button", name=words.confirm).click()
    expect(second.get_by_role("button", name=words.confirm)).to_have_attribute(
        "aria-pressed", "true"
    )
    last = page.locator("article.hit").last
    gone = str(last.get_attribute("data-sighting"))
    last.get_by_role("button", name=words.reject).click()
    expect(page.locator(f'article.hit[data-sighting="{gone}"]')).to_have_count(0)

    page.get_by_role("link", name=words.trace, exact=True).click()
    route_is_shown(page, words)
    expect(page.locator("canvas.maplibregl-canvas")).to_be_visible()
    if language == "zh":
        picture(page, "page-trace-zh")

    # Timeline and list are linked.
    page.locator(".timeline-visit").nth(2).click()
    expect(page.locator("li.leg.highlighted")).to_contain_text("K01 向阳路口")

    # The link opens the same view; a new tab is a new sitting and is asked for its case.
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name=words.copy).click()
    address = str(page.evaluate("navigator.clipboard.readText()"))
    assert address == page.url
    assert "at=K04" in address
    other = page.context.new_page()
    other.goto(address)
    fill_case(other, words, CASES[language])
    route_is_shown(other, words)

    other.emulate_media(media="print")
    sheet = other.locator("article.sheet")
    expect(sheet).to_be_visible()
    for part in (CASES[language], REASON, "K04 望江门", "K01 向阳路口"):
        expect(sheet).to_contain_text(part)
    expect(other.get_by_role("button", name=words.copy)).to_be_hidden()


def test_the_same_on_a_phone(open_page, served, snapshot, picture) -> None:
    words = WORDS["en"]
    page = open_page(served, size=PHONE)
    hand_in(page, words, snapshot)
    page.get_by_role("button", name=words.find).click()
    expect(page.locator("article.hit").first).to_be_visible()
    no_wider_than_the_screen(page)
    page.get_by_role("link", name=words.trace, exact=True).click()
    route_is_shown(page, words)
    no_wider_than_the_screen(page)
    small = [
        f"{box['width']:.0f} x {box['height']:.0f}: {one.inner_text()[:30]}"
        for one in page.get_by_role("button").all()
        if one.is_visible() and (box := one.bounding_box()) is not None and box["height"] < 24
    ]
    assert small == [], "too small for a thumb"
    picture(page, "page-trace-phone")


def no_wider_than_the_screen(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]


def test_the_language_is_switched_on_the_spot(open_page, served) -> None:
    page = open_page(served, language="zh")
    expect(page.get_by_role("heading", name="以图搜车")).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="Find a vehicle by its picture")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Find a vehicle by its picture")).to_be_visible()


def test_the_story_by_keyboard_alone(open_page, served, snapshot) -> None:
    words = WORDS["en"]
    page = open_page(served)
    page.locator("input[type=file]").first.set_input_files(snapshot)
    expect(page.get_by_role("radio", name=words.vehicle).first).to_be_visible()
    tab_to(page, "radio")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("radio", name=words.vehicle).first).to_be_checked()
    tab_to(page, "combobox")
    page.keyboard.type("K04")
    page.keyboard.press("Enter")
    tab_to(page, "Find sightings")
    page.keyboard.press("Enter")
    expect(page.locator("article.hit").first).to_be_visible()
    tab_to(page, "hit")
    before = page.evaluate("document.activeElement.dataset.sighting")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.dataset.sighting") != before
    with page.expect_response("**/api/v1/search"):
        page.keyboard.press("c")
    page.keyboard.press("t")
    expect(page).to_have_url(re.compile(r"#/trace\?sighting="))
    expect(page.get_by_role("radio", name=re.compile("^Route 1: ")).first).to_be_checked()


FOCUSED = """() => {
    const one = document.activeElement;
    return [one.getAttribute('role') ?? '', one.textContent ?? '', one.className].join(' ');
}"""


def tab_to(page: Page, what: str) -> None:
    """Press Tab until something is focused that is, says or looks like `what`."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if re.search(rf"\b{what}\b", str(page.evaluate(FOCUSED))):
            return
    raise AssertionError(f"Tab never comes to {what}")


def test_without_webgl_the_map_is_drawn_all_the_same(open_page, served, snapshot) -> None:
    words = WORDS["en"]
    page = open_page(served, arguments=("--disable-gpu", "--disable-3d-apis"))
    hand_in(page, words, snapshot)
    page.get_by_role("button", name="Trace route").click()
    route_is_shown(page, words)
    assert page.locator("canvas").count() == 0
    stops = page.locator(".trace-map .map-stop")
    expect(stops).to_have_count(3)
    before = stops.first.bounding_box()
    page.get_by_role("button", name="Zoom in").click()
    expect(stops.first).to_be_visible()
    page.wait_for_timeout(300)
    assert stops.first.bounding_box() != before
