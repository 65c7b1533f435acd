"""Shared: the program called in this process, clips cut short, archives to ask."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from yanji.api.cli.program import main
from yanji.api.pipeline import open_detector, open_reid
from yanji.configs.default_models import DEFAULT_EMBEDDER
from yanji.configs.settings import Settings
from yanji.detect.card import load_card
from yanji.index.cameras import Camera
from yanji.index.writer import open_archive
from yanji.ingest.frame import Run, run_id_of
from yanji.ingest.testcity.demo_data import clip_path, demo_site_path
from yanji.reid.sighting import CropFile, Embedding, Sighting

CASE = ("--case", "2026-17", "--reason", "hit and run at the bridge")
EIGHT = "2026-11-20T08:00:00+08:00"
EIGHT_NS = 1_795_132_800 * 10**9
SHOWN = {"K04": "2026-11-20T08:00:05.340", "K03": "2026-11-20T08:00:17.570"}
"""What the clocks of the town's cameras show at its clips' first frames: truly 4 s and 20 s past
eight, and the site knows by how much the clocks are wrong."""
# One thread, the runtime that loads fastest, and no dependence on the room of the machine's disk.
ENVIRONMENT = {
    "YANJI_RUNTIME": "onnxruntime",
    "YANJI_WORKERS": "1",
    "YANJI_DISK__LOW_WATER_MB": "1",
    "YANJI_LOG_LEVEL": "info",
}


@dataclass(frozen=True)
class Answer:
    """How a call of the program ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def error(self) -> dict[str, str]:
        """The error object of `--json`, whose form is checked."""
        document = self.json
        assert set(document) == {"error"}
        assert set(document["error"]) == {"code", "message", "hint"}
        assert document["error"]["message"]
        return dict(document["error"])

    @property
    def sentence(self) -> str:
        """The one sentence on stderr that says what is wrong."""
        lines = [line for line in self.err.splitlines() if line.startswith("yanji: ")]
        assert len(lines) == 1, self.err
        return lines[0].removeprefix("yanji: ")


Program = Callable[..., Answer]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, str]:
    """No settings but those of `ENVIRONMENT`; the current folder is empty. Returns os.environ."""
    for name in list(os.environ):
        if name.startswith("YANJI_"):
            monkeypatch.delenv(name)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return dict(os.environ)


@pytest.fixture(scope="session")
def opened_models() -> dict[str, Any]:
    """Detectors and embedders that were opened already: opening them takes most of a search."""
    return {}


@pytest.fixture
def yanji(
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    opened_models: dict[str, Any],
) -> Iterator[Program]:
    """Calls the program; no call may ever print a traceback."""

    def load_models(settings: Settings) -> tuple[Any, Any]:
        if "detector" not in opened_models:
            opened_models["detector"] = open_detector(settings)
        if settings.embedder not in opened_models:
            opened_models[settings.embedder] = open_reid(settings)
        return opened_models["detector"], opened_models[settings.embedder]

    monkeypatch.setattr("yanji.api.query.load_models", load_models)
    root, own = logging.getLogger(), logging.getLogger("yanji")
    before = root.handlers[:], root.level, own.level

    def call(*arguments: object) -> Answer:
        capfd.readouterr()
        status = main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        assert "Traceback" not in out + err, err
        return Answer(status, out, err)

    yield call
    root.handlers[:], level, own_level = before
    root.setLevel(level)
    own.setLevel(own_level)


@pytest.fixture(scope="session")
def clips(
    tmp_path_factory: pytest.TempPathFactory, cut: Callable[[Path, Path, float, float], Path]
) -> dict[str, Path]:
    """The target's passage at K04 and at K03, and two seconds and a half of K01."""
    folder = tmp_path_factory.mktemp("clips")
    return {
        "K04": cut(clip_path("K04"), folder / "K04.mp4", 4.0, 8.6),
        "K03": cut(clip_path("K03"), folder / "K03.mp4", 20.0, 24.6),
        "K01": cut(clip_path("K01"), folder / "K01.mp4", 0.0, 2.5),
    }


