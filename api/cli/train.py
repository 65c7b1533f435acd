"""`yanji train`: models from labelled data."""

from __future__ import annotations

import click

from yanji.api.cli.lazy_group import LazyGroup


@click.group(
    "train",
    cls=LazyGroup,
    lazy={
        "detect": ("train_detect", "train_detect_verb", "A detector on labelled frames."),
        "reid": ("train_reid", "train_reid_verb", "An embedder on rendered and real crops."),
    },
)
def train_verb() -> None:
    """Train a model on data of one's own; weights, card and golden vectors come out."""
