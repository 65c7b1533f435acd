"""Models in another place: answers as if they were here, whatever becomes of either side."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Client
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import onnxruntime as ort
import pytest

from yanji.configs.default_models import DEFAULT_EMBEDDER
from yanji.configs.errors import ModelError
from yanji.detect.batching import Batcher, BatchLimits, FloatArray, ServedModel
from yanji.detect.card import Card, load_card, weights_path
from yanji.detect.inference_service import InferenceService
from yanji.detect.runtime import open_runtime
from yanji.detect.runtimes import cuda, wire
from yanji.detect.runtimes import onnxruntime as ort_module
from yanji.detect.runtimes.cuda import PROVIDER, open_served
from yanji.detect.runtimes.remote import InferenceClient, NoAnswerError
from yanji.detect.yolo import Detector
from yanji.ingest.array_picture import ArrayPicture
from yanji.ingest.frame import BgrImage
from yanji.ingest.testcity.demo_data import clip_path
from yanji.reid.registry import open_embedder

KEY = b"of this test"
SERVER = Path(__file__).with_name("inference_server.py")


class FakeModel:
    """Answers the mean of each picture and its first value; remembers the batches."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.num_to_fail = 0

    def run(self, images_NHW3: BgrImage) -> FloatArray:
        self.sizes.append(len(images_NHW3))
        if images_NHW3.shape[1] == 13:
            raise RuntimeError("thirteen rows")
        if self.num_to_fail > 0 and images_NHW3.any():
            self.num_to_fail -= 1
            raise RuntimeError("out of memory")
        means_N = images_NHW3.mean(axis=(1, 2, 3))
        return np.stack([means_N, images_NHW3[:, 0, 0, 0]], axis=1).astype(np.float32)


class Server:
    """An inference process's insides, in threads of this one."""

    def __init__(self, folder: Path, models: dict[str, ServedModel], limits: BatchLimits) -> None:
        self.address = str(folder / "s")
        self.batcher = Batcher(models, limits)
        self.service = InferenceService(self.batcher, self.address, KEY)
        self._ended = False
        self._thread = threading.Thread(target=self._compute, daemon=True)
        self._thread.start()

    def _compute(self) -> None:
        while not self._ended:
            self.batcher.step(0.05)

    def end(self) -> None:
        self._ended = True
        self._thread.join(10)
        self.service.close()


MakeServer = Callable[..., Server]


@pytest.fixture
def make_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeServer]:
    servers: list[Server] = []

    def make(limits: BatchLimits | None = None, **models: ServedModel) -> Server:
        folder = tmp_path_factory.mktemp("i")
        named = {name.replace("_", "-"): model for name, model in models.items()}
        servers.append(Server(folder, named, limits or BatchLimits()))
        return servers[-1]

    yield make
    for server in servers:
        server.end()


@pytest.fixture
def fake() -> FakeModel:
    return FakeModel()


@pytest.fixture
def served(card: Card, fake: FakeModel) -> ServedModel:
    return ServedModel(fake.run, card.sha256, "fake:0")


def pictures(*values: int, height: int = 32, width: int = 64) -> BgrImage:
    images = np.zeros((len(values), height, width, 3), np.uint8)
    images[:] = np.array(values, np.uint8)[:, None, None, None]
    return images


@pytest.fixture(scope="session")
def street() -> BgrImage:
    """A frame of the test city with vehicles in it."""
    clip = cv2.VideoCapture(str(clip_path("K01")))
    for _ in range(60):
        image = np.asarray(clip.read()[1], np.uint8)
    clip.release()
    return image


def eventually(condition: Callable[[], bool]) -> None:
    until_s = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < until_s
        time.sleep(0.02)


def test_three_clients_share_batches_and_get_their_own_answers(
    card: Card, make_server: MakeServer, fake: FakeModel, served: ServedModel
) -> None:
    server = make_server(BatchLimits(max_batch=3, max_wait_s=10), yolo11n=served)
    opened = threading.Barrier(3)

    def ask(number: int) -> list[float]:
        client = InferenceClient(server.address, KEY)
        runtime = client(card, (1, 32, 64))
        opened.wait(30)
        return [runtime.run(pictures(10 * number + i))[0, 0].item() for i in range(5)]

    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(ask, (0, 1, 2)))
    assert answers == [[10.0 * number + i for i in range(5)] for number in (0, 1, 2)]
    # Opening counts as one request each. A batch waits for ten seconds unless it is full.
    assert fake.sizes == [3] * 6


