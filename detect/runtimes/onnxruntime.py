"""onnxruntime: fp32 on any CPU; CUDA or TensorRT where its build has them."""

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
from yanji.ingest.frame import BgrImage

FloatArray = npt.NDArray[np.float32]
_LOAD_ERRORS: tuple[type[Exception], ...] = (
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
_PROVIDERS = ("TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider")


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
        """Compute the first output."""
        entry = self._card.input
        # One pass over the pixels in C: planes, colour order, scale. 0.4 ms at 384 x 640.
        blob = cv2.dnn.blobFromImages(
            list(images_NHW3), entry.scale, swapRB=entry.colour == "RGB", ddepth=cv2.CV_32F
        )
        if any(entry.mean):
            blob = blob - np.array(entry.mean, np.float32)[:, None, None]
        if set(entry.std) != {1.0}:
            blob = blob / np.array(entry.std, np.float32)[:, None, None]
        result: FloatArray = self._session.run([self._card.output_name], {entry.name: blob})[0]
        return result


@lru_cache(maxsize=4)
def _session(path: str) -> Any:
    """One session serves every input size (`Any`: onnxruntime ships no types)."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    offered = ort.get_available_providers()
    return ort.InferenceSession(
        path, options, providers=[name for name in _PROVIDERS if name in offered]
    )


def open_onnxruntime(
    card: Card, path: Path, precision: str, shape: tuple[int, int, int]
) -> OnnxRuntime:
    """Open a session: one thread, no spinning, the best provider that this build offers.

    Raises:
        ModelError: the file cannot be read.
    """
    try:
        session = _session(str(path))
    except _LOAD_ERRORS as error:
        raise ModelError(
            f"onnxruntime cannot load model {card.name!r}: {str(error).strip().splitlines()[0]}",
            hint="Install the model's package again.",
        ) from error
    return OnnxRuntime(session, card, shape)
