"""`yanji bench api`: what a person waits for, from request to JSON, on a large archive.

The server is a process of its own, as in an installation; the requests come over HTTP from this
one. The floor is the same work called in this process: decode, detect, embed, search.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np

from yanji.api.bench_page import measure_page
from yanji.api.client import Client
from yanji.api.query import load_models, make_query
from yanji.api.web.documents import SearchRequest, TraceRequest
from yanji.configs.errors import YanjiError
from yanji.configs.settings import Settings
from yanji.index.bench_city import CityModel, city_site, fill_city
from yanji.index.hit import Filter
from yanji.index.reader import read_archive
from yanji.index.search import search
from yanji.ingest.snapshot import read_snapshot
from yanji.ingest.testcity.demo_data import SNAPSHOT_FILE, clips_folder

_START_NS = 1_764_201_600 * 10**9
_SPAN_S = 86_400.0
_THINK_S = 5.0
_READY_S = 60.0


@dataclass(frozen=True, slots=True)
class Served:
    """A running server."""

    url: str
    token: str


def bench_api(
    settings: Settings,
    *,
    num: int = 100_000,
    requests: int = 40,
    users: int = 20,
    users_s: float = 40.0,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Fill an archive of a day of `num` sightings at 100 cameras, serve it, and ask it.

    Args:
        settings: the installation's models and runtime.
        num: sightings.
        requests: of each kind, one after the other.
        users: asking at once, each with 5 s of thought (exponential) between two questions.
        users_s: how long they ask, seconds.
        say: told what happens.

    Returns:
        Milliseconds by keys that end in `_ms`: medians and 95th percentiles of each kind, the
        floor, the page's (None with a reason where no browser is there).

    Raises:
        YanjiError: the server does not start.
    """
    pictures = _pictures(requests + 3)
    detector, embedder = load_models(settings)
    model = CityModel(embedder.model_id, embedder.weights_sha256, embedder.dimension)
    with tempfile.TemporaryDirectory(prefix="yanji-bench-") as name:
        folder = Path(name)
        archive, site = folder / "archive", folder / "site.yaml"
        site.write_text(city_site(), encoding="utf-8")
        say(f"writing {num} sightings")
        asked = fill_city(archive, num, model, _crop(), span_s=_SPAN_S, start_ns=_START_NS)
        figures: dict[str, Any] = {"num_sightings": num, "cores": len(os.sched_getaffinity(0))}
        with read_archive(archive) as reader:

            def floor(picture: bytes) -> object:
                query = make_query(read_snapshot(picture), Path("x.jpg"), None, detector, embedder)
                return search(reader, query.embedding, Filter(), 50)

            figures |= _spread("floor_upload", _timed(floor, pictures))
        with _server(archive, site, settings, folder) as served, _client(served) as client:
            say("asking one after the other")
            _warm(client, pictures[-1], asked[0])
            figures |= _spread(
                "search_upload", _timed(lambda p: _search_upload(client, p), pictures)
            )
            ids = [asked[i % len(asked)] for i in range(requests)]
            figures |= _spread("search_sighting", _timed(lambda i: _search(client, i), ids))
            figures |= _spread("trace", _timed(lambda i: _trace(client, i), ids))
            say(f"{users} users for {users_s:.0f} s")
            figures |= _users(served, users, users_s, pictures, asked)
            figures |= measure_page(served.url, served.token)
    figures["upload_over_floor"] = round(
        figures["search_upload_p50_ms"] / figures["floor_upload_p50_ms"], 2
    )
    return figures


@contextmanager
def _server(archive: Path, site: Path, settings: Settings, scratch: Path) -> Iterator[Served]:
    """`yanji serve`, as a user starts it, with the models that are measured."""
    command = [sys.executable, "-m", "yanji.api.cli", "serve", "--archive", str(archive)]
    command += ["-c", str(site), "--port", "0", "--json"]
    chosen = {
        "YANJI_RUNTIME": settings.runtime,
        "YANJI_PRECISION": settings.precision,
        "YANJI_DETECTOR": settings.detector,
        "YANJI_EMBEDDER": settings.embedder,
        "YANJI_MODELS": "null" if settings.models is None else str(settings.models.resolve()),
        "YANJI_LOG_LEVEL": "error",
    }
    log = (scratch / "server.log").open("wb")
    with (
        log,
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=log,
            env=os.environ | chosen,
            text=True,
            cwd=scratch,
        ) as process,
    ):
        try:
            yield _served(process, scratch / "server.log")
        finally:
            process.terminate()
            process.wait(20)


