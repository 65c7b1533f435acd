"""What every card of the registry says, of whatever model: licence, source, data, figures, hash."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, PrivateAttr, model_validator


class Part(BaseModel):
    """A part of a card: unknown fields are refused, nothing changes after reading."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(Part):
    """Where the weights are."""

    package: str | None = None
    """Distribution that carries the file; None: the file stands in `yanji.models`."""
    version: str | None = None
    """Exact version of `package`."""
    file: str
    """Path inside the distribution (as in its RECORD), or name of the file beside the card."""
    upstream: str | None = None
    """Address where the model comes from, for people."""

    @model_validator(mode="after")
    def _pinned(self) -> Source:
        if (self.package is None) != (self.version is None):
            raise ValueError("package and version go together")
        if self.file.startswith("/") or ".." in Path(self.file).parts:
            raise ValueError("file must be a path inside the package")
        return self


class Data(Part):
    """Data that went into the weights; what figures were measured on is named with the figures."""

    name: str = Field(min_length=1)
    licence: str = Field(min_length=1)
    """SPDX name where there is one, else in words; `unknown` is an answer."""
    purpose: Literal["start weights", "training", "choices", "int8", "calibration"]
    """`choices`: decided between variants; `int8`: ranges of the quantised file; `calibration`:
    likelihood ratios."""
    what: str = ""
    """How many of what."""
    shipped: bool = False
    """Whether the pictures are part of yanji."""


class About(Part):
    """What every card says."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")
    task: str
    version: str
    summary: str
    licence: str
    source: Source
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size_bytes: int = Field(gt=0)
    data: tuple[Data, ...] = ()
    figures: dict[str, JsonValue] = {}
    """What was measured: data -> protocol -> figure, as deep as it needs."""
    main_figures: tuple[str, ...] = ()
    """Those to show first: ways into `figures`, for example `val.txt/all/mAP`."""
    protocols: dict[str, str] = {}
    """Name in `figures` -> what it means: without it a figure says nothing."""
    limits: tuple[str, ...] = ()
    _folder: Path | None = PrivateAttr(default=None)
    """Where the card and the files beside it stand; None: in the package `yanji.models`."""

    @model_validator(mode="after")
    def _figures_are_there(self) -> About:
        known = flat_figures(self.figures)
        for way in self.main_figures:
            if way not in known:
                raise ValueError(f"main_figures names {way}, which is not in figures")
        return self


def flat_figures(figures: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Way (`val.txt/all/mAP`) -> value, in the card's order."""
    flat: dict[str, JsonValue] = {}
    for name, value in figures.items():
        if isinstance(value, dict):
            flat |= {f"{name}/{way}": inner for way, inner in flat_figures(value).items()}
        else:
            flat[name] = value
    return flat


def main_figure_texts(card: About) -> list[str]:
    """The main figures with their protocols, for example `mAP 0.974 (other camera; val.txt)`."""
    known = flat_figures(card.figures)
    texts = []
    for way in card.main_figures:
        *where, what = way.split("/")
        named = [card.protocols.get(part, part) for part in reversed(where)]
        if what in card.protocols:
            named.append(card.protocols[what])
        value = known[way]
        shown = f"{value:.3f}" if isinstance(value, float) else str(value)
        texts.append(f"{what} {shown}" + (f" ({'; '.join(named)})" if named else ""))
    return texts
