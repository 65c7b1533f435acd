"""Calibrate an embedder and write the result onto its card.

    yanji testcity crops --out DIR --identities 600 --views 8 --seed 9001 --size 192
    python -m yanji.reid.training.calibrate --model NAME --crops DIR \\
        [--images DIR --list val.txt --view rear] [--models models]

Half of the vehicles (by a hash of their names) are fitted on; `yanji eval calibration` measures on
the others. Neither half may have been trained on. Without `--list` only rendered crops are fitted
on. The card is written whole or not at all; one that carried a calibration carries the new one.
"""

from __future__ import annotations

import argparse
import json
import os
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, get_args

import cv2
from pydantic import JsonValue

from yanji.configs.errors import ModelError, UsageError
from yanji.detect.card import Card, read_card, standing_in
from yanji.detect.card_calibration import CardCalibration, ScoreCurve
from yanji.detect.travel import View
from yanji.reid.backends.onnx_embedder import OnnxEmbedder
from yanji.reid.calibration import Calibration
from yanji.reid.calibration_measures import Events, figures_of_events, joined
from yanji.reid.calibration_pairs import fit_curves
from yanji.reid.evaluate_calibration import RULES, ask_all
from yanji.reid.shots import Shots, halves, listed_shots, rendered_shots

Curves = dict[str, dict[str, ScoreCurve]]
LIMIT: Final = "Probabilities:"
"""How the one limit about them begins on a card, so that a new one replaces it."""
LIMITS: Final = (
    "Fitted on rendered vehicles and, for rear views by day, on real ones of two cameras; true on "
    "others of these (docs/design/calibration.md), not measured on another city's streets.",
    "One of the sightings compared is expected to be the vehicle: too low where it passed several "
    "cameras, too high where it is mostly not there. Too low for small and blurred crops. They "
    "weigh the look alone, not times and roads.",
    "Say nothing of a vehicle that was taken for another group, of a query moved by verdicts, or "
    "of other weights.",
)


def calibrated_text(text: str, name: str, sources: Sequence[Shots], words: Sequence[str]) -> str:
    """Return the card's text with a calibration fitted on the first half of each source.

    Raises:
        ModelError: the card is wrong.
        UsageError: too few vehicles.
    """
    card = read_card(text, name)
    curves = fit_curves([halves(source)[0] for source in sources])
    part = CardCalibration(
        weights_sha256=card.sha256,
        curves=curves,
        fitted_on=tuple(words),
        figures=figures_of(card, curves, sources, words),
        limits=LIMITS,
    )
    document: dict[str, Any] = json.loads(text)
    document["calibration"] = part.model_dump(mode="json", exclude_defaults=True)
    limits = [one for one in document.get("limits", []) if not one.startswith(LIMIT)]
    document["limits"] = [*limits, f"{LIMIT} {' '.join(LIMITS)}"]
    written = _compact(json.dumps(document, indent=2, ensure_ascii=False)) + "\n"
    read_card(written, name)  # what is written is what is read
    return written


def figures_of(
    card: Card,
    curves: Curves,
    sources: Sequence[Shots],
    words: Sequence[str],
) -> dict[str, JsonValue]:
    """Measure each half of each source with curves fitted on the other halves.

    The card's curves are measured as `yanji eval calibration` does; those of the other half serve
    here only, for twice as many events. Rendered crops ask in the first of the drawn galleries.
    """
    parted = [halves(source) for source in sources]
    swapped = fit_curves([second for _, second in parted])
    figures: dict[str, JsonValue] = {}
    for pair, word in zip(parted, words, strict=True):
        events = list[Events]()
        for shots, fitted in zip(pair, (swapped, curves), strict=True):
            rendered = len(set(shots.views_N.tolist())) > 1
            rule = next(iter(RULES.values())) if rendered else None
            asked = ask_all(shots, Calibration(card.name, card.sha256, fitted), rule)
            # Vehicles of the two halves are numbered apart.
            events.append(replace(asked.events, owner_E=2 * asked.events.owner_E + len(events)))
        figures[word] = {
            key: [round(one, 4) for one in value] if isinstance(value, list) else round(value, 4)
            for key, value in figures_of_events(joined(events)).items()
        }
    return figures


def _compact(text: str) -> str:
    """Write each list of many numbers on one line: a point a line could not be read."""
    return re.sub(
        r"\[\s*(-?[\d.e+-]+(?:,\s*-?[\d.e+-]+){3,})\s*\]",
        lambda found: "[" + re.sub(r"\s+", " ", found[1]) + "]",
        text,
    )


def write_whole(path: Path, text: str) -> None:
    """Write beside, then rename: a card is never half of one."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def read_model(models: Path, name: str) -> tuple[str, Card]:
    """Read a card of a folder.

    Raises:
        ModelError: there is none, it is wrong, or of a detector.
    """
    path = models / f"{name}.json"
    if not path.is_file():
        raise ModelError(f"There is no card {path.name} in {models}.")
    text = path.read_text(encoding="utf-8")
    card = standing_in(read_card(text, name), models)
    if card.task != "embed":
        raise ModelError(f"{name} is no embedder: only scores of embedders are calibrated.")
    return text, card


def main() -> None:
    """Read the arguments, embed, fit, write the card."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--crops", type=Path, required=True, action="append")
    parser.add_argument("--images", type=Path)
    parser.add_argument("--list", type=Path)
    parser.add_argument("--view", choices=get_args(View), help="what all listed crops show")
    parser.add_argument("--models", type=Path, default=Path("models"))
    arguments = parser.parse_args()
    if (arguments.images is None) != (arguments.list is None):
        raise UsageError("--images and --list belong together.")
    cv2.setNumThreads(1)
    text, card = read_model(arguments.models, arguments.model)
    embedder = OnnxEmbedder(card, "onnxruntime", "f32")
    sources, words = [], []
    for folder in arguments.crops:
        sources.append(rendered_shots(folder, embedder))
        order = json.loads((folder / "order.json").read_text(encoding="utf-8"))
        words.append(
            f"{order['identities']} rendered vehicles, {order['views']} views each, "
            f"seed {order['seed']}"
        )
    if arguments.list is not None:
        shots = listed_shots(arguments.images, arguments.list, embedder, arguments.view)
        sources.append(shots)
        num = len(set(shots.vehicles_N.tolist()))
        words.append(f"{num} real vehicles of {arguments.list.name}")
    written = calibrated_text(text, arguments.model, sources, words)
    write_whole(arguments.models / f"{arguments.model}.json", written)
    curves = read_card(written, arguments.model).calibration
    for group, pairs in (curves.curves if curves is not None else {}).items():
        for pair, curve in pairs.items():
            print(
                f"{group} {pair}: {curve.kind}, {curve.num_same} pairs of one vehicle, "
                f"log LR {curve.log_ratios[0]:.1f} to {curve.log_ratios[-1]:.1f}"
            )


if __name__ == "__main__":
    main()
