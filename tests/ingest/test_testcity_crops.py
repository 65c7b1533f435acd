"""Crops of rendered vehicles: what the index says is what the pictures show."""

from __future__ import annotations

import errno
import functools
import json
import math
import os
import shutil
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from yanji.api.cli.program import main
from yanji.api.testcity_crops import hide_heads
from yanji.configs.errors import UsageError, YanjiError
from yanji.detect import crops as pipeline
from yanji.ingest.testcity import crop_order, crop_work
from yanji.ingest.testcity.crop_geometry import heading_deg
from yanji.ingest.testcity.crop_order import INDEX_FILE, PARTS, CropOrder, claim, scenery_file
from yanji.ingest.testcity.crop_plans import JITTER, MARGIN, kinds_of, plan_crop
from yanji.ingest.testcity.crop_views import LIGHTS, views_of
from yanji.ingest.testcity.crops import read_index, write_crops
from yanji.ingest.testcity.drawing.gpu import Gpu, RendererError
from yanji.ingest.testcity.drawing.scenery import load_scenery
from yanji.ingest.testcity.drawing.studio import Studio
from yanji.ingest.testcity.share_out import share_out
from yanji.ingest.testcity.vehicles.individuals import individual, mix
from yanji.reid.evaluate import read_list

ORDER = CropOrder(identities=12, views=4, seed=3, size=128, places=1)
SMALL = (480, 270)
"""Of the cameras' pictures here: what stands still is then drawn in a few seconds."""


def quiet(*_: Any) -> None:
    """Progress that nobody reads."""


@pytest.fixture(scope="module")
def scenery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the still pictures of the order's one place."""
    try:
        Gpu().close()
    except RendererError as error:
        pytest.skip(f"no renderer here: {error.message}")
    folder = tmp_path_factory.mktemp("place")
    (folder / "scenery").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        for module in (crop_order, crop_work):
            patch.setattr(module, "PICTURE_PX", SMALL)
        with crop_work.open_place_work(ORDER, folder) as work:
            assert len(list(work(0))) == 1
        yield folder


def begun(order: CropOrder, scenery: Path, folder: Path) -> Path:
    """A folder in which the still pictures are done."""
    claim(order, folder)
    shutil.copytree(scenery / "scenery", folder / "scenery")
    return folder


