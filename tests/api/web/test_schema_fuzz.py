"""Thousands of requests made from the API's own description: none is answered with 5xx, and what is
answered is what the description promises."""

from __future__ import annotations

import warnings
from collections import Counter

import pytest

with warnings.catch_warnings():
    # Of the libraries that it loads; nothing of ours.
    warnings.simplefilter("ignore")
    import requests
    import schemathesis
    from hypothesis import HealthCheck, Phase, given, seed, settings
    from hypothesis.errors import Unsatisfiable
    from schemathesis import GenerationMode
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

    from yanji.api.web.app import create_app

SEED = 20_261_128
FEW, MANY = 400, 2_000
"""Requests of all operations together: in every run of the tests, and under `make soak`."""
SPARE = 1.3
"""Operations without parameters have only one request."""
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
CASE = {"Yanji-Case": "fuzz", "Yanji-Reason": "r"}


def operations(schema):
    return [found.ok() for found in schema.get_all_operations()]


def with_real_ids(case, number: int, sighting_id: str, snapshot_id: str) -> None:
    """Made-up ids are never found: half of the cases ask for what is there."""
    if number % 2:
        return
    real = {"sighting_id": sighting_id, "snapshot_id": snapshot_id, "camera_id": "K03"}
    for place in (case.body, case.path_parameters):
        if isinstance(place, dict):
            for name, value in real.items():
                if isinstance(place.get(name), str):
                    place[name] = value
    if isinstance(case.body, dict) and {"sighting_id", "snapshot_id"} <= set(case.body):
        # A subject is one or the other.
        case.body["sighting_id" if number % 4 else "snapshot_id"] = None


@pytest.mark.parametrize("num_cases", [FEW, pytest.param(MANY, marks=pytest.mark.slow)])
def test_nothing_answers_5xx_and_everything_answers_as_described(served, snapshot, num_cases):
    document = create_app(served.desk).openapi()
    schema = schemathesis.openapi.from_dict(document)
    stored = served.desk.reader.sightings(limit=1)[0].sighting_id
    found = operations(schema)
    each = round(SPARE * num_cases / (2 * len(found)))
    statuses: Counter[int] = Counter()
    failures: list[str] = []
    with requests.Session() as session:
        session.headers.update(served.bearer)
        for operation in found:
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                ask(operation, mode, each, session, served, (stored, snapshot), statuses, failures)
    print(f"{sum(statuses.values())} requests: {dict(sorted(statuses.items()))}")
    assert not failures, "\n".join(failures[:10])
    assert sum(statuses.values()) >= num_cases
    assert not [status for status in statuses if status >= 500]
    assert statuses[200] + statuses[201] >= num_cases // 10, "most of it must not be refused"


def ask(operation, mode, each, session, served, real, statuses, failures) -> None:
    stored, snapshot = real
    number = 0

    @seed(SEED)
    @settings(
        max_examples=each,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def one(case) -> None:
        nonlocal number
        number += 1
        with_real_ids(case, number, stored, snapshot["snapshot_id"])
        headers = CASE if mode is GenerationMode.POSITIVE or number % 2 else {}
        answer = case.call(base_url=served.url, session=session, headers=headers)
        statuses[answer.status_code] += 1
        try:
            case.validate_response(answer, checks=CHECKS)
        except (AssertionError, ExceptionGroup) as error:
            failures.append(f"{operation.label} {mode}: {error}"[:3000])

    try:
        one()
    except Unsatisfiable:
        # An operation without parameters cannot be asked wrongly.
        assert mode is GenerationMode.NEGATIVE, operation.label
