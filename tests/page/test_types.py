"""The page's types are the API's: same names, same fields, nullable in the same places."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from yanji.api.web import documents

PAGE = Path(__file__).parents[2] / "api" / "page" / "src" / "api" / "types.ts"
TEXT = PAGE.read_text(encoding="utf-8")


def interfaces() -> dict[str, dict[str, str]]:
    """Name -> field -> type as written; fields of what it extends included."""
    found: dict[str, dict[str, str]] = {}
    for match in re.finditer(
        r"export interface (\w+)(?: extends (\w+))? \{(.*?)\}(?=\n|$)", TEXT, flags=re.DOTALL
    ):
        name, extended, body = match.groups()
        fields = dict(found.get(extended, {}))
        for field in re.finditer(r"(\w+)(\??):\s*([^;]+?)(?=;|$)", body.strip(), flags=re.DOTALL):
            fields[field[1]] = field[3].strip() + (" | undefined" if field[2] else "")
        found[name] = fields
    return found


def models() -> dict[str, type[BaseModel]]:
    return {
        name: kind
        for name, kind in vars(documents).items()
        if isinstance(kind, type)
        and issubclass(kind, BaseModel)
        and kind.__module__ == documents.__name__
        and not name.startswith("_")
    }


def wire_name(name: str, info: FieldInfo) -> str:
    return info.alias or name


def test_every_document_has_its_interface_and_the_other_way_round():
    assert set(interfaces()) == set(models())


@pytest.mark.parametrize("name", sorted(models()))
def test_fields_are_the_same(name):
    ours = {wire_name(n, info): info for n, info in models()[name].model_fields.items()}
    theirs = interfaces()[name]
    assert set(ours) == set(theirs)
    for field, info in ours.items():
        nullable = type(None) in getattr(info.annotation, "__args__", ())
        assert ("null" in theirs[field]) == nullable, field


def literals(name: str) -> set[str]:
    match = re.search(rf"export type {name} =(.*?);", TEXT, flags=re.DOTALL)
    assert match is not None
    return set(re.findall(r'"(\w+)"', match[1]))


@pytest.mark.parametrize("name", ["ClassName", "CameraState", "Verdict"])
def test_words_of_an_enumeration_are_the_same(name):
    assert literals(name) == set(getattr(documents, name).__args__)


def test_groups_are_the_same():
    assert literals("ClassOrGroup") | literals("ClassName") == set(documents.ClassOrGroup.__args__)
