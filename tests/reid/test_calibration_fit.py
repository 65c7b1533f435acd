"""Fitting: rising, true on what it has not seen, and modest where there is little to go by."""

from __future__ import annotations

import itertools
import json
import math

import numpy as np
import pytest

from yanji.configs.errors import UsageError
from yanji.detect.card import load_card, read_card
from yanji.detect.card_calibration import ScoreCurve
from yanji.reid.calibration import Calibration, log_ratio_of
from yanji.reid.calibration_fit import MOST_LOG_RATIO, PairScores, better_form, fit_curve
from yanji.reid.calibration_measures import (
    Events,
    bins_of,
    brier_score,
    calibration_error,
    constant_score,
    figures_of_events,
    joined,
)
from yanji.reid.calibration_pairs import LEAST_VEHICLES, fit_curves, pair_scores
from yanji.reid.evaluate_calibration import GalleryRule, ask_all, report
from yanji.reid.shots import Shots, first_half, halves, view_from
from yanji.reid.training.calibrate import calibrated_text, write_whole


def normal(seed: int, num_same: int = 4000, num_different: int = 40_000) -> PairScores:
    """Two normal laws of one width: the true log likelihood ratio is (s - .4) x .4 / .1²."""
    rng = np.random.default_rng(seed)
    return PairScores(rng.normal(0.6, 0.1, num_same), rng.normal(0.2, 0.1, num_different))


def rises(curve: ScoreCurve) -> bool:
    steps = [log_ratio_of(curve, score) for score in np.linspace(-1, 1, 401)]
    return all(after >= before for before, after in itertools.pairwise(steps))


@pytest.mark.parametrize("form", ["isotonic", "logistic"])
def test_a_known_law_is_found(form) -> None:
    curve = fit_curve([normal(1)], form)
    assert curve.kind == form
    assert rises(curve)
    for score in (0.3, 0.35, 0.4, 0.45, 0.5):
        assert log_ratio_of(curve, score) == pytest.approx((score - 0.4) * 40, abs=0.7)


@pytest.mark.parametrize("form", ["isotonic", "logistic"])
def test_no_prior_is_left_in_it(form) -> None:
    few, many = fit_curve([normal(2, 500)], form), fit_curve([normal(2, 20_000)], form)
    assert log_ratio_of(few, 0.4) == pytest.approx(log_ratio_of(many, 0.4), abs=0.7)


def test_noise_does_not_make_it_fall() -> None:
    rng = np.random.default_rng(3)
    curve = fit_curve([PairScores(rng.uniform(-1, 1, 300), rng.uniform(-1, 1, 3000))])
    assert rises(curve)
    assert abs(log_ratio_of(curve, 0.0)) < 1


@pytest.mark.parametrize("form", ["isotonic", "logistic"])
def test_few_pairs_claim_little(form) -> None:
    same, different = np.array([0.7, 0.8]), np.array([0.1, 0.2, 0.3])
    curve = fit_curve([PairScores(same, different)], form)
    assert rises(curve)
    assert abs(log_ratio_of(curve, 1.0)) <= MOST_LOG_RATIO
    if form == "isotonic":
        # Two against three: no more than what half a pair more on either side leaves.
        assert log_ratio_of(curve, 1.0) < math.log(8)


@pytest.mark.parametrize("form", ["isotonic", "logistic"])
def test_equal_scores_say_nothing(form) -> None:
    same, different = np.full(50, 0.5), np.full(500, 0.5)
    curve = fit_curve([PairScores(same, different)], form)
    assert log_ratio_of(curve, 0.5) == pytest.approx(0.0, abs=0.05)


def test_nothing_is_claimed_beyond_ten_thousand() -> None:
    rng = np.random.default_rng(4)
    apart = PairScores(rng.normal(0.9, 0.01, 40_000), rng.normal(-0.5, 0.01, 400_000))
    for form in ("isotonic", "logistic"):
        curve = fit_curve([apart], form)
        assert log_ratio_of(curve, 1.0) <= MOST_LOG_RATIO
        assert log_ratio_of(curve, -1.0) >= -MOST_LOG_RATIO


def test_pairs_left_out_decide_between_the_forms() -> None:
    assert better_form([normal(5)], []) == "isotonic"
    # 60 pairs of a true logistic law: the steps of so few are worse than the line.
    assert better_form([normal(6, 60, 600)], [normal(7)]) == "logistic"
    rng = np.random.default_rng(8)
    # Some strangers are as alike as twins: from there on more likeness says nothing more.
    twins = [
        PairScores(
            rng.normal(0.7, 0.1, 6000),
            np.concatenate([rng.normal(0.2, 0.1, 60_000), rng.normal(0.8, 0.1, 1500)]),
        )
        for _ in range(2)
    ]
    assert better_form(twins[:1], twins[1:]) == "isotonic"


def test_every_source_counts_the_same() -> None:
    low, high = normal(9, 100, 1000), normal(10, 10_000, 100_000)
    shifted = PairScores(low.same_S + 0.3, low.different_D + 0.3)
    middle = fit_curve([shifted, high], "logistic")
    alone = fit_curve([high], "logistic")
    assert log_ratio_of(middle, 0.4) < log_ratio_of(alone, 0.4) - 0.5


def test_no_pairs_and_no_numbers_are_refused() -> None:
    empty = np.array([])
    with pytest.raises(ValueError, match="no pairs"):
        fit_curve([PairScores(empty, np.array([0.1]))])
    with pytest.raises(ValueError, match="not finite"):
        fit_curve([PairScores(np.array([np.nan]), np.array([0.1]))])


