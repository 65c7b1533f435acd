"""A difference of two models, with an interval over vehicles."""

from __future__ import annotations

import numpy as np
import pytest

from yanji.reid.paired import compare_paired
from yanji.reid.query_scores import QueryScores, averaged, joined, means_of, scores_of


def scores(ranks: list[int], vehicles: list[str] | None = None) -> QueryScores:
    names = vehicles or [f"car_{i}" for i in range(len(ranks))]
    return scores_of([(name, "g", 1 / rank, rank) for name, rank in zip(names, ranks, strict=True)])


def test_the_same_model_does_not_differ() -> None:
    one = scores([1, 2, 9, 1])
    difference = compare_paired(one, one)["R1"]
    assert (difference.mean, difference.low, difference.high) == (0, 0, 0)
    assert difference.num_vehicles == 4


def test_better_on_every_vehicle_is_better_beyond_chance() -> None:
    difference = compare_paired(scores([1] * 30), scores([2] * 30))
    assert difference["R1"].low == difference["R1"].high == 1
    assert difference["R5"].mean == 0
    assert difference["mAP"].mean == pytest.approx(0.5)


def test_the_interval_is_that_of_the_mean_of_independent_vehicles() -> None:
    rng = np.random.default_rng(0)
    wins = rng.random(400) < 0.6
    ranks = np.where(wins, 1, 2).tolist()
    difference = compare_paired(scores(ranks), scores([2] * 400))["R1"]
    error = float(np.std(wins)) / 20
    assert difference.high - difference.low == pytest.approx(2 * 1.96 * error, rel=0.1)
    assert difference.low < wins.mean() < difference.high


def test_repeating_the_queries_of_a_vehicle_tells_nothing_new() -> None:
    rng = np.random.default_rng(1)
    ranks = rng.integers(1, 4, 60).tolist()
    names = [f"car_{i}" for i in range(60)]
    once = compare_paired(scores(ranks, names), scores([2] * 60, names))["R1"]
    five = compare_paired(scores(ranks * 5, names * 5), scores([2] * 300, names * 5))["R1"]
    assert (five.low, five.high) == pytest.approx((once.low, once.high))


@pytest.mark.parametrize(("ranks", "count"), [([], 0), ([1], 1)])
def test_none_and_one_vehicle_tell_nothing(ranks: list[int], count: int) -> None:
    difference = compare_paired(scores(ranks), scores(ranks))["mAP"]
    assert (difference.low, difference.high) == (-1, 1)
    assert difference.num_vehicles == count


def test_other_queries_are_refused() -> None:
    with pytest.raises(ValueError, match="same queries"):
        compare_paired(scores([1, 2]), scores([1, 2], ["car_1", "car_0"]))
    with pytest.raises(ValueError, match="same queries"):
        averaged([scores([1, 2]), scores([1])])


def test_averages_of_models_are_per_query() -> None:
    mean = averaged([scores([1, 2]), scores([2, 2])])
    assert mean.values_Q3[:, 1].tolist() == [0.5, 0]
    assert means_of(mean)["R1"] == 0.25


def test_no_queries_have_no_figures() -> None:
    assert means_of(scores([])) == {"mAP": 0, "R1": 0, "R5": 0, "num_queries": 0}
    assert len(joined([scores([]), scores([1])]).vehicles_Q) == 1
