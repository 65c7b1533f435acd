"""Scores of many models become figures, and figures Markdown tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from yanji.reid.cross_view import NUM_DRAWS, TASKS
from yanji.reid.paired import compare_paired
from yanji.reid.query_scores import MEASURES, QueryScores, averaged, means_of
from yanji.reid.training.compare_sets import Scores

Figures = dict[str, Any]
Parts = Mapping[str, frozenset[str]]
"""Name -> rendered vehicles whose figures are wanted apart."""

_DRAWN: Final = frozenset({*TASKS, "front_rear_masked"})
"""Made of `NUM_DRAWS` draws of equal size, one after the other."""


_PARTS_TOLD: Final = frozenset(
    {
        *("val/two_wheeler", "val/four_wheel"),
        *("front_rear/two_wheeler", "front_rear/four_wheel", "front_rear/no_livery"),
    }
)
"""Parts of sets whose paired differences are printed; all are in the JSON."""
_ANECDOTES: Final = ("prius", "prius_street")
"""Two queries each: their ranks are told, a mean would say less."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One line of the tables: a model, or several trainings of one."""

    name: str
    runs: tuple[Scores, ...]
    """One for each training seed; at least one, all with the same sets."""
    variants: tuple[Mapping[str, Scores], ...] = ()
    """For each run: whitened, re-ranked; empty when not asked for."""


def entries_of(scores: Scores, parts: Parts) -> Scores:
    """Sets, and under `<set>/<group>` their parts; of rendered ones also those of `parts`."""
    entries: Scores = {}
    for name, one in scores.items():
        entries[name] = one
        groups = [str(group) for group in np.unique(one.groups_Q)]
        for group in groups if len(groups) > 1 else ():
            entries[f"{name}/{group}"] = one.of_group(group)
        for part, vehicles in parts.items() if name in _DRAWN else ():
            keep_Q = np.array([str(vehicle) in vehicles for vehicle in one.vehicles_Q], bool)
            entries[f"{name}/{part}"] = one.where(keep_Q)
    return entries


