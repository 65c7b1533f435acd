"""One remark about a settings file, and how pydantic's remarks become ours."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from yanji.configs.errors import SettingsError

Severity = Literal["error", "warning"]
Location = tuple[str | int, ...]
"""Where a value stands in a document: keys and list positions from the top."""

ENV_HINT = (
    "Put the password into an environment variable, its name into `password_env` and the user "
    "name into `username`."
)
_LONGEST_KEY = 40


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong (`error`: the file is refused) or odd (`warning`) in a settings file."""

    severity: Severity
    code: str
    """Stable, for programs, for example `duplicate_camera`."""
    message: str
    """One sentence; never holds a value that could be a password."""
    hint: str = ""
    line: int | None = None
    """Counted from 1; None where no line is to blame."""


def line_of(location: Location, lines: Mapping[Location, int]) -> int | None:
    """Find the line of a value, or of the nearest thing around it."""
    for end in range(len(location), -1, -1):
        if location[:end] in lines:
            return lines[location[:end]]
    return None


def findings_of(
    error: ValidationError,
    model: type[BaseModel],
    lines: Mapping[Location, int],
    prefix: Location = (),
    concerns: Callable[[Location], bool] = lambda _location: True,
) -> list[Finding]:
    """Translate pydantic's errors. Values are left out: one of them may be a password.

    Args:
        error: what `model.model_validate` raised.
        model: the class that was validated; its keys feed the did-you-mean hints.
        lines: line of every value of the file.
        prefix: where in the file the validated value stands.
        concerns: leaves out the errors of places for which it is false.
    """
    findings: list[Finding] = []
    for item in error.errors(include_url=False, include_input=False, include_context=False):
        inner, kind = item["loc"], item["type"]
        if not concerns(inner):
            continue
        location = prefix + inner
        line = line_of(location, lines)
        place = name_of(inner)
        if kind == "extra_forbidden":
            finding = unknown_key(str(inner[-1]), keys_of(model, inner[:-1]), line)
        elif kind == "missing":
            finding = Finding("error", "missing_key", f"`{place}` is missing.", "Add it.", line)
        elif kind == "model_type":
            what = f"`{place}`" if place else "This entry"
            hint = "Write `key: value` under it."
            message = f"{what} should be a mapping of keys to values."
            finding = Finding("error", "bad_value", message, hint, line)
        elif kind == "value_error":
            text = item["msg"].removeprefix("Value error, ")
            finding = Finding("error", "bad_value", f"`{place}` {text}", "", line)
        elif kind == "password_in_url":
            finding = Finding("error", kind, f"`{place}` {item['msg']}", ENV_HINT, line)
        else:
            text = item["msg"].removeprefix("Input ")
            text = text[0].lower() + text[1:]
            finding = Finding("error", "bad_value", f"`{place}` {text}.", "", line)
        findings.append(finding)
    return findings


def unknown_key(key: str, known: Iterable[str], line: int | None) -> Finding:
    """Make the finding for a key that no feature reads."""
    known = sorted(known)
    if "password" in key.lower() and "password_env" in known:
        hint = ENV_HINT
    else:
        hint = did_you_mean(key, known) or f"Known here: {', '.join(known)}."
    shown = key if len(key) <= _LONGEST_KEY else key[:_LONGEST_KEY] + "…"
    return Finding("error", "unknown_key", f"`{shown}` is not a known key.", hint, line)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a hint that names the likeliest of the known words, or an empty text."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"Did you mean `{near[0]}`?" if near else ""


def keys_of(model: type[BaseModel], location: Location = ()) -> list[str]:
    """List the keys that may stand at a place inside a model, as a file spells them."""
    for step in location:
        field = model.model_fields.get(str(step))
        inner: Any = field.annotation if field is not None else None
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return []
        model = inner
    return [field.alias or name for name, field in model.model_fields.items()]


def name_of(location: Location) -> str:
    """Write a place as `retention.days` or `speed_kmh[0]`."""
    text = ""
    for step in location:
        text += f"[{step}]" if isinstance(step, int) else f".{step}"
    return text.lstrip(".")


def raise_errors(path: Path, findings: Iterable[Finding]) -> None:
    """Raise for the first error among the findings, if there is one.

    Raises:
        SettingsError: the message starts with `file:line:` and counts the other errors.
    """
    errors = [finding for finding in in_order(findings) if finding.severity == "error"]
    if not errors:
        return
    first = errors[0]
    place = f"{path}:{first.line}" if first.line is not None else str(path)
    more = f" (and {len(errors) - 1} more in this file)" if len(errors) > 1 else ""
    raise SettingsError(f"{place}: {first.message}{more}", hint=first.hint)


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Sort by line; what has no line comes last."""
    return sorted(findings, key=lambda finding: (finding.line is None, finding.line or 0))
