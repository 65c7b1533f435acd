"""An archive of the shipped clips, a server on it, and a browser that draws with its own GL.

Without Chromium all of this folder but `test_built.py` skips; `tests/browser.sh` installs it.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    expect,
    sync_playwright,
)

from yanji.ingest.testcity.demo_data import clip_path, clips_folder, demo_site_path, snapshot_path

TOKEN = "a-token-that-only-these-tests-know"
CASE, REASON = "2026-1122-031", "hit and run at the river gate"
PARTS_S = {"K04": (4, 9), "K03": (20, 25), "K01": (42, 50), "K02": (22, 26)}
"""What is indexed of each clip, from a key frame on: the target passes K04, K03 and K01 within."""
SOFTWARE_GL = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader")
DESK, PHONE = (1440, 900), (390, 844)
PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ALL_PICTURES = """() => Promise.allSettled([...document.images]
    .filter((one) => one.getBoundingClientRect().top < innerHeight)
    .map((one) => one.decode()))"""
LONG_MS = 20_000
"""The first question loads both models, on a machine that may be busy."""
expect.set_options(timeout=LONG_MS)


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser, or a skip that says how to get one."""
    named = os.environ.get("YANJI_CHROMIUM")
    found = [named] if named else [path for name in PROGRAMS if (path := shutil.which(name))]
    if not found:
        pytest.skip("needs Chromium: `tests/browser.sh` installs Debian's, as root")
    return Path(found[0])


@dataclass
class Served:
    """`yanji serve` on an archive; it can be killed and started again at the same address."""

    archive: Path
    port: int
    process: subprocess.Popen[str] | None = None

    token: str = TOKEN

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def link(self, to: str = "search", *, case: str = CASE, reason: str = REASON) -> str:
        """As it is printed, with a route and (unless empty) a sitting."""
        sitting = f"&case={quote(case)}&reason={quote(reason)}" if case else ""
        return f"{self.url}/#t={quote(TOKEN)}&to={quote(to)}{sitting}"

    def start(self) -> None:
        command = [sys.executable, "-m", "yanji.api.cli", "serve", "--json"]
        command += ["--port", str(self.port), "--archive", str(self.archive)]
        log = (self.archive.parent / "serve.log").open("a", encoding="utf-8")
        with log:
            self.process = subprocess.Popen(
                [*command, "-c", str(demo_site_path())],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=environment() | {"YANJI_API__TOKEN": TOKEN},
            )
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        if '"link"' not in said:
            said += self.process.stdout.read()
            self.kill()
            raise AssertionError(said + (self.archive.parent / "serve.log").read_text("utf-8"))
        assert json.loads(said)["url"] == self.url

    def kill(self) -> None:
        """As a machine does that loses its power."""
        if self.process is not None:
            assert self.process.stdout is not None
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            self.process = None

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(10)
            self.kill()