def test_it_says_what_and_where_it_is(
    card: Card, make_server: MakeServer, served: ServedModel
) -> None:
    runtime = InferenceClient(make_server(yolo11n=served).address, KEY)(card, (2, 32, 64))
    assert (runtime.name, runtime.precision, runtime.input_shape) == ("fake:0", "f32", (2, 32, 64))
    assert runtime.run(pictures(3, 4)).tolist() == [[3, 3], [4, 4]]


@pytest.mark.parametrize(
    "images",
    [pictures(1, 2), pictures(1, height=64), pictures(1)[0], pictures(1).astype(np.float32)],
    ids=["two", "higher", "no batch", "float"],
)
def test_other_pictures_than_it_was_opened_for_are_refused_here(
    card: Card, make_server: MakeServer, served: ServedModel, images: BgrImage
) -> None:
    runtime = InferenceClient(make_server(yolo11n=served).address, KEY)(card, (1, 32, 64))
    with pytest.raises(ValueError, match="Expected"):
        runtime.run(images)
    assert runtime.run(pictures(5))[0, 1] == 5


def test_what_it_does_not_serve_is_one_clear_error(
    card: Card, make_server: MakeServer, served: ServedModel
) -> None:
    client = InferenceClient(make_server(yolo11n=served).address, KEY)
    with pytest.raises(ModelError, match=f"no model '{DEFAULT_EMBEDDER}'"):
        client(load_card(DEFAULT_EMBEDDER), (1, 32, 64))
    with pytest.raises(ModelError, match="other weights"):
        client(card.model_copy(update={"sha256": "1" * 64}), (1, 32, 64))
    for shape in ((0, 32, 64), (17, 32, 64), (1, 32, 100_000)):
        with pytest.raises(ModelError, match="not computed here"):
            client(card, shape)
    with pytest.raises(ModelError, match=r"1 x 13 x 64 on this device: .*thirteen rows"):
        client(card, (1, 13, 64))
    assert client(card, (1, 32, 64)).run(pictures(1))[0, 0] == 1


def test_a_batch_that_failed_is_asked_for_again(
    card: Card, make_server: MakeServer, served: ServedModel, fake: FakeModel
) -> None:
    runtime = InferenceClient(make_server(yolo11n=served).address, KEY)(card, (1, 32, 64))
    fake.num_to_fail = 2
    assert runtime.run(pictures(9))[0, 0] == 9
    assert fake.num_to_fail == 0


