"""Writes `real_views.json`: boxes of real sightings that the table of embedders compares.

    python tests/accuracy/list_real_views.py

Every clip is read as a camera, as `yanji index` does; what the archive then holds (each sighting
with the boxes of its one to three kept crops) is written down, and who is who: the vehicles of
`motorway_pairs.json` and the teal Prius, found as `test_motorway_pairs.py` and `test_prius.py` find
them. Boxes are committed, pictures never. Made once, with the detector and tracker of that day: so
that embedders are compared on the same crops whatever becomes of the detector.
"""

from __future__ import annotations

import importlib.util
import json
import logging
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
OUT = HERE / "real_views.json"


def load(name: str) -> Any:
    """Import a file of this folder; it is no package."""
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def records(indexed: Any, camera_id: str, names: dict[str, str], shift: tuple[int, int]) -> Any:
    """Yield one record for each sighting; boxes in the pixels of the whole clip."""
    conftest = sys.modules["conftest"]
    x, y = shift
    for sighting in indexed.sightings(camera_id):
        crops = [
            {
                "at_s": round(conftest.seconds(crop.time_ns), 3),
                "box_px": [
                    round(float(edge) + move, 1)
                    for edge, move in zip(crop.box_xyxy_px, (x, y, x, y), strict=True)
                ],
            }
            for crop in indexed.reader.crops(sighting.sighting_id)
        ]
        if crops:
            yield {
                "camera": camera_id,
                "vehicle": names.get(sighting.sighting_id),
                "class": sighting.vehicle_class,
                "crops": crops,
            }


def motorway(footage: Any, pairs: Any, folder: Path) -> dict[str, Any]:
    """Both virtual cameras of the motorway."""
    whole = footage.clip("uk_motorway_720p")
    clips = {
        name: footage.cut_view(whole, folder / f"{name}.mp4", *part)
        for name, part in pairs.VIEWS.items()
    }
    indexed = footage.index(folder / "motorway", clips, "histogram")
    vehicles = pairs.listed()
    sightings = []
    for name, ((top, bottom), (left, right)) in pairs.VIEWS.items():
        points = [one[name] for one in vehicles]
        found = pairs.match(footage, indexed, name, footage.follow(clips[name]), points)
        named = {one.sighting_id: f"pair_{number:02d}" for number, one in found.items()}
        view = [left, top, right, bottom]
        made = list(records(indexed, name, named, (left, top)))
        sightings += [{**one, "clip": whole.stem, "view_px": view} for one in made]
    return {"cameras": list(pairs.VIEWS), "sightings": sightings}


def car_parks(footage: Any, prius: Any, folder: Path) -> dict[str, Any]:
    """Both clips with the teal Prius, and a street full of others."""
    clips = {
        "P1": footage.clip("intel_car-detection"),
        "P2": footage.clip("intel_person-bicycle-car"),
        "street": footage.clip("shenzhen_busroad_day"),
    }
    indexed = footage.index(folder / "park", clips, "histogram")
    front = [
        one
        for one in indexed.sightings("P1")
        if footage.seconds(one.first_ns) < 16.0 < footage.seconds(one.last_ns)
    ]
    assert len(front) == 1
    named = {
        front[0].sighting_id: "teal_prius",
        prius.rear_view(footage, indexed): "teal_prius",
    }
    sightings = [
        {**one, "clip": clip.stem, "view_px": None}
        for name, clip in clips.items()
        for one in records(indexed, name, named, (0, 0))
    ]
    return {"cameras": list(clips), "sightings": sightings}


def main() -> None:
    """Read the clips and write the list."""
    logging.basicConfig(level=logging.WARNING)
    footage = load("conftest").Footage()
    pairs, prius = load("test_motorway_pairs"), load("test_prius")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sets = {
            "motorway": motorway(footage, pairs, folder),
            "prius": car_parks(footage, prius, folder),
        }
    lines = [
        json.dumps({"set": name, **one})
        for name, chosen in sets.items()
        for one in chosen["sightings"]
    ]
    OUT.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")
    print(len(lines), "sightings")


if __name__ == "__main__":
    main()
