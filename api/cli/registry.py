"""`yanji models`: what the models are, and whether they are still that."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from yanji.api.cli.output import print_json, print_line, table

if TYPE_CHECKING:
    from yanji.detect.about import About
    from yanji.reid.verify import Proof


_models_option = click.option(
    "--models",
    "folder",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Folder of models of one's own, too.",
)


@click.group("models")
def models_verb() -> None:
    """The registry of models: licence, data, figures, hashes, source."""


@models_verb.command("list")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--long", "long_form", is_flag=True, help="All that the cards say, of every model.")
@_models_option
@click.option("--json", "as_json", is_flag=True, help="As JSON on stdout.")
def models_list(names: tuple[str, ...], long_form: bool, folder: Path | None, as_json: bool) -> int:
    """List the models; with NAME all that its card says: data, figures, hashes, limits."""
    from yanji.detect.about import main_figure_texts
    from yanji.detect.card import list_models
    from yanji.reid.verify import load_about

    cards = [load_about(name, folder) for name in names or list_models(folder)]
    if as_json:
        print_json({"models": [card.model_dump(mode="json") for card in cards]})
        return 0
    if names or long_form:
        for number, card in enumerate(cards):
            print_line() if number else None
            for line in _all_of(card):
                print_line(line)
        return 0
    rows = [
        [card.name, card.task, card.licence, card.sha256[:12], *main_figure_texts(card)[:1]]
        for card in cards
    ]
    heads = ["model", "task", "licence", "sha256", "main figure"]
    for line in table(heads, [[*row, "-"][: len(heads)] for row in rows]):
        print_line(line)
    print_line("All of a model, its data and limits too: yanji models list NAME")
    return 0


def _all_of(card: About) -> list[str]:
    from yanji.detect.about import flat_figures, main_figure_texts

    source = card.source
    carried = f" of {source.package} {source.version}" if source.package else ", beside the card"
    lines = [
        f"{card.name}: {card.summary}",
        f"  task      {card.task}, version {card.version}",
        f"  licence   {card.licence}",
        f"  source    {source.file}{carried}" + (f"; {source.upstream}" if source.upstream else ""),
        f"  sha256    {card.sha256} ({card.size_bytes} bytes)",
        *_extras(card),
    ]
    for item in card.data:
        shipped = "" if item.shipped else "; not shipped"
        what = f": {item.what}" if item.what else ""
        lines.append(
            f"  data      {item.purpose}: {item.name}{what}; licence: {item.licence}{shipped}"
        )
    if not card.data:
        lines.append("  data      the card does not say")
    lines += [f"  main      {text}" for text in main_figure_texts(card)]
    lines += [f"  figure    {way} {value}" for way, value in flat_figures(card.figures).items()]
    lines += [f"  protocol  {name}: {text}" for name, text in card.protocols.items()]
    lines += [f"  limit     {limit}" for limit in card.limits]
    return lines


def _extras(card: About) -> list[str]:
    """What only networks have."""
    from yanji.detect.card import Card

    if not isinstance(card, Card):
        return []
    lines = []
    if card.quantised is not None:
        part = card.quantised
        lines.append(
            f"  int8      {part.file} {part.sha256} ({part.size_bytes} bytes); {part.tool}"
        )
    if card.golden is not None:
        allowed = ", ".join(f"{name} {value:g}" for name, value in card.golden.tolerance.items())
        lines.append(f"  golden    {card.golden.file}; {card.golden.measure}, allowed {allowed}")
    if card.task == "embed":
        odds = "none: scores are similarity" if card.calibration is None else "yes"
        lines.append(f"  odds      {odds}")
    return lines


@models_verb.command("verify")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@_models_option
@click.option("--json", "as_json", is_flag=True, help="As JSON on stdout.")
def models_verify(names: tuple[str, ...], folder: Path | None, as_json: bool) -> int:
    """Hold file, network and golden vectors of every model, or of NAME, against its card, in every
    runtime and precision here; exit 1 on a fault.
    """
    from yanji.detect.card import list_models
    from yanji.reid.verify import verify_model

    results: list[Proof] = []
    for name in names or list_models(folder):
        for proof in verify_model(name, folder):
            results.append(proof)
            if not as_json:
                _tell(proof)
    if as_json:
        print_json(
            {
                "results": [
                    {
                        "model": proof.model,
                        "runtime": proof.runtime,
                        "precision": proof.precision,
                        "ok": proof.ok,
                        "away": proof.away,
                        "allowed": proof.allowed,
                        "why": proof.why,
                        "hint": proof.hint,
                    }
                    for proof in results
                ]
            }
        )
    return 0 if all(proof.ok for proof in results) else 1


def _tell(proof: Proof) -> None:
    way = " ".join(part for part in (proof.runtime, proof.precision) if part)
    what = f"{proof.model} on {way}" if way else proof.model
    if proof.ok:
        print_line(f"{what}: as its card says ({proof.away:.2g} away, allowed {proof.allowed:g})")
        return
    print_line(f"{what}: {proof.why}")
    if proof.hint:
        print_line(f"  {proof.hint}")
