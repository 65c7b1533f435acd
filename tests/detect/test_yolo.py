"""From the model's output to detections."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yanji.configs.errors import ModelError
from yanji.detect.card import Card
from yanji.detect.classes import CLASSES
from yanji.detect.detections import Detections, FloatArray
from yanji.detect.letterbox import fit_of, letterbox_into, new_buffer
from yanji.detect.yolo import Detector, Thresholds
from yanji.ingest.array_picture import ArrayPicture

COCO = {"person": 0, "bicycle": 1, "car": 2, "motorcycle": 3, "bus": 5, "truck": 7, "phone": 67}


@pytest.fixture(scope="module")
def detector(card: Card) -> Detector:
    return Detector(card)


Output = Callable[..., FloatArray]


@pytest.fixture
def output() -> Output:
    """Build a model output: (4 + 80, anchors), from (centre x, y, w, h, {name: score})."""

    def build(*rows: tuple[float, float, float, float, dict[str, float]]) -> FloatArray:
        raw_XA = np.zeros((84, 5040), np.float32)
        for anchor, (x, y, w, h, scores) in enumerate(rows):
            raw_XA[:4, anchor] = x, y, w, h
            for name, score in scores.items():
                raw_XA[4 + COCO[name], anchor] = score
        return raw_XA

    return build


def decode(detector: Detector, raw_XA: FloatArray, overhead: bool = False) -> Detections:
    return detector.decode(raw_XA, fit_of(1280, 720), 1280, 720, overhead)


@pytest.mark.parametrize(
    ("size", "shape"),
    [
        ((1920, 1080), (384, 640)),
        ((640, 480), (480, 640)),
        ((700, 700), (640, 640)),
        ((1080, 1920), (640, 384)),
        ((3840, 1080), (192, 640)),
        ((1, 4000), (640, 192)),
    ],
)
def test_input_shape_follows_the_picture(size: tuple[int, int], shape: tuple[int, int]) -> None:
    fit = fit_of(*size)
    assert (fit.height, fit.width) == shape


@given(st.integers(1, 5000), st.integers(1, 5000))
def test_every_picture_fits_and_boxes_come_back(width: int, height: int) -> None:
    fit = fit_of(width, height)
    assert fit.height % 32 == fit.width % 32 == 0
    assert fit.top + fit.inner_height <= fit.height
    assert fit.left + fit.inner_width <= fit.width
    whole = np.array(
        [[fit.left, fit.top, fit.left + fit.inner_width, fit.top + fit.inner_height]], np.float32
    )
    back = fit.boxes_to_picture(whole, width, height)
    assert np.allclose(back, [[0, 0, width, height]], rtol=1e-4, atol=1e-2)


def test_letterbox_keeps_the_border() -> None:
    fit = fit_of(1280, 720)
    buffer = new_buffer(fit, 114)
    letterbox_into(buffer, ArrayPicture(np.full((720, 1280, 3), 7, np.uint8)), fit)
    assert (buffer[0, :12] == 114).all()
    assert (buffer[0, -12:] == 114).all()
    assert (buffer[0, 12:-12] == 7).all()


def test_boxes_are_pixels_of_the_picture_and_classes_are_ours(
    detector: Detector, output: Output
) -> None:
    found = decode(detector, output((320, 192, 64, 32, {"truck": 0.9})))
    assert found.boxes_N4.tolist() == [[576, 328, 704, 392]]
    assert [CLASSES[number] for number in found.classes_N] == ["truck"]
    assert found.scores_N.tolist() == pytest.approx([0.9])


def test_boxes_are_clipped_to_the_picture(detector: Detector, output: Output) -> None:
    found = decode(detector, output((0, 192, 64, 32, {"car": 0.9})))
    assert found.boxes_N4.tolist() == [[0, 328, 64, 392]]


def test_candidates_are_kept_for_the_tracker_and_less_is_not(
    detector: Detector, output: Output
) -> None:
    raw = output((100, 100, 40, 40, {"car": 0.11}), (300, 100, 40, 40, {"car": 0.09}))
    assert decode(detector, raw).scores_N.tolist() == pytest.approx([0.11])


def test_a_person_is_never_a_vehicle(detector: Detector, output: Output) -> None:
    found = decode(detector, output((100, 100, 40, 90, {"person": 0.95})))
    assert len(found.boxes_N4) == len(found.scores_N) == len(found.classes_N) == 0
    assert found.persons_M4.tolist() == [[160, 86, 240, 266]]


def test_one_vehicle_seen_in_two_groups_is_one_box(detector: Detector, output: Output) -> None:
    raw = output((100, 100, 40, 60, {"motorcycle": 0.6}), (101, 100, 40, 60, {"car": 0.3}))
    assert [CLASSES[number] for number in decode(detector, raw).classes_N] == ["motorcycle"]


def test_a_large_telephone_is_a_car_from_above_on_cameras_only(
    detector: Detector, output: Output
) -> None:
    large = output((300, 200, 120, 160, {"phone": 0.9}))
    assert len(decode(detector, large).boxes_N4) == 0
    assert [CLASSES[n] for n in decode(detector, large, overhead=True).classes_N] == ["car"]
    small = output((300, 200, 20, 30, {"phone": 0.9}))
    assert len(decode(detector, small, overhead=True).boxes_N4) == 0


def test_anchors_without_a_score_are_left_out_and_change_nothing(
    detector: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(4)
    raw_XA = np.zeros((84, 5040), np.float32)
    raw_XA[:2] = rng.uniform(0, 384, (2, 5040))
    raw_XA[2:4] = rng.uniform(10, 150, (2, 5040))
    raw_XA[4:] = rng.uniform(0, 1, (80, 5040)) ** 60
    whole = raw_XA.copy()
    few = decode(detector, raw_XA, overhead=True)
    assert np.array_equal(raw_XA, whole), "the model's own memory is not written to"
    monkeypatch.setattr(detector, "_relevant", lambda raw: raw)
    all_of_them = decode(detector, raw_XA, overhead=True)
    assert len(few.boxes_N4) > 20
    for name in ("boxes_N4", "scores_N", "classes_N", "persons_M4"):
        assert np.array_equal(getattr(few, name), getattr(all_of_them, name))


def test_few_shapes_stay_open(detector: Detector) -> None:
    for height in (360, 480, 640, 300, 200):
        detector.detect(ArrayPicture(np.zeros((height, 640, 3), np.uint8)))
    assert len(detector._shapes) == 3


def test_a_card_of_an_embedder_is_refused(card: Card) -> None:
    with pytest.raises(ModelError, match="no detector"):
        Detector(card.model_copy(update={"task": "embed"}))


def test_real_pictures(detector: Detector, shared: Path) -> None:
    clip = cv2.VideoCapture(str(shared / "footage" / "uk_motorway_720p.mp4"))
    image = np.asarray(clip.read()[1], np.uint8)
    clip.release()
    found = detector.detect(ArrayPicture(image))
    sure = found.scores_N >= 0.25
    # Counted by eye in the first frame: 11 vehicles nearer than the gantry.
    assert 8 <= sure.sum() <= 16
    assert (np.diff(found.scores_N) <= 0).all()


def test_the_long_side_can_be_chosen(card: Card) -> None:
    detector = Detector(card, long_side_px=320)
    raw_XA, fit = detector.raw(ArrayPicture(np.zeros((540, 960, 3), np.uint8)))
    assert (fit.height, fit.width, fit.inner_height) == (192, 320, 180)
    assert raw_XA.shape[1] == sum((192 // stride) * (320 // stride) for stride in (8, 16, 32))
    assert detector.first.input_shape == (1, 192, 320)


def test_faint_two_wheelers_are_given_and_faint_cars_are_not(
    detector: Detector, output: Output
) -> None:
    rows = [
        (100, 100, 40, 60, {"motorcycle": 0.04}),
        (200, 100, 40, 60, {"bicycle": 0.02}),
        (300, 100, 40, 60, {"car": 0.09}),
        (400, 100, 40, 60, {"truck": 0.11}),
    ]
    found = decode(detector, output(*rows))
    assert [CLASSES[number] for number in found.classes_N] == ["truck", "motorcycle"]


def test_a_lower_candidate_holds_for_two_wheelers_too(card: Card, output: Output) -> None:
    detector = Detector(card, thresholds=Thresholds(candidate=0.001))
    found = decode(detector, output((100, 100, 40, 60, {"bicycle": 0.002})))
    assert len(found.boxes_N4) == 1
