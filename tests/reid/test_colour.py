"""Colours of crops: plain paints in several lights, votes, doubt, bad input, bad weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from yanji.configs.errors import ModelError
from yanji.ingest.frame import BgrImage
from yanji.reid.colour import MIN_SCORE, colour_shares, load_weights, name_colour
from yanji.reid.colour_features import NUM_FEATURES, colour_features
from yanji.reid.colours import COLOURS

ROAD = (105, 105, 103)
PAINTS = {
    "white": (228, 231, 230),
    "black": (24, 22, 21),
    "red": (40, 30, 170),
    "yellow": (35, 185, 225),
    "blue": (150, 90, 35),
    "green": (70, 120, 40),
}


def drawn(paint: tuple[int, int, int], side: int = 96, noise: float = 4.0) -> BgrImage:
    """A body of one paint with a dark window, on road."""
    image = np.full((side, side, 3), ROAD, np.float32)
    k = side / 96
    image[round(10 * k) : round(86 * k), round(10 * k) : round(86 * k)] = paint
    image[round(22 * k) : round(40 * k), round(22 * k) : round(74 * k)] = (45, 42, 40)
    image += np.random.default_rng(3).normal(0, noise, image.shape)
    return np.clip(image, 0, 255).astype(np.uint8)


def lit(image: BgrImage, gains: tuple[float, float, float]) -> BgrImage:
    return np.clip(image * np.array(gains), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("name", PAINTS)
@pytest.mark.parametrize("gains", [(1, 1, 1), (0.72, 0.92, 1.1), (1.1, 1.0, 0.88)])
def test_plain_paints_by_day_at_dusk_and_in_shade(
    name: str, gains: tuple[float, float, float]
) -> None:
    named = name_colour([(lit(drawn(PAINTS[name]), gains), 0.9)], "car")
    assert named is not None
    assert named.colour == name
    assert MIN_SCORE <= named.score <= 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 200), (3, 2), (19, 21), (700, 900)])
def test_any_size_gives_an_answer_or_none(shape: tuple[int, int]) -> None:
    crop = np.full((*shape, 3), 200, np.uint8)
    features_F = colour_features(crop, two_wheeled=False)
    assert features_F.shape == (NUM_FEATURES,)
    assert np.isfinite(features_F).all()
    name_colour([(crop, 0.0)], "motorcycle")


@pytest.mark.parametrize("value", [0, 255])
def test_all_black_and_all_white_pictures_do_not_divide_by_nothing(value: int) -> None:
    shares_C = colour_shares([(np.full((50, 50, 3), value, np.uint8), 1.0)], "car")
    assert np.isfinite(shares_C).all()
    assert shares_C.sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    "crop",
    [
        np.zeros((0, 5, 3), np.uint8),
        np.zeros((5, 5), np.uint8),
        np.zeros((5, 5, 4), np.uint8),
        np.zeros((5, 5, 3), np.float32),
    ],
)
def test_what_is_no_picture_is_refused(crop: BgrImage) -> None:
    with pytest.raises(ValueError, match="not a BGR picture"):
        colour_features(crop, two_wheeled=False)


def test_without_crops_there_is_no_colour() -> None:
    assert name_colour([], "car") is None


def test_crops_vote_by_quality() -> None:
    red, blue = drawn(PAINTS["red"]), drawn(PAINTS["blue"])
    first = name_colour([(red, 0.9), (blue, 0.1)], "car")
    other = name_colour([(red, 0.1), (blue, 0.9)], "car")
    assert first is not None
    assert other is not None
    assert (first.colour, other.colour) == ("red", "blue")
    alone = name_colour([(red, 0.9)], "car")
    assert alone is not None
    assert first.score < alone.score


def test_what_is_in_doubt_has_no_colour() -> None:
    evenly = [(drawn(PAINTS[name]), 0.5) for name in ("red", "green", "white")]
    assert name_colour(evenly, "car") is None


def test_of_a_two_wheeler_the_machine_counts_and_not_the_jacket() -> None:
    image = drawn(PAINTS["white"])
    image[4:37, 20:76] = PAINTS["red"]
    changed = image.copy()
    changed[4:37, 20:76] = PAINTS["blue"]

    def difference(two_wheeled: bool) -> float:
        one = colour_features(image, two_wheeled=two_wheeled)
        return float(np.abs(one - colour_features(changed, two_wheeled=two_wheeled)).sum())

    assert difference(two_wheeled=True) < 0.1
    assert difference(two_wheeled=False) > 1.0


def stored() -> dict[str, np.ndarray]:
    """The shipped weights, as a file holds them."""
    from importlib.resources import files

    with np.load(Path(str(files("yanji.models"))) / "yanji-colour-1.npz") as given:
        return dict(given)


def test_damaged_weights_are_refused_with_a_way_out(tmp_path: Path) -> None:
    path = tmp_path / "bad.npz"
    good = stored()
    broken = [
        {**good, "colours": np.array(COLOURS[::-1])},
        {**good, "others_bias": good["others_bias"][:-1]},
        {**good, "others_weights": good["others_weights"] * np.nan},
        {name: value for name, value in good.items() if name != "two_wheeler_mean"},
    ]
    for parts in broken:
        np.savez(path, **parts)
        with pytest.raises(ModelError, match=r"bad\.npz") as caught:
            load_weights(path)
        assert "Install yanji again" in caught.value.hint
        load_weights.cache_clear()
    path.write_bytes(b"PK not a zip")
    with pytest.raises(ModelError):
        load_weights(path)
    with pytest.raises(ModelError):
        load_weights(tmp_path / "missing.npz")
