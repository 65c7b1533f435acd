"""The names of vehicles' colours. The only list of them."""

from __future__ import annotations

from typing import Final

COLOURS: Final = (
    "white",
    "grey",
    "black",
    "red",
    "orange",
    "yellow",
    "green",
    "blue",
    "brown",
    "purple",
)
"""Silver is `grey`, beige `brown`, turquoise `green` or `blue`, pink `purple`: finer names are not
told apart reliably on a street, and people do not agree on them."""
