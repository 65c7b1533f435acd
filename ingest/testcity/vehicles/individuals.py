"""Individuals: what makes one vehicle of a kind different from the next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from yanji.ingest.testcity.look import Colour, Look
from yanji.ingest.testcity.vehicles import colours
from yanji.ingest.testcity.vehicles.kinds import KINDS
from yanji.ingest.testcity.vehicles.plates import plate_text

PLAIN_PAINTS: Final = tuple(paint for paint, _ in colours.PLAIN_PAINTS)

_MIX: Final[dict[str, float]] = {
    "saloon": 0.165, "suv": 0.125, "hatchback": 0.065, "mpv": 0.045, "pickup": 0.02,
    "van": 0.06, "minibus": 0.02, "box_truck": 0.04, "flatbed": 0.02, "bus": 0.03,
    "ebike": 0.09, "delivery_ebike": 0.075, "heavy_delivery_ebike": 0.03, "light_ebike": 0.05,
    "heavy_ebike": 0.04, "moped": 0.02, "pedal_ebike": 0.03, "motorcycle": 0.025, "bicycle": 0.02,
    "tricycle": 0.03,
}  # fmt: skip

_NUMBER: Final = {kind: number for number, kind in enumerate(sorted(_MIX))}

_LIVERY_SHARE: Final[dict[str, float]] = {
    "saloon": 0.10, "suv": 0.03, "hatchback": 0.06, "mpv": 0.06, "pickup": 0.12, "van": 0.45,
    "minibus": 0.55, "box_truck": 0.6, "flatbed": 0.15, "bus": 1.0,
}  # fmt: skip
_CAR_LIVERIES: Final = ("two_tone", "stripe", "lettering", "company")
_VAN_LIVERIES: Final = ("band", "company", "diagonal", "lettering", "picture", "chevrons")
_CAR_ADDONS: Final[dict[str, tuple[tuple[str, float], ...]]] = {
    "saloon": (("roof_bars", 0.01),), "hatchback": (("roof_bars", 0.05),),
    "suv": (("roof_bars", 0.4), ("roof_box", 0.05)), "mpv": (("roof_bars", 0.2),
    ("roof_box", 0.04)), "pickup": (("cartons", 0.2), ("tarpaulin", 0.15)),
    "van": (("ladder", 0.12),), "minibus": (("roof_bars", 0.2),),
}  # fmt: skip
_LOADS: Final[dict[str, tuple[tuple[str, float], ...]]] = {
    "flatbed": (("cartons", 0.3), ("bricks", 0.2), ("pipes", 0.15), ("tarpaulin", 0.2)),
    "tricycle": (("cartons", 0.2), ("parcels", 0.18), ("tarpaulin", 0.15), ("bottles", 0.1),
                 ("box", 0.17)),
}  # fmt: skip


def mix() -> dict[str, float]:
    """Return the share of every kind in the street's traffic; they sum to one."""
    total = sum(_MIX.values())
    return {kind: share / total for kind, share in _MIX.items()}


def individual(kind: str, seed: int, city_seed: int) -> Look:
    """Invent the look of one vehicle; the same three arguments give the same look.

    Raises:
        KeyError: no such kind.
    """
    rng = np.random.default_rng((city_seed, seed, _NUMBER[kind]))
    detail_seed = int(rng.integers(1, 2**31))
    if KINDS[kind].group == "four_wheel":
        return _four_wheeler(kind, rng, detail_seed)
    return _with_rider(kind, rng, detail_seed)


def plate_style(kind: str, text: str) -> str:
    """Return the style in which a kind's plate of this text is drawn."""
    chosen = KINDS[kind]
    body = text.partition("·")[2]
    if kind in ("motorcycle", "moped"):
        return "motorcycle"
    if chosen.group != "four_wheel":
        return "ebike"
    if kind in ("box_truck", "flatbed", "bus"):
        return "yellow_green" if len(body) == 6 else "yellow"
    return "green" if len(body) == 6 else "blue"


