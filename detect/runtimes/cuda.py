"""onnxruntime on one NVIDIA device, for the inference process only.

Written without such a device at hand: what needs one (speed, memory, the golden vectors on it) is
proved at every start by the golden vectors, and otherwise unmeasured (docs/design/processes.md).
"""

from __future__ import annotations

import contextlib
import io
import logging
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

from yanji.configs.errors import ModelError
from yanji.detect.batching import ServedModel
from yanji.detect.card import Card, verify_weights
from yanji.detect.fit import require_fit
from yanji.detect.golden import check_golden, golden_batch
from yanji.detect.runtimes.onnxruntime import (
    LOAD_ERRORS,
    FloatArray,
    OnnxRuntime,
    graph_of,
    prepare,
)
from yanji.ingest.frame import BgrImage

log = logging.getLogger(__name__)

PROVIDER = "CUDAExecutionProvider"
OPEN_SIZES = 8
"""Input sizes whose memory is kept: 50 MB each for sixteen pictures of 384 x 640."""
_INSTALL = (
    "pip uninstall onnxruntime, then pip install onnxruntime-gpu of the same version "
    "(yanji[gpu]); or set device to cpu."
)
_DRIVER = "Its driver, CUDA or cuDNN is missing or too old for onnxruntime-gpu (nvidia-smi says)."


def open_served(card: Card, device: str, weights: Path | None = None) -> ServedModel:
    """Open a model on a device and prove it there with its golden vectors.

    Args:
        card: the model.
        device: `cuda:0` and so on; `cpu` is no setting's value, it serves tests of the process.
        weights: a copy of the file; None: as the card says.

    Raises:
        ModelError: no onnxruntime for CUDA, no such device, damaged weights, a card of
            another network, other answers than the golden vectors.
    """
    if device != "cpu" and PROVIDER not in ort.get_available_providers():
        raise ModelError(
            f"The device {device} needs onnxruntime with CUDA, and this one has none.",
            hint=_INSTALL,
        )
    path = verify_weights(card, weights)
    session = _cpu_session(path) if device == "cpu" else _cuda_session(card, path, device)
    require_fit(card, graph_of(session))
    return serve_session(session, card)


def serve_session(session: Any, card: Card) -> ServedModel:
    """Prove a session with the golden vectors, in a batch, and make it a model to be served.

    Args:
        session: of onnxruntime, on whatever device.
        card: its model.

    Raises:
        ModelError: other answers than the golden vectors; a graph for batches of another fixed
            number than one.
    """
    max_batch = _fixed_batch(session, card)
    runtime = OnnxRuntime(session, card, (1, *card.input.sizes[0]))
    run = Batches(session, card).run
    model = ServedModel(run, card.sha256, runtime.name, runtime.precision, max_batch)
    if card.golden is not None:
        picture = golden_batch(card)
        # Beside another one where it may be: each picture of a batch must get its own answer.
        batch = picture if max_batch == 1 else np.concatenate([picture, 255 - picture, picture])
        answers = model.run(batch)
        for answer in (answers[0], answers[-1]):
            check_golden(card, answer, model.precision)
    return model


class Batches:
    """Runs batches of any number; their input is made in memory that is kept."""

    def __init__(self, session: Any, card: Card) -> None:
        self._session = session
        self._card = card
        self._blobs: OrderedDict[tuple[int, ...], FloatArray] = OrderedDict()

    def run(self, images_NHW3: BgrImage) -> FloatArray:
        """Compute the first output."""
        number, size = len(images_NHW3), images_NHW3.shape[1:3]
        kept = self._blobs.get(size)
        if kept is None or len(kept) < number:
            # New memory for each batch costs more than making its contents (3 ms a picture to 1).
            kept = self._blobs[size] = np.empty((number, 3, *size), np.float32)
            if len(self._blobs) > OPEN_SIZES:
                self._blobs.popitem(last=False)
        self._blobs.move_to_end(size)
        for row, image_HW3 in enumerate(images_NHW3):
            kept[row] = prepare(self._card, image_HW3[None])[0]
        inputs = {self._card.input.name: kept[:number]}
        result: FloatArray = self._session.run([self._card.output_name], inputs)[0]
        return result


def _options() -> Any:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return options


def _cpu_session(path: Path) -> Any:
    return ort.InferenceSession(str(path), _options(), providers=["CPUExecutionProvider"])


def _cuda_session(card: Card, path: Path, device: str) -> Any:
    try:
        session = _gpu_session(path, device)
    except LOAD_ERRORS as error:
        raise ModelError(
            f"onnxruntime cannot open model {card.name!r} on {device}: "
            f"{str(error).strip().splitlines()[0]}",
            hint=_DRIVER,
        ) from error
    if session.get_providers()[0] != PROVIDER:
        # It falls back to the processor with a warning only.
        raise ModelError(f"onnxruntime cannot compute on {device}.", hint=_DRIVER)
    return session


def _gpu_session(path: Path, device: str) -> Any:
    provider = {
        "device_id": device.removeprefix("cuda:"),
        # Exhaustive, the default, tries all algorithms again for every new batch size.
        "cudnn_conv_algo_search": "HEURISTIC",
        # TF32 has ten bits of mantissa: its answers are no f32.
        "use_tf32": "0",
    }
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        # Finds the libraries that came as packages; it prints what it does not find.
        ort.preload_dlls()
    if said.getvalue():
        log.debug("%s", said.getvalue().strip())
    return ort.InferenceSession(
        str(path), _options(), providers=[(PROVIDER, provider), "CPUExecutionProvider"]
    )


def _fixed_batch(session: Any, card: Card) -> int | None:
    """Return 1 where the graph takes one picture at a time, None where it takes any number."""
    axis = session.get_inputs()[0].shape[0]
    if not isinstance(axis, int):
        return None
    if axis != 1:
        raise ModelError(f"Model {card.name!r} computes batches of {axis} only.")
    log.warning("model %s takes one picture at a time: batches gain nothing", card.name)
    return 1
