"""Likelihood ratios and odds: what a score is worth, and where nothing can be said."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from yanji.configs.errors import ModelError
from yanji.detect.card import load_card, read_card
from yanji.detect.card_calibration import PAIRS, CardCalibration, ScoreCurve, pair_name
from yanji.reid.calibration import (
    Calibration,
    Look,
    calibration_for,
    calibration_of,
    is_calibrated,
    log_ratio_of,
    probability_of,
)
from yanji.reid.sighting import Embedding

CARD = "yanji-reid-1"


def curve(*points: tuple[float, float]) -> ScoreCurve:
    scores, ratios = zip(*points, strict=True)
    return ScoreCurve(
        scores=scores, log_ratios=ratios, kind="isotonic", num_same=9, num_different=90
    )


CURVES = {
    "any": {"any": curve((0.2, -1.0), (0.8, 1.0))},
    "four_wheel": {
        "any": curve((0.2, -2.0), (0.8, 2.0)),
        "front-rear": curve((0.2, -4.0), (0.8, 4.0)),
    },
}
CALIBRATION = Calibration("m", "0" * 64, CURVES)


def card_text(**calibration: Any) -> str:
    card = load_card(CARD).model_dump(mode="json")
    part = {
        "weights_sha256": card["sha256"],
        "curves": {"any": {"any": curve((0.0, -1.0), (1.0, 1.0)).model_dump(mode="json")}},
        "fitted_on": ["nothing"],
        **calibration,
    }
    return json.dumps({**card, "calibration": part})


def test_the_narrowest_curve_that_is_known_decides() -> None:
    car, bus = Look("car", "front"), Look("bus", "rear")
    evidence = CALIBRATION.evidence(0.8, car, bus)
    assert evidence is not None
    assert (evidence.log_ratio, evidence.of_group) == (4.0, True)
    # A pair of views without a curve, and a view not known: the group's.
    for other in (Look("car", "side"), Look("car")):
        found = CALIBRATION.evidence(0.8, car, other)
        assert found is not None
        assert (found.log_ratio, found.of_group) == (2.0, True)
    # A group without a curve, and a class not known: that of all vehicles, against all vehicles.
    for one, other in ((Look("tricycle"), Look("tricycle")), (Look(), Look("car", "rear"))):
        found = CALIBRATION.evidence(0.8, one, other)
        assert found is not None
        assert (found.log_ratio, found.of_group) == (1.0, False)


def test_the_order_of_the_two_does_not_matter() -> None:
    front, rear = Look("car", "front"), Look("car", "rear")
    assert CALIBRATION.evidence(0.4, front, rear) == CALIBRATION.evidence(0.4, rear, front)
    assert pair_name("rear", "front") == pair_name("front", "rear") == "front-rear"
    assert pair_name("rear", None) == pair_name("above", "rear") == "any"


def test_vehicles_of_two_groups_are_not_judged() -> None:
    assert CALIBRATION.evidence(0.9, Look("car"), Look("ebike")) is None


def test_curves_are_level_beyond_their_ends() -> None:
    line = curve((0.2, -1.0), (0.8, 1.0))
    assert log_ratio_of(line, -1.0) == -1.0
    assert log_ratio_of(line, 0.5) == pytest.approx(0.0)
    assert log_ratio_of(line, 1.0) == 1.0
    assert log_ratio_of(curve((0.5, 0.3)), 0.9) == 0.3


@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf, 1.1, -1.1])
def test_what_is_no_cosine_is_refused(score: float) -> None:
    with pytest.raises(ValueError, match="no cosine"):
        CALIBRATION.evidence(score, Look(), Look())


def test_a_cosine_may_pass_one_by_rounding() -> None:
    assert CALIBRATION.evidence(1.0 + 5e-4, Look(), Look()) is not None


def test_odds_are_the_ratio_times_the_prior_odds() -> None:
    assert probability_of(0.0, 1) == pytest.approx(0.5)
    assert probability_of(math.log(99.0), 99) == pytest.approx(0.5)
    assert probability_of(math.log(100.0), 100, expected=3.0) == pytest.approx(0.75)
    among = [probability_of(2.0, num) for num in (1, 10, 100, 10_000)]
    assert among == sorted(among, reverse=True)
    assert 0 < probability_of(-9.2, 10**9) < probability_of(9.2, 1) < 1


@pytest.mark.parametrize(
    ("log_ratio", "num", "expected"),
    [(math.nan, 9, 1.0), (math.inf, 9, 1.0), (0.0, 0, 1.0), (0.0, 9, 0.0), (0.0, 9, math.nan)],
)
def test_odds_out_of_range_are_refused(log_ratio: float, num: int, expected: float) -> None:
    with pytest.raises(ValueError, match="no odds"):
        probability_of(log_ratio, num, expected)


def test_a_card_gives_back_what_was_written() -> None:
    card = read_card(card_text(), CARD)
    again = read_card(json.dumps(card.model_dump(mode="json")), CARD)
    assert again == card
    found = calibration_of(card)
    assert found is not None
    assert found.curves["any"]["any"] == curve((0.0, -1.0), (1.0, 1.0))
    assert calibration_of(load_card("yolo11n")) is None


ONE = curve((0.0, -1.0), (1.0, 1.0)).model_dump(mode="json")


@pytest.mark.parametrize(
    ("calibration", "where"),
    [
        ({"weights_sha256": "1" * 64}, "other weights"),
        ({"weights_sha256": "abc"}, "weights_sha256"),
        ({"curves": {}}, "groups not known"),
        ({"curves": {"any": {"any": ONE}, "spaceship": {"any": ONE}}}, "spaceship"),
        ({"curves": {"any": {"any": ONE, "front-above": ONE}}}, "front-above"),
        ({"curves": {"any": {"front-rear": ONE}}}, "views not known"),
        ({"curves": {"any": {"any": {**ONE, "log_ratios": [1.0, -1.0]}}}}, "must not fall"),
        ({"curves": {"any": {"any": {**ONE, "scores": [1.0, 1.0]}}}}, "must rise"),
        ({"curves": {"any": {"any": {**ONE, "scores": [1.0]}}}}, "differ in length"),
        ({"curves": {"any": {"any": {**ONE, "scores": [], "log_ratios": []}}}}, "scores"),
        ({"curves": {"any": {"any": {**ONE, "log_ratios": [math.nan, 1.0]}}}}, "log_ratios"),
        ({"curves": {"any": {"any": {**ONE, "log_ratios": [0.0, math.inf]}}}}, "log_ratios"),
        ({"curves": {"any": {"any": {**ONE, "num_same": 0}}}}, "num_same"),
        ({"fitted_on": []}, "fitted_on"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_wrong_calibrations_are_refused_with_the_place(
    calibration: dict[str, Any], where: str
) -> None:
    with pytest.raises(ModelError, match=where):
        read_card(card_text(**calibration), CARD)


def test_a_detector_has_none() -> None:
    card = load_card("yolo11n").model_dump(mode="json")
    part = {**json.loads(card_text())["calibration"], "weights_sha256": card["sha256"]}
    with pytest.raises(ModelError, match="only an embedder"):
        read_card(json.dumps({**card, "calibration": part}), "yolo11n")


def test_it_holds_for_the_weights_it_was_fitted_for_only() -> None:
    card, vector = load_card(CARD), np.zeros(4, np.float32)
    assert is_calibrated(CARD)
    assert calibration_for(Embedding(CARD, card.sha256, vector)) is not None
    assert calibration_for(Embedding(CARD, "1" * 64, vector)) is None
    assert not is_calibrated("histogram")
    assert calibration_for(Embedding("histogram", card.sha256, vector)) is None


def test_the_shipped_curves_say_more_for_what_is_more_alike() -> None:
    part = load_card(CARD).calibration
    assert isinstance(part, CardCalibration)
    assert {"any", "four_wheel", "two_wheeler"} <= set(part.curves)
    for curves in part.curves.values():
        assert set(curves) <= set(PAIRS)
        for one in curves.values():
            low, high = log_ratio_of(one, -1.0), log_ratio_of(one, 1.0)
            assert -9.2 <= low < 0 < high <= 9.2
    assert part.limits
