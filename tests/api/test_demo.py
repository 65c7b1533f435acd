"""The demo can fail: a judge that always says yes would prove nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

from yanji.api.cli.demo import demo_verb
from yanji.api.demo import fresh_folder
from yanji.ingest.testcity.demo_data import clips_folder, load_truth
from yanji.ingest.testcity.erase import without_vehicle


def test_the_demo_finds_the_target_at_both_other_cameras(yanji) -> None:
    called = yanji("demo", "--once", "--json")
    answer = called.json
    assert [camera["right"] for camera in answer["cameras"]] == [True, True]
    assert called.status == 0
    truth = load_truth()
    assert {camera["identity"] for camera in answer["cameras"]} == {truth.target}
    best = answer["routes"][0]
    assert [leg["camera_id"] for leg in best["legs"]] == ["K01", "K02", "K03"]


def test_the_demo_fails_when_the_target_is_taken_out(yanji, tmp_path: Path) -> None:
    clips = tmp_path / "clips"
    shutil.copytree(clips_folder(), clips)
    truth = load_truth()
    for camera_id in ("K02", "K03"):
        (clips / f"{camera_id}.mp4").unlink()
        without_vehicle(truth, camera_id, truth.target, clips / f"{camera_id}.mp4")
    called = yanji("demo", "--once", "--json", "--clips", clips)
    answer = called.json
    assert called.status == 1
    assert not any(camera["right"] for camera in answer["cameras"])
    assert answer["sightings"] > 30, "it must fail for want of the target, not of sightings"


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
