"""What the API says of itself is whole, and problems have their form wherever they arise."""

from __future__ import annotations

import pytest

from yanji.api.web.problems import RequestError, status_of
from yanji.configs.errors import (
    ArchiveError,
    AuditError,
    DiskFullError,
    ModelError,
    NothingFoundError,
    PictureError,
    UsageError,
    YanjiError,
)

API = "/api/v1"


@pytest.fixture(scope="module")
def document(api):
    return api.get(f"{API}/openapi.json").json()


def operations(document):
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield f"{method} {path}", operation


def test_it_is_for_those_who_may_ask(served, refused):
    with served.client({}) as nobody:
        refused(nobody.get(f"{API}/openapi.json"), 401, "unauthorised")
        refused(nobody.get(f"{API}/docs"), 401, "unauthorised")
    with served.client() as client:
        for path in ("/docs", "/redoc", f"{API}/docs"):
            refused(client.get(path), 404, "not_found")


def test_every_operation_is_described(document):
    tags = {tag["name"] for tag in document["tags"]}
    for name, operation in operations(document):
        assert operation["summary"], name
        assert operation["description"], name
        assert set(operation["tags"]) <= tags, name
        assert len(operation["tags"]) == 1, name
        assert "security" in operation, name
        for parameter in operation.get("parameters", []):
            where = (name, parameter["name"])
            assert parameter["schema"], where


def test_every_guarded_operation_names_its_errors(document):
    for name, operation in operations(document):
        if not operation["security"]:
            continue
        for status in ("401", "422", "413", "503"):
            answer = operation["responses"][status]
            content = answer["content"]["application/problem+json"]
            assert content["schema"] == {"$ref": "#/components/schemas/Problem"}, name
            assert content["example"]["status"] == int(status), name
        assert "application/json" not in operation["responses"]["422"]["content"], name


def test_every_json_body_has_an_example(document):
    seen = 0
    for name, operation in operations(document):
        content = operation.get("requestBody", {}).get("content", {})
        if "application/json" in content:
            seen += 1
            assert content["application/json"]["examples"], name
    assert seen == 3


def test_the_examples_are_taken(document, api):
    """They name what is not there, but in a form that is right."""
    for name, operation in operations(document):
        content = operation.get("requestBody", {}).get("content", {})
        for example in content.get("application/json", {}).get("examples", {}).values():
            method, path = name.split()
            answer = api.request(method, path, json=example["value"])
            assert answer.status_code == 404, (name, answer.text)


def test_the_questions_name_the_case_headers(document):
    for path in ("search", "search/upload", "trace", "feedback"):
        operation = document["paths"][f"{API}/{path}"]["post"]
        names = {one["name"] for one in operation["parameters"] if one["in"] == "header"}
        assert {"Yanji-Case", "Yanji-Reason", "Yanji-Purpose"} <= names


def test_all_references_lead_somewhere(document):
    def references(value):
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                yield value["$ref"]
            for inner in value.values():
                yield from references(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from references(inner)

    schemas = document["components"]["schemas"]
    found = set(references(document))
    assert found
    for reference in found:
        assert reference.removeprefix("#/components/schemas/") in schemas
    assert "HTTPValidationError" not in schemas
    assert set(document["components"]["securitySchemes"]) == {"token", "session"}


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UsageError("u"), 422),
        (UsageError("u", code="bad_box"), 422),
        (PictureError("p", code="picture_damaged"), 422),
        (NothingFoundError("n"), 404),
        (NothingFoundError("n", code="no_vehicle"), 422),
        (ModelError("m", code="model_not_in_archive"), 409),
        (ModelError("m"), 503),
        (AuditError("a"), 503),
        (ArchiveError("a"), 503),
        (DiskFullError("d"), 503),
        (YanjiError("y"), 500),
        (RequestError("r"), 422),
        (RequestError("r", code="unknown_camera"), 404),
    ],
)
def test_every_error_has_a_status(error, status):
    assert status_of(error) == status


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "site"), ("DELETE", "search"), ("PATCH", "feedback"), ("POST", "cameras")],
)
def test_a_wrong_method_is_a_problem(api, refused, method, path):
    answer = api.request(method, f"{API}/{path}")
    refused(answer, 405, "method_not_allowed")
    assert answer.headers["allow"]


def test_what_nobody_foresaw_is_a_problem_without_details(
    served, api, refused, monkeypatch, caplog
):
    def fails(*_args):
        raise ZeroDivisionError("a secret of the inside")

    monkeypatch.setattr("yanji.api.web.routes_cameras.camera_infos", fails)
    answer = api.get(f"{API}/cameras?camera=of-a-case")
    refused(answer, 500, "internal")
    assert "secret" not in answer.text
    assert "a secret of the inside" in caplog.text, "whoever runs it is told"
    assert "of-a-case" not in caplog.messages[-1]
    assert api.get(f"{API}/site").status_code == 200, "the server goes on"


def test_wrong_fields_are_named_one_by_one(api, refused):
    asked = {"limit": "many", "sighting_id": 7, "x": 1, "y" * 40: 2}
    found = refused(api.post(f"{API}/search", json=asked), 422, "invalid")
    places = {error["where"] for error in found["errors"]}
    assert {"body.limit", "body.sighting_id", "body.x"} <= places
    assert "y" * 40 not in str(found)
