"""How soon the page can be used, in a real browser; and how much script it loads."""

from __future__ import annotations

import gzip
import shutil
from importlib import resources
from statistics import median
from typing import Any
from urllib.parse import quote

_ROUNDS = 5
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = ("--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
_MAP_LIBRARY = "maplibre"


def measure_page(url: str, token: str) -> dict[str, Any]:
    """Open the page with an empty cache and wait until a snapshot can be dropped.

    Returns:
        `page_interactive_ms`: median of five fresh browsers' contexts, from the navigation to the
        drop zone being usable, signing in included; None with `page_why` where no browser is.
        `page_script_bytes`: gzip-compressed, without the map library.
    """
    found: dict[str, Any] = {"page_script_bytes": script_bytes()}
    browser_path = next((path for name in _BROWSERS if (path := shutil.which(name))), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return found | {"page_interactive_ms": None, "page_why": "playwright is not installed"}
    if browser_path is None:
        return found | {"page_interactive_ms": None, "page_why": "there is no Chromium"}
    times = []
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=browser_path, args=list(_ARGUMENTS))
        for _ in range(_ROUNDS + 1):
            context = browser.new_context()
            page = context.new_page()
            page.goto("about:blank")
            page.goto(f"{url}/#t={quote(token, safe='')}", wait_until="commit")
            page.locator("input[type=file]").first.wait_for(state="attached")
            times.append(page.evaluate("performance.now()"))
            context.close()
        browser.close()
    # The first one starts the browser's own processes as well.
    return found | {"page_interactive_ms": round(median(times[1:]), 1)}


def script_bytes() -> int:
    """Bytes of all scripts of the built page but the map library's, each compressed."""
    assets = resources.files("yanji.api") / "page" / "built" / "assets"
    return sum(
        len(gzip.compress(file.read_bytes(), 6, mtime=0))
        for file in assets.iterdir()
        if file.name.endswith(".js") and _MAP_LIBRARY not in file.name
    )
