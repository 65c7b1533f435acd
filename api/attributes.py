"""Colour, direction and view of a sighting as answers say them."""

from __future__ import annotations

from yanji.detect.travel import view_of
from yanji.index.hit import StoredSighting


def travel_fields(sighting: StoredSighting) -> dict[str, object]:
    """Direction and view as documents hold them; all None where no direction is known.

    `view` is derived: a vehicle that drives towards the camera shows its front.
    """
    travel = sighting.travel
    if travel is None:
        names = ("travel_deg", "travel_score", "direction", "view", "view_score")
        return dict.fromkeys(names)
    view, view_score = view_of(travel)
    return {
        "travel_deg": travel.angle_deg,
        "travel_score": travel.score,
        "direction": sighting.direction,
        "view": view,
        "view_score": view_score,
    }


def looks(sighting: StoredSighting) -> str:
    """Colour, then where it drove to (or else its view), in a few words; `-` for neither."""
    words = [sighting.colour] if sighting.colour is not None else []
    if sighting.direction is not None:
        words.append(f"to {sighting.direction}")
    elif sighting.travel is not None:
        words.append(view_of(sighting.travel)[0])
    return ", ".join(words) or "-"
