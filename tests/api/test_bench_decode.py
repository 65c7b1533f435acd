from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from yanji.api import bench_footage
from yanji.api.bench_decode import bench_decode
from yanji.api.bench_pictures import compare
from yanji.api.bench_ways import by_yanji, read_by_opencv
from yanji.configs.errors import SourceError
from yanji.configs.settings import Settings, load_settings
from yanji.ingest.array_picture import ArrayPicture
from yanji.ingest.testcity.demo_data import clips_folder

CLIP = clips_folder() / "K03.mp4"
SECONDS = 2
NUM = SECONDS * bench_footage.RATE_FPS
SMALL = {
    name: replace(one, width=one.width // 3, height=one.height // 3)
    for name, one in bench_footage.ENCODINGS.items()
    if name != "sub_stream"
} | {"sub_stream": replace(bench_footage.ENCODINGS["sub_stream"], width=320, height=180)}
"""The same streams at a ninth of the work."""
WAYS = (
    *("floor", "yanji", "floor_scaled", "yanji_scaled", "key_frames", "b_frames", "no_b_frames"),
    *("sub_stream", "h265", "fast", "h265_fast", "opencv_grab", "opencv_read"),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bench")


@pytest.fixture(scope="module")
def settings() -> Settings:
    return load_settings(flags={"runtime": "onnxruntime", "precision": "f32"})


@pytest.fixture(scope="module")
def figures(folder: Path, settings: Settings) -> dict[str, Any]:
    # Every way costs its number in seconds, in every round.
    cost = itertools.chain(*([0, number + 1] for number in range(len(WAYS))))
    readings = itertools.cycle([float(reading) for reading in cost])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bench_footage, "_kept_folder", lambda: folder)
        patch.setattr(bench_footage, "ENCODINGS", SMALL)
        return bench_decode(
            [CLIP], settings, rounds=1, seconds=SECONDS, timer_s=lambda: next(readings)
        )


def test_cost_is_per_frame_of_the_camera_and_beside_its_like(figures: dict[str, Any]) -> None:
    ways = figures["ways"]
    assert tuple(ways) == WAYS
    for number, name in enumerate(WAYS):
        assert ways[name]["ms"] == pytest.approx((number + 1) * 1000 / NUM)
        beside = WAYS.index(ways[name]["beside"])
        assert ways[name]["over"] == pytest.approx((number + 1) / (beside + 1), abs=1e-3)
    assert ways["yanji_scaled"]["beside"] == "floor_scaled"
    assert ways["h265_fast"]["beside"] == "h265"
    assert figures["facts"]["frames"] == NUM
    assert figures["facts"]["rounds"] == 1


def test_what_a_way_leaves_out_is_told(figures: dict[str, Any]) -> None:
    frames = {name: way["frames"] for name, way in figures["ways"].items()}
    assert frames.pop("key_frames") == 1, "one in 2 s"
    assert 0 < frames.pop("no_b_frames") < NUM / 2, "two B-frames for each other"
    assert set(frames.values()) == {NUM}


def test_pictures_are_compared_where_they_can_differ(figures: dict[str, Any]) -> None:
    likeness = {name: way["likeness"] for name, way in figures["ways"].items()}
    for name in ("floor", "floor_scaled", "yanji_scaled", "opencv_grab"):
        assert likeness[name] is None
    for name in ("yanji", "key_frames", "no_b_frames"):
        assert likeness[name]["psnr_db"] is None, "no pixel differs"
        assert likeness[name]["luma_difference"] == 0
        assert (likeness[name]["boxes_kept"], likeness[name]["boxes_new"]) == (1, 0)
    assert likeness["key_frames"]["compared"] == 1
    assert likeness["no_b_frames"]["to"] == "b_frames"
    for name in ("b_frames", "sub_stream", "h265", "fast", "h265_fast"):
        assert likeness[name]["compared"] == 10, "five a second"
        assert 25 < likeness[name]["psnr_db"] < 70, name
        assert likeness[name]["boxes"] > 0
        assert likeness[name]["boxes_kept"] > 0.6, name
    assert likeness["h265_fast"]["to"] == "h265"
    assert likeness["sub_stream"]["psnr_db"] < likeness["b_frames"]["psnr_db"]


def test_a_moment_is_compared_with_the_same_moment(settings: Settings) -> None:
    """Of ours every second frame is missing, so that counting would compare the wrong ones."""
    from yanji.api.pipeline import open_detector

    grey = [ArrayPicture(np.full((64, 96, 3), number, np.uint8)) for number in range(50)]
    full = [(number / 25, picture) for number, picture in enumerate(grey)]
    detector = open_detector(settings)
    like = compare(iter(full[1::2]), iter(full), detector)
    assert (like.num_compared, like.luma_difference) == (10, 0)
    shifted = [(when_s, grey[(number + 3) % 50]) for number, (when_s, _) in enumerate(full[:40])]
    assert compare(iter(shifted), iter(full), detector).luma_difference == pytest.approx(3)
    ended = compare(iter(full), iter(full[:11]), detector)
    assert ended.num_compared == 3, "no partner, no comparison"
    nothing = compare(iter([]), iter(full), detector).figures()
    assert (nothing["compared"], nothing["psnr_db"], nothing["boxes_kept"]) == (0, None, 1)


def test_noise_has_its_textbook_ratio(settings: Settings) -> None:
    from yanji.api.pipeline import open_detector

    plain = np.full((64, 96, 3), 100, np.uint8)
    other = plain + np.uint8(5)
    like = compare(
        iter([(0.0, ArrayPicture(other))]),
        iter([(0.0, ArrayPicture(plain))]),
        open_detector(settings),
    ).figures()
    assert like["luma_difference"] == 5
    assert like["psnr_db"] == pytest.approx(20 * np.log10(255 / 5), abs=0.01)
    assert cv2.PSNR(plain, other) == pytest.approx(like["psnr_db"], abs=0.01)


def test_opencv_and_yanji_see_the_same_moments(folder: Path, figures: dict[str, Any]) -> None:
    file = next(folder.glob("*-h264.mp4"))
    ours = [when_s for when_s, _ in by_yanji(file)]
    assert [when_s for when_s, _ in read_by_opencv(file, NUM)] == pytest.approx(ours)


def test_a_missing_file_is_refused(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"missing\.mp4"):
        bench_decode([tmp_path / "missing.mp4"], settings, rounds=1, seconds=2)
