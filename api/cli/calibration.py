"""`yanji eval calibration`: how true the probabilities of the first five hits are."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import click

from yanji.api.cli.options import installation_options, set_up
from yanji.api.cli.output import print_json, print_line, table
from yanji.configs.errors import ModelError, UsageError
from yanji.detect.travel import View


@click.command("calibration")
@click.option(
    "--crops", type=click.Path(path_type=Path), help="Rendered crops (`yanji testcity crops`)."
)
@click.option("--images", type=click.Path(path_type=Path), help="Folder of real crops.")
@click.option("--list", "list_file", type=click.Path(path_type=Path), help="Their names.")
@click.option(
    "--view",
    type=click.Choice(get_args(View)),
    help="What all listed crops show [default: unknown].",
)
@click.option("--all", "whole", is_flag=True, help="All vehicles: none of them was fitted on.")
@click.option("--model", help="Name of the embedder [default: that of the settings].")
@installation_options
def eval_calibration(
    crops: Path | None,
    images: Path | None,
    list_file: Path | None,
    view: str | None,
    whole: bool,
    model: str | None,
    settings_file: Path | None,
    archive: Path | None,
    as_json: bool,
) -> int:
    """How true the probabilities of the first five hits are, beside who always says the mean.

    Either on rendered crops (--crops) or on a list of real ones (--images, --list). Half of the
    vehicles, by a hash of their names, is what cards are fitted on; the other half is measured on.
    """
    from yanji.api.pipeline import open_reid
    from yanji.detect.card import load_card
    from yanji.reid.calibration import calibration_of, is_calibrated
    from yanji.reid.evaluate_calibration import listed_report, rendered_report
    from yanji.reid.shots import halves, listed_shots, rendered_shots

    if (crops is None) == (images is None and list_file is None):
        raise UsageError("Give either --crops, or --images and --list.")
    if (images is None) != (list_file is None):
        raise UsageError("--images and --list belong together.")
    if crops is not None and view is not None:
        raise UsageError("--view belongs to --list: rendered crops say what they show.")
    setup = set_up(
        as_json=as_json,
        archive=archive,
        settings_file=settings_file,
        flags={"embedder": model} if model else None,
    )
    name = setup.settings.embedder
    if not is_calibrated(name, setup.settings.models):
        raise ModelError(
            f"The card of model {name!r} carries no calibration.",
            hint="python -m yanji.reid.training.calibrate writes one.",
        )
    calibration = calibration_of(load_card(name, setup.settings.models))
    if calibration is None:
        raise AssertionError("is_calibrated said that there is one")
    embedder = open_reid(setup.settings)
    if crops is not None:
        shots = rendered_shots(crops, embedder)
    elif images is not None and list_file is not None:
        shots = listed_shots(images, list_file, embedder, view)
    shots = shots if whole else halves(shots)[1]
    reports = (rendered_report if crops is not None else listed_report)(shots, calibration)
    if as_json:
        print_json(reports)
        return 0
    for line in report_lines(reports):
        print_line(line)
    return 0


def report_lines(reports: dict[str, Any]) -> list[str]:
    """A table of all galleries, and the bins of the first."""
    rows = []
    for gallery, parts in reports.items():
        for part, figures in parts.items():
            if part == "bins":
                continue
            rows.append(
                [
                    gallery,
                    part,
                    str(figures["num_events"]),
                    f"{figures['share_true']:.3f}",
                    f"{figures['mean_said']:.3f}",
                    _with_interval(figures, "ece"),
                    f"{figures['brier']:.4f}",
                    f"{figures['constant_brier']:.4f}",
                    _with_interval(figures, "gain"),
                ]
            )
    heads = ["gallery", "", "events", "true", "said", "ECE (95 %)", "Brier", "constant"]
    lines = table([*heads, "gain (95 %)"], rows)
    bins = next(iter(reports.values()))["bins"]
    lines.append("said -> true: " + ", ".join(f"{b['said']:.2f} -> {b['true']:.2f}" for b in bins))
    return lines


def _with_interval(figures: dict[str, Any], key: str) -> str:
    low, high = figures[f"{key}_95"]
    return f"{figures[key]:.3f} ({low:.3f} to {high:.3f})"
