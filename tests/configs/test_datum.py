from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yanji.configs.datum import gcj02_from_wgs84, in_china, wgs84_from_gcj02
from yanji.configs.distance import Place, distance_m

# The three examples that the public implementations of the formula agree on
# (github.com/googollee/eviltransform, tests): latitude, longitude in WGS-84, then in GCJ-02.
EXAMPLES = [
    (31.1774276, 121.5272106, 31.17530398364597, 121.531541859215),
    (22.543847, 113.912316, 22.540796131694766, 113.9171764808363),
    (39.911954, 116.377817, 39.91334545536069, 116.38404722455657),
]


@pytest.mark.parametrize("example", EXAMPLES, ids=["shanghai", "shenzhen", "beijing"])
def test_published_examples(example: tuple[float, float, float, float]) -> None:
    true, shown = Place(example[1], example[0]), Place(example[3], example[2])
    assert gcj02_from_wgs84(true) == pytest.approx(shown, abs=1e-9)
    assert wgs84_from_gcj02(shown) == pytest.approx(true, abs=1e-9)
    assert 400 < distance_m(true, shown) < 700


@given(st.floats(73.5, 135.0), st.floats(18.0, 53.5))
def test_there_and_back_is_the_same_place(longitude: float, latitude: float) -> None:
    place = Place(longitude, latitude)
    assert wgs84_from_gcj02(gcj02_from_wgs84(place)) == pytest.approx(place, abs=1e-6)


@pytest.mark.parametrize("place", [Place(2.35, 48.85), Place(-74.0, 40.7), Place(139.7, 35.7)])
def test_outside_china_nothing_moves(place: Place) -> None:
    assert not in_china(place)
    assert gcj02_from_wgs84(place) == place == wgs84_from_gcj02(place)


def test_distances() -> None:
    # A degree of latitude, and Paris to London (344 km by the published great circle).
    assert distance_m(Place(0, 0), Place(0, 1)) == pytest.approx(111_195, abs=1)
    assert distance_m(Place(2.3522, 48.8566), Place(-0.1276, 51.5072)) == pytest.approx(
        343_900, rel=2e-3
    )
    assert distance_m(Place(179.9, 0), Place(-179.9, 0)) == pytest.approx(22_239, abs=1)
    assert distance_m(Place(10, 20), Place(10, 20)) == 0
