"""`yanji bench decode`, `detect`, `embed`, `memory` as commands: what they pass on and print."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from yanji.api import bench_decode, bench_detect, bench_embed, bench_memory
from yanji.api.cli import bench_parts
from yanji.ingest.testcity.demo_data import clips_folder

CLIP = clips_folder() / "K01.mp4"
LIKE = {
    "to": "floor",
    "compared": 1,
    "luma_difference": 1,
    "psnr_db": 41.23,
    "boxes_kept": 0.987,
    "boxes_new": 0.02,
    "boxes": 9,
}
WAY = {
    "stream": "h264",
    "ms": 2,
    "ms_range": [1, 3],
    "beside": "floor",
    "over": 1.25,
    "over_range": [1, 2],
    "frames": 50,
}
DECODE = {
    "unit": "CPU ms per frame",
    "ways": {
        "floor": {**WAY, "likeness": None},
        "yanji": {**WAY, "likeness": {**LIKE, "psnr_db": None}},
        "h265": {**WAY, "likeness": LIKE},
    },
    "facts": {},
}
ACCURACY = {
    "mAP50": None,
    "mAP50_95": None,
    "any_vehicle_AP50": 0.679,
    "any_vehicle_AP50_95": 0.4,
    "any_vehicle_recall_at_0.25": 0.636,
}
ARM = {
    "runtime": "openvino",
    "precision": "int8",
    "size": "384x640",
    "ms": 31.26,
    "ms_range": [30, 32],
    "agreement": {"found": 0.991, "not_invented": 0.5, "persons_found": 0.95},
    "accuracy": ACCURACY,
    "within_tolerance": False,
}
DETECT = {
    "unit": "CPU ms per picture",
    "arms": [ARM, {**ARM, "accuracy": None}],
    "not_here": {"openvino bf16": "This CPU does not."},
    "tolerance": {"agreement": 0.97},
}
EMBED = {
    "unit": "CPU ms per crop",
    "arms": [
        {
            "runtime": "openvino",
            "precision": "f32",
            "alone_ms": 2.7,
            "eights_ms": 1.9,
            "alone_ms_range": [2, 3],
            "eights_ms_range": [1, 2],
            "within_tolerance": True,
            "cosine": {"mean": 0.99991, "min": 0.9987},
        }
    ],
    "not_here": {},
    "tolerance": {"mean_cosine": 0.999, "min_cosine": 0.99},
}
MEMORY: dict[str, Any] = {
    "models": {"overhead_mb": 146.4},
    "cameras": [{"cameras": 2, "worker_mb": 325.0, "per_camera_mb": 24.0}],
    "first_sighting": {"total_s": 6.1, "to_worker_s": None},
    "bars": {
        "per_camera_mb": {"value": 24.0, "limit": 120.0, "kept": True},
        "first_sighting_s": {"value": 6.1, "limit": 5.0, "kept": False},
        "other": {"value": None, "limit": 1, "kept": None},
    },
}
PARTS = {
    "decode": (bench_decode, DECODE),
    "detect": (bench_detect, DETECT),
    "embed": (bench_embed, EMBED),
    "memory": (bench_memory, MEMORY),
}

Called = list[tuple[tuple[Any, ...], dict[str, Any]]]


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> dict[str, Called]:
    """All four benches answer at once; what they were called with."""
    calls: dict[str, Called] = {name: [] for name in PARTS}

    def stub(name: str, answer: object) -> Callable[..., object]:
        def bench(*given: Any, **more: Any) -> object:
            calls[name].append((given, more))
            return answer

        return bench

    for name, (module, answer) in PARTS.items():
        monkeypatch.setattr(module, f"bench_{name}", stub(name, answer))
    return calls


@pytest.mark.parametrize("name", PARTS)
def test_the_document_is_the_answer(
    yanji: Callable[..., Any], called: dict[str, Called], name: str
) -> None:
    answer = yanji("bench", name, CLIP, "--json")
    assert answer.status == 0
    assert answer.json == PARTS[name][1]
    ((videos, settings), _) = called[name][0]
    assert videos == (CLIP,)
    assert settings.runtime == "onnxruntime", "the installation's settings"


def test_the_tables_say_what_the_document_says(
    yanji: Callable[..., Any], called: dict[str, Called]
) -> None:
    lines = yanji("bench", "decode", CLIP).out.splitlines()
    assert lines[1].split()[:4] == ["way", "ms", "range", "over"]
    assert lines[2].split() == ["floor", "2.00", "1.00-3.00", "1.250", "floor", "50"]
    assert lines[3].split()[6:] == ["same", "0.987", "0.020"]
    assert lines[4].split()[6:] == ["41.2", "0.987", "0.020"]
    detect = yanji("bench", "detect", CLIP).out
    assert "31.3  30.00-32.00  0.991  0.500         0.950    -      -         0.679" in detect
    assert "not here: openvino bf16: This CPU does not." in detect
    assert "tolerance: agreement 0.97" in detect
    embed = yanji("bench", "embed", CLIP).out
    assert "0.99991      0.99870  yes" in embed
    memory = yanji("bench", "memory", CLIP).out
    assert "models.overhead_mb: 146.4" in memory
    assert "bar per_camera_mb: 24 of at most 120: kept" in memory
    assert "bar first_sighting_s: 6.1 of at most 5: NOT kept" in memory
    assert "bar other: - of at most 1: not measured" in memory


def test_quick_is_one_short_round(yanji: Callable[..., Any], called: dict[str, Called]) -> None:
    for name in PARTS:
        assert yanji("bench", name, CLIP, "--quick", "--json").status == 0
    assert called["decode"][0][1]["rounds"] == called["detect"][0][1]["rounds"] == 1
    assert called["decode"][0][1]["seconds"] == called["memory"][0][1]["seconds"] == 2.5
    assert called["embed"][0][1]["num_crops"] == 8
    assert called["memory"][0][1]["cameras"] == (1,)


def test_without_a_video_clips_are_found(
    yanji: Callable[..., Any], called: dict[str, Called], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The current folder has no footage beside it."""
    rendered = tuple(sorted(clips_folder().glob("*.mp4")))
    for name in PARTS:
        answer = yanji("bench", name, "--json")
        (videos, _), _ = called[name][0]
        if name in ("decode", "memory"):
            assert videos == rendered[:1]
            assert "not on real traffic" in answer.err
        else:
            assert videos == rendered
    folder = Path("footage")
    folder.mkdir()
    monkeypatch.setattr(bench_parts, "FOOTAGE", folder)
    for clip in bench_parts.TRAFFIC[:-1]:
        (folder / clip).touch()
    assert bench_parts.traffic_clips() == rendered[:1], "all four or none"
    (folder / bench_parts.TRAFFIC[-1]).touch()
    assert bench_parts.traffic_clips() == tuple(folder / clip for clip in bench_parts.TRAFFIC)


