"""One small protocol over the libraries that run a model, and the choice between them."""

from __future__ import annotations

import importlib.util
import logging
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from yanji.configs.errors import ModelError
from yanji.detect.card import Card, quantised_of, verify_weights
from yanji.detect.golden import check_golden, golden_batch
from yanji.ingest.frame import BgrImage

FloatArray = npt.NDArray[np.float32]
RuntimeName = Literal["auto", "onnxruntime", "openvino"]
PrecisionName = Literal["auto", "f32", "bf16", "int8"]

_log = logging.getLogger(__name__)

OpenModel = Callable[[Card, tuple[int, int, int]], "Runtime"]
"""Opens a model for (batch, height, width) elsewhere than in this process."""

_proved: set[tuple[str, str, str, str]] = set()
"""(weights path, sha256, back end, precision) that gave the golden answers in this process."""


class Runtime(Protocol):
    """A compiled model for one input shape; one thread of computation."""

    @property
    def name(self) -> str:
        """Name of the back end and device, for example `openvino:CPU`."""
        ...

    @property
    def precision(self) -> str:
        """`f32`, `bf16` or `int8`: in what the model computes."""
        ...

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """(batch, height, width)."""
        ...

    def run(self, images_NHW3: BgrImage) -> FloatArray:
        """Compute the first output.

        Args:
            images_NHW3: (batch, height, width, 3) uint8 BGR, C-contiguous, of `input_shape`.
                Colour order, scale and normalisation of the card are applied inside.

        Returns:
            float32; valid until the next call (it may be the back end's own memory).
        """
        ...


def available_runtimes() -> list[str]:
    """Name the back ends that this machine has, best first."""
    found = [name for name in ("openvino", "onnxruntime") if importlib.util.find_spec(name)]
    if platform.machine().lower() not in ("x86_64", "amd64"):
        found.reverse()
    return found


def _opener(name: str) -> Callable[[Card, Path, str, tuple[int, int, int]], Runtime]:
    """Import a back end only when it is chosen: each costs 0.3 s and 20 to 60 MB."""
    if name == "openvino":
        from yanji.detect.runtimes.openvino import open_openvino

        return open_openvino
    from yanji.detect.runtimes.onnxruntime import open_onnxruntime

    return open_onnxruntime


def _precisions(name: str, wanted: str, card: Card, may_quantise: bool) -> list[str]:
    """List the precisions to try, best first.

    Args:
        name: of the back end.
        wanted: as in the settings.
        card: the model.
        may_quantise: whether `auto` may take the card's int8 file.
    """
    if wanted == "int8":
        quantised_of(card)
    if name != "openvino":
        if wanted not in ("auto", "f32"):
            # It would compute the int8 file, more slowly than the fp32 one (docs/design/detect.md).
            raise ModelError(
                "onnxruntime computes in f32 only.", hint="Set the runtime to openvino, or f32."
            )
        return ["f32"]
    from yanji.detect.runtimes.openvino import has_bf16

    if wanted == "bf16" and not has_bf16():
        raise ModelError("This CPU does not compute in bf16.", hint="Set the precision to f32.")
    if wanted != "auto":
        return [wanted]
    if has_bf16():
        return ["bf16", "f32"]
    if may_quantise and card.quantised is not None and card.quantised.default:
        return ["int8", "f32"]
    return ["f32"]


def int8_or_auto(card: Card, precision: PrecisionName) -> PrecisionName:
    """Read `int8` as a wish: `auto` for a model that has no int8 file."""
    return "auto" if precision == "int8" and card.quantised is None else precision


def provable(card: Card) -> list[tuple[RuntimeName, PrecisionName]]:
    """Every way in which this machine can compute a model: runtime and precision."""
    ways: list[tuple[RuntimeName, PrecisionName]] = []
    if "openvino" in available_runtimes():
        from yanji.detect.runtimes.openvino import has_bf16

        ways.append(("openvino", "f32"))
        if has_bf16():
            ways.append(("openvino", "bf16"))
        if card.quantised is not None:
            ways.append(("openvino", "int8"))
    if "onnxruntime" in available_runtimes():
        ways.append(("onnxruntime", "f32"))
    return ways


def prove(
    card: Card, runtime: RuntimeName, precision: PrecisionName, weights: Path | None = None
) -> float:
    """Hold a model against its card: file, network and golden vectors; nothing is taken as proved.

    Args:
        card: the model.
        runtime: one of this machine's, see `provable`.
        precision: not `auto`.
        weights: a copy of the file that the precision needs; None: as the card says.

    Returns:
        How far its answer is from the golden vectors, in the card's measure.

    Raises:
        ModelError: see `open_runtime`; or the card has no golden vectors.
    """
    batch_1HW3 = golden_batch(card)
    path = verify_weights(card, weights, precision)
    opened = _opener(runtime)(card, path, precision, (1, *batch_1HW3.shape[1:3]))
    return check_golden(card, opened.run(batch_1HW3), precision)


def open_runtime(
    card: Card,
    runtime: RuntimeName = "auto",
    precision: PrecisionName = "auto",
    input_shape: tuple[int, int, int] | None = None,
    weights: Path | None = None,
) -> Runtime:
    """Verify the weights, compile them, prove them with the golden vectors.

    Args:
        card: the model.
        runtime: `auto` takes openvino on x86-64 where it is installed, else onnxruntime.
        precision: `auto` takes bf16 where the CPU has it, else int8 where the card has it and says
            that it is as good, else f32; and f32 where the golden vectors do not pass. `int8` is
            refused where the card has none (`int8_or_auto` asks first).
        input_shape: (batch, height, width); None: a batch of one of the card's first size.
        weights: a copy of the file that the precision needs (with `auto` not the int8 one); None:
            as the card says.

    Raises:
        ModelError: no such back end here, damaged weights, a card that does not fit them, other
            answers than the golden vectors.
    """
    available = available_runtimes()
    name = available[0] if runtime == "auto" and available else runtime
    if name not in available:
        raise ModelError(
            f"The runtime {runtime!r} is not installed.",
            hint=f"Installed: {', '.join(available) or 'none'}; pip install onnxruntime.",
        )
    shape = input_shape if input_shape is not None else (1, *card.input.sizes[0])
    *better, last = _precisions(name, precision, card, may_quantise=weights is None)
    for choice in better:
        try:
            return _open_proved(card, verify_weights(card, weights, choice), name, choice, shape)
        except ModelError as error:
            _log.warning("%s Trying %s.", error.message, last)
    return _open_proved(card, verify_weights(card, weights, last), name, last, shape)


def _open_proved(
    card: Card, path: Path, name: str, precision: str, shape: tuple[int, int, int]
) -> Runtime:
    """Open verified weights; the golden vectors are computed once per process."""
    open_it = _opener(name)
    key = (str(path), card.sha256, name, precision)
    if card.golden is not None and key not in _proved:
        # The same compiled model serves where the shapes are equal.
        proof = open_it(card, path, precision, (1, *card.golden.size))
        check_golden(card, proof.run(golden_batch(card)), precision)
        _proved.add(key)
        if shape == proof.input_shape:
            return proof
        del proof
    return open_it(card, path, precision, shape)
