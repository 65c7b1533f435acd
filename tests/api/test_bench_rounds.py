from __future__ import annotations

from yanji.api.bench_rounds import in_turn, median_and_range, ratios


def test_steps_are_timed_in_turn_and_the_warm_up_is_left_out() -> None:
    now_s = 0.0
    done: list[str] = []

    def step(name: str, cost_s: float) -> None:
        nonlocal now_s
        done.append(name)
        now_s += cost_s * (100 if len(done) <= 2 else 1)

    steps = {"a": lambda: step("a", 1), "b": lambda: step("b", 2)}
    spent = in_turn(steps, 2, timer_s=lambda: now_s)
    assert done == ["a", "b"] * 3
    assert spent == {"a": [1000, 1000], "b": [2000, 2000]}
    assert in_turn(steps, 1, warm_up=False, timer_s=lambda: now_s) == {"a": [1000], "b": [2000]}


def test_ratios_are_of_the_same_round() -> None:
    assert ratios([2, 9], [1, 3]) == [2, 3]
    assert median_and_range([3, 1, 2.00049], 3) == (2, [1, 3])
