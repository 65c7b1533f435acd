"""Thresholds per class: the lowest score whose boxes are as right as was asked for."""

from __future__ import annotations

import math

import numpy as np
import pytest

from yanji.detect.average_precision import Matches
from yanji.detect.training.thresholds import HIGHEST, TARGET, choose, logit


def matches(scores: list[float], right: list[bool], num_truths: int = 50) -> Matches:
    correct_NT = np.repeat(np.array(right, bool)[:, None], 10, axis=1)
    return Matches(np.array(scores, np.float32), correct_NT.reshape(-1, 10), num_truths)


def test_the_lowest_score_that_keeps_the_precision() -> None:
    chosen = choose(matches([0.2, 0.6, 0.4, 0.5, 0.3], [False, True, True, True, False]), 0.75)
    assert chosen.reached
    assert chosen.score == pytest.approx(0.3), "three of four are right"
    assert chosen.precision == pytest.approx(0.75)
    assert chosen.num_boxes == 4


def test_a_dip_further_up_does_no_harm() -> None:
    chosen = choose(matches([0.6, 0.5, 0.4, 0.3], [False, True, True, True]), 0.75)
    assert chosen.score == pytest.approx(0.3)


def test_the_shift_makes_the_threshold_a_quarter() -> None:
    chosen = choose(matches([0.4, 0.3], [True, False]), 1.0)
    moved = logit(chosen.score) + chosen.shift
    assert 1 / (1 + math.exp(-moved)) == pytest.approx(TARGET)


def test_too_few_objects_choose_nothing() -> None:
    chosen = choose(matches([0.4], [True], num_truths=19), 0.8)
    assert not chosen.reached
    assert chosen.shift == 0


def test_a_class_that_never_is_as_right_keeps_its_surest_boxes() -> None:
    chosen = choose(matches([0.9, 0.5, 0.4], [False, False, True]), 0.8)
    assert not chosen.reached
    assert chosen.score == HIGHEST
    assert chosen.num_boxes == 1


def test_no_box_at_all_changes_nothing() -> None:
    chosen = choose(matches([], []), 0.8)
    assert not chosen.reached
    assert (chosen.shift, chosen.precision, chosen.num_boxes) == (0, None, 0)
