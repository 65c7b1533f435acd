from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from yanji.configs.schemas import settings_schema, site_schema, text_of, write_schemas

FOLDER = Path(__file__).parents[2] / "configs"


@pytest.mark.parametrize("name", ["site", "settings"])
def test_the_published_schemas_are_those_of_the_code(tmp_path: Path, name: str) -> None:
    assert write_schemas(tmp_path) == [
        tmp_path / "site.schema.json",
        tmp_path / "settings.schema.json",
    ]
    written = (tmp_path / f"{name}.schema.json").read_text("utf-8")
    assert (FOLDER / "schema" / f"{name}.schema.json").read_text("utf-8") == written


def keys(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """Resolve the properties of a part of a schema."""
    if "$ref" in node:
        node = schema["$defs"][node["$ref"].rpartition("/")[2]]
    assert node["additionalProperties"] is False
    properties: dict[str, Any] = node["properties"]
    return properties


def test_the_site_schema_knows_the_keys_of_the_example() -> None:
    schema = site_schema()
    example = yaml.safe_load((FOLDER / "site.example.yaml").read_text("utf-8"))
    top = keys(schema, schema)
    assert set(example) == set(top) == {"site", "cameras", "roads"}
    assert set(example["site"]) == set(keys(schema, top["site"]))
    camera, road = (keys(schema, top[part]["items"]) for part in ("cameras", "roads"))
    assert {key for entry in example["cameras"] for key in entry} == set(camera)
    assert {key for entry in example["roads"] for key in entry} == set(road)
    assert (camera["latitude"]["anyOf"][0]["minimum"], camera["id"]["maxLength"]) == (-90, 64)


def test_the_settings_schema_forbids_what_is_not_built() -> None:
    schema = settings_schema()
    assert "token" not in keys(schema, schema)
    assert set(keys(schema, keys(schema, schema)["retention"])) == {"days"}
    assert json.loads(text_of(schema)) == schema
