"""What an embedder is trained on: rendered crops, lists, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from yanji.configs.errors import PictureError, UsageError
from yanji.reid.training.vehicles import (
    Vehicle,
    View,
    listed_vehicles,
    rendered_vehicles,
    split,
    unlike,
)
from yanji.reid.training.view_batches import Deck, chosen_views, decks_of, shaken, to_input


def picture(path: Path, grey: int = 90) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((24, 30, 3), grey, np.uint8))


def crop_record(path: str, identity: str, angle_deg: float, group: str = "four_wheel") -> dict:
    return {
        "record": "crop", "path": path, "identity": identity, "kind": "saloon", "group": group,
        "angle_deg": angle_deg,
    }  # fmt: skip


def write_index(folder: Path, records: list[dict]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    lines = [{"record": "order"}, *records]
    (folder / "crops.jsonl").write_text("".join(json.dumps(r) + "\n" for r in lines))


def rendered(folder: Path) -> Path:
    records = []
    for number, angle in enumerate((-170.0, 10.0, 95.0)):
        picture(folder / f"000/a{number}.jpg")
        records.append(crop_record(f"000/a{number}.jpg", "car_00000", angle))
    picture(folder / "000/b.jpg")
    records.append(crop_record("000/b.jpg", "ebike_00001", 0.0, "two_wheeler"))
    write_index(folder, records)
    return folder


def view(angle_deg: float | None) -> View:
    return View(Path("x.jpg"), False, angle_deg)


def test_rendered_vehicles_with_their_sides_and_none_of_one_view(tmp_path: Path) -> None:
    (vehicle,) = rendered_vehicles(rendered(tmp_path / "雁 crops"))
    assert [v.angle_deg for v in vehicle.views] == [170.0, 10.0, 95.0]
    assert vehicle.kind == "saloon"


def test_crops_that_are_not_complete_are_refused(tmp_path: Path) -> None:
    (tmp_path / "000").mkdir()
    with pytest.raises(UsageError, match=r"crops\.jsonl"):
        rendered_vehicles(tmp_path)


def test_a_missing_picture_is_named(tmp_path: Path) -> None:
    folder = rendered(tmp_path)
    (folder / "000/a1.jpg").unlink()
    with pytest.raises(UsageError, match=r"a1\.jpg"):
        rendered_vehicles(folder)


def test_a_folder_without_pairs_is_refused(tmp_path: Path) -> None:
    picture(tmp_path / "000/b.jpg")
    write_index(tmp_path, [crop_record("000/b.jpg", "car_00000", 0.0)])
    with pytest.raises(UsageError, match="no pair"):
        rendered_vehicles(tmp_path)


def test_a_list_without_pairs_is_refused(tmp_path: Path) -> None:
    for name in ("car_1_cam1.jpg", "car_2_cam1.jpg"):
        picture(tmp_path / name)
    (tmp_path / "list.txt").write_text("car_1_cam1.jpg\ncar_2_cam1.jpg\n")
    with pytest.raises(UsageError, match="no pair"):
        listed_vehicles(tmp_path, tmp_path / "list.txt")


def listed(tmp_path: Path) -> list[Vehicle]:
    names = [
        f"{kind}_{n}_cam{c}.jpg" for kind in ("car", "motorcycle") for n in (1, 2) for c in (1, 2)
    ]
    for name in names:
        picture(tmp_path / name)
    (tmp_path / "list.txt").write_text("\n".join(names))
    return listed_vehicles(tmp_path, tmp_path / "list.txt")


def test_listed_vehicles_know_riders_but_no_sides(tmp_path: Path) -> None:
    vehicles = listed(tmp_path)
    assert [(v.kind, len(v.views)) for v in vehicles] == [
        ("car", 2), ("car", 2), ("motorcycle", 2), ("motorcycle", 2),
    ]  # fmt: skip
    assert [v.views[0].rider for v in vehicles] == [False, False, True, True]
    assert all(v.angle_deg is None for vehicle in vehicles for v in vehicle.views)


def test_what_is_trained_on_judges_nothing(tmp_path: Path) -> None:
    vehicles = listed(tmp_path)
    unlike(vehicles[:2], vehicles[2:])
    with pytest.raises(UsageError, match="judged by"):
        unlike(vehicles[:2], vehicles[1:])


def test_a_damaged_picture_is_named(tmp_path: Path) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no picture")
    with pytest.raises(PictureError, match=r"bad\.jpg"):
        View(bad, False).image()


def test_split_parts_by_name_and_keeps_each_vehicle_whole(tmp_path: Path) -> None:
    vehicles = [Vehicle(f"car_{n}", "car", (view(None), view(None))) for n in range(400)]
    train, held = split(vehicles, 0.25)
    assert 60 < len(held) < 140
    assert {v.name for v in train}.isdisjoint(v.name for v in held)
    assert len(train) + len(held) == 400
    assert split(vehicles, 0.0) == (vehicles, [])


def test_a_deck_deals_all_before_any_again() -> None:
    rng = np.random.default_rng(1)
    deck = Deck(range(7))
    dealt = [deck.take(3, rng) for _ in range(7)]
    assert all(len(set(hand)) == 3 for hand in dealt)
    counts = np.bincount(np.concatenate(dealt))
    assert counts.min() >= 2
    assert counts.max() <= 4
    assert sorted(Deck(range(2)).take(5, rng)) == [0, 1]
    assert Deck([]).take(5, rng) == []


def test_decks_are_all_and_each_kind_that_fills_a_batch() -> None:
    vehicles = [Vehicle(str(n), "van" if n < 3 else "bus", (view(None),) * 2) for n in range(8)]
    assert [list(deck.members) for deck in decks_of(vehicles, 4)] == [[*range(8)], [3, 4, 5, 6, 7]]


def test_views_are_chosen_from_front_and_rear() -> None:
    rng = np.random.default_rng(0)
    vehicle = Vehicle("car", "car", tuple(view(angle) for angle in (90, 5, 100, 178, 80, 95)))
    for _ in range(20):
        chosen = chosen_views(vehicle, 3, rng)
        assert chosen[:2] == [1, 3]
        assert len(set(chosen)) == 3
    assert chosen_views(Vehicle("car", "car", (view(3), view(9))), 3, rng) == [0, 1]
    sideless = Vehicle("car", "car", tuple(view(None) for _ in range(5)))
    assert len(set(chosen_views(sideless, 3, rng))) == 3


@pytest.mark.parametrize("angle_deg", [None, 30.0])
def test_a_shaken_view_is_another_picture_but_never_a_broken_one(
    tmp_path: Path, angle_deg: float | None
) -> None:
    path = tmp_path / "a.jpg"
    rng = np.random.default_rng(3)
    cv2.imwrite(str(path), rng.integers(0, 255, (40, 30, 3), np.uint8))
    plain = View(path, True, angle_deg)
    differing = 0
    for _ in range(30):
        image = shaken(plain, False, rng)
        assert image.dtype == np.uint8
        assert image.ndim == 3
        assert min(image.shape[:2]) >= 2
        differing += image.shape != (40, 30, 3) or not np.array_equal(image, plain.image())
    assert differing == 30


def test_input_is_red_green_blue_scaled_as_the_card_says() -> None:
    blue = np.zeros((10, 10, 3), np.uint8)
    blue[:, :, 0] = 255
    values = to_input([blue], 64, 48)
    assert values.shape == (1, 3, 64, 48)
    np.testing.assert_allclose(
        values[0, :, 5, 5], [-123.675 / 58.395, -116.28 / 57.12, (255 - 103.53) / 57.375], rtol=1e-5
    )
