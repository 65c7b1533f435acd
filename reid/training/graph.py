"""The start network as a graph whose weights can be taken out, trained and put back.

The start weights (person-reidentification-retail-0248, Apache-2.0) come as ONNX made for one
picture of 256 x 128 pixels, channels last. `prepare` turns them into a graph for any batch and
another picture size. Training changes initialisers only; nothing is exported from torch, so that
what was trained is what is shipped, node by node.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from yanji.reid.training.scaling import INPUT, OUTPUT

Weights = dict[str, npt.NDArray[np.float32]]

OPSET: Final = 17


def weights_of(model: Any) -> Weights:
    """Return the float initialisers of a graph by name; constants (names with `const`) left out."""
    return {
        item.name: numpy_helper.to_array(item).copy()
        for item in model.graph.initializer
        if item.data_type == TensorProto.FLOAT and "const" not in item.name
    }


def with_weights(model: Any, weights: Weights) -> Any:
    """Return a copy of the graph with other values for its initialisers.

    Raises:
        KeyError: a name is not an initialiser of the graph.
        ValueError: a shape differs.
    """
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    by_name = {item.name: item for item in changed.graph.initializer}
    for name, value in weights.items():
        item = by_name[name]
        if tuple(item.dims) != value.shape:
            raise ValueError(f"{name}: shape {value.shape}, the graph has {tuple(item.dims)}")
        item.CopyFrom(numpy_helper.from_array(value.astype(np.float32), name))
    onnx.checker.check_model(changed)
    return changed


def prepare(path: Path, height: int, width: int) -> Any:
    """Read OMZ-0248 and rebuild it for a batch of `height` x `width` pictures, channels first.

    Input `crops` (N, 3, height, width) float32, red-green-blue, less IMAGENET_MEAN, over
    IMAGENET_STD; output `vectors` (N, 256) float32, not normalised. The two normalisations are
    taken over each picture (the original took them over its batch of one). The final pooling
    kernel is resized to the new feature map. The last activation (a PReLU of slope 0.996, all but
    linear) is dropped. With 256 x 128 the vectors are the original's, proved in
    tests/reid/test_training_graph.py.

    Args:
        path: person-reidentification-retail-0248.onnx.
        height: multiple of 16.
        width: multiple of 16.
    """
    source = onnx.load(str(path)).graph
    constants = {item.name: numpy_helper.to_array(item) for item in source.initializer}
    nodes = list(source.node)
    first_conv = next(i for i, node in enumerate(nodes) if node.op_type == "Conv")
    pooling = next(i for i, node in enumerate(nodes) if _is_pooling(node, constants))
    scales = [node for node in nodes[:first_conv] if node.op_type in ("Mul", "Add")]
    builder = _Builder(constants)
    # Of the three Mul/Add pairs before the first convolution the first is the ImageNet scaling
    # (done outside) and the last the affine part of the normalisation.
    scale, shift = (_constant_input(scales[i], constants) for i in (-2, -1))
    builder.normalise(INPUT, "normalised", constants[scale], constants[shift])
    builder.alias[nodes[first_conv].input[0]] = "normalised"
    builder.copy(nodes[first_conv])
    first_relu = next(i for i in range(first_conv, len(nodes)) if nodes[i].op_type == "Relu")
    scale, shift = (_constant_input(nodes[first_relu - i], constants) for i in (2, 1))
    builder.normalise(
        nodes[first_conv].output[0], "stem_normalised", constants[scale], constants[shift]
    )
    builder.alias[nodes[first_relu].input[0]] = "stem_normalised"
    for node in nodes[first_relu:pooling]:
        if node.op_type == "Transpose":
            builder.alias[node.output[0]] = builder.alias.get(node.input[0], node.input[0])
        else:
            builder.copy(node)
    builder.head(nodes[pooling:], height // 16, width // 16)
    return _model(builder, height, width)


class _Builder:
    """Collects nodes and initialisers of the new graph."""

    def __init__(self, constants: dict[str, npt.NDArray[Any]]) -> None:
        self.constants = constants
        self.nodes: list[Any] = []
        self.initialisers: dict[str, npt.NDArray[Any]] = {}
        self.alias: dict[str, str] = {}

    def constant(self, name: str, value: npt.NDArray[Any]) -> str:
        self.initialisers[name] = value
        return name

    def add(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def copy(self, node: Any) -> None:
        inputs = [self.alias.get(name, name) for name in node.input]
        for name in inputs:
            if name in self.constants:
                self.constant(name, self.constants[name])
        fresh = onnx.NodeProto()
        fresh.CopyFrom(node)
        del fresh.input[:]
        fresh.input.extend(inputs)
        self.nodes.append(fresh)

    def normalise(
        self, source: str, target: str, scale: npt.NDArray[Any], shift: npt.NDArray[Any]
    ) -> None:
        """Zero mean and unit variance over each picture's channels and pixels, then affine."""
        axes = {"axes": [1, 2, 3], "keepdims": 1}
        epsilon = self.constant("const_epsilon", np.array(1e-5, np.float32))
        mean = self.add("ReduceMean", [source], f"{target}/mean", **axes)
        centred = self.add("Sub", [source, mean], f"{target}/centred")
        square = self.add("Mul", [centred, centred], f"{target}/square")
        variance = self.add("ReduceMean", [square], f"{target}/variance", **axes)
        safe = self.add("Add", [variance, epsilon], f"{target}/safe")
        deviation = self.add("Sqrt", [safe], f"{target}/deviation")
        unit = self.add("Div", [centred, deviation], f"{target}/unit")
        scaled = self.add(
            "Mul",
            [unit, self.constant(f"{target}/scale", scale.reshape(1, -1, 1, 1))],
            f"{target}/scaled",
        )
        self.add(
            "Add",
            [scaled, self.constant(f"{target}/shift", shift.reshape(1, -1, 1, 1))],
            target,
        )

    def head(self, nodes: list[Any], rows: int, columns: int) -> None:
        """Pooling kernel, flat vector, one linear layer (its scale and shift folded in)."""
        pool, linear = nodes[0], next(node for node in nodes if node.op_type == "Gemm")
        scale, shift = (
            self.constants[_constant_input(node, self.constants)].reshape(-1)
            for node in (
                next(node for node in nodes if node.op_type == "Mul"),
                next(node for node in nodes if node.op_type == "Add"),
            )
        )
        kernel = resize_kernel(self.constants[pool.input[1]], rows, columns)
        weight, bias = (self.constants[name] for name in linear.input[1:3])
        pooled = self.add(
            "Conv",
            [
                pool.input[0],
                self.constant("head/pool", kernel),
                self.constant("head/pool_bias", self.constants[pool.input[2]]),
            ],
            "head/pooled",
            kernel_shape=[rows, columns],
            group=kernel.shape[0],
        )
        flat = self.add("Flatten", [pooled], "head/flat", axis=1)
        self.add(
            "Gemm",
            [
                flat,
                self.constant("head/linear", weight * scale[:, None]),
                self.constant("head/linear_bias", bias * scale + shift),
            ],
            OUTPUT,
            transB=1,
        )


