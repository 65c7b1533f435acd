"""OpenVINO on the CPU: bf16 where the CPU has it, or int8, at twice the speed of fp32.

The only place that imports openvino: its telemetry is shut off by the package around this module,
`yanji.detect.runtimes`, which is imported first.
"""

from __future__ import annotations

import logging
import os
import stat
from functools import cache
from pathlib import Path
from threading import RLock
from typing import Any

import numpy as np
import numpy.typing as npt
import openvino as ov
from openvino.preprocess import ColorFormat, PrePostProcessor

from yanji.configs.errors import ModelError
from yanji.detect.card import Card
from yanji.detect.fit import Graph, Shape, require_fit
from yanji.ingest.frame import BgrImage

FloatArray = npt.NDArray[np.float32]
_log = logging.getLogger(__name__)


_opening = RLock()
"""One model at a time: while it reads a kept network OpenVINO sets the process's locale to C and
back, and of two at once one may put back C for good. Python then reads text as ASCII."""


def _core() -> Any:
    """One core per process, whichever thread asks first: it owns the plug-ins."""
    with _opening:
        return _first_core()


@cache
def _first_core() -> Any:  # openvino ships no complete types
    return ov.Core()


def has_bf16() -> bool:
    """Say whether this CPU computes in bf16."""
    return "BF16" in _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


class OpenvinoRuntime:
    """A model compiled by OpenVINO; see `yanji.detect.runtime.Runtime`."""

    def __init__(
        self, request: Any, input_shape: tuple[int, int, int], precision: str, output: int
    ) -> None:
        self._request = request
        self._output = output
        self._input_shape = input_shape
        self._precision = precision

    @property
    def name(self) -> str:
        """Back end and device."""
        return "openvino:CPU"

    @property
    def precision(self) -> str:
        """`f32`, `bf16` or `int8`."""
        return self._precision

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """(batch, height, width)."""
        return self._input_shape

    def run(self, images_NHW3: BgrImage) -> FloatArray:
        """Compute the card's output; the array is the request's own memory until the next call."""
        self._request.set_input_tensor(ov.Tensor(images_NHW3, shared_memory=True))
        self._request.infer()
        result: FloatArray = self._request.get_output_tensor(self._output).data
        return result


def open_openvino(
    card: Card, path: Path, precision: str, shape: tuple[int, int, int]
) -> OpenvinoRuntime:
    """Compile for one shape; uint8 BGR in, colour order and normalisation inside the graph.

    Raises:
        ModelError: the file cannot be read or compiled, or is not the network of the card.
    """
    with _opening:
        return _open(card, path, precision, shape)


def _open(card: Card, path: Path, precision: str, shape: tuple[int, int, int]) -> OpenvinoRuntime:
    batch, height, width = shape
    try:
        model = _core().read_model(str(path))
        require_fit(card, _graph_of(model))
        output = [card.output_name in entry.names for entry in model.outputs].index(True)
        model.reshape({card.input.name: [batch, 3, height, width]})
        steps = PrePostProcessor(model)
        entry = steps.input(card.input.name)
        entry.tensor().set_element_type(ov.Type.u8).set_layout(ov.Layout("NHWC"))
        entry.tensor().set_color_format(ColorFormat.BGR)
        entry.model().set_layout(ov.Layout("NCHW"))
        entry.preprocess().convert_element_type(ov.Type.f32)
        if card.input.colour == "RGB":
            entry.preprocess().convert_color(ColorFormat.RGB)
        # (pixel * scale - mean) / std == (pixel - mean / scale) / (std / scale)
        scale = card.input.scale
        entry.preprocess().mean([value / scale for value in card.input.mean])
        entry.preprocess().scale([value / scale for value in card.input.std])
        for index in range(len(model.outputs)):
            steps.output(index).tensor().set_element_type(ov.Type.f32)
        compiled = _compiled(steps.build(), precision)
    except (RuntimeError, UnicodeDecodeError) as error:  # all that the binding raises
        raise ModelError(
            f"OpenVINO cannot load model {card.name!r}: {str(error).strip().splitlines()[-1]}",
            hint="Install the model's package again, or set the runtime to onnxruntime.",
        ) from error
    return OpenvinoRuntime(compiled.create_infer_request(), shape, precision, output)


def _graph_of(model: Any) -> Graph:
    def shapes(entries: Any) -> dict[str, Shape]:
        return {
            entry.any_name: tuple(
                edge.get_length() if edge.is_static else None for edge in entry.partial_shape
            )
            for entry in entries
        }

    return Graph(shapes(model.inputs), shapes(model.outputs))


def _compiled(model: Any, precision: str) -> Any:
    options = {
        "INFERENCE_NUM_THREADS": 1,
        "NUM_STREAMS": 1,
        "PERFORMANCE_HINT": "LATENCY",
        # An int8 file says itself what is int8; the rest of it stays in fp32.
        "INFERENCE_PRECISION_HINT": "f32" if precision == "int8" else precision,
        # One process per core: pinned, they would all sit on the first one.
        "ENABLE_CPU_PINNING": False,
    }
    kept = compiled_folder()
    if kept is not None:
        try:
            return _core().compile_model(model, "CPU", {**options, "CACHE_DIR": str(kept)})
        except RuntimeError:
            # What is kept may be half written or damaged; without it, it only takes longer.
            _log.debug("compiled anew, not from %s", kept)
    return _core().compile_model(model, "CPU", options)


def compiled_folder() -> Path | None:
    """Where compiled networks are kept: to read one takes 0.4 of the time of compiling it.

    A folder of this user's alone, as what lies there is computed with; what comes of it is still
    held against the golden vectors. None where there can be no such folder.
    """
    root = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    folder = Path(root) / "yanji" / "openvino"
    if not folder.is_absolute():
        return None
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        about = folder.lstat()
    except OSError:
        return None
    ours = stat.S_ISDIR(about.st_mode) and about.st_uid == os.getuid()
    open_to_others = about.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return folder if ours and not open_to_others and os.access(folder, os.W_OK) else None