def test_labels_and_names(yanji: Callable[..., Any], called: dict[str, Called]) -> None:
    for wrong in (("--images", "i"), ("--labels", "l"), ("--names", "n", "--images", "i")):
        answer = yanji("bench", "detect", *wrong, "--json")
        assert answer.status == 2
        assert "belong together" in answer.error["message"]
    assert called["detect"] == []
    yanji("bench", "detect", "--images", "i", "--labels", "l")
    assert called["detect"][0][1]["labelled"] == bench_detect.Labels(Path("i"), Path("l"))
    answer = yanji("bench", "embed", CLIP, "--images", "i", "--json")
    assert answer.error["code"] == "usage"


@pytest.mark.parametrize(
    "wrong",
    [
        ("decode", "--rounds", "0"),
        ("decode", "--seconds", "nan"),
        ("detect", "--rounds", "51"),
        ("memory", "--watch", "0.5"),
        ("memory", "--watch", "inf"),
        ("memory", "--starts", "21"),
    ],
)
def test_values_out_of_range_are_wrong_usage(
    yanji: Callable[..., Any], called: dict[str, Called], wrong: tuple[str, ...]
) -> None:
    answer = yanji("bench", *wrong, "--json")
    assert answer.status == 2
    assert answer.error["code"] == "usage"
    assert called[wrong[0]] == []


@pytest.mark.parametrize("name", PARTS)
def test_a_missing_film_is_one_sentence(yanji: Callable[..., Any], name: str) -> None:
    answer = yanji("bench", name, "没有.mp4", "--quick", "--json")
    assert answer.status == 1
    assert answer.error["code"] == "source"
    assert "没有.mp4" in answer.error["message"]
