from __future__ import annotations

from yanji.api.bench_paths import Box, PassagePath, share_found


def _box(x: float) -> Box:
    return (x, 0.4, x + 0.1, 0.5)


def _path(name: str, start_s: float, *, step_s: float = 0.2, num: int = 20) -> PassagePath:
    """A vehicle that drives 5 % of the picture a second, from the left edge at `start_s`."""
    moments = [(start_s + n * step_s, _box(0.05 * n * step_s)) for n in range(num)]
    return PassagePath(name, moments)


def test_the_same_run_finds_all() -> None:
    full = [_path("a", 0), _path("b", 3), _path("c", 40)]
    assert share_found(full, full) == 1.0


def test_what_is_not_seen_is_not_found() -> None:
    full = [_path("a", 0), _path("b", 20)]
    assert share_found(full, [_path("x", 20.1, step_s=0.5, num=6)]) == 0.5
    assert share_found(full, []) == 0.0
    assert share_found([], []) == 1.0


def test_another_place_or_time_is_another_vehicle() -> None:
    full = [_path("a", 0)]
    elsewhere = PassagePath("x", [(n * 0.2, _box(0.7)) for n in range(20)])
    assert share_found(full, [elsewhere]) == 0.0
    assert share_found(full, [_path("x", 30)]) == 0.0


def test_one_sighting_finds_one_passage_only() -> None:
    full = [_path("a", 0), _path("twin", 0)]
    assert share_found(full, [_path("x", 0)]) == 0.5


def test_key_frames_find_a_passage_between_its_moments() -> None:
    full = [_path("a", 0)]
    sparse = PassagePath("x", [(1.1, _box(0.055)), (3.1, _box(0.155))])
    assert share_found(full, [sparse]) == 1.0
