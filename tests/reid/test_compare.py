"""The table of embedders: real sets, trainings of one model, kept vectors, what is printed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from yanji.configs.errors import NotAVideoError, UsageError
from yanji.reid.backends.histogram import HistogramEmbedder
from yanji.reid.query_scores import QueryScores, scores_of
from yanji.reid.training.compare_sets import concatenate, kept_vectors, vectors_by
from yanji.reid.training.compare_tables import (
    Compared,
    all_differences,
    all_figures,
    cell,
    figures_of_runs,
    markdown,
)
from yanji.reid.training.real_views import RealSighting, read_sightings, score_real

ROOT = Path(__file__).parents[2]
REAL = ROOT / "tests" / "accuracy" / "real_views.json"
FOOTAGE = ROOT.parent / "shared" / "footage"


def sighting(camera: str, vehicle: str | None, set_name: str = "prius") -> RealSighting:
    crop = np.zeros((4, 4, 3), np.uint8)
    return RealSighting(set_name, camera, vehicle, "car", (crop,))


def test_the_prius_is_sought_among_all_others_of_both_clips_and_a_street() -> None:
    sightings = [
        sighting("P1", "teal_prius"),
        sighting("P1", None),
        sighting("P2", "teal_prius"),
        sighting("P2", None),
        sighting("street", None),
    ]
    vectors = np.array([[1, 0], [0.9, 0], [0.5, 0], [0.4, 0], [0.7, 0]], np.float32)
    ranks = 1 / score_real(sightings, vectors, "prius").values_Q3[:, 0]
    assert ranks.tolist() == [2, 1]  # P1's neighbour is before it; asked from P2, its own is first
    ranks = 1 / score_real(sightings, vectors, "prius_street").values_Q3[:, 0]
    assert ranks.tolist() == [3, 1]


def test_motorway_vehicles_are_sought_in_the_other_view_only() -> None:
    sightings = [
        sighting("far", "pair_1", "motorway"),
        sighting("far", "pair_2", "motorway"),
        sighting("far", "pair_3", "motorway"),  # no near view: not asked for
        sighting("near", "pair_1", "motorway"),
        sighting("near", None, "motorway"),
        sighting("near", "pair_2", "motorway"),
        sighting("P1", "teal_prius"),
    ]
    scores = score_real(sightings, np.eye(7, 3, dtype=np.float32), "motorway")
    assert scores.vehicles_Q.tolist() == ["pair_1", "pair_2", "pair_1", "pair_2"]
    everyone_alike = score_real(sightings, np.ones((7, 1), np.float32), "motorway")
    assert (1 / everyone_alike.values_Q3[:, 0]).tolist() == [3, 3, 3, 3]


@pytest.mark.parametrize("text", ["", "{}", "[]", "[{}]", '[{"clip": "a"}]', "[1]"])
def test_a_wrong_list_of_sightings_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "list.json"
    path.write_text(text)
    with pytest.raises(UsageError, match="no list of sightings"):
        read_sightings(path, tmp_path)


def test_a_missing_list_or_clip_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no list"):
        read_sightings(tmp_path / "none.json", tmp_path)
    with pytest.raises(UsageError, match="is not in"):
        read_sightings(REAL, tmp_path)


def test_a_time_after_the_end_is_told(tmp_path: Path) -> None:
    if not FOOTAGE.is_dir():
        pytest.skip("needs ../shared/footage")
    path = tmp_path / "list.json"
    path.write_text(
        '[{"set": "prius", "camera": "a", "vehicle": null, "class": "car", "view_px": null,'
        ' "clip": "otc_Cars-Truck", "crops": [{"at_s": 900, "box_px": [0, 0, 9, 9]}]}]'
    )
    with pytest.raises(NotAVideoError, match="ends before 900"):
        read_sightings(path, FOOTAGE)


def test_vectors_are_computed_once(tmp_path: Path) -> None:
    embedder, calls = HistogramEmbedder(), []

    def make(one: HistogramEmbedder) -> np.ndarray:
        calls.append(one)
        return np.eye(3, dtype=np.float32)

    for digest in ("a" * 64, "a" * 64, "b" * 64):
        vectors = kept_vectors(embedder, tmp_path / "deep", "val", make, digest)
        assert np.array_equal(vectors, np.eye(3))
    assert len(calls) == 2
    kept_vectors(embedder, None, "val", make, "a" * 64)
    assert len(calls) == 3
    assert not list(tmp_path.rglob("*.part"))


def test_a_concatenation_scores_the_mean_of_both() -> None:
    embedder = HistogramEmbedder()
    both = concatenate([vectors_by(embedder, None), vectors_by(embedder, None)])
    vectors = both("val", lambda _: np.array([[0.6, 0.8], [1.0, 0.0]], np.float32), "x")
    assert vectors.dtype == np.float32
    assert vectors @ vectors.T == pytest.approx(np.array([[1.0, 0.6], [0.6, 1.0]]))


def ranked(ranks: list[int]) -> QueryScores:
    return scores_of([(f"car_{i}", "four_wheel", 1 / rank, rank) for i, rank in enumerate(ranks)])


def test_spread_is_over_trainings_or_else_over_draws() -> None:
    # Three draws of two queries each.
    one = figures_of_runs("front_rear", [ranked([1, 1, 1, 2, 2, 2])])
    assert one["R1"] == pytest.approx(0.5)
    assert one["R1_spread"] == pytest.approx(0.5)
    assert one["num_queries"] == 2
    many = figures_of_runs("val", [ranked([1, 1]), ranked([1, 2]), ranked([2, 2])])
    assert (many["R1"], many["R1_spread"]) == pytest.approx((0.5, 0.5))
    assert "R1_spread" not in figures_of_runs("val", [ranked([1])])


def test_two_queries_are_told_by_their_ranks() -> None:
    assert cell(figures_of_runs("prius", [ranked([3, 1]), ranked([2, 7])])) == "3, 1; 2, 7"
    assert cell(None) == cell(figures_of_runs("val", [ranked([])])) == "–"


def test_tables_hold_every_model_and_the_difference() -> None:
    good = {"val": ranked([1] * 9), "val_veri": ranked([1] * 9)}
    poor = {"val": ranked([2] * 9), "val_veri": ranked([9] * 9)}
    models = [Compared("old", (poor,)), Compared("new", (good, poor))]
    figures = all_figures(models, {})
    differences = all_differences(models, ["new", "gone"], ["old", "new"], {})
    assert set(differences) == {"new - old"}
    assert differences["new - old"]["val"]["R1"]["mean"] == 0.5
    text = markdown(figures, differences)
    assert "| old | 50.0/0.0/100.0 | – | – | 11.1/0.0/0.0 |" in text
    assert "| new | 75.0/50.0/100.0 ±70.7 |" in text
    assert "new - old" in text
    assert "rendered" not in text