def _four_wheeler(kind: str, rng: np.random.Generator, seed: int) -> Look:
    heavy = kind in ("box_truck", "flatbed", "bus")
    electric = rng.random() < (0.7 if kind == "bus" else 0.08 if heavy else 0.30)
    style = ("yellow_green" if electric else "yellow") if heavy else "green" if electric else "blue"
    shares = np.array([share for _, share in colours.PLAIN_PAINTS])
    paint = PLAIN_PAINTS[int(rng.choice(len(shares), p=shares / shares.sum()))]
    accent = _pick(rng, colours.BODIES)
    livery = ""
    if rng.random() < _LIVERY_SHARE[kind]:
        tall = kind in ("van", "minibus", "box_truck", "bus")
        livery = str(rng.choice(_VAN_LIVERIES if tall else _CAR_LIVERIES))
        if kind not in ("box_truck", "flatbed") or rng.random() < 0.5:
            paint = _pick(rng, colours.LIVERY_PAINTS)
        accent = _near(rng, _pick(rng, colours.LIVERY_PAINTS))
    elif kind == "box_truck" and rng.random() < 0.7:
        accent = colours.BODIES[int(rng.integers(3))]
    addons = [name for name, share in _CAR_ADDONS.get(kind, ()) if rng.random() < share]
    if kind == "saloon" and livery == "two_tone":
        addons.append("roof_sign")
    if "cartons" in addons and "tarpaulin" in addons:
        addons.remove("tarpaulin")
    addons += _one(rng, _LOADS.get(kind, ()))
    dirt = float(np.clip(rng.gamma(2.0, 0.12 if not heavy else 0.2), 0.02, 0.95))
    return Look(
        paint, accent, dirt=dirt, addons=tuple(addons), plate=plate_text(style, rng),
        livery=livery, seed=seed,
    )  # fmt: skip


def _with_rider(kind: str, rng: np.random.Generator, seed: int) -> Look:
    bare = kind in ("bicycle", "tricycle")
    paint = _near(rng, _pick(rng, colours.TWO_WHEEL_PAINTS))
    accent = _near(rng, _pick(rng, colours.TWO_WHEEL_PAINTS))
    jacket = _near(rng, _pick(rng, colours.CLOTHES))
    trousers = _near(rng, _pick(rng, colours.TROUSERS))
    helmet = _near(rng, _pick(rng, colours.HAIR if bare else colours.HELMETS))
    livery = str(rng.choice(("", "stickers", "stripe"), p=(0.4, 0.4, 0.2)))
    if "delivery" in kind:
        livery = str(rng.choice(sorted(colours.BRANDS)))
        brand = colours.BRANDS[livery]
        accent = _near(rng, brand.box, 0.03)
        jacket = _near(rng, brand.jacket, 0.04) if rng.random() < 0.7 else jacket
        helmet = _near(rng, brand.helmet, 0.03) if rng.random() < 0.7 else helmet
    elif kind == "tricycle":
        livery = str(rng.choice(("", "lettering", "company", *sorted(colours.BRANDS)[:3])))
        if livery in colours.BRANDS:
            accent = _near(rng, colours.BRANDS[livery].box, 0.03)
    style = "motorcycle" if kind in ("motorcycle", "moped") else "ebike"
    plate = "" if kind == "bicycle" else plate_text(style, rng)
    dirt = float(np.clip(rng.gamma(2.0, 0.15), 0.03, 0.95))
    return Look(
        paint, accent, jacket, trousers, helmet, dirt, _rider_addons(kind, rng), plate, livery, seed
    )


def _rider_addons(kind: str, rng: np.random.Generator) -> tuple[str, ...]:
    known = KINDS[kind].addons
    chosen = _one(rng, _LOADS.get(kind, ()))
    behind = [("top_case", 0.3), ("child_seat", 0.14), ("carton", 0.10)]
    chosen += _one(rng, [(name, share) for name, share in behind if name in known])
    single = {"basket": 0.3, "side_bags": 0.07, "footboard_load": 0.12, "wind_cover": 0.12}
    if kind == "bicycle":
        single["basket"] = 0.6
    for name, share in single.items():
        if name in known and rng.random() < share:
            chosen.append(name)
    if "canopy" in known and rng.random() < (0.2 if kind == "tricycle" else 0.04):
        chosen.append("canopy")
    return tuple(chosen)


def _one(rng: np.random.Generator, choices: Sequence[tuple[str, float]]) -> list[str]:
    """Pick at most one of several names, each with its own share."""
    draw, gone = rng.random(), 0.0
    for name, share in choices:
        gone += share
        if draw < gone:
            return [name]
    return []


def _pick(rng: np.random.Generator, palette: Sequence[Colour]) -> Colour:
    return palette[int(rng.integers(len(palette)))]


def _near(rng: np.random.Generator, colour: Colour, spread: float = 0.12) -> Colour:
    """Return a shade of a colour: brighter or darker, a little faded."""
    light = float(np.exp(rng.normal(0, spread * 1.6)))
    grey = sum(colour) / 3
    fade = float(rng.uniform(0, spread * 1.5))
    red, green, blue = (float(np.clip((c + (grey - c) * fade) * light, 0.004, 0.9)) for c in colour)
    return (red, green, blue)
