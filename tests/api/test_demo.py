"""The demo can fail: a judge that always says yes would prove nothing."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from PIL import Image

from yanji.api import demo as demo_module
from yanji.api.cli.demo import demo_verb
from yanji.api.demo import fresh_folder, live_site, without_ends
from yanji.configs.settings import Settings
from yanji.index.route import Trace
from yanji.ingest.address import ANY_CAMERA, rules_of
from yanji.ingest.gap import Gap
from yanji.ingest.testcity.demo_data import (
    clip_path,
    clips_folder,
    demo_site_path,
    load_truth,
    snapshot_of,
    snapshot_path,
)
from yanji.ingest.testcity.erase import without_vehicle
from yanji.ingest.testcity.truth import (
    camera_file,
    camera_record,
    frame_record,
    write_city,
    write_records,
)

SHORT_S = 26


@pytest.fixture(scope="module")
def erased(tmp_path_factory: pytest.TempPathFactory, cut) -> Path:
    """Two cameras for 26 s; the target is in K04 and was taken out of K03."""
    folder = tmp_path_factory.mktemp("erased")
    truth = load_truth(("K03", "K04"))
    target = snapshot_of(truth).identity
    num_frames = round(SHORT_S * truth.fps)
    short = {
        name: replace(
            drive,
            passages=tuple(
                p
                for p in drive.passages
                if p.last_frame < num_frames and p.camera_id in truth.cameras
            ),
        )
        for name, drive in truth.drives.items()
    }
    write_city(folder, replace(truth, drives=short, num_frames=num_frames))
    for camera in truth.cameras.values():
        records = [frame_record(frame) for frame in camera.frames[:num_frames]]
        path = camera_file(folder, camera.camera_id)
        write_records(path, [camera_record(camera), *records])
    whole = folder / "whole.mp4"
    without_vehicle(truth, "K03", target, clip_path("K03"), whole)
    cut(whole, folder / "K03.mp4", 0.0, SHORT_S)
    whole.unlink()
    cut(clip_path("K04"), folder / "K04.mp4", 0.0, SHORT_S)
    shutil.copy(snapshot_path(), folder)
    site = yaml.safe_load(demo_site_path().read_text(encoding="utf-8"))
    site["cameras"] = [camera for camera in site["cameras"] if camera["id"] in truth.cameras]
    site["roads"] = [r for r in site["roads"] if {r["from"], r["to"]} <= set(truth.cameras)]
    (folder / "site.yaml").write_text(yaml.safe_dump(site, allow_unicode=True), encoding="utf-8")
    return folder


def test_the_demo_finds_the_true_route(yanji, monkeypatch, tmp_path: Path) -> None:
    # As on a newcomer's machine: one core is too little for four cameras.
    monkeypatch.delenv("YANJI_RUNTIME")
    monkeypatch.delenv("YANJI_WORKERS")
    called = yanji("demo", "--once", "--json")
    answer = called.json
    assert answer["truth"]["missing"] == []
    assert set(answer["truth"]["legs"]) == {answer["truth"]["identity"]}
    assert answer["truth"]["in_order"]
    assert called.status == 0
    target = snapshot_of(load_truth(())).identity
    passed = {camera["camera_id"]: camera for camera in answer["cameras"] if camera["passed"]}
    assert set(passed) == {"K01", "K03"}
    assert {camera["identity"] for camera in passed.values()} == {target}
    cameras = [leg["camera_id"] for leg in answer["routes"][0]["legs"]]
    assert list(dict.fromkeys(cameras)) == ["K04", "K03", "K01"]
    with Image.open(tmp_path / "demo-map.png") as image:
        assert image.format == "PNG"


def test_the_demo_fails_when_the_target_is_taken_out(yanji, erased: Path, tmp_path: Path) -> None:
    drawn = tmp_path / "other.png"
    called = yanji("demo", "--once", "--json", "--clips", erased, "--map", drawn)
    answer = called.json
    assert called.status == 1
    assert answer["truth"]["missing"] == ["K03"]
    assert [camera["right"] for camera in answer["cameras"]] == [False]
    assert answer["sightings"] > 12, "it must fail for want of the target, not of sightings"
    assert drawn.is_file()


def test_a_map_that_cannot_be_is_refused_before_anything_is_played(yanji) -> None:
    called = yanji("demo", "--once", "--map", "map.gif")
    assert called.status == 2
    assert "must end in .png" in called.sentence


def test_a_folder_without_truth_is_refused(yanji, tmp_path: Path) -> None:
    called = yanji("demo", "--once", "--clips", tmp_path)
    assert called.status == 2
    assert "no truth of a test city" in called.sentence


def test_live_cameras_have_no_clock_offsets(tmp_path: Path) -> None:
    site = live_site(demo_site_path(), lambda name, loop: f"rtsp://127.0.0.1:9/{name}", tmp_path)
    assert {camera.clock_offset_s for camera in site.cameras} == {0.0}
    assert [camera.url for camera in site.cameras] == [
        f"rtsp://127.0.0.1:9/K0{number}.mp4" for number in (1, 2, 3, 4)
    ]


def test_the_end_of_a_clip_is_no_outage() -> None:
    truth = load_truth(())
    second = 10**9

    class Run:
        camera_id, started_ns = "K01", 100 * second

    class Reader:
        def runs(self):
            return [Run()]

    early = Gap("K01", 120 * second, 125 * second, "network")
    end = Gap("K01", round((100 + truth.duration_s) * second), None, "network")
    never = Gap("K02", 0, None, "network")
    found = without_ends(Trace((), (), (early, end, never), "roads", ()), Reader(), truth)
    assert found.gaps == (early, never)


def test_only_a_demos_own_folder_is_emptied(tmp_path: Path) -> None:
    precious = tmp_path / "archive"
    precious.mkdir()
    (precious / "yanji.sqlite").write_text("precious")
    fresh_folder(precious)
    assert (precious / "yanji.sqlite").read_text() == "precious"
    own = fresh_folder(tmp_path / "demo")
    (own / "old").touch()
    fresh_folder(own)
    assert not (own / "old").exists()


def test_the_verb_says_what_once_means() -> None:
    assert "exit 0 when right" in next(p.help for p in demo_verb.params if p.name == "once")
    assert clips_folder().is_dir()


def test_where_cameras_may_be_does_not_bind_those_that_the_demo_plays(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given: list[Settings] = []

    class Told:
        def __init__(self, settings: Settings, *_: object, **__: object) -> None:
            given.append(settings)

        def run(self) -> None:
            pass

    monkeypatch.setattr(demo_module, "Supervisor", Told)
    narrow = Settings(camera_networks=("10.20.0.0/16",), camera_schemes=("rtsps",), workers=1)
    site: Any = SimpleNamespace(cameras=())
    truth: Any = SimpleNamespace(duration_s=1.0)
    demo_module._play(site, truth, tmp_path, narrow, lambda text: None, None)
    assert rules_of(given[0]) == ANY_CAMERA
    assert given[0].workers == 1