def environment() -> dict[str, str]:
    """This process's, without settings of the person who runs the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("YANJI_")}
    return kept | {"YANJI_DISK__LOW_WATER_MB": "1"}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@pytest.fixture(scope="session")
def index_clips(cut: Callable[..., Path]) -> Callable[..., None]:
    """Index parts of clips, `{camera: (from_s, to_s)}`, into an archive, in another process."""

    def index(archive: Path, parts_s: dict[str, tuple[int, int]]) -> None:
        rows = (clips_folder() / "manifest.csv").read_text(encoding="utf-8").splitlines()[1:]
        starts = {row.split(",")[0]: datetime.fromisoformat(row.split(",")[2]) for row in rows}
        lines = ["camera_id,path,start"]
        for camera_id, (from_s, to_s) in parts_s.items():
            part = archive.parent / f"{camera_id}-{from_s}.mp4"
            cut(clip_path(camera_id), part, from_s, to_s)
            start = starts[camera_id] + timedelta(seconds=from_s)
            lines.append(f"{camera_id},{part},{start.isoformat()}")
        manifest = archive.parent / "parts.csv"
        manifest.write_text("\n".join(lines) + "\n", encoding="utf-8")
        command = [sys.executable, "-m", "yanji.api.cli", "index", "--manifest", str(manifest)]
        command += ["-c", str(demo_site_path()), "--archive", str(archive), "--json"]
        done = subprocess.run(command, env=environment(), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    return index


@pytest.fixture(scope="session")
def town(
    tmp_path_factory: pytest.TempPathFactory,
    index_clips: Callable[..., None],
    chromium: Path,  # without a browser nobody needs the archive
) -> Path:
    """The archive of the test city."""
    archive = tmp_path_factory.mktemp("page") / "archive"
    index_clips(archive, PARTS_S)
    return archive


@pytest.fixture(scope="session")
def served(town: Path) -> Iterator[Served]:
    """One server for all tests."""
    server = Served(town, free_port())
    server.start()
    yield server
    server.stop()


@pytest.fixture
def own_server(town: Path, tmp_path: Path) -> Iterator[Served]:
    """A server on a copy of the archive, to be killed or written to."""
    server = Served(shutil.copytree(town, tmp_path / "archive"), free_port())
    server.start()
    yield server
    server.stop()


# Not for the session: while Playwright runs, no other test of this process could use asyncio.
@pytest.fixture(scope="module")
def launch(chromium: Path) -> Iterator[Callable[..., Browser]]:
    """Starts the browser with the given arguments, once for each."""
    with sync_playwright() as playwright:
        started: dict[tuple[str, ...], Browser] = {}

        def start(*arguments: str) -> Browser:
            if arguments not in started:
                started[arguments] = playwright.chromium.launch(
                    executable_path=chromium, args=["--no-sandbox", *arguments]
                )
            return started[arguments]

        yield start
        for browser in started.values():
            browser.close()


@dataclass
class Watch:
    """What pages did that no page may do."""

    origin: str
    faults: list[str] = field(default_factory=list)
    expects: tuple[str, ...] = ()
    """Parts of console messages that a test provokes."""

    def over(self, context: BrowserContext) -> None:
        context.on("request", self._request)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.faults.append(f"script: {error.error}"))

    def _request(self, request: Request) -> None:
        address = request.url
        if address.startswith(("http", "ws")) and not address.startswith(f"{self.origin}/"):
            self.faults.append(f"request to another host: {address}")

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            if message.text.startswith("[.WebGL") or "GPU stall" in message.text:
                return  # the driver's own remarks on software drawing
            if not any(part in message.text for part in self.expects):
                self.faults.append(f"{message.type}: {message.text}")


@dataclass
class Opening:
    """Opens pages as a browser of its own, and is asked at the end what they did."""

    launch: Callable[..., Browser]
    contexts: list[BrowserContext] = field(default_factory=list)
    watches: list[Watch] = field(default_factory=list)

    def __call__(
        self,
        server: Served,
        *,
        language: str = "en",
        size: tuple[int, int] = DESK,
        dark: bool = False,
        arguments: tuple[str, ...] = SOFTWARE_GL,
        expects: tuple[str, ...] = (),
        prepare: Callable[[Page], None] | None = None,
        to: str | None = "search",
        sitting: bool = True,
    ) -> Page:
        """A page on a server; `to` None leaves it empty. `language`: of the browser, en or zh."""
        context = self.launch(*arguments).new_context(
            viewport={"width": size[0], "height": size[1]},
            locale={"en": "en-GB", "zh": "zh-CN"}[language],
            timezone_id="Europe/London",  # the page must show the site's time all the same
            color_scheme="dark" if dark else "light",
            has_touch=size == PHONE,
            device_scale_factor=2 if size == PHONE and os.environ.get("YANJI_PICTURES") else 1,
        )
        watch = Watch(server.url, expects=expects)
        watch.over(context)
        self.contexts.append(context)
        self.watches.append(watch)
        page = context.new_page()
        page.set_default_timeout(LONG_MS)
        if prepare is not None:
            prepare(page)
        if to is not None:
            page.goto(server.link(to, case=CASE if sitting else ""))
        return page

    def close(self) -> list[str]:
        for context in self.contexts:
            context.close()
        return [fault for watch in self.watches for fault in watch.faults]


@pytest.fixture
def open_page(launch: Callable[..., Browser]) -> Iterator[Opening]:
    """Opens a page, see `Opening`. No page may ask another host, break its policy or fail."""
    opening = Opening(launch)
    yield opening
    assert opening.close() == []


Check = Callable[[Page], list[str]]


@pytest.fixture(scope="session")
def barriers() -> Check:
    """Serious and critical faults of a page's accessibility, by axe-core."""
    from axe_playwright_python.sync_playwright import Axe

    axe = Axe()

    def check(page: Page) -> list[str]:
        found: dict[str, Any] = axe.run(page).response
        return [
            f"{fault['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:300]}"
            for fault in found["violations"]
            if fault["impact"] in ("serious", "critical")
            for node in fault["nodes"]
        ]

    return check


@pytest.fixture(scope="session")
def picture() -> Callable[[Page, str], None]:
    """Keep what a page shows, for the documents: only where `YANJI_PICTURES` names a folder."""
    folder = os.environ.get("YANJI_PICTURES")

    def keep(page: Page, name: str) -> None:
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            page.wait_for_timeout(1500)  # what loads when it is on the screen, and fades in
            page.evaluate(ALL_PICTURES)
            page.wait_for_timeout(500)
            path = Path(folder) / f"{name}.jpg"
            page.screenshot(path=path, type="jpeg", quality=86)

    return keep


@pytest.fixture(scope="session")
def snapshot() -> Path:
    """A picture of the target at K04."""
    return snapshot_path()
