"""Answers of `yanji clock`, as JSON documents and as lines for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from yanji.api.cli.options import Setup
from yanji.api.cli.output import print_line, table
from yanji.configs.times import format_time

if TYPE_CHECKING:
    from yanji.index.clock_estimate import ClockEstimate
    from yanji.index.handover import OffsetOrder
    from yanji.index.offsets import StoredOffset


def since(from_ns: int, setup: Setup) -> str:
    """From when on an offset holds, for people."""
    from yanji.index.offsets import ALWAYS_NS

    return "always" if from_ns <= ALWAYS_NS else f"from {format_time(from_ns, setup.zone)}"


def words_of(entry: StoredOffset) -> str:
    """Who compared a clock, for people."""
    if not entry.is_compared:
        return "nobody"
    words = {"site": "site file", "clock": "clock read", "pairs": "vehicles at two cameras"}
    return words.get(entry.source, "not noted")


def order_document(order: OffsetOrder, setup: Setup) -> dict[str, object]:
    """An offset to be written, as JSON."""
    from yanji.index.offsets import ALWAYS_NS

    always = order.valid_from_ns <= ALWAYS_NS
    return {
        "camera_id": order.camera_id,
        "valid_from": None if always else format_time(order.valid_from_ns, setup.zone),
        "ahead_s": order.offset_s,
        "sigma_s": order.sigma_s,
        "source": order.source,
    }


def entry_document(entry: StoredOffset, setup: Setup) -> dict[str, object]:
    """An offset that is known, as JSON."""
    from yanji.index.handover import OffsetOrder

    order = OffsetOrder(
        entry.camera_id, entry.valid_from_ns, entry.ahead_s, entry.sigma_s, entry.source
    )
    return order_document(order, setup)


def estimate_document(
    estimate: ClockEstimate,
    orders: Sequence[OffsetOrder],
    better: Sequence[OffsetOrder],
    setup: Setup,
    period: tuple[int, int],
) -> dict[str, object]:
    """The answer of `yanji clock estimate --json`; the format is in docs/reference.md."""
    from yanji.index.clock_pairs import PairOffset

    pairs: list[dict[str, object]] = []
    for pair in estimate.pairs:
        head: dict[str, object] = {"camera_a": pair.camera_a, "camera_b": pair.camera_b}
        result = pair.result
        if isinstance(result, PairOffset):
            head |= {
                "b_ahead_of_a_s": round(result.offset_s, 3),
                "sigma_s": round(result.sigma_s, 3),
                "vehicles_a_to_b": result.num_ab,
                "vehicles_b_to_a": result.num_ba,
                "typical_a_to_b_s": round(result.typical_ab_s, 1),
                "typical_b_to_a_s": round(result.typical_ba_s, 1),
                "refused": None,
            }
        else:
            head |= {"b_ahead_of_a_s": None, "vehicles": result.num_pairs, "refused": result.why}
        pairs.append(head)
    surer = {order.camera_id for order in better}
    return {
        "from": format_time(period[0], setup.zone),
        "to": format_time(period[1], setup.zone),
        "sightings": estimate.num_sightings,
        "reference": estimate.reference,
        "pairs": pairs,
        "cameras": [
            {**order_document(order, setup), "better": order.camera_id in surer} for order in orders
        ],
    }


def print_estimate(
    estimate: ClockEstimate,
    orders: Sequence[OffsetOrder],
    better: Sequence[OffsetOrder],
    setup: Setup,
    period: tuple[int, int],
) -> None:
    """The same for people."""
    from yanji.index.clock_pairs import PairOffset

    begin, end = (format_time(time_ns, setup.zone, digits=0) for time_ns in period)
    print_line(f"{estimate.num_sightings} sightings from {begin} to {end}")
    for pair in estimate.pairs:
        result, names = pair.result, f"{pair.camera_a} - {pair.camera_b}"
        if isinstance(result, PairOffset):
            print_line(
                f"{names}: {pair.camera_b} is {result.offset_s:+.2f} s ahead, sigma "
                f"{result.sigma_s:.2f} s ({result.num_ab} vehicles there in typically "
                f"{result.typical_ab_s:.0f} s, {result.num_ba} back in {result.typical_ba_s:.0f} s)"
            )
        else:
            print_line(f"{names}: not estimated: {result.why}.")
    if not orders:
        print_line("no clock could be estimated")
        return
    surer = {order.camera_id for order in better}
    rows = [
        [
            order.camera_id,
            since(order.valid_from_ns, setup),
            f"{order.offset_s:+.2f}",
            f"{order.sigma_s:.2f}",
            "better than what is known" if order.camera_id in surer else "what is known is as good",
        ]
        for order in orders
    ]
    for line in table(["camera", "holds", "ahead s", "sigma s", ""], rows):
        print_line(line)
    print_line(f"{estimate.reference} is the measure: were its clock wrong, all would be as much")
