"""What a verdict is about: written and read again, and what makes no sense is refused."""

from __future__ import annotations

import pytest

from yanji.api.web.asked_about import asked_of, query_of, written
from yanji.api.web.documents import FeedbackRequest
from yanji.api.web.problems import RequestError

SIGHTING, OTHER, PHOTO = "a" * 32, "b" * 32, "c" * 64


def said(**given) -> FeedbackRequest:
    return FeedbackRequest(sighting_id=SIGHTING, verdict="confirmed", **given)


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ({}, (None, None, None)),
        ({"snapshot_id": PHOTO}, (PHOTO, None, None)),
        (
            {"snapshot_id": PHOTO, "box": (10.4, 20.6, 100, 200)},
            (PHOTO, (10.0, 21.0, 100.0, 200.0), None),
        ),
        ({"query_sighting_id": OTHER}, (None, None, OTHER)),
    ],
)
def test_what_is_written_is_read_again(given, read):
    assert asked_of(query_of(said(**given))) == read


def test_the_box_of_an_answer_and_of_the_verdict_on_it_are_one():
    """The page sends whole pixels back, the answer has tenths."""
    box = (397.6, 338.2, 524.9, 414.7)
    sent = tuple(float(round(edge)) for edge in box)
    assert written(PHOTO, box, None) == query_of(said(snapshot_id=PHOTO, box=sent))


def test_two_subjects_are_refused():
    with pytest.raises(RequestError, match="not both"):
        query_of(said(snapshot_id=PHOTO, query_sighting_id=OTHER))


@pytest.mark.parametrize("given", [{}, {"query_sighting_id": OTHER}])
def test_a_box_without_a_snapshot_is_refused(given):
    with pytest.raises(RequestError) as caught:
        query_of(said(box=(1, 2, 30, 40), **given))
    assert caught.value.code == "bad_box"
