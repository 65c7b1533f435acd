"""Which embedders there are, and how to open one by name."""

from __future__ import annotations

from pathlib import Path

from yanji.configs.default_models import DEFAULT_EMBEDDER
from yanji.configs.errors import UsageError
from yanji.detect.card import list_cards, load_card
from yanji.detect.runtime import OpenModel, PrecisionName, RuntimeName, int8_or_auto
from yanji.reid.backends import histogram
from yanji.reid.backends.histogram import HistogramEmbedder
from yanji.reid.backends.onnx_embedder import OnnxEmbedder
from yanji.reid.embedder import Embedder

__all__ = ["DEFAULT_EMBEDDER", "list_embedders", "open_embedder"]


def list_embedders(folder: Path | None = None) -> list[str]:
    """Name every embedder: the cards of the registry (and of a folder of one's own) with the task
    `embed`, and the baseline.
    """
    cards = [name for name in list_cards(folder) if load_card(name, folder).task == "embed"]
    return sorted([*cards, histogram.NAME])


def open_embedder(
    name: str = DEFAULT_EMBEDDER,
    runtime: RuntimeName = "auto",
    precision: PrecisionName = "auto",
    weights: Path | None = None,
    open_model: OpenModel | None = None,
    folder: Path | None = None,
) -> Embedder:
    """Open an embedder; weights are verified and proved by their golden vectors.

    Embedders get crops of vehicles only. No code gives one the crop of a person.

    Args:
        name: one of `list_embedders()`.
        runtime: see `yanji.detect.runtime.open_runtime`; the baseline takes none.
        precision: likewise; `int8` where the model has it, else as `auto`.
        weights: another place of the weights file; None: as the card says.
        open_model: opens the network elsewhere than in this process; the baseline needs none.
        folder: models that are not shipped (the setting `models`).

    Raises:
        UsageError: no embedder of this name.
        ModelError: weights missing, damaged, or other answers than the golden vectors.
    """
    if name == histogram.NAME:
        return HistogramEmbedder()
    if name not in list_embedders(folder):
        raise UsageError(
            f"There is no embedder named {name!r}.",
            hint=f"Known embedders: {', '.join(list_embedders(folder))}.",
        )
    card = load_card(name, folder)
    return OnnxEmbedder(card, runtime, int8_or_auto(card, precision), weights, open_model)