def _served(process: subprocess.Popen[str], log: Path) -> Served:
    assert process.stdout is not None  # noqa: S101 - a pipe was asked for
    timer = threading.Timer(_READY_S, process.kill)
    timer.start()
    try:
        line = process.stdout.readline()
    finally:
        timer.cancel()
    if not line:
        raise YanjiError(
            "The server did not start.",
            hint=log.read_text(encoding="utf-8", errors="replace")[-500:],
        )
    ready = json.loads(line)
    return Served(ready["url"], ready["link"].split("#t=")[1].split("&")[0])


def _client(served: Served) -> Client:
    return Client(served.url, served.token, case="BENCH-1", reason="measuring", purpose="exercise")


def _warm(client: Client, picture: bytes, sighting_id: str) -> None:
    """The first question of a server loads models and vectors: it is not what is measured."""
    for _ in range(2):
        _search_upload(client, picture)
        _search(client, sighting_id)
        _trace(client, sighting_id)


def _search_upload(client: Client, picture: bytes) -> object:
    held = client.upload(picture)
    return client.search(SearchRequest(snapshot_id=held.snapshot_id))


def _search(client: Client, sighting_id: str) -> object:
    return client.search(SearchRequest(sighting_id=sighting_id))


def _trace(client: Client, sighting_id: str) -> object:
    return client.trace(TraceRequest(sighting_id=sighting_id))


def _users(
    served: Served, users: int, users_s: float, pictures: Sequence[bytes], asked: Sequence[str]
) -> dict[str, Any]:
    """Each user uploads a snapshot, searches, looks at a sighting's likes, traces; then again."""
    times: list[float] = []
    failures: list[str] = []
    until = time.monotonic() + users_s

    def use(number: int) -> None:
        random = np.random.default_rng(number)
        with _client(served) as client:
            while True:
                for kind in ("upload", "search", "trace"):
                    time.sleep(float(min(random.exponential(_THINK_S), 3 * _THINK_S)))
                    if time.monotonic() > until:
                        return
                    sighting = asked[int(random.integers(len(asked)))]
                    began = time.perf_counter()
                    try:
                        if kind == "upload":
                            # Everybody's own picture: what is held already would be found at once.
                            own = pictures[int(random.integers(len(pictures)))]
                            _search_upload(client, own + bytes(int(random.integers(1, 4000))))
                        elif kind == "search":
                            _search(client, sighting)
                        else:
                            _trace(client, sighting)
                    except YanjiError as error:
                        failures.append(error.message)
                    times.append((time.perf_counter() - began) * 1e3)

    threads = [threading.Thread(target=use, args=(number,)) for number in range(users)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    figures = _spread("users", times)
    return {**figures, "users": users, "users_requests": len(times), "users_failed": len(failures)}


def _timed(work: Callable[[Any], object], given: Sequence[Any]) -> list[float]:
    times = []
    for item in given:
        began = time.perf_counter()
        work(item)
        times.append((time.perf_counter() - began) * 1e3)
    return times


def _spread(name: str, times_ms: Sequence[float]) -> dict[str, float]:
    if not times_ms:
        return {}
    return {
        f"{name}_p50_ms": round(median(times_ms), 1),
        f"{name}_p95_ms": round(float(np.percentile(times_ms, 95)), 1),
    }


def _pictures(num: int) -> list[bytes]:
    """Snapshots that differ, as the first of each is decoded and searched for vehicles anew."""
    image = cv2.imread(str(clips_folder() / SNAPSHOT_FILE))
    if image is None:
        raise YanjiError("The snapshot of the rendered clips cannot be read.")
    found = []
    for number in range(num):
        brighter = cv2.convertScaleAbs(image, alpha=1.0, beta=number % 20)
        _, jpeg = cv2.imencode(".jpg", brighter, [cv2.IMWRITE_JPEG_QUALITY, 80 + number // 20])
        found.append(jpeg.tobytes())
    return found


def _crop() -> bytes:
    grey = np.full((64, 64, 3), 128, np.uint8)
    return cv2.imencode(".jpg", grey)[1].tobytes()
