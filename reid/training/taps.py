"""The embedder `yanji-reid-2` as a graph: a trunk looked at from three depths, and a head.

A network that tells vehicles apart from one side looks at its deepest map only. From the front and
from the rear little is alike but paints, sizes and what is loaded, and those stand in the earlier
maps. So the trunk of another graph of this package (its convolutions, up to its pooling) is kept;
three of its maps (strides 4, 8 and 16) are each pooled to mean, maximum, deviation, the mean of
their middle and the means of four stripes; and a grid of 4 x 4 mean colours of the picture itself
is added. A head of two linear layers turns these F numbers into the vector.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from yanji.reid.training.graph import OPSET
from yanji.reid.training.scaling import INPUT, OUTPUT

FEATURES: Final = "features"
POOLED: Final = "head/pooled"
"""What the trunk of a prepared graph ends before."""
STRIPES: Final = 4
GRID: Final = 4
STRIDES: Final = (4, 8, 16)
"""Of the maps that are pooled: the last map of each size."""
_EPSILON: Final = 1e-5
_TAPS: Final = "taps/"

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Head:
    """Two linear layers with a rectifier between: `second @ relu(first @ features)`."""

    first_HF: Floats
    first_H: Floats
    second_DH: Floats
    second_D: Floats


def features_graph(model: Any, height: int, width: int) -> Any:
    """Cut a graph before its pooling and pool three of its maps.

    Args:
        model: as `yanji.reid.training.graph.prepare` builds and `with_weights` fills, or a graph of
            this file: its trunk is taken again (of any size, the trunk is all convolutions).
        height: of the pictures, a multiple of 64 pixels.
        width: a multiple of 16.

    Returns:
        A graph from `crops` (N, 3, height, width) to `features` (N, F).

    Raises:
        ValueError: a size that the pooling does not divide, or a graph without such maps.
    """
    if height % 64 or width % 16:
        raise ValueError(f"{width} x {height}: the width must be a multiple of 16, height of 64")
    nodes = list(model.graph.node)
    end = next((i for i, node in enumerate(nodes) if _ends_trunk(node.output[0])), None)
    if end is None:
        raise ValueError(f"the graph has no {POOLED} and no taps")
    trunk = nodes[:end]
    used = {name for node in trunk for name in node.input}
    builder = _Builder(trunk, {i.name: i for i in model.graph.initializer if i.name in used})
    maps = _last_maps(trunk, builder.constants, height, width)
    parts = [part for source, *shape in maps for part in builder.pooled(source, *shape)]
    parts.append(builder.grid(height, width))
    builder.add("Concat", parts, FEATURES, axis=1)
    count = 8 * sum(shape[0] for _, *shape in maps) + 3 * GRID * GRID
    return builder.model(FEATURES, count, height, width)


def num_features(graph: Any) -> int:
    """F of a graph of `features_graph`."""
    return int(graph.graph.output[0].type.tensor_type.shape.dim[1].dim_value)


def with_head(graph: Any, head: Head) -> Any:
    """Put a head on a graph of `features_graph`: its output is `vectors` (N, D)."""
    shape = graph.graph.input[0].type.tensor_type.shape.dim
    builder = _Builder(list(graph.graph.node), {i.name: i for i in graph.graph.initializer})
    hidden = builder.linear(FEATURES, "head/first", head.first_HF, head.first_H)
    builder.add("Relu", [hidden], "head/hidden")
    builder.linear("head/hidden", "head/second", head.second_DH, head.second_D, OUTPUT)
    return builder.model(OUTPUT, len(head.second_D), shape[2].dim_value, shape[3].dim_value)


def _ends_trunk(output: str) -> bool:
    return output == POOLED or output.startswith(_TAPS)


class _Builder:
    """Nodes and initialisers of a graph that grows."""

    def __init__(self, nodes: list[Any], constants: dict[str, Any]) -> None:
        self.nodes = nodes
        self.constants = constants

    def constant(self, name: str, value: npt.NDArray[Any]) -> str:
        self.constants[name] = numpy_helper.from_array(value, name)
        return name

    def add(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def linear(self, source: str, name: str, weight: Floats, bias: Floats, output: str = "") -> str:
        inputs = [
            source,
            self.constant(f"{name}/weight", weight.astype(np.float32)),
            self.constant(f"{name}/bias", bias.astype(np.float32)),
        ]
        return self.add("Gemm", inputs, output or f"{name}/sum", transB=1)

    def pooled(self, source: str, channels: int, rows: int, columns: int) -> list[str]:
        """Mean, maximum, deviation, mean of the middle, means of four stripes: 8 x channels."""
        space: dict[str, Any] = {"axes": [2, 3], "keepdims": 0}
        name = f"{_TAPS}{channels}x{rows}x{columns}"
        mean = self.add("ReduceMean", [source], f"{name}/mean", **space)
        largest = self.add("ReduceMax", [source], f"{name}/max", **space)
        square = self.add("Mul", [source, source], f"{name}/square")
        squares = self.add("ReduceMean", [square], f"{name}/squares", **space)
        mean_square = self.add("Mul", [mean, mean], f"{name}/mean_square")
        variance = self.add("Sub", [squares, mean_square], f"{name}/variance")
        positive = self.add("Relu", [variance], f"{name}/positive")
        epsilon = self.constant("const_tap_epsilon", np.array(_EPSILON, np.float32))
        safe = self.add("Add", [positive, epsilon], f"{name}/safe")
        deviation = self.add("Sqrt", [safe], f"{name}/deviation")
        inset = [rows // 5, columns // 5]
        cut = [
            self.constant(f"{name}/const_starts", np.array(inset, np.int64)),
            self.constant(
                f"{name}/const_ends", np.array([rows - inset[0], columns - inset[1]], np.int64)
            ),
            self.constant("const_axes", np.array([2, 3], np.int64)),
        ]
        middle = self.add("Slice", [source, *cut], f"{name}/middle")
        inner = self.add("ReduceMean", [middle], f"{name}/inner", **space)
        kernel = [rows // STRIPES, columns]
        stripes = self.add(
            "AveragePool", [source], f"{name}/stripes", kernel_shape=kernel, strides=kernel
        )
        flat = self.add("Flatten", [stripes], f"{name}/flat", axis=1)
        return [mean, largest, deviation, inner, flat]

    def grid(self, height: int, width: int) -> str:
        """Mean colours of 4 x 4 fields of the picture."""
        kernel = [height // GRID, width // GRID]
        fields = self.add(
            "AveragePool", [INPUT], f"{_TAPS}fields", kernel_shape=kernel, strides=kernel
        )
        return self.add("Flatten", [fields], f"{_TAPS}colours", axis=1)

    def model(self, output: str, count: int, height: int, width: int) -> Any:
        graph = helper.make_graph(
            self.nodes,
            "yanji-reid",
            [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["batch", 3, height, width])],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["batch", count])],
            list(self.constants.values()),
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="yanji"
        )
        model.ir_version = 8
        onnx.checker.check_model(model)
        return model


def _last_maps(
    trunk: list[Any], constants: dict[str, Any], height: int, width: int
) -> list[tuple[str, int, int, int]]:
    """(name, channels, rows, columns) of the last map of each stride, in order of stride."""
    graph = helper.make_graph(
        trunk,
        "trunk",
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, [1, 3, height, width])],
        [helper.make_empty_tensor_value_info(trunk[-1].output[0])],
        list(constants.values()),
    )
    probe = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    inferred = onnx.shape_inference.infer_shapes(probe).graph
    shapes = {
        info.name: [dim.dim_value for dim in info.type.tensor_type.shape.dim]
        for info in (*inferred.value_info, *inferred.output)
    }
    found: dict[int, tuple[str, int, int, int]] = {}
    for name in (node.output[0] for node in trunk):
        _, channels, rows, columns = [*shapes.get(name, ()), 0, 0, 0, 0][:4]
        for stride in STRIDES:
            if (rows, columns) == (height // stride, width // stride):
                found[stride] = (name, channels, rows, columns)
    if len(found) != len(STRIDES):
        raise ValueError(f"the trunk has no maps of strides {STRIDES}")
    return [found[stride] for stride in STRIDES]
