"""The card of a trained detector, its golden vectors and its page, all written from the run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from yanji.detect.card import Card, sha256_of
from yanji.detect.golden import golden_picture
from yanji.detect.runtimes.onnxruntime import open_onnxruntime
from yanji.detect.training.branch import Rows
from yanji.detect.training.thresholds import TARGET, Chosen

GOLDEN_SEED: Final = 91
NUM_BEST: Final = 16
NUM_OTHER: Final = 24
"""Anchors of the golden picture that are kept: the surest and others, with all their rows."""
TOLERANCE: Final = {"f32": 0.02, "bf16": 0.3}
"""As for the start model: the arithmetic is the same."""
FEW: Final = 20
"""Held-out objects below which the card calls a class's figures a guess."""
_PERSONS: Final = {
    "classes": "are answered by the start model's own weights: its boxes, its scores, to the bit.",
    "head": "have the start model's scores; their boxes were held to its own while boxes moved.",
    "all": "were held to the start model's answers while all weights moved; see `persons`.",
}


@dataclass(frozen=True, slots=True)
class Told:
    """What a run tells its card."""

    data: Mapping[str, Any]
    """Where the frames are from, how many, which cameras on which side."""
    licence: str
    """Of the labelled frames."""
    recipe: Mapping[str, Any]
    versions: Mapping[str, str]
    thresholds: Mapping[str, Chosen]
    precision: float
    """That was asked for."""
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    """Figures on the held-out cameras, see `yanji.detect.evaluate.evaluate_folder`."""
    persons: Mapping[str, Any]
    limits: Sequence[str] = ()


def write_golden(card: Card, weights: Path, out: Path) -> None:
    """Write what the weights answer to the golden picture in onnxruntime fp32.

    Kept are all rows of the surest anchors and of others spread evenly, as `indices_K` into the
    flattened answer and `values_K`.

    Args:
        card: of the new model.
        weights: its file; one that had other weights before has to have another name, since
            sessions are kept by name.
        out: the .npz file.
    """
    runtime = open_onnxruntime(card, weights, "f32", (1, *card.input.sizes[0]))
    answer = runtime.run(golden_picture(GOLDEN_SEED, *card.input.sizes[0])[None])[0]
    rows, anchors = answer.shape
    surest = np.argsort(-answer[4:].max(axis=0), kind="stable")[:NUM_BEST]
    spread = np.linspace(0, anchors - 1, NUM_OTHER).astype(np.int64)
    chosen = np.unique(np.concatenate([surest, spread]))
    indices_K = (np.arange(rows)[:, None] * anchors + chosen[None, :]).ravel()
    np.savez(out, indices_K=indices_K, values_K=answer.ravel()[indices_K].astype(np.float32))


def card_document(
    name: str, weights: Path, start: Card, rows: Rows, told: Told | None
) -> dict[str, Any]:
    """Return the card as a document.

    Args:
        name: of the new model.
        weights: its file.
        start: card of the start model.
        rows: what it answers.
        told: of the run; None: a card without figures, to open the model with.
    """
    document = {
        "name": name,
        "task": "detect",
        "version": "1",
        "summary": f"{start.name} with a class branch trained for {', '.join(rows.trained)}",
        "licence": start.licence,
        "source": {"file": f"{name}.onnx", "upstream": start.source.upstream},
        "sha256": sha256_of(weights),
        "size_bytes": weights.stat().st_size,
        "input": start.input.model_dump(mode="json"),
        "output_name": start.output_name,
        "num_classes": rows.num,
        "class_map": {str(row): kind for row, kind in rows.class_map.items()},
        "person_class": rows.person_class,
        "overhead_map": {str(row): kind for row, kind in rows.overhead_map.items()},
        "golden": {
            "recipe": "stripes-and-discs",
            "seed": GOLDEN_SEED,
            "size": list(start.input.sizes[0]),
            "file": f"{name}-golden.npz",
            "measure": "yolo_rms",
            "tolerance": TOLERANCE,
        },
    }
    return document if told is None else document | _of_run(start, rows, told)


