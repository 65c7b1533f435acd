"""Front against rear and light against light: who takes part, what a draw is, what ties cost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from yanji.configs.errors import PictureError, UsageError
from yanji.reid.backends.histogram import HistogramEmbedder
from yanji.reid.cross_view import (
    TASKS,
    choose_vehicles,
    draw,
    evaluate_rendered,
    ranks_of_own,
    score_draw,
    score_task,
    task_figures,
)
from yanji.reid.rendered_crops import RenderedCrop, read_rendered

FRONT, FLANK, REAR = 5.0, 90.0, -170.0


def crop(vehicle: int, angle_deg: float, light: str = "day", **other: Any) -> RenderedCrop:
    fields = {"group": "four_wheel", "livery": "", "eligible": True, **other}
    name = f"car_{vehicle:05d}"
    return RenderedCrop(
        Path(f"{name}.jpg"), name, "car", light=light, angle_deg=angle_deg, **fields
    )


def both(count: int) -> list[RenderedCrop]:
    return [crop(i, angle) for i in range(count) for angle in (FRONT, REAR)]


def test_only_vehicles_with_a_usable_front_and_rear_take_part() -> None:
    crops = [
        *both(2),
        crop(2, FRONT),
        crop(2, FLANK),
        crop(3, FRONT),
        crop(3, REAR, eligible=False),
        crop(4, REAR),
        crop(4, -44.9),
        crop(4, FLANK, eligible=False),
    ]
    chosen = choose_vehicles(crops)
    assert {one.vehicle for one in chosen} == {"car_00000", "car_00001", "car_00004"}
    assert all(one.eligible for one in chosen)
    assert {one.vehicle for one in choose_vehicles(crops, 2)} == {"car_00000", "car_00001"}


@pytest.mark.parametrize(
    "crops",
    [[], both(1), [crop(i, FRONT) for i in range(5)], [crop(i, FLANK) for i in range(5)]],
    ids=["none", "one vehicle", "fronts only", "flanks only"],
)
def test_too_few_vehicles_are_told(crops: list[RenderedCrop]) -> None:
    with pytest.raises(UsageError, match=r"front.*rear"):
        choose_vehicles(crops)


def test_the_sectors_end_at_45_and_135_degrees() -> None:
    edges = [crop(0, 45.0), crop(0, -135.0), crop(1, -45.0), crop(1, 180.0)]
    assert len(draw(edges, TASKS["front_rear"], 0).one_V) == 2
    outside = [crop(0, 45.1), crop(0, -134.9)]
    assert len(draw(outside, TASKS["front_rear"], 0).one_V) == 0


def test_a_draw_takes_one_crop_of_each_side_and_the_seed_decides() -> None:
    crops = [crop(i, angle) for i in range(20) for angle in (0, 20, -40, 180, 150, -140)]
    task = TASKS["front_rear"]
    drawn, again, other = draw(crops, task, 0), draw(crops, task, 0), draw(crops, task, 1)
    assert len(set(drawn.one_V.tolist())) == 20
    for one, two in zip(drawn.one_V, drawn.other_V, strict=True):
        assert crops[one].vehicle == crops[two].vehicle
        assert abs(crops[one].angle_deg) <= 45 <= 135 <= abs(crops[two].angle_deg)
    assert np.array_equal(drawn.one_V, again.one_V)
    assert not np.array_equal(drawn.one_V, other.one_V)


def test_near_sides_are_measured_around_the_circle() -> None:
    crops = [crop(0, 170.0), crop(0, -170.0, "night"), crop(1, 0.0), crop(1, 31.0, "night")]
    drawn = draw(crops, TASKS["day_night_near"], 0)
    assert drawn.one_V.tolist() == [0]
    assert drawn.other_V.tolist() == [1]


def slow_ranks(queries: np.ndarray, gallery: np.ndarray) -> list[int]:
    ranks = []
    for q, query in enumerate(queries):
        own = float(query @ gallery[q])
        better = sum(float(query @ g) >= own for i, g in enumerate(gallery) if i != q)
        ranks.append(better + 1)
    return ranks


@pytest.mark.parametrize("seed", range(4))
def test_ranks_equal_the_slow_reading_both_ways(seed: int) -> None:
    rng = np.random.default_rng(seed)
    crops = both(9)
    # Small whole numbers: exact, and full of ties.
    vectors = rng.integers(-2, 3, (len(crops), 3)).astype(np.float32)
    scores = score_draw(crops, vectors, draw(crops, TASKS["front_rear"], 0))
    wanted = slow_ranks(vectors[::2], vectors[1::2]) + slow_ranks(vectors[1::2], vectors[::2])
    assert scores.values_Q3[:, 0] == pytest.approx([1 / rank for rank in wanted])
    assert scores.values_Q3[:, 1].tolist() == [rank == 1 for rank in wanted]
    assert scores.values_Q3[:, 2].tolist() == [rank <= 5 for rank in wanted]


def test_equal_vectors_come_last() -> None:
    crops = both(10)
    draws = score_task(crops, np.ones((20, 4), np.float32), TASKS["front_rear"])
    figures = task_figures(crops, draws)["all"]
    assert figures["R5"] == 0
    assert figures["mAP"] == pytest.approx(0.1)
    assert figures["mAP_spread"] == 0


def test_scores_that_are_no_numbers_rank_against_us() -> None:
    scores = np.array([[np.nan, 0.1], [np.nan, 0.5]], np.float32)
    assert ranks_of_own(scores).tolist() == [2, 2]


def test_parts_are_means_over_their_queries() -> None:
    crops = [
        crop(i, angle, group=group, livery=livery)
        for i, (group, livery) in enumerate(
            [("four_wheel", ""), ("two_wheeler", "lantu"), ("two_wheeler", "stickers")]
        )
        for angle in (FRONT, REAR)
    ]
    vectors = np.repeat(np.eye(3, dtype=np.float32), 2, axis=0)
    figures = task_figures(crops, score_task(crops, vectors, TASKS["front_rear"], 2))
    assert set(figures) == {"all", "four_wheel", "two_wheeler", "fleet", "no_livery"}
    assert figures["all"]["R1"] == 1
    assert figures["two_wheeler"]["num_vehicles"] == 2
    assert figures["two_wheeler"]["num_queries"] == 4
    assert figures["fleet"]["num_vehicles"] == figures["no_livery"]["num_vehicles"] == 1


def test_a_task_that_nobody_can_take_has_no_queries() -> None:
    crops = both(3)
    draws = score_task(crops, np.eye(6, dtype=np.float32), TASKS["day_night"])
    assert task_figures(crops, draws)["all"]["num_queries"] == 0
    assert len(score_draw(crops, np.eye(6, dtype=np.float32), draw(crops, TASKS["day_night"], 0)
                          ).vehicles_Q) == 0  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(3)
    (tmp_path / "000").mkdir()
    records: list[dict[str, Any]] = [{"record": "order"}, {"record": "camera", "camera": 0}]
    for vehicle in range(4):
        picture = np.full((40, 50, 3), rng.integers(0, 256, 3), np.uint8)
        for camera, (angle, light) in enumerate([(FRONT, "day"), (REAR, "night")]):
            path = f"000/ebike_{vehicle:05d}_cam{camera}.jpg"
            cv2.imwrite(str(tmp_path / path), picture)
            records.append(
                {
                    "record": "crop", "path": path, "identity": f"ebike_{vehicle:05d}",
                    "class": "ebike", "group": "two_wheeler", "livery": "", "light": light,
                    "angle_deg": angle, "cut": 0.0, "occlusion": 0.0, "size_px": [50, 40],
                }
            )  # fmt: skip
    write(tmp_path, records)
    return tmp_path


def write(folder: Path, records: list[dict[str, Any]]) -> None:
    text = "".join(json.dumps(record) + "\n" for record in records)
    (folder / "crops.jsonl").write_text(text)


def records_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "crops.jsonl").read_text().splitlines()]


def test_a_folder_on_disk(folder: Path) -> None:
    figures = evaluate_rendered(folder, HistogramEmbedder())
    # No vehicle is seen by day from near where it is seen by night, none in the evening.
    assert set(figures) == {"front_rear", "day_night"}
    assert figures["front_rear"]["all"]["R1"] == 1
    assert figures["front_rear"]["all"]["num_vehicles"] == 4
    assert figures["front_rear"]["two_wheeler"]["num_queries"] == 8


@pytest.mark.parametrize("field, value", [("cut", 0.31), ("occlusion", 0.4), ("size_px", [99, 23])])  # noqa: PT006
def test_crops_that_show_too_little_are_left_out(folder: Path, field: str, value: Any) -> None:
    records = records_of(folder)
    records[2][field] = value
    write(folder, records)
    crops = read_rendered(folder)
    assert [one.eligible for one in crops] == [False] + [True] * 7
    assert {one.vehicle for one in choose_vehicles(crops)} == {f"ebike_0000{i}" for i in (1, 2, 3)}


def test_a_folder_without_index_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"crops\.jsonl"):
        evaluate_rendered(tmp_path, HistogramEmbedder())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "names no crop"),
        ('{"record": "order"}\n', "names no crop"),
        ('{"record": "crop"}\n', "damaged"),
        ("[]\n", "damaged"),
        ('{"record": "crop", "path": \n', "damaged"),
    ],
)
def test_a_broken_index_is_told(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "crops.jsonl").write_text(text)
    with pytest.raises(UsageError, match=words):
        read_rendered(tmp_path)


def test_a_missing_crop_is_named(folder: Path) -> None:
    (folder / "000/ebike_00002_cam1.jpg").unlink()
    with pytest.raises(UsageError, match="ebike_00002_cam1"):
        read_rendered(folder)


def test_a_damaged_crop_is_named(folder: Path) -> None:
    (folder / "000/ebike_00002_cam1.jpg").write_bytes(b"no picture")
    with pytest.raises(PictureError, match="ebike_00002_cam1"):
        evaluate_rendered(folder, HistogramEmbedder())


def test_an_index_does_not_lead_out_of_its_folder(folder: Path) -> None:
    records = records_of(folder)
    records[2]["path"] = "../../etc/../outside.jpg"
    write(folder, records)
    with pytest.raises(UsageError, match="not in"):
        read_rendered(folder)
