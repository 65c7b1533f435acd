"""The ONNX file of the start model: its weights out of it, the trained branch into it.

The new file is the start model's own graph, with its dynamic sizes, and one branch more: no
exporter is asked, and what was not trained cannot have changed. Needs `onnx` (the extra).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from yanji.detect.detections import FloatArray
from yanji.detect.training.branch import NUM_LEVELS, Arrays, Rows, last_layer, layers

OUTPUT: Final = "output0"
NEW: Final = "trained/"
"""Begins the names of what is added."""


def weights_of(path: Path) -> dict[str, FloatArray]:
    """Read every weight that training knows, by name."""
    model = onnx.load(str(path))
    return {
        item.name: numpy_helper.to_array(item).copy()
        for item in model.graph.initializer
        if item.name.startswith("model.")
    }


def with_branch(start: Path, branch: Arrays, rows: Rows, moved: Arrays | None = None) -> Any:
    """Build the new model: boxes, kept rows, trained rows, as (batch, 4 + rows, anchors).

    Args:
        start: the start model's file; not changed.
        branch: as `yanji.detect.training.branch.begin` gives it, trained.
        rows: what the rows are.
        moved: weights of the start model that were trained too, by name; None: none.

    Raises:
        KeyError: the file is not laid out as YOLO11 is.
    """
    model = onnx.load(str(start))
    graph = model.graph
    for item in graph.initializer:
        if moved is not None and item.name in moved:
            array = np.ascontiguousarray(moved[item.name], np.float32)
            item.CopyFrom(numpy_helper.from_array(array, item.name))
    head = next(node for node in graph.node if OUTPUT in node.output)
    boxes, classes = head.input
    convolutions = {node.input[1]: node for node in graph.node if node.op_type == "Conv"}
    added: list[Any] = []
    levels = []
    for level in range(NUM_LEVELS):
        value = convolutions[f"{layers(level)[0]}.weight"].input[0]
        for layer in layers(level):
            value = _convolution(graph, added, convolutions[f"{layer}.weight"], branch, value)
            if layer != last_layer(level):
                added.append(_node("Sigmoid", [value], f"{value}/sigmoid"))
                added.append(_node("Mul", [value, f"{value}/sigmoid"], f"{value}/silu"))
                value = f"{value}/silu"
        shape = np.array([0, len(rows.trained), -1], np.int64)  # 0: the batch, as it is
        graph.initializer.append(numpy_helper.from_array(shape, f"{NEW}shape{level}"))
        levels.append(f"{NEW}level{level}")
        added.append(_node("Reshape", [value, f"{NEW}shape{level}"], levels[-1]))
    kept = np.array(rows.kept, np.int64)
    graph.initializer.append(numpy_helper.from_array(kept, f"{NEW}kept"))
    added += [
        _node("Concat", levels, f"{NEW}logits", axis=2),
        _node("Sigmoid", [f"{NEW}logits"], f"{NEW}scores"),
        _node("Gather", [classes, f"{NEW}kept"], f"{NEW}kept_scores", axis=1),
        _node("Concat", [boxes, f"{NEW}kept_scores", f"{NEW}scores"], OUTPUT, axis=1),
    ]
    graph.node.remove(head)
    graph.node.extend(added)
    answer = graph.output[0].type.tensor_type
    assert answer.elem_type == TensorProto.FLOAT  # noqa: S101 - else it is no YOLO11
    answer.shape.dim[1].dim_value = 4 + rows.num
    del graph.value_info[:]
    # What the exporter wrote about the start model is not true of this one.
    del model.metadata_props[:]
    model.producer_name, model.producer_version, model.doc_string = "yanji", "", ""
    graph.name = "yanji-detector"
    onnx.checker.check_model(model)
    return model


def _convolution(graph: Any, added: list[Any], like: Any, branch: Arrays, value: str) -> str:
    """Append a convolution with the attributes of `like` and the branch's weights."""
    names = [f"{NEW}{name}" for name in like.input[1:3]]
    for name, own in zip(like.input[1:3], names, strict=True):
        array = np.ascontiguousarray(branch[name], np.float32)
        graph.initializer.append(numpy_helper.from_array(array, own))
    output = f"{names[0].removesuffix('.weight')}/out"
    node = helper.make_node("Conv", [value, *names], [output], name=output)
    node.attribute.extend(like.attribute)
    added.append(node)
    return output


def _node(kind: str, inputs: list[str], output: str, **attributes: Any) -> Any:
    return helper.make_node(kind, inputs, [output], name=output, **attributes)