def _of_run(start: Card, rows: Rows, told: Told) -> dict[str, Any]:
    """Return the parts of the card that only a run can tell."""
    held_out = ", ".join(told.data["cameras_held_out"])
    frames = {"name": told.data["source"], "licence": told.licence}
    return {
        "data": [
            {"name": start.name, "licence": start.licence, "purpose": "start weights"},
            {**frames, "purpose": "training", "what": f"{told.data['num_train']} frames"},
            {**frames, "purpose": "choices", "what": f"{told.data['num_held_out']} frames"},
        ],
        "figures": {
            "trained_from": {"model": start.name, "sha256": start.sha256},
            "data": dict(told.data),
            "recipe": dict(told.recipe),
            "versions": dict(told.versions),
            "thresholds": {
                "wanted_precision": told.precision,
                "now_at": TARGET,
                "groups": {group: _threshold(one) for group, one in told.thresholds.items()},
            },
            "held_out_before": rounded(told.before),
            "held_out_after": rounded(told.after),
            "persons": rounded(told.persons),
        },
        "main_figures": ["held_out_after/any_vehicle/AP50", "held_out_before/any_vehicle/AP50"],
        "protocols": {
            "held_out_before": f"{start.name} on the held-out cameras {held_out}",
            "held_out_after": f"held-out cameras {held_out}",
            "any_vehicle": "any vehicle class",
            "AP50": "IoU 0.5",
        },
        "limits": [*told.limits, *_limits(start, rows, told)],
    }


def rounded(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Four digits: more than any of these sets can tell."""
    return {
        key: rounded(value)
        if isinstance(value, Mapping)
        else round(value, 4)
        if isinstance(value, float)
        else value
        for key, value in figures.items()
    }


def page_text(card: Mapping[str, Any]) -> str:
    """Return the card for people, as Markdown."""
    figures = card["figures"]
    data, before, after = figures["data"], figures["held_out_before"], figures["held_out_after"]
    begun, chosen = figures["trained_from"]["model"], figures["thresholds"]
    lines = [
        f"# {card['name']}",
        "",
        f"{card['summary']}. Written by `yanji train detect`.",
        "",
        f"- **Licence** {card['licence']}, that of the start weights ({begun}).",
        f"- **Data** {data['source']}: {data['num_train']} frames of "
        f"{', '.join(data['cameras'])}; held out: {data['num_held_out']} frames of "
        f"{', '.join(data['cameras_held_out'])}.",
        f"- **Persons** {_PERSONS[figures['recipe']['part']]}",
        f"- **Scores** are shifted, for each group of classes, so that {chosen['now_at']:g} is the "
        f"lowest one with a precision of {chosen['wanted_precision']:g} on the held-out cameras (a "
        "box is right when it lies on a vehicle of the group).",
        "",
        "| held-out cameras | objects | AP50 before → after | recall at 0.25 | precision at 0.25 |",
        "|---|---|---|---|---|",
    ]
    for kind, values in after.items():
        old = before.get(kind, {})
        lines.append(
            f"| {kind} | {values['num_objects']} | "
            + " | ".join(
                f"{_figure(old.get(key))} → {_figure(values[key])}"
                for key in ("AP50", "recall_at_0.25", "precision_at_0.25")
            )
            + " |"
        )
    lines += ["", "What it cannot do:", "", *[f"- {limit}" for limit in card["limits"]], ""]
    return "\n".join(lines)


def write_card(card: Mapping[str, Any], out: Path) -> None:
    """Write the card and its page (`.json` and `.md`)."""
    out.with_suffix(".md").write_text(page_text(card), encoding="utf-8")
    text = json.dumps(card, indent=2, ensure_ascii=False) + "\n"
    out.with_suffix(".json").write_text(text, encoding="utf-8")


def _threshold(one: Chosen) -> dict[str, Any]:
    return rounded(
        {
            "score": one.score,
            "shift": one.shift,
            "precision": one.precision,
            "num_boxes": one.num_boxes,
            "num_objects": one.num_truths,
            "reached": one.reached,
        }
    )


def _limits(start: Card, rows: Rows, told: Told) -> list[str]:
    data = told.data
    limits = [
        f"Figures are of {len(data['cameras_held_out'])} held-out cameras of the same data "
        f"({data['source']}); they say nothing about another place.",
        "Thresholds were chosen on these very cameras: their precision is the one asked for.",
    ]
    if told.recipe["part"] == "classes":
        limits.append("Boxes are those of the start model: they are not moved towards the labels.")
    missed = [group for group, one in told.thresholds.items() if not one.reached]
    if missed:
        limits.append(
            f"No threshold reached the wanted precision, or there were fewer than {FEW} objects "
            f"to choose it by: {', '.join(missed)}."
        )
    kept = sorted(set(rows.class_map.values()) - set(rows.trained))
    if kept:
        limits.append(f"Not trained, answered as by {start.name}: {', '.join(kept)}.")
    limits.append("There is no int8 file: a processor without bf16 computes it in fp32.")
    return limits


def _figure(value: Any) -> str:
    return "-" if value is None else f"{value:.3f}"
