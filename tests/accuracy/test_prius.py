"""One car, front at one camera and rear at the other: the hardest question, asked honestly."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import pytest

from yanji.api.pipeline import open_reid
from yanji.api.query import read_query
from yanji.configs.default_models import DEFAULT_EMBEDDER
from yanji.configs.errors import NothingFoundError
from yanji.index.hit import Filter
from yanji.index.search import search
from yanji.ingest.array_picture import ArrayPicture
from yanji.reid.sighting import Embedding

pytestmark = pytest.mark.slow

FRONT_S = (16.2, 16.6)
"""The Prius is whole in view, front towards the camera (seconds of P1)."""
FRONT_CENTRE_PX = ((179, 168), (166, 250))
"""Where, by looking: the red sedan beside it is another vehicle."""
REAR_S = (29.0, 33.5)
"""When P2 sees its rear."""


@dataclass(frozen=True)
class Found:
    """Where the rear view stands."""

    query: str
    rank: int
    scores: tuple[str, ...]
    """Best first, the right one marked."""
    rank_with_street: int
    """Among the sightings of P2 and of a street with 48 other vehicles: P2 alone is no gallery."""
    num_with_street: int


@pytest.fixture(scope="module", params=[DEFAULT_EMBEDDER, "histogram"])
def car_park(request: Any, footage: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    clips = {
        "P1": footage.clip("intel_car-detection"),
        "P2": footage.clip("intel_person-bicycle-car"),
        "street": footage.clip("shenzhen_busroad_day"),
    }
    return footage.index(tmp_path_factory.mktemp("park") / "archive", clips, request.param)


def rear_view(footage: Any, park: Any) -> str:
    """The id of the Prius' sighting in P2: the only car of that time."""
    cars = [
        one
        for one in park.sightings("P2")
        if one.vehicle_class == "car"
        and footage.seconds(one.first_ns) < REAR_S[1]
        and footage.seconds(one.last_ns) > REAR_S[0]
    ]
    assert len(cars) == 1, cars
    return str(cars[0].sighting_id)


def front_box(footage: Any, at_s: float, centre: tuple[int, int]) -> tuple[float, ...]:
    """The box that a user would draw: the detector's, which cameras get from straight above."""
    image = footage.frame_at(footage.clip("intel_car-detection"), at_s)
    for box in footage.detector.detect(ArrayPicture(image), overhead=True).boxes_N4.tolist():
        x1, y1, x2, y2 = box
        if abs((x1 + x2) / 2 - centre[0]) < 20 and abs((y1 + y2) / 2 - centre[1]) < 20:
            return x1, y1, x2, y2
    raise AssertionError(f"no box of the Prius at {at_s} s")


def ask(footage: Any, park: Any, name: str, query: Embedding, right: str) -> Found:
    answer = search(park.reader, query, Filter(cameras=frozenset({"P2"})), 100)
    scores = []
    for hit in answer.hits:
        mark = "=> " if hit.sighting.sighting_id == right else ""
        when = footage.seconds(hit.sighting.first_ns)
        scores.append(f"{mark}{hit.score:.2f} {hit.sighting.vehicle_class} {when:.0f} s")
    own = next(hit.score for hit in answer.hits if hit.sighting.sighting_id == right)
    wide = search(park.reader, query, Filter(cameras=frozenset({"P2", "street"})), 1000)
    return Found(
        name,
        sum(hit.score >= own for hit in answer.hits),
        tuple(scores),
        sum(hit.score >= own for hit in wide.hits),
        len(wide.hits),
    )


def test_front_against_rear(
    footage: Any, car_park: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    embedder = open_reid(car_park.settings)
    right = rear_view(footage, car_park)
    found = []
    for at_s, centre in zip(FRONT_S, FRONT_CENTRE_PX, strict=True):
        picture = tmp_path / f"{at_s}.png"
        cv2.imwrite(str(picture), footage.frame_at(car_park.clips["P1"], at_s))
        box = front_box(footage, at_s, centre)
        drawn = tuple(round(edge, 1) for edge in box)
        query = read_query(picture, drawn, footage.detector, embedder)  # type: ignore[arg-type]
        found.append(ask(footage, car_park, f"front at {at_s} s", query.embedding, right))
    fronts = [
        one
        for one in car_park.sightings("P1")
        if footage.seconds(one.first_ns) < 16.0 < footage.seconds(one.last_ns)
    ]
    assert len(fronts) == 1
    stored = car_park.reader.embedding(
        fronts[0].sighting_id, embedder.model_id, embedder.weights_sha256
    )
    found.append(ask(footage, car_park, "its sighting at P1", stored, right))
    with capsys.disabled():
        print(f"\n{embedder.model_id}: front at P1 against rear at P2, of all sightings of P2")
        for one in found:
            print(f"  {one.query:20} rank {one.rank} of {len(one.scores)}: {', '.join(one.scores)}")
            print(
                f"  {'':20} with a street's: rank {one.rank_with_street} of {one.num_with_street}"
            )
    # No figure is asked for: front against rear is beyond what the shipped model has learned, and
    # four sightings are no gallery. What must hold: both views are there to be compared.
    assert all(len(one.scores) == len(car_park.sightings("P2")) for one in found)
    assert len(car_park.sightings("P2")) >= 4


def test_a_snapshot_from_straight_above_needs_a_drawn_box(footage: Any, tmp_path: Path) -> None:
    """The detector sees no vehicle there; the answer is a sentence with a way on, not a guess."""
    picture = tmp_path / "above.png"
    clip = footage.clip("intel_car-detection")
    cv2.imwrite(str(picture), footage.frame_at(clip, FRONT_S[1]))
    embedder = open_reid(footage.settings("histogram"))
    with pytest.raises(NothingFoundError, match="no vehicle") as caught:
        read_query(picture, None, footage.detector, embedder)
    assert "--box" in caught.value.hint
