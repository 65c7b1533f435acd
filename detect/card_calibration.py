"""The calibration on an embedder's card: curves from cosine to log likelihood ratio.

What the numbers mean and how they were fitted: `yanji.reid.calibration`, `docs/design/
calibration.md`. Here is only the form in which they stand on the card, and what makes it valid.
"""

from __future__ import annotations

from itertools import combinations_with_replacement, pairwise
from typing import Final, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from yanji.detect.classes import GROUPS
from yanji.detect.travel import View

ANY: Final = "any"
"""Group: whatever the two vehicles are. Pair of views: whatever is seen of them."""
VIEWS: Final[tuple[str, ...]] = get_args(View)


def pair_name(one: str | None, other: str | None) -> str:
    """Name a pair of views, the same in both orders; `any` when one of them is not known."""
    if one not in VIEWS or other not in VIEWS:
        return ANY
    return "-".join(sorted((one, other)))


PAIRS: Final = (ANY, *(pair_name(*pair) for pair in combinations_with_replacement(VIEWS, 2)))


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class ScoreCurve(_Part):
    """A rising line through points; level before the first and after the last."""

    scores: tuple[float, ...] = Field(min_length=1, max_length=400)
    """Cosines, each above the one before."""
    log_ratios: tuple[float, ...]
    """Natural logarithms of the likelihood ratio there; never falling."""
    kind: Literal["isotonic", "logistic"]
    num_same: int = Field(ge=1)
    """Pairs of one vehicle that it was fitted on."""
    num_different: int = Field(ge=1)

    @model_validator(mode="after")
    def _rising(self) -> ScoreCurve:
        if len(self.scores) != len(self.log_ratios):
            raise ValueError("scores and log_ratios differ in length")
        if any(after <= before for before, after in pairwise(self.scores)):
            raise ValueError("scores must rise")
        if any(after < before for before, after in pairwise(self.log_ratios)):
            raise ValueError("log_ratios must not fall: more alike cannot speak against")
        return self


class CardCalibration(_Part):
    """All curves of one model."""

    weights_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    """The weights it was fitted for: scores of others mean something else."""
    curves: dict[str, dict[str, ScoreCurve]]
    """Group of vehicles (or `any`) -> pair of views (or `any`) -> curve."""
    fitted_on: tuple[str, ...] = Field(min_length=1)
    """Data, in words."""
    figures: dict[str, JsonValue] = {}
    limits: tuple[str, ...] = ()
    """For what it does not hold."""

    @model_validator(mode="after")
    def _known(self) -> CardCalibration:
        for group, curves in self.curves.items():
            if group != ANY and group not in GROUPS:
                raise ValueError(f"curves names an unknown group: {group!r}")
            if unknown := sorted(set(curves) - set(PAIRS)):
                raise ValueError(f"curves of {group} names unknown pairs of views: {unknown}")
            if ANY not in curves:
                raise ValueError(f"curves of {group} lacks the one for views not known ({ANY})")
        if ANY not in self.curves:
            raise ValueError(f"curves lacks the one for groups not known ({ANY})")
        return self
