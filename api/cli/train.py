"""`yanji train`: models from labelled data. The file of a verb is imported when it is used."""

from __future__ import annotations

import importlib

import click

_VERBS = {
    "detect": ("train_detect", "A detector on labelled frames."),
    "reid": ("train_reid", "An embedder on rendered and real crops."),
}
"""Verb -> (file of this folder, one line of help)."""


class _Trainings(click.Group):
    """Verbs by name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _VERBS:
            return None
        module = importlib.import_module(f"yanji.api.cli.{_VERBS[cmd_name][0]}")
        command = getattr(module, f"{_VERBS[cmd_name][0]}_verb")
        assert isinstance(command, click.Command)  # noqa: S101 - narrows for the type checker
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl([(name, text) for name, (_, text) in _VERBS.items()])


@click.group("train", cls=_Trainings)
def train_verb() -> None:
    """Train a model on data of one's own; weights, card and golden vectors come out."""
