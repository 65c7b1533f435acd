"""The published JSON schemas of `site.yaml` and `yanji.yaml`, for editors and other programs.

yanji itself is more lenient in one thing: it reads a number or an id with and without quotes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from yanji.configs.settings import Settings
from yanji.configs.site import Site

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def site_schema() -> dict[str, Any]:
    """Return the JSON schema of `site.yaml`."""
    return _schema(Site, "site.yaml")


def settings_schema() -> dict[str, Any]:
    """Return the JSON schema of `yanji.yaml`."""
    return _schema(Settings, "yanji.yaml")


def write_schemas(folder: Path) -> list[Path]:
    """Write `site.schema.json` and `settings.schema.json` into a folder; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, schema in (("site", site_schema()), ("settings", settings_schema())):
        path = folder / f"{name}.schema.json"
        path.write_text(text_of(schema), encoding="utf-8")
        written.append(path)
    return written


def text_of(schema: dict[str, Any]) -> str:
    """Write a schema as it is committed."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _schema(model: type[BaseModel], title: str) -> dict[str, Any]:
    return {"$schema": DIALECT, **model.model_json_schema(by_alias=True), "title": title}
