"""Vehicles of the test city: meshes, individuals, plates and decals."""

import re

import numpy as np
import pytest

from yanji.ingest.testcity.look import DECAL_PX, Look
from yanji.ingest.testcity.vehicles.decals import decal_picture
from yanji.ingest.testcity.vehicles.individuals import (
    PLAIN_PAINTS,
    individual,
    mix,
    plate_style,
)
from yanji.ingest.testcity.vehicles.kinds import KINDS, mesh_of, outline_of
from yanji.ingest.testcity.vehicles.plates import STYLES, plate_picture, plate_text

CITY = 7
BUDGETS = (6000, 2050, 520)
"""Triangles in each detail."""
CLASSES = {"car", "van", "truck", "bus", "motorcycle", "ebike", "bicycle", "tricycle"}
LETTER = "[A-HJ-NP-Z]"
PLATES = {
    "blue": rf"雁[A-H]·(?:\d|{LETTER}){{5}}",
    "green": r"雁[A-H]·[DF]\d{5}",
    "yellow": rf"雁[A-H]·(?:\d|{LETTER}){{5}}",
    "yellow_green": r"雁[A-H]·\d{5}[DF]",
    "motorcycle": rf"雁[A-H]·(?:\d|{LETTER}){{5}}",
    "ebike": rf"雁城·{LETTER}\d{{5}}",
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("detail", range(3))
def test_a_mesh_is_sound_and_within_its_budget(kind: str, detail: int) -> None:
    mesh = mesh_of(kind, (), detail)
    assert mesh.dtype == np.float32
    assert mesh.shape[1] == 7
    assert len(mesh) % 3 == 0
    assert np.isfinite(mesh).all()
    assert np.allclose(np.linalg.norm(mesh[:, 3:6], axis=1), 1.0, atol=1e-3)
    assert len(mesh) // 3 <= BUDGETS[detail]
    assert abs(float(mesh[:, 2].min())) < 0.02
    assert set(np.unique(mesh[:, 6])) <= {float(number) for number in range(16)}


@pytest.mark.parametrize("kind", KINDS)
def test_sizes_are_those_stated(kind: str) -> None:
    known = KINDS[kind]
    size = np.ptp(mesh_of(kind)[:, :3], axis=0)
    assert np.allclose(size, (known.length_m, known.width_m, known.height_m), atol=0.03)
    coarse = np.ptp(mesh_of(kind, (), 2)[:, :3], axis=0)
    assert np.allclose(coarse, size, atol=0.25)


@pytest.mark.parametrize("kind", KINDS)
def test_addons_build_in_every_detail(kind: str) -> None:
    for name in KINDS[kind].addons:
        triangles = [len(mesh_of(kind, (name,), d)) - len(mesh_of(kind, (), d)) for d in range(3)]
        assert triangles[0] >= triangles[2] > 0
        assert np.isfinite(mesh_of(kind, (name,))).all()


@pytest.mark.parametrize("kind", KINDS)
def test_the_outline_bounds_the_mesh(kind: str) -> None:
    addons = tuple(KINDS[kind].addons)[:2]
    points, outline = mesh_of(kind, addons)[:, :3], outline_of(kind, addons)
    directions = np.random.default_rng(1).normal(size=(64, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    gap = (points @ directions.T).max(axis=0) - (outline @ directions.T).max(axis=0)
    assert gap.max() < 0.02
    assert len(outline) < 1000


@pytest.mark.parametrize("kind", KINDS)
def test_places_of_plates_lamps_and_decals_lie_on_the_vehicle(kind: str) -> None:
    known = KINDS[kind]
    mesh = mesh_of(kind)
    low, high = mesh[:, :3].min(axis=0), mesh[:, :3].max(axis=0)
    x0, z0, x1, z1 = known.flank
    assert low[0] - 0.05 <= x0 < x1 <= high[0]
    assert 0 < z0 < z1 <= high[2]
    y0, z0, y1, z1 = known.rear
    assert low[1] <= y0 < y1 <= high[1]
    assert 0 < z0 < z1 <= high[2]
    for plate, sign in ((known.plate_rear, -1), (known.plate_front, 1)):
        if plate is not None:
            x, z, width, height = plate
            face = mesh[(mesh[:, 6] == 8) & (sign * mesh[:, 0] > 0)]
            assert abs(sign * x - (sign * face[:, 0]).max()) < 0.01
            assert abs(face[:, 2].mean() - z) < 0.02
            assert abs(np.ptp(face[:, 1]) - width) < 0.01
            assert abs(np.ptp(face[:, 2]) - height) < 0.01
    for lamp in known.headlamps:
        assert (low <= lamp).all()
        assert (lamp <= high).all()
    assert known.vehicle_class in CLASSES


def test_the_street_mix_has_all_kinds_and_many_two_wheelers() -> None:
    shares = mix()
    assert set(shares) == set(KINDS)
    assert abs(sum(shares.values()) - 1) < 1e-9
    two = sum(s for k, s in shares.items() if KINDS[k].group == "two_wheeler")
    assert two >= 0.30
    assert sum(s for k, s in shares.items() if KINDS[k].group == "three_wheeler") > 0.02


@pytest.mark.parametrize("kind", KINDS)
def test_individuals_are_the_same_again_and_all_distinct(kind: str) -> None:
    looks = [individual(kind, seed, CITY) for seed in range(300)]
    assert looks[:20] == [individual(kind, seed, CITY) for seed in range(20)]
    assert looks[0] != individual(kind, 0, CITY + 1)
    for look in looks:
        assert set(look.addons) <= set(KINDS[kind].addons)
        assert len(set(look.addons)) == len(look.addons)
    if KINDS[kind].group == "four_wheel":
        assert len({_seen(kind, look) for look in looks}) == 300
    else:
        assert len({_colours(look) for look in looks}) >= 295


def _colours(look: Look) -> tuple[object, ...]:
    """Return what tells two riders apart from afar: colours in coarse steps, parts, brand."""
    parts = (look.paint, look.accent, look.jacket, look.trousers, look.helmet)
    steps = tuple(round(8 * channel ** (1 / 2.2)) for colour in parts for channel in colour)
    return (*steps, look.addons, look.livery)


def _seen(kind: str, look: Look) -> bytes:
    """Return what is seen of a vehicle without its plate."""
    decal = decal_picture(kind, look).copy()
    decal[128:192, 128:] = 0
    paint = np.asarray((*look.paint, *look.accent), np.float32)
    return decal.tobytes() + paint.tobytes() + repr(look.addons).encode()


def test_most_four_wheelers_are_plain_and_of_few_paints() -> None:
    assert len(PLAIN_PAINTS) <= 12
    plain, total = 0.0, 0.0
    for kind, share in mix().items():
        if KINDS[kind].group != "four_wheel":
            continue
        looks = [individual(kind, seed, CITY) for seed in range(200)]
        unmarked = [look for look in looks if not look.livery and look.paint in PLAIN_PAINTS]
        plain += share * len(unmarked) / len(looks)
        total += share
    assert plain / total >= 0.60


@pytest.mark.parametrize("kind", KINDS)
def test_plates_have_the_formats_of_their_kind(kind: str) -> None:
    for seed in range(60):
        text = individual(kind, seed, CITY).plate
        if kind == "bicycle":
            assert text == ""
            continue
        assert re.fullmatch(PLATES[plate_style(kind, text)], text), text


@pytest.mark.parametrize("style", STYLES)
def test_a_plate_is_drawn_and_depends_on_its_text(style: str) -> None:
    rng = np.random.default_rng(2)
    texts = [plate_text(style, rng) for _ in range(20)]
    assert all(re.fullmatch(PLATES[style], text) for text in texts)
    pictures = [plate_picture(text, style) for text in texts]
    assert all(p.shape == (64, 128, 3) and p.dtype == np.uint8 for p in pictures)
    assert len({p.tobytes() for p in pictures}) == len(set(texts))


def test_a_plate_of_an_unknown_style_is_refused() -> None:
    with pytest.raises(ValueError, match="pink"):
        plate_picture("雁A·12345", "pink")
    with pytest.raises(ValueError, match="pink"):
        plate_text("pink", np.random.default_rng(0))


@pytest.mark.parametrize("kind", KINDS)
def test_decals_have_their_layout(kind: str) -> None:
    look = individual(kind, 5, CITY)
    decal = decal_picture(kind, look)
    assert decal.shape == (DECAL_PX, DECAL_PX, 4)
    assert decal.dtype == np.uint8
    assert np.array_equal(decal, decal_picture(kind, look))
    if look.plate:
        assert (decal[128:192, 128:, 3] == 255).all()
        style = plate_style(kind, look.plate)
        assert np.array_equal(decal[128:192, 128:, :3], plate_picture(look.plate, style))


def test_a_plain_car_is_mostly_bare_paint() -> None:
    looks = [individual("saloon", seed, CITY) for seed in range(40)]
    for look in (look for look in looks if not look.livery):
        flank = decal_picture("saloon", look)[:128]
        assert (flank[..., 3] < 64).mean() > 0.95
