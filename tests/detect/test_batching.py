"""Who is computed with whom, and when: no device, no sleeping."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from yanji.detect.batching import Batcher, BatchError, BatchLimits, FloatArray, ServedModel
from yanji.ingest.frame import BgrImage

LIMITS = BatchLimits(max_batch=4, max_wait_s=0.5, max_waiting=8)


class FakeModel:
    """Answers the first value of each picture, and remembers the batches."""

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []
        self.fails = False

    def run(self, images_NHW3: BgrImage) -> FloatArray:
        self.shapes.append(images_NHW3.shape[:3])
        if self.fails or images_NHW3.shape[1] == 13:
            raise RuntimeError("no such kernel")
        return images_NHW3[:, 0, 0, :1].astype(np.float32)


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def model() -> FakeModel:
    return FakeModel()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def batcher(model: FakeModel, clock: Clock) -> Batcher:
    return Batcher({"m": ServedModel(model.run, "0" * 64, "fake")}, LIMITS, clock)


def pictures(*values: int, height: int = 2, width: int = 3) -> BgrImage:
    images = np.zeros((len(values), height, width, 3), np.uint8)
    images[:] = np.array(values, np.uint8)[:, None, None, None]
    return images


def test_nothing_waits_nothing_is_computed(batcher: Batcher, model: FakeModel) -> None:
    assert not batcher.step(0)
    assert model.shapes == []


def test_a_full_batch_does_not_wait(batcher: Batcher, model: FakeModel) -> None:
    answers = [batcher.submit("m", pictures(value)) for value in (7, 8, 9, 10)]
    assert batcher.step(0)
    assert [answer.result(0).tolist() for answer in answers] == [[[7]], [[8]], [[9]], [[10]]]
    assert model.shapes == [(4, 2, 3)]


def test_one_alone_waits_for_company_and_no_longer(
    batcher: Batcher, model: FakeModel, clock: Clock
) -> None:
    first = batcher.submit("m", pictures(1))
    clock.now_s += 0.4
    second = batcher.submit("m", pictures(2))
    assert not batcher.step(0)
    clock.now_s += 0.11  # 0.5 s after the first, 0.1 s after the second
    assert batcher.step(0)
    assert (first.result(0).item(), second.result(0).item()) == (1, 2)
    assert model.shapes == [(2, 2, 3)]


def test_requests_of_several_pictures_stay_whole(
    batcher: Batcher, model: FakeModel, clock: Clock
) -> None:
    answers = [batcher.submit("m", pictures(*values)) for values in ([1, 2, 3], [4, 5], [6])]
    assert batcher.step(0)  # 3 pictures: the next two would make five
    assert not answers[1].done()
    clock.now_s += 1
    assert batcher.step(0)
    assert [answer.result(0)[:, 0].tolist() for answer in answers] == [[1, 2, 3], [4, 5], [6]]
    assert model.shapes == [(3, 2, 3), (3, 2, 3)]


def test_sizes_and_models_are_never_mixed(clock: Clock) -> None:
    one, other = FakeModel(), FakeModel()
    served = {"a": ServedModel(one.run, "", "fake"), "b": ServedModel(other.run, "", "fake")}
    batcher = Batcher(served, LIMITS, clock)
    for name, height in (("a", 2), ("b", 2), ("a", 4), ("a", 2)):
        batcher.submit(name, pictures(1, height=height))
    clock.now_s += 1
    assert [batcher.step(0) for _ in range(4)] == [True, True, True, False]
    assert (one.shapes, other.shapes) == ([(2, 2, 3), (1, 4, 3)], [(1, 2, 3)])


def test_a_rare_size_is_not_starved_by_full_batches(
    batcher: Batcher, model: FakeModel, clock: Clock
) -> None:
    rare = batcher.submit("m", pictures(1, height=4))
    for _ in range(10):
        clock.now_s += 0.125
        batcher.submit("m", pictures(1, 2, 3, 4))
        assert batcher.step(0)
        if rare.done():
            break
    assert rare.done()
    # Its half second was over in the fourth round; then it went before the full one.
    assert model.shapes == [(4, 2, 3)] * 3 + [(1, 4, 3)]


def test_a_model_that_fails_answers_all_and_goes_on(
    batcher: Batcher, model: FakeModel, clock: Clock
) -> None:
    model.fails = True
    answers = [batcher.submit("m", pictures(value)) for value in range(4)]
    assert batcher.step(0)
    for answer in answers:
        with pytest.raises(BatchError, match="no such kernel"):
            answer.result(0)
    assert batcher.num_failures_in_a_row == 1
    model.fails = False
    good = batcher.submit("m", pictures(1, 2, 3, 4))
    assert batcher.step(0)
    assert good.result(0)[:, 0].tolist() == [1, 2, 3, 4]
    assert (batcher.num_failures_in_a_row, batcher.num_batches, batcher.num_pictures) == (0, 1, 4)


def test_a_size_that_the_model_refuses_fails_alone(batcher: Batcher, clock: Clock) -> None:
    bad = batcher.submit("m", pictures(1, height=13))
    good = batcher.submit("m", pictures(2))
    clock.now_s += 1
    while batcher.step(0):
        pass
    assert isinstance(bad.exception(0), BatchError)
    assert good.result(0).item() == 2


@pytest.mark.parametrize(
    ("name", "images"),
    [
        ("x", pictures(1)),
        ("m", pictures()),
        ("m", pictures(1, 2, 3, 4, 5)),
        ("m", pictures(1)[0]),
        ("m", pictures(1)[..., :2]),
        ("m", pictures(1).astype(np.float32)),
    ],
    ids=["unknown model", "none", "too many", "no batch", "two channels", "float"],
)
def test_what_is_no_request_is_refused_at_once(
    batcher: Batcher, name: str, images: BgrImage
) -> None:
    with pytest.raises(ValueError, match=r"model|pictures|Expected"):
        batcher.submit(name, images)
    assert batcher.num_waiting == 0


def test_answers_of_another_number_are_a_failure(clock: Clock) -> None:
    served = ServedModel(lambda images: np.zeros((1, 1), np.float32), "", "fake")
    batcher = Batcher({"m": served}, LIMITS, clock)
    answer = batcher.submit("m", pictures(1, 2, 3, 4))
    assert batcher.step(0)
    assert "4 pictures gave 1 answers" in str(answer.exception(0))


def test_a_graph_for_one_picture_is_run_one_by_one(model: FakeModel, clock: Clock) -> None:
    batcher = Batcher({"m": ServedModel(model.run, "", "fake", max_batch=1)}, LIMITS, clock)
    answer = batcher.submit("m", pictures(1, 2, 3, 4))
    assert batcher.step(0)
    assert answer.result(0)[:, 0].tolist() == [1, 2, 3, 4]
    assert model.shapes == [(1, 2, 3)] * 4


def test_a_full_queue_holds_up_who_brings_more(batcher: Batcher, clock: Clock) -> None:
    for _ in range(2):
        batcher.submit("m", pictures(1, 2, 3, 4))
    assert batcher.num_waiting == LIMITS.max_waiting
    let_in = threading.Event()

    def bring() -> None:
        batcher.submit("m", pictures(5))
        let_in.set()

    thread = threading.Thread(target=bring, daemon=True)
    thread.start()
    assert not let_in.wait(0.1)
    assert batcher.num_waiting == LIMITS.max_waiting
    assert batcher.step(0)
    assert let_in.wait(10)
    assert batcher.num_waiting == 5


def test_who_computes_is_woken_by_a_request(model: FakeModel) -> None:
    batcher = Batcher({"m": ServedModel(model.run, "", "fake")}, BatchLimits(max_wait_s=0))
    done: list[bool] = []
    thread = threading.Thread(target=lambda: done.append(batcher.step(60)), daemon=True)
    thread.start()
    assert batcher.submit("m", pictures(3)).result(10).item() == 3
    thread.join(10)
    assert done == [True]
