"""Names of rendered vehicles' colours."""

from __future__ import annotations

import numpy as np
import pytest

from yanji.ingest.testcity.look import Look
from yanji.ingest.testcity.vehicles import colours
from yanji.ingest.testcity.vehicles.individuals import individual, mix
from yanji.ingest.testcity.vehicles.paint_names import colour_names, name_of
from yanji.reid.colours import COLOURS


@pytest.mark.parametrize("kind", sorted(mix()))
def test_every_individual_has_known_names(kind: str) -> None:
    for seed in range(60):
        names = colour_names(kind, individual(kind, seed, 1))
        assert 1 <= len(names) <= 3
        assert set(names) <= set(COLOURS)
        assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("code", "names"),
    [("e6e7e6", ("white",)), ("15161a", ("black",)), ("7f1a1c", ("red",)), ("a9adb1", ("grey",)),
     ("3d8f91", ("green", "blue"))],
)  # fmt: skip
def test_paints_are_called_what_people_call_them(code: str, names: tuple[str, ...]) -> None:
    assert name_of(colours.linear(code)) == names


def test_a_little_darker_is_still_the_same_name() -> None:
    for code, name in (("b3282a", "red"), ("dbc93f", "yellow"), ("22508f", "blue")):
        red, green, blue = np.array(colours.linear(code)) * 0.85
        assert name_of((float(red), float(green), float(blue))) == (name,)


def test_the_box_of_a_lorry_counts_and_the_jacket_of_a_rider_does_not() -> None:
    white, blue = colours.linear("e6e7e6"), colours.linear("2c5f9e")
    assert colour_names("box_truck", Look(white, blue)) == ("white", "blue")
    assert colour_names("saloon", Look(white, blue)) == ("white",)
    assert colour_names("ebike", Look(white, blue, jacket=blue)) == ("white",)
