"""Whether a network is the one that its card describes: names and shapes of what goes in and out.

A card with another input size or name may load and answer nonsense, or fail at the first picture
with a message of the runtime's; so it is looked at when the file is opened, before it computes.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from yanji.configs.errors import ModelError
from yanji.detect.card import Card

Shape = tuple[int | None, ...]
"""None: free."""


@dataclass(frozen=True, slots=True)
class Graph:
    """Inputs and outputs of a network by name, as its file declares them."""

    inputs: dict[str, Shape]
    outputs: dict[str, Shape]


def require_fit(card: Card, graph: Graph) -> None:
    """Refuse a card that describes another network.

    Raises:
        ModelError: another input or output, other sizes, channels, length of a vector or number of
            classes.
    """
    wrong = _wrong_input(card, graph) or _wrong_output(card, graph)
    if wrong:
        raise ModelError(
            f"The card of model {card.name!r} does not fit its file: {wrong}.",
            hint="Use card and weights of one and the same training, or install the model again.",
        )


def _wrong_input(card: Card, graph: Graph) -> str:
    name = card.input.name
    if list(graph.inputs) != [name]:
        return f"its input is {name!r}, the file's {_names(graph.inputs)}"
    shape = graph.inputs[name]
    if len(shape) != 4 or shape[1] not in (None, 3):
        return f"the file's input is {_text(shape)}, not pictures (batch, 3, height, width)"
    if card.task == "embed" and shape[0] is not None:
        return f"the file takes batches of {shape[0]} only, and an embedder's are of any number"
    if shape[0] not in (None, 1):
        return f"the file takes batches of {shape[0]} only"
    if card.input.dynamic_size and None not in (shape[2], shape[3]):
        return f"its input has any size, the file's is {shape[2]} x {shape[3]} only"
    sizes = [*card.input.sizes, *([card.golden.size] if card.golden is not None else [])]
    for size in sizes:
        if any(real not in (None, said) for real, said in zip(shape[2:], size, strict=True)):
            return f"its input is {size[0]} x {size[1]} pixels, the file's {_text(shape[2:])}"
    return ""


def _wrong_output(card: Card, graph: Graph) -> str:
    name = card.output_name
    if name not in graph.outputs:
        return f"its output is {name!r}, the file's {_names(graph.outputs)}"
    shape = graph.outputs[name]
    if card.task == "embed":
        rest = shape[1:]
        known = [edge for edge in rest if edge is not None]
        if len(known) == len(rest) and prod(known) != card.dimension:
            return f"its vectors have {card.dimension} numbers, the file's {prod(known)}"
    elif card.num_classes is not None:
        rows = 4 + card.num_classes
        if len(shape) != 3 or shape[1] not in (None, rows):
            return f"its {card.num_classes} classes need {rows} rows, the file's are {_text(shape)}"
    return ""


def _names(there: dict[str, Shape]) -> str:
    return ", ".join(repr(name) for name in there) or "none"


def _text(shape: Shape) -> str:
    return " x ".join("any" if edge is None else str(edge) for edge in shape)