def resize_kernel(
    kernel_C1hw: npt.NDArray[np.float32], rows: int, columns: int
) -> npt.NDArray[np.float32]:
    """Stretch a pooling kernel bilinearly to another feature map; its sum stays about the same."""
    old_rows, old_columns = kernel_C1hw.shape[2:]
    if (rows, columns) == (old_rows, old_columns):
        return kernel_C1hw
    weights = _stretch(old_rows, rows), _stretch(old_columns, columns)
    stretched = np.einsum("ah,cohw,bw->coab", weights[0], kernel_C1hw, weights[1])
    resized: npt.NDArray[np.float32] = stretched * (old_rows * old_columns / (rows * columns))
    return resized.astype(np.float32)


def _stretch(old: int, new: int) -> npt.NDArray[np.float64]:
    """(new, old) matrix of linear interpolation between pixel centres."""
    centres = np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
    below = np.minimum(centres.astype(int), old - 2)
    matrix = np.zeros((new, old))
    matrix[np.arange(new), below] = 1 - (centres - below)
    matrix[np.arange(new), below + 1] = centres - below
    return matrix


def _is_pooling(node: Any, constants: dict[str, npt.NDArray[Any]]) -> bool:
    return node.op_type == "Conv" and constants[node.input[1]].shape[2:] == (16, 8)


def _constant_input(node: Any, constants: dict[str, npt.NDArray[Any]]) -> str:
    return next(str(name) for name in node.input if name in constants)


def _model(builder: _Builder, height: int, width: int) -> Any:
    graph = helper.make_graph(
        builder.nodes,
        "yanji-reid",
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["batch", 3, height, width])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["batch", 256])],
        [numpy_helper.from_array(value, name) for name, value in builder.initialisers.items()],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="yanji"
    )
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model