def figures_of_runs(name: str, runs: Sequence[QueryScores]) -> Figures:
    """Mean over runs; spread (standard deviation, n - 1) over runs, of one run over its draws.

    Returns:
        {"mAP", "R1", "R5", "num_queries", "num_vehicles"}, of two queries only "ranks" (those of
        each run), and "<measure>_spread" where there are
        several runs or draws; queries of one run and draw.
    """
    draws = NUM_DRAWS if name.split("/")[0] in _DRAWN else 1
    samples = list(runs)
    if len(runs) == 1:
        one = runs[0]
        rows = np.arange(len(one.vehicles_Q))
        size = max(len(rows) // draws, 1)
        samples = [one.where(rows // size == k) for k in range(draws)]
    means = [means_of(sample) for sample in samples]
    figures: Figures = {
        measure: float(np.mean([one[measure] for one in means])) for measure in MEASURES
    }
    if len(means) > 1:
        for measure in MEASURES:
            figures[f"{measure}_spread"] = float(np.std([one[measure] for one in means], ddof=1))
    if name in _ANECDOTES:
        # One right answer for each query: average precision is 1 / rank.
        figures["ranks"] = [[round(1 / value) for value in run.values_Q3[:, 0]] for run in runs]
    figures["num_queries"] = len(runs[0].vehicles_Q) // draws
    figures["num_vehicles"] = len(np.unique(runs[0].vehicles_Q))
    return figures


def all_figures(models: Sequence[Compared], parts: Parts) -> dict[str, Any]:
    """`{"models": {name: {entry: figures}}, "variants": {name: {variant: {set: figures}}}}`."""
    figures: dict[str, Any] = {"models": {}, "variants": {}}
    for model in models:
        runs = [entries_of(run, parts) for run in model.runs]
        figures["models"][model.name] = {
            entry: figures_of_runs(entry, [run[entry] for run in runs]) for entry in runs[0]
        }
        if model.variants:
            figures["variants"][model.name] = {
                variant: {
                    entry: figures_of_runs(entry, [run[variant][entry] for run in model.variants])
                    for entry in model.variants[0][variant]
                }
                for variant in model.variants[0]
            }
    return figures


def all_differences(
    models: Sequence[Compared], asked: Sequence[str], against: Sequence[str],
    parts: Parts,
) -> dict[str, Any]:  # fmt: skip
    """`{"<one> - <other>": {entry: {measure: difference}}}`; runs of one model are averaged."""
    whole = {
        model.name: {
            entry: averaged([entries_of(run, parts)[entry] for run in model.runs])
            for entry in entries_of(model.runs[0], parts)
        }
        for model in models
        if model.name in {*asked, *against}
    }
    differences: dict[str, Any] = {}
    for one in asked:
        for other in against:
            if one == other or one not in whole or other not in whole:
                continue
            differences[f"{one} - {other}"] = {
                entry: {
                    measure: asdict(difference)
                    for measure, difference in compare_paired(scores, whole[other][entry]).items()
                }
                for entry, scores in whole[one].items()
            }
    return differences


def cell(figures: Figures | None) -> str:
    """Write mAP/R1/R5 in percent, and the spread of R1 where there is one."""
    if figures is None or not figures["num_queries"]:
        return "–"
    if "ranks" in figures:
        return "; ".join(", ".join(str(rank) for rank in run) for run in figures["ranks"])
    text = "/".join(f"{100 * figures[name]:.1f}" for name in MEASURES)
    return text + (f" ±{100 * figures['R1_spread']:.1f}" if "R1_spread" in figures else "")


_TABLES: Final[Mapping[str, Mapping[str, str]]] = {
    "val.txt, other camera; last column VeRi": {
        "all": "val",
        "two-wheelers": "val/two_wheeler",
        "four wheels": "val/four_wheel",
        "all (VeRi)": "val_veri",
    },
    "rendered, front against rear": {
        "all": "front_rear",
        "four wheels": "front_rear/four_wheel",
        "two-wheelers": "front_rear/two_wheeler",
        "three-wheelers": "front_rear/three_wheeler",
        "of a fleet": "front_rear/fleet",
        "no livery": "front_rear/no_livery",
    },
    "rendered, light against light": {
        "day, night": "day_night",
        "the same, near sides": "day_night_near",
        "day, evening": "day_evening",
        "day, overcast": "day_overcast",
    },
    "real, two sides": {
        "motorway": "motorway",
        "Prius front, rear: ranks of 7": "prius",
        "ranks of 55": "prius_street",
    },
    "two-wheelers, rider's body as it is and covered": {
        "val.txt": "val/two_wheeler",
        "covered": "val_masked",
        "rendered front, rear": "front_rear/two_wheeler",
        "covered ": "front_rear_masked",
    },
}


def markdown(figures: Mapping[str, Any], differences: Mapping[str, Any]) -> str:
    """Write every table for which there are figures."""
    models = figures["models"]
    known = {entry for one in models.values() for entry in one}
    lines: list[str] = []
    for title, columns in _TABLES.items():
        if not known & set(columns.values()):
            continue
        counts = [
            next((str(one[entry]["num_vehicles"]) for one in models.values() if entry in one), "0")
            for entry in columns.values()
        ]
        heads = [f"{head} ({count})" for head, count in zip(columns, counts, strict=True)]
        lines += ["", f"{title}: mAP/R1/R5 in percent (vehicles asked for)", ""]
        lines += [_row("model", heads)]
        lines.append("|---" * (len(columns) + 1) + "|")
        lines += [
            _row(name, [cell(one.get(entry)) for entry in columns.values()])
            for name, one in models.items()
        ]
    lines += _variant_lines(figures)
    for pair, entries in differences.items():
        lines += ["", f"{pair}: points, 95 % interval over vehicles", ""]
        lines += [_row("set", ["mAP", "R1", "vehicles"]), "|---|---|---|---|"]
        told = {
            entry: measures
            for entry, measures in entries.items()
            if measures["mAP"]["num_vehicles"] > 1 and ("/" not in entry or entry in _PARTS_TOLD)
        }
        for entry, measures in told.items():
            spans = [
                f"{100 * one['mean']:+.1f} ({100 * one['low']:+.1f} to {100 * one['high']:+.1f})"
                for one in (measures["mAP"], measures["R1"])
            ]
            lines.append(_row(entry, [*spans, str(measures["mAP"]["num_vehicles"])]))
    return "\n".join(lines[1:])


def _variant_lines(figures: Mapping[str, Any]) -> list[str]:
    lines: list[str] = []
    for name, variants in figures["variants"].items():
        sets = list(next(iter(variants.values())))
        if not lines:
            lines += ["", "whitened and re-ranked: mAP/R1/R5 in percent", ""]
            lines += [_row("model", ["vectors", *sets]), "|---" * (len(sets) + 2) + "|"]
        plain = figures["models"][name]
        lines.append(_row(name, ["plain", *[cell(plain.get(entry)) for entry in sets]]))
        lines += [
            _row("", [variant.replace("_", ", "), *[cell(entries[entry]) for entry in sets]])
            for variant, entries in variants.items()
        ]
    return lines


def _row(first: str, cells: Sequence[str]) -> str:
    return f"| {first} | {' | '.join(cells)} |"
