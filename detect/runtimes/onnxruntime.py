"""onnxruntime: fp32 on any CPU. On a GPU: `yanji.detect.runtimes.cuda`."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import onnxruntime as ort
from onnxruntime.capi import onnxruntime_pybind11_state as state

from yanji.configs.errors import ModelError
from yanji.detect.card import Card
from yanji.detect.fit import Graph, Shape, require_fit
from yanji.ingest.frame import BgrImage

FloatArray = npt.NDArray[np.float32]
LOAD_ERRORS: tuple[type[Exception], ...] = (
    RuntimeError,
    UnicodeDecodeError,
    state.EPFail,
    state.Fail,
    state.InvalidArgument,
    state.InvalidGraph,
    state.InvalidProtobuf,
    state.NoModel,
    state.NoSuchFile,
    state.NotImplemented,
    state.RuntimeException,
)
"""Classes without a common parent but Exception; the decode error comes out of the binding (10 of
900 damaged files)."""
_PROVIDERS = ("CPUExecutionProvider",)
"""Also where a build offers more: a GPU is shared by all workers, in one process of its own."""


class OnnxRuntime:
    """A model run by onnxruntime; see `yanji.detect.runtime.Runtime`."""

    def __init__(self, session: Any, card: Card, input_shape: tuple[int, int, int]) -> None:
        self._session = session
        self._card = card
        self._input_shape = input_shape

    @property
    def name(self) -> str:
        """Back end and device."""
        provider: str = self._session.get_providers()[0]
        return "onnxruntime:" + provider.removesuffix("ExecutionProvider")

    @property
    def precision(self) -> str:
        """Always `f32`."""
        return "f32"

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """(batch, height, width)."""
        return self._input_shape

    def run(self, images_NHW3: BgrImage) -> FloatArray:
        """Compute the card's output."""
        blob_N3HW = prepare(self._card, images_NHW3)
        inputs = {self._card.input.name: blob_N3HW}
        result: FloatArray = self._session.run([self._card.output_name], inputs)[0]
        return result


def prepare(card: Card, images_NHW3: BgrImage) -> FloatArray:
    """Make the network's input of pictures: (N, 3, height, width) float32, as the card says."""
    entry = card.input
    # One pass over the pixels in C: planes, colour order, scale. 0.4 ms at 384 x 640.
    made = cv2.dnn.blobFromImages(
        list(images_NHW3), entry.scale, swapRB=entry.colour == "RGB", ddepth=cv2.CV_32F
    )
    blob_N3HW = np.asarray(made, np.float32)  # what it is already
    if any(entry.mean):
        blob_N3HW = blob_N3HW - np.array(entry.mean, np.float32)[:, None, None]
    if set(entry.std) != {1.0}:
        blob_N3HW = blob_N3HW / np.array(entry.std, np.float32)[:, None, None]
    return blob_N3HW


@lru_cache(maxsize=4)
def _session(path: str) -> Any:
    """One session serves every input size (`Any`: onnxruntime ships no types)."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return ort.InferenceSession(path, options, providers=list(_PROVIDERS))


def open_onnxruntime(
    card: Card, path: Path, precision: str, shape: tuple[int, int, int]
) -> OnnxRuntime:
    """Open a session: one thread, no spinning, on the CPU.

    Raises:
        ModelError: the file cannot be read, or is not the network of the card.
    """
    try:
        session = _session(str(path))
    except LOAD_ERRORS as error:
        raise ModelError(
            f"onnxruntime cannot load model {card.name!r}: {str(error).strip().splitlines()[0]}",
            hint="Install the model's package again.",
        ) from error
    require_fit(card, graph_of(session))
    return OnnxRuntime(session, card, shape)


def graph_of(session: Any) -> Graph:
    """What a session's file takes and gives; an edge with a name instead of a number is free."""
    return Graph(
        {entry.name: _shape(entry.shape) for entry in session.get_inputs()},
        {entry.name: _shape(entry.shape) for entry in session.get_outputs()},
    )


def _shape(edges: list[int | str | None]) -> Shape:
    return tuple(edge if isinstance(edge, int) else None for edge in edges)
