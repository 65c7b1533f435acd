"""Two virtual cameras on one road: how often the right vehicle comes first. Easier than two true
cameras: one lens, one light, one moment, nearly one direction of view.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from yanji.index.hit import Filter, StoredSighting
from yanji.index.search import search

pytestmark = pytest.mark.slow

PAIRS = Path(__file__).with_name("motorway_pairs.json")
VIEWS = {"far": ((170, 360), (150, 850)), "near": ((420, 720), (0, 1280))}
WINDOW_S = 4.0
"""Between leaving one view and entering the other pass 0.6 to 2.5 s; the direction is not known."""


@dataclass(frozen=True)
class Rank:
    """Where the right sighting stands among all of the other camera."""

    rank: int
    """From 1; equal scores count against it. 0: the window leaves it out."""
    num_candidates: int


def listed() -> list[dict[str, Any]]:
    vehicles: list[dict[str, Any]] = json.loads(PAIRS.read_text(encoding="utf-8"))["vehicles"]
    return vehicles


@pytest.fixture(scope="module")
def views(footage: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder, whole = tmp_path_factory.mktemp("views"), footage.clip("uk_motorway_720p")
    return {
        name: footage.cut_view(whole, folder / f"{name}.mp4", *part) for name, part in VIEWS.items()
    }


@pytest.fixture(scope="module")
def followed(footage: Any, views: dict[str, Path]) -> dict[str, list[Any]]:
    """Every box that the tracker followed, per view."""
    return {name: footage.follow(path) for name, path in views.items()}


def track_at(boxes: list[Any], at_s: float, centre: tuple[float, float]) -> int | None:
    """The track whose box holds the listed point, closest around it; None: nothing was found."""
    x, y = centre
    there = [
        one
        for one in boxes
        if abs(one.at_s - at_s) < 0.11
        and one.box[0] <= x <= one.box[2]
        and one.box[1] <= y <= one.box[3]
    ]
    if not there:
        return None

    def distance_px(one: Any) -> float:
        x1, y1, x2, y2 = one.box
        return abs((x1 + x2) / 2 - x) + abs((y1 + y2) / 2 - y)

    return min(there, key=distance_px).track_id


def match(
    footage: Any, indexed: Any, camera_id: str, boxes: list[Any], points: list[dict[str, Any]]
) -> dict[int, StoredSighting]:
    """The sighting of each listed vehicle of one camera, by its number in the list.

    A sighting belongs to a track when one of its crops is a box of it, and to one vehicle only: to
    the one whose listed moment is nearest to that of its best crop (a track may jump from one
    vehicle to another; it then shows the vehicle of its crops).
    """
    sighting_of: dict[int, StoredSighting] = {}
    best_s: dict[str, float] = {}
    for sighting in indexed.sightings(camera_id):
        crops = indexed.reader.crops(sighting.sighting_id)
        best_s[sighting.sighting_id] = footage.seconds(crops[0].time_ns)
        for crop in crops:
            for box in boxes:
                same = abs(box.at_s - footage.seconds(crop.time_ns)) < 0.01
                if same and footage.iou(box.box, crop.box_xyxy_px) > 0.95:
                    sighting_of[box.track_id] = sighting
    found: dict[int, StoredSighting] = {}
    owner: dict[str, int] = {}
    for number, point in enumerate(points):
        track = track_at(boxes, point["at_s"], tuple(point["centre_px"]))
        sighting_or_none = sighting_of.get(track) if track is not None else None
        if sighting_or_none is None:
            continue
        name = sighting_or_none.sighting_id
        rival = owner.get(name)
        if rival is not None:
            away_s = abs(point["at_s"] - best_s[name])
            if abs(points[rival]["at_s"] - best_s[name]) <= away_s:
                continue
            del found[rival]
        owner[name] = number
        found[number] = sighting_or_none
    return found


def rank_of(
    indexed: Any, query: StoredSighting, right: StoredSighting, window_s: float | None
) -> Rank:
    """Search with a sighting's own vector among the sightings of the right one's camera."""
    model = indexed.reader.models()[0]
    vector = indexed.reader.embedding(query.sighting_id, model.model_id, model.weights_sha256)
    wanted = Filter(cameras=frozenset({right.camera_id}))
    if window_s is not None:
        room_ns = round(window_s * 1e9)
        wanted = Filter(query.first_ns - room_ns, query.last_ns + room_ns, wanted.cameras)
    answer = search(indexed.reader, vector, wanted, 1000)
    scores = {hit.sighting.sighting_id: hit.score for hit in answer.hits}
    own = scores.get(right.sighting_id)
    rank = 0 if own is None else sum(score >= own for score in scores.values())
    return Rank(rank, len(scores))


def line(name: str, ranks: list[Rank]) -> str:
    first = sum(one.rank == 1 for one in ranks)
    five = sum(1 <= one.rank <= 5 for one in ranks)
    candidates = sum(one.num_candidates for one in ranks) / len(ranks)
    return (
        f"  {name:26} first {first}/{len(ranks)} ({first / len(ranks):.0%}), "
        f"first five {five}/{len(ranks)} ({five / len(ranks):.0%}), of {candidates:.0f} on average"
    )


FLOORS = {"yanji-reid-2": (0.15, 0.40), "histogram": (0.0, 0.0)}
"""Least share of first and of first-five places over the whole clip, both ways together."""


def test_the_list_names_distinct_vehicles() -> None:
    vehicles = listed()
    assert len(vehicles) >= 20
    for view in VIEWS:
        points = [(one[view]["at_s"], tuple(one[view]["centre_px"])) for one in vehicles]
        assert len(set(points)) == len(points)
    for one in vehicles:
        assert (one["carriageway"] == "towards") == (one["near"]["at_s"] > one["far"]["at_s"])


@pytest.mark.parametrize("embedder", list(FLOORS))
def test_pairs_between_two_virtual_cameras(
    embedder: str,
    footage: Any,
    views: dict[str, Path],
    followed: dict[str, list[Any]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    indexed = footage.index(tmp_path / "archive", views, embedder)
    vehicles = listed()
    seen = {
        view: match(footage, indexed, view, followed[view], [one[view] for one in vehicles])
        for view in VIEWS
    }
    both = [number for number in range(len(vehicles)) if all(number in seen[v] for v in VIEWS)]
    ways = {
        "far -> near": [(seen["far"][number], seen["near"][number]) for number in both],
        "near -> far": [(seen["near"][number], seen["far"][number]) for number in both],
    }
    ways["both ways"] = ways["far -> near"] + ways["near -> far"]
    whole = {way: [rank_of(indexed, *pair, None) for pair in pairs] for way, pairs in ways.items()}
    gated = {
        way: [rank_of(indexed, *pair, WINDOW_S) for pair in pairs] for way, pairs in ways.items()
    }
    with capsys.disabled():
        print(
            f"\n{embedder}: uk_motorway_720p as two virtual cameras (easier than true cross-camera)"
        )
        for view in VIEWS:
            print(
                f"  {view}: {len(indexed.sightings(view))} sightings, "
                f"{len(seen[view])} of {len(vehicles)} listed vehicles among them"
            )
            lost = [one["note"] for i, one in enumerate(vehicles) if i not in seen[view]]
            print("    not seen: " + ("; ".join(lost) or "none"))
        print(f"  seen by both: {len(both)} of {len(vehicles)}")
        for way in ways:
            print(line(f"whole clip, {way}", whole[way]))
        for way in ways:
            print(line(f"within {WINDOW_S:.0f} s, {way}", gated[way]))
    assert len(both) >= 0.85 * len(vehicles)
    first, five = FLOORS[embedder]
    ranks = whole["both ways"]
    assert sum(one.rank == 1 for one in ranks) >= first * len(ranks)
    assert sum(1 <= one.rank <= 5 for one in ranks) >= five * len(ranks)
    # The window holds the true passage nearly always, or the gate would be a loss.
    assert sum(one.rank > 0 for one in gated["both ways"]) >= 0.95 * len(ranks)
