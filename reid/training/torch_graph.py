"""Runs the graph of `yanji.reid.training.graph` in torch, so that its weights get gradients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as functional
from onnx import helper, numpy_helper

from yanji.reid.training.scaling import INPUT, OUTPUT

Tensors = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """One node: what it computes, from which names, into which name."""

    kind: str
    inputs: tuple[str, ...]
    output: str
    attributes: dict[str, Any]


def steps_of(model: Any) -> tuple[Step, ...]:
    """Read the nodes of a prepared graph, in order of execution.

    Raises:
        KeyError: a node of a kind that no prepared graph has.
    """
    steps = []
    for node in model.graph.node:
        if node.op_type not in _RUN:
            raise KeyError(node.op_type)
        attributes = {item.name: helper.get_attribute_value(item) for item in node.attribute}
        steps.append(Step(node.op_type, tuple(node.input), node.output[0], attributes))
    return tuple(steps)


def constants_of(model: Any) -> Tensors:
    """Every initialiser of a graph as a torch tensor, by name."""
    return {
        item.name: torch.from_numpy(numpy_helper.to_array(item).copy())
        for item in model.graph.initializer
    }


def forward(
    steps: tuple[Step, ...], weights: Tensors, crops_N3hw: Any, output: str = OUTPUT
) -> Any:
    """Compute vectors (N, D), not normalised, or another output, for crops (N, 3, h, w) float32."""
    # Channels last: the many small depthwise convolutions run 3 to 5 times faster on a CPU.
    crops_N3hw = crops_N3hw.contiguous(memory_format=torch.channels_last)
    values: Tensors = {**weights, INPUT: crops_N3hw}
    for step in steps:
        inputs = [values[name] for name in step.inputs]
        values[step.output] = _RUN[step.kind](step.attributes, *inputs)
    return values[output]


def _convolve(attributes: dict[str, Any], source: Any, weight: Any, bias: Any = None) -> Any:
    top, left, bottom, right = attributes.get("pads", [0, 0, 0, 0])
    even = (top, left) == (bottom, right)  # the convolution pads by itself, without a copy
    return functional.conv2d(
        source if even else _padded(attributes, source, 0.0),
        weight,
        bias,
        stride=attributes.get("strides", [1, 1]),
        padding=(top, left) if even else 0,
        groups=attributes.get("group", 1),
    )


def _pool_max(attributes: dict[str, Any], source: Any) -> Any:
    padded = _padded(attributes, source, float("-inf"))
    return functional.max_pool2d(padded, attributes["kernel_shape"], attributes["strides"])


def _padded(attributes: dict[str, Any], source: Any, value: float) -> Any:
    top, left, bottom, right = attributes.get("pads", [0, 0, 0, 0])
    return functional.pad(source, (left, right, top, bottom), value=value)


def _largest(attributes: dict[str, Any], source: Any) -> Any:
    if source.requires_grad:
        # The gradient of a pooled map comes channels first, and all layers before it would follow.
        source.register_hook(
            lambda gradient: gradient.contiguous(memory_format=torch.channels_last)
        )
    return source.amax(attributes["axes"], keepdim=bool(attributes["keepdims"]))


def _slice(_: dict[str, Any], source: Any, starts: Any, ends: Any, axes: Any) -> Any:
    for start, end, axis in zip(starts.tolist(), ends.tolist(), axes.tolist(), strict=True):
        source = source.narrow(axis, start, end - start)
    return source


_RUN: dict[str, Callable[..., Any]] = {
    "Add": lambda _, a, b: a + b,
    "AveragePool": lambda a, x: functional.avg_pool2d(x, a["kernel_shape"], a["strides"]),
    "Concat": lambda a, *parts: torch.cat(parts, a["axis"]),
    "Conv": _convolve,
    "Div": lambda _, a, b: a / b,
    "Flatten": lambda a, x: torch.flatten(x, a["axis"]),
    "Gemm": lambda _, x, weight, bias: functional.linear(x, weight, bias),
    "MaxPool": _pool_max,
    "Mul": lambda _, a, b: a * b,
    "ReduceMax": _largest,
    "ReduceMean": lambda a, x: x.mean(a["axes"], keepdim=bool(a["keepdims"])),
    "Relu": lambda _, x: torch.relu(x),
    "Sigmoid": lambda _, x: torch.sigmoid(x),
    "Slice": _slice,
    "Sqrt": lambda _, x: torch.sqrt(x),
    "Sub": lambda _, a, b: a - b,
}