@dataclass(frozen=True)
class Town:
    """An archive made from two clips by `yanji index`, and what that printed.

    The clips begin at eight, true time; the target is at K04 from 5.7 s, at K03 from 21.4 s on.
    """

    archive: Path
    site: Path
    manifest: Path
    indexed: dict[str, Any]


@pytest.fixture(scope="session")
def indexed_town(clips: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Town:
    folder = tmp_path_factory.mktemp("town")
    manifest = folder / "night.csv"
    manifest.write_text(
        "camera_id,path,start\n"
        f"K04,{clips['K04']},{SHOWN['K04'].replace('T', ' ')}\n"
        f"K03,{clips['K03']},{SHOWN['K03']}+08:00\n",
        encoding="utf-8",
    )
    archive = folder / "archive"
    out = io.StringIO()
    patch = pytest.MonkeyPatch()
    with patch.context() as patched, contextlib.redirect_stdout(out):
        for name, value in ENVIRONMENT.items():
            patched.setenv(name, value)
        arguments = ["index", "--manifest", str(manifest), "-c", str(demo_site_path())]
        status = main([*arguments, "--archive", str(archive), "--json"])
    assert status == 0, out.getvalue()
    return Town(archive, demo_site_path(), manifest, json.loads(out.getvalue()))


@pytest.fixture
def town(indexed_town: Town, tmp_path: Path) -> Town:
    """A copy of its own for each test."""
    archive = shutil.copytree(indexed_town.archive, tmp_path / "town")
    return Town(archive, indexed_town.site, indexed_town.manifest, indexed_town.indexed)


def made_up_sighting(run: Run, number: int, at_s: float, vehicle_class: str) -> Sighting:
    """A sighting whose vector is of the shipped model's kind, and otherwise noise."""
    jpeg = f"crop {run.camera_id} {number}".encode()
    at_ns = run.started_ns + round(at_s * 1e9)
    vector_D = np.random.default_rng([number, len(run.camera_id)]).standard_normal(
        load_card(DEFAULT_EMBEDDER).dimension
    )
    sha256 = hashlib.sha256(jpeg).hexdigest()
    return Sighting(
        sighting_id=hashlib.sha256(f"{run.run_id} {number}".encode()).hexdigest()[:32],
        run=run,
        state="closed",
        stationary=False,
        first_wall_ns=at_ns,
        last_wall_ns=at_ns + 4 * 10**9,
        first_stream_s=at_s,
        last_stream_s=at_s + 4,
        vehicle_class=vehicle_class,
        class_score=0.9,
        colour="blue",
        plate=None,
        quality=0.5,
        crops=(CropFile(jpeg, sha256, 8, 6, (1.0, 2.0, 9.0, 8.0), at_ns, 0.5),),
        embeddings=(
            Embedding(
                DEFAULT_EMBEDDER,
                load_card(DEFAULT_EMBEDDER).sha256,
                (vector_D / np.linalg.norm(vector_D)).astype(np.float32),
            ),
        ),
    )


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """Six made-up sightings of two cameras: at eight, a minute later, two hours later."""
    folder = tmp_path / "filled"
    with open_archive(folder, low_water_bytes=0) as writer:
        for camera_id, vehicle_class in (("K01", "car"), ("K02", "ebike")):
            writer.register_camera(Camera(camera_id))
            content = hashlib.sha256(camera_id.encode()).hexdigest()
            run_id = run_id_of(content, camera_id, EIGHT_NS)
            run = Run(run_id, camera_id, "file", f"{camera_id}.mp4", EIGHT_NS, "", content)
            writer.begin_file(run, run.source)
            seen = [
                made_up_sighting(run, number, at_s, vehicle_class)
                for number, at_s in enumerate((0.0, 60.0, 7200.0))
            ]
            writer.write(seen)
            writer.finish_file(run_id, EIGHT_NS + 7300 * 10**9)
    return folder
