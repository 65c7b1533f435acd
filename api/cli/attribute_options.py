"""`--colour`, `--direction`, `--only-known` of `search` and `trace`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from yanji.configs.errors import UsageError
from yanji.detect.travel import DIRECTIONS
from yanji.index.hit import Filter
from yanji.reid.colours import COLOURS

Verb = TypeVar("Verb", bound=Callable[..., Any])


def attribute_options(verb: Verb) -> Verb:
    """Add the three options; `attribute_filter` makes a filter of them."""
    for option in (
        click.option(
            "--only-known",
            is_flag=True,
            help="Leave out sightings whose colour or direction is not known.",
        ),
        click.option(
            "--direction",
            "directions",
            multiple=True,
            type=click.Choice(DIRECTIONS, case_sensitive=False),
            help="Only what moved this way, give or take 67 degrees, or not known (again).",
        ),
        click.option(
            "--colour",
            "colours",
            multiple=True,
            type=click.Choice(COLOURS),
            help="Only this colour, or none known (again).",
        ),
    ):
        verb = option(verb)
    return verb


def attribute_filter(
    colours: tuple[str, ...], directions: tuple[str, ...], only_known: bool
) -> Filter:
    """Make a filter of what was given.

    Raises:
        UsageError: `--only-known` without anything that could be known.
    """
    if only_known and not colours and not directions:
        raise UsageError(
            "--only-known belongs to --colour or --direction.",
            hint="It leaves out sightings whose colour or direction is not known.",
        )
    return Filter(
        colours=frozenset(colours) or None,
        directions=frozenset(directions) or None,
        only_known=only_known,
    )
