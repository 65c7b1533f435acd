"""Shared: a true server on a small archive, asked over HTTP as programs and the page ask it."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from yanji.api.pipeline import open_detector, open_reid
from yanji.api.web.desk import Desk
from yanji.api.web.opening import open_desk
from yanji.api.web.server import Server
from yanji.configs.settings import Settings
from yanji.configs.site import Site, load_site
from yanji.ingest.testcity.demo_data import snapshot_path

TOKEN = "canary-token-7f3a9c51e2"
CASE = {"Yanji-Case": "2026-17", "Yanji-Reason": "hit%20and%20run"}
BEARER = {"Authorization": f"Bearer {TOKEN}"}
API = "/api/v1"


@dataclass(frozen=True)
class Served:
    """A server that answers, and what it works with."""

    url: str
    desk: Desk
    token: str = TOKEN

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def client(self, headers: Mapping[str, str] | None = None, **given: Any) -> httpx.Client:
        """A client with these headers; the token's unless others are given."""
        chosen = BEARER if headers is None else headers
        return httpx.Client(base_url=self.url, headers=chosen, timeout=60, **given)

    def audit(self) -> list[dict[str, Any]]:
        """All records of the audit log."""
        log = self.desk.reader.folder / "audit.jsonl"
        if not log.exists():
            return []
        return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]


Serve = Callable[..., contextlib.AbstractContextManager[Served]]


@pytest.fixture(scope="session")
def models() -> tuple[Any, Any]:
    """Detector and embedder, opened once."""
    settings = Settings(runtime="onnxruntime")
    return open_detector(settings), open_reid(settings)


@contextlib.contextmanager
def serving(
    archive: Path,
    site: Site | None,
    models: tuple[Any, Any],
    live: bool = False,
    pictures: Path | None = None,
    **api: Any,
) -> Iterator[Served]:
    settings = Settings(archive=archive, runtime="onnxruntime", api={"token": TOKEN, **api})
    stop, ready = threading.Event(), threading.Event()
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        open_desk(
            settings, site, archive, TOKEN, live=live, pictures=pictures, load=lambda _: models
        ) as desk,
    ):
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = Server(desk, url, lambda _url: ready.set(), stop)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            assert ready.wait(30)
            yield Served(url, desk)
        finally:
            stop.set()
            thread.join(30)
        assert not thread.is_alive()


@pytest.fixture(scope="session")
def serve(models: tuple[Any, Any]) -> Serve:
    """Starts a server on an archive: `with serve(archive, site) as served`."""

    def start(archive: Path, site: Site | None = None, **given: Any) -> Any:
        return serving(archive, site, models, **given)

    return start


@pytest.fixture(scope="session")
def town_site(indexed_town: Any) -> Site:
    return load_site(indexed_town.site)


@pytest.fixture(scope="session")
def served(
    indexed_town: Any,
    town_site: Site,
    serve: Serve,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Served]:
    """One server for all tests that leave nothing behind but audit records."""
    archive = tmp_path_factory.mktemp("served") / "archive"
    shutil.copytree(indexed_town.archive, archive)
    with serve(archive, town_site) as running:
        yield running


@pytest.fixture(scope="session")
def api(served: Served) -> Iterator[httpx.Client]:
    """A program with the token and a case."""
    with served.client({**BEARER, **CASE}) as client:
        yield client


@pytest.fixture(scope="session")
def photo() -> bytes:
    """The test city's snapshot: the target and other vehicles, 960 x 540."""
    return snapshot_path().read_bytes()


@pytest.fixture(scope="session")
def snapshot(api: httpx.Client, photo: bytes) -> dict[str, Any]:
    """The snapshot as the server holds it."""
    answer = api.post(f"{API}/snapshots", files={"file": photo})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture(scope="session")
def encoded() -> Callable[..., bytes]:
    """Makes picture files: `encoded(format, width, height, **options of Pillow)`."""

    def encode(kind: str = "JPEG", width: int = 64, height: int = 48, **options: Any) -> bytes:
        pixels = np.random.default_rng(width * height).integers(0, 255, (height, width, 3))
        target = io.BytesIO()
        Image.fromarray(pixels.astype(np.uint8)).save(target, kind, **options)
        return target.getvalue()

    return encode


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem that an answer is, whose form is checked."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answer.json()
    assert set(found) == {"type", "title", "status", "code", "hint", "errors"}
    assert (found["status"], found["code"]) == (status, code), found
    assert found["type"] == f"urn:yanji:problem:{code}"
    assert found["title"]
    return found


@pytest.fixture(scope="session")
def refused() -> Callable[[httpx.Response, int, str], dict[str, Any]]:
    """Checks that an answer is a certain problem, and returns it."""
    return problem
