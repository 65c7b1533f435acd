"""What the project says of itself is true: every verb, option and setting is documented, every
package is listed, no file names a registry or a place on somebody's machine."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from pydantic import BaseModel

from yanji.api.cli.program import _VERBS, program
from yanji.configs.default_models import DEFAULT_DETECTOR, DEFAULT_EMBEDDER
from yanji.configs.schemas import site_schema
from yanji.configs.settings import Settings, env_names

ROOT = Path(__file__).parents[1]
CODE = ("api", "configs", "detect", "index", "ingest", "models", "reid")
REFERENCE = ROOT / "docs" / "reference.md"
COMMON = {"--json", "--archive", "--settings", "-c", "--site", "--case", "--reason", "--purpose"}


def prose() -> str:
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    return "\n".join(page.read_text(encoding="utf-8") for page in pages if page.is_file())


def sections() -> dict[str, str]:
    """Heading of the reference -> its text, down to the next heading."""
    parts = re.split(r"^#{2,3} (.+)$", REFERENCE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def leaves() -> Iterator[tuple[str, click.Command]]:
    """Every verb that does something, with its full name."""
    context = click.Context(program)
    for name in program.list_commands(context):
        verb = program.get_command(context, name)
        assert verb is not None
        if isinstance(verb, click.Group):
            for inner in verb.list_commands(context):
                command = verb.get_command(context, inner)
                assert command is not None
                yield f"{name} {inner}", command
        else:
            yield name, verb


def site_keys() -> set[str]:
    schema = site_schema()
    keys = set(schema["properties"])
    for inner in schema["$defs"].values():
        keys |= set(inner["properties"])
    return keys


def settings_keys() -> set[str]:
    keys = set()
    for key, info in Settings.model_fields.items():
        keys.add(key)
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            keys |= {f"{key}.{inner}" for inner in info.annotation.model_fields}
    return keys


def tracked_files() -> list[Path]:
    try:
        done = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs the git checkout")
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("verb", list(_VERBS))
def test_every_verb_is_in_the_prose(verb):
    assert f"yanji {verb}" in prose()


@pytest.mark.parametrize(("name", "command"), list(leaves()), ids=[name for name, _ in leaves()])
def test_every_verb_has_its_section_with_every_option(name, command):
    section = sections()[f"yanji {name}"]
    for parameter in command.params:
        if isinstance(parameter, click.Argument):
            shown = (parameter.metavar or parameter.name or "").removesuffix("...")
            assert shown.upper() in section, shown
        elif not COMMON & set(parameter.opts):
            assert f"`{parameter.opts[-1]}" in section, parameter.opts


def test_no_section_speaks_of_a_verb_or_an_option_that_is_not_there():
    known = {f"yanji {name}": command for name, command in leaves()}
    for heading, text in sections().items():
        if not heading.startswith("yanji "):
            continue
        options = {option for parameter in known[heading].params for option in parameter.opts}
        for option in re.findall(r"`(--[a-z-]+)", text):
            assert option in options, (heading, option)


def test_the_common_options_have_their_section():
    text = sections()["Common options"]
    for option in COMMON:
        assert f"`{option}" in text, option


def test_the_default_models_are_those_of_the_documents():
    text = sections()["yanji.yaml"]
    assert f"| `detector` | `{DEFAULT_DETECTOR}` |" in text
    assert f"| `embedder` | `{DEFAULT_EMBEDDER}` |" in text


@pytest.mark.parametrize("key", sorted(settings_keys()))
def test_every_setting_is_documented(key):
    assert f"`{key}`" in sections()["yanji.yaml"]


def test_every_variable_is_documented_by_the_rule_or_by_name():
    text = sections()["yanji.yaml"]
    for name in env_names():
        rule = name.removeprefix("YANJI_").lower().replace("__", ".")
        assert f"`{rule}`" in text, name


@pytest.mark.parametrize("key", sorted(site_keys()))
def test_every_key_of_the_site_is_documented(key):
    assert f"`{key}`" in sections()["site.yaml"]


def test_the_examples_of_the_documents_are_verbs_that_exist():
    known = {name for name, _ in leaves()} | set(_VERBS)
    for found in re.finditer(r"^\s*(?:\.venv/bin/)?yanji ([a-z]+)(?: ([a-z]+))?", prose(), re.M):
        verb, inner = found.groups()
        assert verb in known, found.group()
        if f"{verb} " in " ".join(known) and verb not in {n for n in known if " " not in n}:
            assert f"{verb} {inner}" in known, found.group()


def test_every_folder_with_code_is_a_listed_package():
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = set(listed["tool"]["setuptools"]["packages"])
    found = set()
    for folder in CODE:
        for path in (ROOT / folder).rglob("*.py"):
            found.add(".".join(("yanji", *path.parent.relative_to(ROOT).parts)))
    assert found == packages


def test_no_file_names_a_registry():
    """Names are put together here, so that this file does not hold them either."""
    hosts = [".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"))]
    words = re.compile("|".join(map(re.escape, [*hosts, "-".join(("index", "url"))])))
    for path in tracked_files():
        if path.suffix != ".md":
            text = path.read_bytes().decode("utf-8", "replace")
            assert not words.search(text), path


def test_no_file_names_a_place_on_a_machine():
    """Of the folders that people's machines have and a document of this project need not name."""
    place = re.compile(r"(?<![\w.:/}])/(?:work|home|root|Users)/\w")
    for path in tracked_files():
        if path.suffix in (".py", ".toml", ".yaml", ".json", ".sh", ".lock", ".md", ".sql", ""):
            text = path.read_bytes().decode("utf-8", "replace")
            assert not place.search(text), (path, place.search(text))


def test_the_committed_schemas_are_those_of_the_code():
    committed = json.loads((ROOT / "configs/schema/site.schema.json").read_text(encoding="utf-8"))
    assert committed == site_schema()


def test_links_between_documents_lead_somewhere():
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "models").glob("*.md")]
    for page in pages:
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), (page.name, target)
