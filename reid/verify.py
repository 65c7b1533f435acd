"""Every model of the registry held against its card, in every way that this machine can compute it.

What a live installation chooses by itself it may also leave with a warning (`precision: auto` goes
on in f32); here nothing is left: each runtime and precision answers for itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from yanji.configs.errors import ModelError
from yanji.detect.card import Card, list_cards, list_models, load_card
from yanji.detect.runtime import provable, prove
from yanji.reid.colour import load_weights
from yanji.reid.colour_card import ColourCard, load_colour_card, prove_colours


@dataclass(frozen=True, slots=True)
class Proof:
    """One model in one way of computing."""

    model: str
    runtime: str
    """`openvino`, `onnxruntime`; `numpy` for what is no network; empty: the card cannot be used."""
    precision: str
    away: float | None
    """From the golden vectors, in the card's measure; None: it did not come to that."""
    allowed: float | None
    why: str = ""
    """What is wrong; empty: all is as the card says."""
    hint: str = ""

    @property
    def ok(self) -> bool:
        """Whether all is as the card says."""
        return not self.why


def load_about(name: str, folder: Path | None = None) -> Card | ColourCard:
    """Read the card of any model.

    Args:
        name: one of `list_models(folder)`.
        folder: networks of one's own; None: none.

    Raises:
        ModelError: no such card, or a damaged one.
    """
    if name in list_models() and name not in list_cards():
        return load_colour_card(name)
    try:
        return load_card(name, folder)
    except ModelError as error:
        if name in list_models(folder):
            raise
        # `load_card` names networks only.
        known = ", ".join(list_models(folder))
        raise ModelError(error.message, hint=f"Known models: {known}.") from None


def verify_model(name: str, folder: Path | None = None) -> Iterator[Proof]:
    """Prove one model in every way; a card that cannot be read is one failed proof.

    Args:
        name: one of `list_models(folder)`.
        folder: networks of one's own; None: none.

    Raises:
        ModelError: there is no such model.
    """
    if name not in list_models(folder):
        load_about(name, folder)
    try:
        card = load_about(name, folder)
    except ModelError as error:
        yield Proof(name, "", "", None, None, error.message, error.hint)
        return
    if isinstance(card, ColourCard):
        yield _colours(card)
        return
    for runtime, precision in provable(card):
        tolerance = card.golden.tolerance if card.golden is not None else {}
        allowed = next((value for key, value in tolerance.items() if key == precision), None)
        try:
            away = prove(card, runtime, precision)
        except ModelError as error:
            yield Proof(name, runtime, precision, None, allowed, error.message, error.hint)
        else:
            yield Proof(name, runtime, precision, away, allowed)


def _colours(card: ColourCard) -> Proof:
    allowed = card.golden.tolerance
    try:
        load_weights.cache_clear()
        away = prove_colours(card, load_weights())
    except ModelError as error:
        return Proof(card.name, "numpy", "f32", None, allowed, error.message, error.hint)
    return Proof(card.name, "numpy", "f32", away, allowed)