def crops(
    num_vehicles: int, seed: int = 0, *, group: str = "four_wheel", views: str = "frs"
) -> Shots:
    """Vehicles of six cameras; noise hides a part of what they have of their own."""
    rng = np.random.default_rng(seed)
    names = {"f": "front", "r": "rear", "s": "side", "": ""}
    num = 6
    own = rng.normal(size=(num_vehicles, 1, 24))
    vectors = own + rng.normal(scale=1.1, size=(num_vehicles, num, 24))
    vectors = vectors.reshape(-1, 24)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    name = {"four_wheel": "car", "two_wheeler": "motorcycle"}[group]
    return Shots(
        vectors.astype(np.float32),
        np.repeat([f"{name}_{number}" for number in range(num_vehicles)], num),
        np.tile(np.arange(num), num_vehicles),
        np.full(num_vehicles * num, name),
        np.full(num_vehicles * num, group),
        np.array([names[views[i % len(views)]] for i in range(num)] * num_vehicles),
    )


def test_each_pair_counts_once_and_only_between_cameras() -> None:
    shots = crops(3)
    scores = pair_scores(shots)
    assert (len(scores.same_S), len(scores.different_D)) == (3 * 15, 3 * 6 * 5)
    assert len(pair_scores(shots, "front-rear").same_S) == 3 * 4
    assert len(pair_scores(shots, "front-front").same_S) == 3


def test_a_pair_of_views_that_nothing_shows_has_no_curve() -> None:
    curves = fit_curves([crops(LEAST_VEHICLES + 5, views="r")])
    assert set(curves) == {"any", "four_wheel"}
    assert set(curves["four_wheel"]) == {"any", "rear-rear"}


def test_too_few_vehicles_are_refused() -> None:
    with pytest.raises(UsageError, match="too few"):
        fit_curves([crops(LEAST_VEHICLES - 1)])


def test_the_first_hits_of_vehicles_left_out_get_true_probabilities() -> None:
    fitted = Calibration("m", "0" * 64, fit_curves([crops(150, 1)]))
    asked = ask_all(crops(150, 2), fitted, GalleryRule(100, 1.0))
    figures = figures_of_events(asked.events)
    assert figures["num_events"] == 5 * 900
    assert figures["ece"] < 0.05
    assert figures["gain"] > 0.02
    blind = ask_all(crops(150, 2), fitted, GalleryRule(100, 1.0), with_views=False)
    assert calibration_error(blind.events) < 0.05
    parts = report(asked)
    assert {"all", "four_wheel", "front-rear", "bins"} <= set(parts)
    assert sum(part["events"] for part in parts["bins"]) == 4500


def test_a_natural_gallery_is_all_there_is_of_the_group() -> None:
    fitted = Calibration("m", "0" * 64, fit_curves([crops(30, 1)]))
    alone = crops(1, 3)
    assert len(ask_all(alone, fitted, None).events) == 0
    asked = ask_all(crops(2, 3), fitted, None)
    assert len(asked.events) == 12 * 5


def test_measures_are_what_their_names_say() -> None:
    said, true = np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.0, 1.0, 1.0, 1.0])
    events = Events(said, true, np.array([0, 0, 1, 1]))
    assert brier_score(events) == pytest.approx(0.25)
    assert constant_score(events) == pytest.approx(0.75 * 0.25)
    assert bins_of(events, 2) == [(2, 0.0, 0.5), (2, 1.0, 1.0)]
    assert calibration_error(events, 2) == pytest.approx(0.25)
    assert len(joined([events, events])) == 8
    with pytest.raises(ValueError, match="no events"):
        figures_of_events(events.taken(np.array([], np.int64)))


def test_halves_are_fixed_by_name_and_share_no_vehicle() -> None:
    first, second = halves(crops(40))
    assert set(first.vehicles_N) | set(second.vehicles_N) == {f"car_{n}" for n in range(40)}
    assert not set(first.vehicles_N) & set(second.vehicles_N)
    assert all(first_half(name) for name in first.vehicles_N.tolist())


def test_views_of_rendered_crops() -> None:
    assert [view_from(angle) for angle in (0, -57, 59, 90, -121, 123, -180)] == [
        *("front", "front", "side", "side", "side", "rear", "rear"),
    ]


def test_a_card_takes_a_new_calibration_in_place_of_the_old_one() -> None:
    card = load_card("yanji-reid-1")
    text = json.dumps({**card.model_dump(mode="json"), "calibration": None})
    shots = crops(60, views="r")
    once = calibrated_text(text, card.name, [shots], ["drawn"])
    twice = calibrated_text(once, card.name, [shots], ["drawn"])
    assert once == twice
    written = read_card(once, card.name)
    assert written.calibration is not None
    assert written.calibration.weights_sha256 == card.sha256
    assert written.calibration.fitted_on == ("drawn",)
    assert sum(limit.startswith("Probabilities:") for limit in written.limits) == 1
    assert written.model_copy(update={"calibration": None, "limits": ()}) == card.model_copy(
        update={"calibration": None, "limits": ()}
    )


def test_a_card_is_written_whole_or_not_at_all(tmp_path) -> None:
    path = tmp_path / "card.json"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "half \ud800")
    assert path.read_text(encoding="utf-8") == "old"
    write_whole(path, "new")
    assert path.read_text(encoding="utf-8") == "new"
    assert [one.name for one in tmp_path.iterdir()] == ["card.json"]
