"""What goes wrong is said in a sentence, nothing shown is lost, and it goes on by itself."""

from __future__ import annotations

import io
import re
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect

REFUSED = ("net::ERR_", "Failed to load resource", "WebSocket")


def search_for(page: Page, snapshot: Path) -> None:
    page.locator("input[type=file]").first.set_input_files(snapshot)
    page.get_by_role("button", name="Find sightings").click()
    expect(page.locator("article.hit").first).to_be_visible()


def test_a_wrong_file_is_refused_with_a_sentence(
    open_page, served, snapshot, tmp_path: Path
) -> None:
    wide = io.BytesIO()
    Image.new("1", (6000, 5000)).save(wide, "PNG")
    wrong = {
        "notes.txt": (b"a note", "This is not a picture that can be read."),
        "renamed.jpg": (b"a note, called a picture", "This is not a picture that can be read."),
        "cut.jpg": (snapshot.read_bytes()[:20_000], "The picture is damaged or incomplete."),
        "empty.jpg": (b"", "The file is empty."),
        "huge.jpg": (b"\xff\xd8\xff\xe0" + bytes(30 * 2**20), "The file is larger than 20 MiB."),
        "wide.png": (wide.getvalue(), "The picture has more than 25 megapixels."),
    }
    page = open_page(served, expects=REFUSED)
    for name, (content, sentence) in wrong.items():
        (tmp_path / name).write_bytes(content)
        page.locator("input[type=file]").first.set_input_files(tmp_path / name)
        expect(page.get_by_role("alert").filter(has_text=sentence)).to_be_visible()
    # The next one goes through as if nothing had been.
    search_for(page, snapshot)


def test_a_cut_line_takes_nothing_away(open_page, served, snapshot) -> None:
    page = open_page(served, expects=REFUSED)
    search_for(page, snapshot)
    num_hits = page.locator("article.hit").count()
    page.context.set_offline(True)
    page.locator("article.hit").nth(1).get_by_role("button", name="It is this one").click()
    expect(page.get_by_text("The server does not answer.").first).to_be_visible()
    assert page.locator("article.hit").count() == num_hits
    page.context.set_offline(False)
    expect(page.get_by_text("The server does not answer.")).to_have_count(0)
    with page.expect_response("**/api/v1/search"):
        page.locator("article.hit").nth(1).get_by_role("button", name="It is this one").click()


def test_a_server_that_dies_is_said_and_comes_back(own_server, open_page, snapshot) -> None:
    page = open_page(own_server, expects=REFUSED)
    search_for(page, snapshot)
    address = page.url
    own_server.kill()
    page.get_by_role("link", name="Live").click()
    expect(page.get_by_text("The server does not answer.").first).to_be_visible()
    page.go_back()
    expect(page.locator("article.hit").first).to_be_visible()
    own_server.start()
    page.get_by_role("button", name="Try again").first.click()
    expect(page.get_by_text("The server does not answer.")).to_have_count(0)
    # Sessions lived in the memory of the server that died: the link signs in again.
    page.goto("about:blank")
    page.goto(own_server.link(address.split("#/")[1]))
    expect(page.get_by_text("The server no longer holds this snapshot.").first).to_be_visible()
    search_for(page, snapshot)


def test_who_has_no_token_sees_nothing(own_server, open_page) -> None:
    page = open_page(own_server, to=None, expects=REFUSED)
    page.goto(f"{own_server.url}/#/live")
    expect(page.get_by_role("heading", name="Open the link that yanji printed")).to_be_visible()
    page.get_by_label("Link or token").fill("wrong")
    page.get_by_role("button", name="Enter").click()
    expect(page.get_by_role("alert").filter(has_text="not the one")).to_be_visible()
    page.get_by_label("Link or token").fill(own_server.link())
    page.get_by_role("button", name="Enter").click()
    expect(page.get_by_text("This installation watches no cameras.")).to_be_visible()


def test_the_token_stays_nowhere(open_page, served) -> None:
    page = open_page(served, to="live")
    expect(page.get_by_text("Connected")).to_be_visible()
    assert re.search(r"/#/live$", page.url)
    token = "a-token-that-only-these-tests-know"
    kept = page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])"
    )
    assert token not in kept
    assert "yanji_session" not in kept
    assert token not in page.content()
    page.go_back()
    assert token not in page.url


def test_without_a_case_nothing_is_asked(open_page, served, snapshot) -> None:
    page = open_page(served, sitting=False)
    page.locator("input[type=file]").first.set_input_files(snapshot)
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url) if one.url.endswith("/search") else None)
    page.get_by_role("button", name="Find sightings").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Go on").click()
    expect(dialog.get_by_text("This is needed.").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_text("A case is needed")).to_be_visible()
    assert asked == []


def test_a_link_to_what_is_not_there_says_so(open_page, served) -> None:
    page = open_page(served, to=f"sighting?id={'0' * 32}", expects=REFUSED)
    expect(page.get_by_text("This sighting is not in the archive.")).to_be_visible()
    page.goto(f"{served.url}/#/trace?sighting={'0' * 32}")
    expect(page.get_by_text("This sighting is not in the archive.").first).to_be_visible()
    page.goto(f"{served.url}/#/search?snapshot={'0' * 64}")
    expect(page.get_by_text("The server no longer holds this snapshot.")).to_be_visible()