def test_pictures_that_never_compute_end_in_an_error(
    card: Card,
    make_server: MakeServer,
    served: ServedModel,
    fake: FakeModel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("yanji.detect.runtimes.remote.RETRY_S", 0.01)
    runtime = InferenceClient(make_server(yolo11n=served).address, KEY)(card, (1, 32, 64))
    fake.num_to_fail = 1000
    with pytest.raises(NoAnswerError, match="out of memory"):
        runtime.run(pictures(9))
    fake.num_to_fail = 0
    assert runtime.run(pictures(9))[0, 0] == 9


def test_clients_that_talk_nonsense_or_leave_hold_up_nobody(
    card: Card, make_server: MakeServer, served: ServedModel
) -> None:
    server = make_server(yolo11n=served)
    silent = socket.socket(socket.AF_UNIX)  # connects and says nothing, not even the key
    silent.connect(server.address)
    garbage = socket.socket(socket.AF_UNIX)
    garbage.connect(server.address)
    garbage.sendall(b"GET / HTTP/1.1\r\n\r\n" * 100)
    with Client(server.address, authkey=KEY) as strange:
        strange.send({"model": "yolo11n"})
    with Client(server.address, authkey=KEY) as leaves:
        leaves.send(wire.Open("yolo11n", card.sha256, (1, 32, 64)))
        assert isinstance(leaves.recv(), wire.Opened)
    runtime = InferenceClient(server.address, KEY)(card, (1, 32, 64))
    assert runtime.run(pictures(4))[0, 0] == 4
    silent.close()
    garbage.close()
    eventually(lambda: server.service.num_connections == 1)
    del runtime
    eventually(lambda: server.service.num_connections == 0)


def test_a_wrong_key_opens_nothing(
    card: Card, make_server: MakeServer, served: ServedModel
) -> None:
    server = make_server(yolo11n=served)
    asked = 0

    class TiredError(Exception):
        pass

    def waiting() -> None:
        nonlocal asked
        asked += 1
        if asked > 3:
            raise TiredError

    with pytest.raises(TiredError):
        InferenceClient(server.address, b"another", waiting)(card, (1, 32, 64))
    eventually(lambda: server.service.num_connections == 0)


def test_a_block_cannot_shrink_under_its_reader() -> None:
    descriptor = wire.new_block((1, 32, 64), (1, 2))
    assert wire.is_sealed(descriptor)
    with pytest.raises(PermissionError):
        os.ftruncate(descriptor, 16)
    with pytest.raises(ValueError, match="bytes"):
        wire.SharedBlock(descriptor, (2, 32, 64), (2, 2))
    one = wire.SharedBlock(descriptor, (1, 32, 64), (1, 2))
    other = wire.SharedBlock(descriptor, (1, 32, 64), (1, 2))
    os.close(descriptor)
    one.images_NHW3[:] = 7
    one.output[:] = 0.5
    assert (other.images_NHW3 == 7).all()
    assert (other.output == 0.5).all()


@pytest.mark.parametrize("shape", [(0, 32, 64), (16, 4096, 4096)])
def test_a_block_has_a_size_that_makes_sense(shape: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="cannot be made"):
        wire.new_block(shape, (1, 2))


def test_a_real_detector_answers_as_it_does_here(
    card: Card, make_server: MakeServer, street: BgrImage
) -> None:
    server = make_server(yolo11n=open_served(card, "cpu"))
    remote = Detector(card, open_model=InferenceClient(server.address, KEY))
    local = Detector(card, "onnxruntime", "f32")
    for image in (street, street[:, ::-1].copy(), street[: len(street) // 2].copy()):
        here, there = (model.detect(ArrayPicture(image)) for model in (local, remote))
        assert len(here.boxes_N4) > 0
        assert np.array_equal(here.boxes_N4, there.boxes_N4)
        assert np.array_equal(here.scores_N, there.scores_N)
        assert np.array_equal(here.classes_N, there.classes_N)
    assert remote.first.name == "onnxruntime:CPU"


def test_batches_of_strangers_give_the_same_answers(card: Card, make_server: MakeServer) -> None:
    limits = BatchLimits(max_batch=3, max_wait_s=10)
    server = make_server(limits, yolo11n=open_served(card, "cpu"))
    shape = (1, 192, 320)
    local = open_runtime(card, "onnxruntime", "f32", shape)
    opened = threading.Barrier(3)

    def ask(seed: int) -> float:
        image = np.random.default_rng(seed).integers(0, 256, (*shape, 3), np.uint8)
        runtime = InferenceClient(server.address, KEY)(card, shape)
        opened.wait(30)
        there = runtime.run(image).copy()
        opened.wait(30)
        if seed == 0:  # one session, one thread
            answers[:] = [local.run(i).copy() for i in images()]
        opened.wait(60)
        return float(np.abs(there - answers[seed]).max())

    def images() -> list[BgrImage]:
        return [
            np.random.default_rng(seed).integers(0, 256, (*shape, 3), np.uint8) for seed in range(3)
        ]

    answers: list[FloatArray] = []
    with ThreadPoolExecutor(3) as pool:
        away = list(pool.map(ask, range(3)))
    assert max(away) < 1e-2  # pixels: boxes are up to 320; probabilities are below 1
    assert server.batcher.num_batches == 2


def test_a_real_embedder_answers_as_it_does_here(make_server: MakeServer) -> None:
    card = load_card(DEFAULT_EMBEDDER)
    server = make_server(**{card.name.replace("-", "_"): open_served(card, "cpu")})
    client = InferenceClient(server.address, KEY)
    remote = open_embedder(DEFAULT_EMBEDDER, open_model=client)
    local = open_embedder(DEFAULT_EMBEDDER, "onnxruntime", "f32")
    random = np.random.default_rng(3)
    crops = [random.integers(0, 256, (40 + i, 60, 3), np.uint8) for i in range(9)]
    assert np.allclose(remote.embed(crops), local.embed(crops), atol=1e-5)
    assert remote.embed([]).shape == (0, card.dimension)
    # The baseline is no network: it stays here.
    assert open_embedder("histogram", open_model=client).model_id == "histogram"


def test_a_device_without_cuda_is_one_clear_error(card: Card) -> None:
    with pytest.raises(ModelError, match=r"cuda:0 needs onnxruntime with CUDA") as raised:
        open_served(card, "cuda:0")
    assert "onnxruntime-gpu" in raised.value.hint


def test_a_device_that_is_offered_but_does_not_work_is_one_clear_error(
    card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    """onnxruntime falls back to the processor with a warning only: that must not pass as a GPU."""
    monkeypatch.setattr(
        "yanji.detect.runtimes.cuda.ort.get_available_providers", lambda: [PROVIDER]
    )
    monkeypatch.setattr(
        "yanji.detect.runtimes.cuda._gpu_session",
        lambda path, device: open_cpu_session(path),
    )
    with pytest.raises(ModelError, match="cannot compute on cuda:3") as raised:
        open_served(card, "cuda:3")
    assert "driver" in raised.value.hint


def open_cpu_session(path: Path) -> object:
    import onnxruntime

    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def test_a_device_that_computes_wrongly_is_refused(
    card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The golden picture in a batch: its second answer is that of another picture."""
    run = cuda.Batches.run

    def mixed_up(self: cuda.Batches, images: BgrImage) -> FloatArray:
        answers = run(self, images)
        return answers[[0, 2, 1]] if len(answers) == 3 else answers

    monkeypatch.setattr(cuda.Batches, "run", mixed_up)
    with pytest.raises(ModelError, match="golden vectors"):
        open_served(card, "cpu")


class OneByOne:
    """A session whose graph has a batch of a fixed number."""

    def __init__(self, card: Card, batch: int) -> None:
        self._session: Any = open_cpu_session(weights_path(card))
        self._batch = batch

    def get_inputs(self) -> list[Any]:
        return [SimpleNamespace(shape=[self._batch, 3, "height", "width"])]

    def get_providers(self) -> list[str]:
        return ["CPUExecutionProvider"]

    def run(self, outputs: list[str], inputs: dict[str, FloatArray]) -> list[FloatArray]:
        assert [len(value) for value in inputs.values()] == [self._batch]
        answers: list[FloatArray] = self._session.run(outputs, inputs)
        return answers


def test_a_graph_for_one_picture_is_served_one_by_one(card: Card) -> None:
    served = cuda.serve_session(OneByOne(card, 1), card)
    batcher = Batcher({"m": served}, BatchLimits(max_wait_s=0))
    answer = batcher.submit("m", np.zeros((3, 64, 64, 3), np.uint8))
    batcher.step(1)
    assert answer.result(0).shape[0] == 3
    with pytest.raises(ModelError, match="batches of 8 only"):
        cuda.serve_session(OneByOne(card, 8), card)


def test_workers_never_open_the_device_themselves(
    card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where onnxruntime-gpu is installed, each would make a CUDA context of its own."""
    asked: list[list[str]] = []
    session = ort.InferenceSession

    def record(path: str, options: object, providers: list[str]) -> Any:
        asked.append(providers)
        return session(path, options, providers=["CPUExecutionProvider"])

    monkeypatch.setattr(ort, "get_available_providers", lambda: [PROVIDER, "CPUExecutionProvider"])
    monkeypatch.setattr(ort, "InferenceSession", record)
    ort_module._session.cache_clear()
    open_runtime(card, "onnxruntime", "f32")
    assert asked == [["CPUExecutionProvider"]]
    ort_module._session.cache_clear()


class Process:
    """A server that can be killed, with a fake model; see `inference_server.py`."""

    def __init__(self, address: Path) -> None:
        self.address = address
        self.child = self.start()

    def start(self) -> subprocess.Popen[bytes]:
        self.address.unlink(missing_ok=True)
        self.child = subprocess.Popen(
            [sys.executable, str(SERVER), str(self.address), KEY.decode()],
            stdout=subprocess.PIPE,
        )
        assert self.child.stdout is not None
        assert self.child.stdout.readline() == b"ready\n"
        return self.child

    def kill(self) -> None:
        self.child.kill()
        self.child.wait()
        assert self.child.stdout is not None
        self.child.stdout.close()


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    process = Process(tmp_path / "s")
    yield process
    process.kill()


def test_a_process_that_dies_is_waited_for_and_asked_again(card: Card, process: Process) -> None:
    waits = threading.Event()
    runtime = InferenceClient(str(process.address), KEY, waits.set)(card, (1, 32, 64))
    assert runtime.run(pictures(1))[0, 0] == 1
    process.kill()
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(lambda: runtime.run(pictures(2)).copy())
        waits.clear()
        assert waits.wait(30), "who waits must be able to say that he lives"
        assert not answer.done()
        process.start()
        assert answer.result(30)[0, 0] == 2
    assert runtime.run(pictures(3))[0, 0] == 3


def test_a_process_that_is_stopped_does_not_silence_who_waits(card: Card, process: Process) -> None:
    waits = threading.Event()
    client = InferenceClient(str(process.address), KEY, waits.set)
    runtime = client(card, (1, 32, 64))
    os.kill(process.child.pid, signal.SIGSTOP)
    with ThreadPoolExecutor(2) as pool:
        for ask in (
            lambda: runtime.run(pictures(2)).copy(),  # connected already
            lambda: client(card, (1, 32, 64)).run(pictures(2)).copy(),  # not yet
        ):
            answer = pool.submit(ask)
            for _ in range(3):
                waits.clear()
                assert waits.wait(30)
            assert not answer.done()
            os.kill(process.child.pid, signal.SIGCONT)
            assert answer.result(30)[0, 0] == 2
            os.kill(process.child.pid, signal.SIGSTOP)
    os.kill(process.child.pid, signal.SIGCONT)


def test_what_a_wait_raises_ends_it(card: Card, process: Process) -> None:
    class OrphanError(Exception):
        pass

    def orphaned() -> None:
        raise OrphanError

    runtime = InferenceClient(str(process.address), KEY)(card, (1, 32, 64))
    process.kill()
    runtime._client.while_waiting = orphaned
    with pytest.raises(OrphanError):
        runtime.run(pictures(1))
    process.start()
    runtime._client.while_waiting = lambda: None
    assert runtime.run(pictures(6))[0, 0] == 6


def test_a_killed_client_leaves_nothing_and_holds_up_nobody(card: Card, process: Process) -> None:
    """Killed while it waits for an answer: the device computes for nobody, and goes on."""
    code = (
        "import sys, numpy as np\n"
        "from yanji.detect.card import load_card\n"
        "from yanji.detect.runtimes.remote import InferenceClient\n"
        "client = InferenceClient(sys.argv[1], sys.argv[2].encode())\n"
        "run = client(load_card('yolo11n'), (1, 32, 64)).run\n"
        "print('open', flush=True)\n"
        "while True: run(np.ones((1, 32, 64, 3), np.uint8))\n"
    )
    others = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(process.address), KEY.decode()],
            stdout=subprocess.PIPE,
        )
        for _ in range(2)
    ]
    runtime = InferenceClient(str(process.address), KEY)(card, (1, 32, 64))
    for other in others:
        assert other.stdout is not None
        assert other.stdout.readline() == b"open\n"
    # Waited for: a client that opens says so before the other side has mapped all it needs.
    eventually(lambda: blocks_of(process.child.pid) == 3)
    os.kill(others[0].pid, signal.SIGSTOP)
    others[1].kill()
    for number in range(20):
        assert runtime.run(pictures(number))[0, 0] == number
    others[0].kill()
    for other in others:
        other.wait()
        assert other.stdout is not None
        other.stdout.close()
    eventually(lambda: blocks_of(process.child.pid) == 1)
    assert [path.name for path in process.address.parent.iterdir()] == ["s"]


def blocks_of(process_id: int) -> int:
    """Return how many blocks a process has mapped."""
    maps = Path(f"/proc/{process_id}/maps").read_text("utf-8")
    return sum("memfd:yanji-block" in line for line in maps.splitlines())