@pytest.fixture(scope="module")
def done(scenery: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole order, heads blurred."""
    folder = begun(ORDER, scenery, tmp_path_factory.mktemp("crops") / "out")
    cost = write_crops(ORDER, folder, 1, quiet, hide_heads)
    assert cost.drawn == ORDER.crops
    assert cost.per_core_second is not None
    assert cost.per_core_second > 0
    return folder


def crops_of(folder: Path) -> list[dict[str, Any]]:
    return [record for record in read_index(folder) if record["record"] == "crop"]


def contents(folder: Path) -> dict[str, bytes]:
    files = [*folder.glob("*/*.jpg"), folder / INDEX_FILE]
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def test_the_index_names_every_picture_and_camera(done: Path) -> None:
    records = list(read_index(done))
    assert records[0]["record"] == "order"
    assert records[0]["identities"] == ORDER.identities
    cameras = {r["camera"]: r for r in records if r["record"] == "camera"}
    assert len(cameras) == ORDER.cameras
    found = crops_of(done)
    assert len(found) == ORDER.crops
    assert {r["path"] for r in found} == {
        file.relative_to(done).as_posix() for file in done.glob("*/*.jpg")
    }
    for record in found:
        image = cv2.imread(str(done / record["path"]))
        assert image is not None
        assert [image.shape[1], image.shape[0]] == record["size_px"]
        assert max(record["size_px"]) <= ORDER.size
        assert 0 < record["scale"] <= 1
        assert record["light"] == cameras[record["camera"]]["light"]
        assert record["kind"] in mix()
        assert 0 <= record["occlusion"] <= 1
        assert 45 <= record["jpeg_quality"] <= 92
    assert not list(done.rglob("*.tmp"))
    assert not (done / PARTS).exists()


def test_each_identity_is_seen_from_all_sides_in_all_lights(done: Path) -> None:
    by_identity: dict[str, list[dict[str, Any]]] = {}
    for record in crops_of(done):
        by_identity.setdefault(record["identity"], []).append(record)
    assert len(by_identity) == ORDER.identities
    for seen in by_identity.values():
        assert len({r["camera"] for r in seen}) == ORDER.views
        assert {r["light"] for r in seen} == {light.name for light in LIGHTS}
        assert len({(r["kind"], r["plate"]) for r in seen}) == 1
        turns = sorted(r["angle_deg"] for r in seen)
        gaps = np.diff([*turns, turns[0] + 360.0])
        assert gaps.max() < 2 * 360.0 / ORDER.views + 0.2


def test_the_box_is_off_by_what_the_index_says(done: Path) -> None:
    exact = 0
    for record in crops_of(done):
        assert all(abs(part) <= JITTER for part in record["jitter"])
        if record["cut"]:
            continue
        (x1, y1, x2, y2), (width, height) = record["box_px"], record["size_px"]
        margins = (x1, y1, width - x2, height - y2)
        sides = (x2 - x1, y2 - y1, x2 - x1, y2 - y1)
        stated = [(j + MARGIN) * side for j, side in zip(record["jitter"], sides, strict=True)]
        off = np.array(margins) - stated
        # Less only where the picture of the camera ends.
        assert (off < record["scale"] + 0.8).all()
        exact += bool((np.abs(off) < record["scale"] + 0.8).all())
    assert exact > ORDER.crops / 3
    assert MARGIN == pipeline.MARGIN


def test_the_angle_is_that_of_the_truth_files(scenery: Path) -> None:
    """0 from the front, 90 the left flank, 180 from the rear."""
    view = views_of(ORDER.seed, 0)[1]
    look = individual("saloon", 1, 1)
    gpu = Gpu()
    try:
        studio = Studio(gpu, 256)
        seen = load_scenery(gpu, view, SMALL, scenery_file(scenery, view.camera_id))
        red = {}
        for angle in (0.0, 90.0, 180.0, -90.0):
            plan = plan_crop(np.random.default_rng(5), seen, "saloon", look, angle, 128, [])
            assert plan.angle_deg == angle
            target = plan.target
            to_eye = math.atan2(view.eye_m[1] - target.y_m, view.eye_m[0] - target.x_m)
            turned = math.degrees(to_eye - target.yaw)
            assert math.cos(math.radians(turned - angle)) == pytest.approx(1.0)
            away = math.radians(heading_deg(target, seen))
            if abs(angle) == 90.0:  # who sees the left flank sees it drive to the left
                assert math.cos(away) * angle < 0
            image = studio.draw(plan, seen).astype(int)
            red[angle] = int((image[..., 2] > image[..., :2].max(axis=2) + 60).sum())
        assert red[180.0] > 10 * max(red[0.0], 1)
    finally:
        gpu.close()


def test_identities_differ_and_every_kind_comes_early() -> None:
    kinds = kinds_of(400)
    assert set(kinds[:60]) == set(mix())
    assert kinds_of(100) == kinds[:100]
    for kind, share in mix().items():
        assert abs(kinds.count(kind) / 400 - share) < 0.01
    looks = {(kind, individual(kind, number, 3)) for number, kind in enumerate(kinds)}
    assert len(looks) == 400


def test_the_same_order_gives_the_same_files_after_a_stop(
    done: Path, scenery: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = begun(ORDER, scenery, tmp_path / "out")
    written: list[Path] = []

    def stop_at_the_fifth(path: Path, content: bytes) -> None:
        if len(written) == 5:
            raise KeyboardInterrupt
        written.append(path)
        crop_order.write_whole(path, content)

    with monkeypatch.context() as patch:
        patch.setattr(crop_work, "write_whole", stop_at_the_fifth)
        with pytest.raises(KeyboardInterrupt):
            write_crops(ORDER, folder, 1, quiet, hide_heads)
    assert len(list(folder.glob("*/*.jpg"))) == 5
    with pytest.raises(UsageError, match="has no"):
        read_index(folder)
    told: list[tuple[str, int, int]] = []
    write_crops(ORDER, folder, 1, lambda *news: told.append(news), hide_heads)
    assert contents(folder) == contents(done)
    assert told[-1] == ("crops", ORDER.crops, ORDER.crops)
    again = write_crops(ORDER, folder, 1, quiet, hide_heads)
    assert again.drawn == 0
    assert again.per_core_second is None


def test_a_full_disk_is_said_and_leaves_whole_pictures(
    scenery: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = CropOrder(identities=1, views=4, seed=3, size=64, places=1)
    folder = begun(order, scenery, tmp_path / "out")
    real, count = Path.write_bytes, 0

    def full(path: Path, content: bytes) -> int:
        nonlocal count
        count += 1
        if count == 3:
            real(path, content[:10])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(path, content)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        with pytest.raises(YanjiError, match="No space left") as caught:
            write_crops(order, folder, 1, quiet)
    assert caught.value.hint
    pictures = list(folder.glob("*/*.jpg"))
    assert len(pictures) == 2
    assert all(cv2.imread(str(file)) is not None for file in pictures)
    assert not list(folder.rglob("*.tmp"))
    assert write_crops(order, folder, 1, quiet).drawn == order.crops


def test_what_is_not_this_order_is_refused(done: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds other crops"):
        write_crops(CropOrder(13, 4, 3, 128, 1), done, 1, quiet)
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(UsageError, match="not empty"):
        write_crops(ORDER, tmp_path, 1, quiet)
    with pytest.raises(YanjiError, match=r"mine\.txt"):
        write_crops(ORDER, tmp_path / "mine.txt", 1, quiet)


@pytest.mark.parametrize(
    "options",
    [
        ("--identities", "0"),
        ("--views", "0"),
        ("--views", "33"),
        ("--size", "8"),
        ("--seed", "-1"),
        ("--places", "0"),
        ("--workers", "-1"),
    ],
)
def test_impossible_orders_end_with_status_2(
    options: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "out"
    assert main(["testcity", "crops", "--out", str(folder), "--json", *options]) == 2
    assert options[0] in json.loads(capsys.readouterr().out)["error"]["message"]
    assert not folder.exists()


def test_json_says_what_was_done(done: Path, capsys: pytest.CaptureFixture[str]) -> None:
    numbers = ("--identities", 12), ("--views", 4), ("--seed", 3), ("--size", 128), ("--places", 1)
    options = [str(word) for pair in numbers for word in pair]
    assert main(["testcity", "crops", "--out", str(done), "--json", *options]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["crops"] == ORDER.crops
    assert answer["cameras"] == ORDER.cameras
    assert answer["drawn"] == 0
    assert set(answer) == {
        "index", "crops", "identities", "cameras", "drawn", "wall_s", "drawing_cpu_s",
        "setup_cpu_s", "per_core_second", "per_core_second_with_setup",
    }  # fmt: skip


def test_a_folder_of_crops_is_a_list_that_can_be_evaluated(done: Path, tmp_path: Path) -> None:
    names = [Path(record["path"]).name for record in crops_of(done)]
    listed = tmp_path / "list.txt"
    listed.write_text("\n".join(names))
    items = read_list(done / "000", listed)
    assert {item.vehicle for item in items} == {record["identity"] for record in crops_of(done)}
    assert [item.camera for item in items] == [record["camera"] for record in crops_of(done)]


def test_heads_of_riders_are_found_and_nobody_else(scenery: Path) -> None:
    """The boxes that `finish` gets lie where the riders are."""
    view = views_of(ORDER.seed, 0)[0]
    gpu = Gpu()
    try:
        seen = load_scenery(gpu, view, SMALL, scenery_file(scenery, view.camera_id))
        for kind, riders in (("ebike", 1), ("saloon", 0)):
            look = individual(kind, 1, 1)
            plan = plan_crop(np.random.default_rng(2), seen, kind, look, 40.0, 128, [])
            boxes = crop_work.riders_of(plan, seen)
            assert len(boxes) == riders
            for box in boxes:
                full = plan.in_crop(plan.full_px)
                assert box[1] == pytest.approx(full[1], abs=0.1 * (full[3] - full[1]))
                assert full[0] - 1 <= box[0] < box[2] <= full[2] + 1
    finally:
        gpu.close()


@pytest.mark.parametrize("num_processes", [1, 2])
def test_tasks_are_shared_out_to_processes(num_processes: int) -> None:
    found: list[int] = []
    # A task is a number, its results are those below it.
    share_out([1, 3, 2], num_processes, functools.partial(nullcontext, range), found.append)
    assert sorted(found) == [0, 0, 0, 1, 1, 2]


def test_a_failing_and_a_dying_process_are_reported() -> None:
    with pytest.raises(YanjiError, match="TypeError"):
        share_out(["x", "y"], 2, functools.partial(nullcontext, range), quiet)
    with pytest.raises(YanjiError, match="died"):
        share_out([3, 3], 2, functools.partial(nullcontext, os._exit), quiet)
