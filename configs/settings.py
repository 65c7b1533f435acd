"""`yanji.yaml`: settings of one installation.

Each value comes from the first of: command-line flag, environment variable (`YANJI_ARCHIVE`,
`YANJI_RETENTION__DAYS`), file, default. A key or variable that nothing reads is refused, so that
no promise of a file is silently ignored.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict

from yanji.configs.default_models import DEFAULT_DETECTOR, DEFAULT_EMBEDDER
from yanji.configs.devices import Devices
from yanji.configs.errors import SettingsError
from yanji.configs.finding import (
    Location,
    did_you_mean,
    findings_of,
    name_of,
    raise_errors,
)
from yanji.configs.networks import SCHEMES, CameraNetwork, CameraScheme
from yanji.configs.yaml_lines import Document, read_document

ENV_PREFIX = "YANJI_"
DEFAULT_FILE = Path("yanji.yaml")
PURPOSES = ("hit_and_run", "stolen_vehicle", "dangerous_driving", "exercise")

ModelName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Purpose = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^\w+$")]

_STRICT = ConfigDict(
    frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True
)


class Retention(BaseModel):
    """How long sightings are kept."""

    model_config = _STRICT
    days: int | None = Field(default=None, ge=1, le=36_500)
    """Sightings older than this many days are deleted, with crops and vectors. null: kept."""


class Disk(BaseModel):
    """What is left free."""

    model_config = _STRICT
    low_water_mb: int = Field(default=1024, ge=1, le=100_000_000)
    """Intake stops when less than this many megabytes (10^6 bytes) are free."""


class Api(BaseModel):
    """The HTTP API and the page."""

    model_config = _STRICT
    host: str = Field(default="127.0.0.1", min_length=1, max_length=255, pattern=r"^[^\s/@]+$")
    """Address that is listened on; another than 127.0.0.1 lets other machines in."""
    port: int = Field(default=8420, ge=0, le=65_535)
    """Port that is listened on; 0 takes a free one."""
    token: SecretStr | None = Field(default=None, min_length=16, max_length=256)
    """Who knows it may ask; null: a new one at every start. 16 to 256 characters without blanks,
    ASCII."""
    open_metrics: bool = False
    """Whether `/metrics` is answered without the token."""

    @field_validator("token")
    @classmethod
    def _fits_a_header(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"[!-~]+", value.get_secret_value()):
            raise ValueError("must be ASCII letters, digits and signs, without blanks.")
        return value


class Settings(BaseSettings):
    """Settings of one installation. Frozen; made by `load_settings`."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
        env_prefix=ENV_PREFIX,
        env_nested_delimiter="__",
        env_parse_none_str="null",
        # Lists are given as a,b,c and not as JSON.
        enable_decoding=False,
    )

    archive: Path = Path("archive")
    """Folder of the archive. In a file it is relative to that file, else to where one stands."""
    runtime: Literal["auto", "onnxruntime", "openvino"] = "auto"
    """What runs the models; `auto` takes the fastest that is there."""
    precision: Literal["auto", "f32", "bf16", "int8"] = "auto"
    """Of the models' arithmetic; `auto` takes bf16 where the processor has it in hardware, else
    int8 for a model whose card says that it is as good. `int8` needs a detector that has it; an
    embedder without it computes as with `auto`."""
    device: Devices = "cpu"
    """What `run` and `demo` compute the models on: `cpu`, or NVIDIA devices, such as `cuda:0` or
    `cuda:0,cuda:1`, each with one process that computes batches for its share of the workers. All
    other verbs use the processor."""
    workers: Literal["auto"] | Annotated[int, Field(ge=1, le=1024)] = "auto"
    """Worker processes; `auto` is one per CPU core that this process may use."""
    pin_workers: bool = True
    """Whether each worker is kept on cores of its own."""
    detector: ModelName = DEFAULT_DETECTOR
    """Name of the detector in the registry of models."""
    embedder: ModelName = DEFAULT_EMBEDDER
    """Name of the embedder in the registry of models."""
    models: Path | None = None
    """Folder of models of one's own, as `yanji train` writes it: `detector` and `embedder` may name
    them too; null: none. In a file it is relative to that file, else to where one stands."""
    camera_networks: Annotated[tuple[CameraNetwork, ...], Field(min_length=1)] | None = None
    """Networks that a camera's address must be in, such as 10.20.0.0/16, asked at every connect;
    null: anywhere. In the environment separated by commas."""
    camera_schemes: tuple[CameraScheme, ...] = Field(default=SCHEMES, min_length=1)
    """How a camera may be spoken to; http and https only to ask it for its streams (ONVIF). In the
    environment separated by commas."""
    retention: Retention = Retention()
    """How long sightings are kept."""
    disk: Disk = Disk()
    """What is left free."""
    api: Api = Api()
    """The HTTP API and the page."""
    purposes: tuple[Purpose, ...] = Field(default=PURPOSES, min_length=1)
    """Purposes that a search may name; in the environment separated by commas."""
    default_purpose: Purpose = Field(default=PURPOSES[0], validate_default=True)
    """Purpose of a search that names none; one of `purposes`."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Least important messages that are logged, on stderr and in `log_file`."""
    log_file: Path | None = None
    """What `run` and `serve` log, as JSON lines beside stderr; null: none. Each process has its own
    file: yanji.log makes yanji-run.log, yanji-worker-0.log and so on. In a file it is relative to
    that file, else to where one stands."""
    log_max_mb: int = Field(default=10, ge=1, le=10_000)
    """A log file that is larger, in megabytes (10^6 bytes), is put aside."""
    log_keep: int = Field(default=5, ge=1, le=1000)
    """So many log files that were put aside are kept for each process."""

    @classmethod
    def settings_customise_sources(cls, *_args: Any, **sources: Any) -> tuple[Any, ...]:
        """Read nothing behind the caller's back: `load_settings` brings all layers together.

        It does so itself because it must tell for every wrong value which layer it came from.
        """
        return (sources["init_settings"],)

    @field_validator("archive", mode="before")
    @classmethod
    def _a_path(cls, value: object) -> object:
        text = str(value) if isinstance(value, str | Path) else ""
        if not text.strip() or "\0" in text:
            raise ValueError("must be the path of a folder.")
        return Path(text).expanduser()

    @field_validator("models", mode="before")
    @classmethod
    def _a_folder_or_none(cls, value: object) -> object:
        if value is None:
            return None
        text = str(value) if isinstance(value, str | Path) else ""
        if not text.strip() or "\0" in text:
            raise ValueError("must be the path of a folder, or null.")
        return Path(text).expanduser()

    @field_validator("log_file", mode="before")
    @classmethod
    def _a_file(cls, value: object) -> object:
        if value is None:
            return None
        text = str(value) if isinstance(value, str | Path) else ""
        if not text.strip() or "\0" in text or not Path(text).name or text.endswith(("/", "/..")):
            raise ValueError("must be the path of a file, or null.")
        return Path(text).expanduser()

    @field_validator("workers", mode="before")
    @classmethod
    def _auto_or_number(cls, value: object) -> object:
        # One message in place of one for each member of the union.
        if value == "auto" or (
            re.fullmatch(r"\d{1,4}", str(value)) and 1 <= int(str(value)) <= 1024
        ):
            return value
        raise ValueError("must be `auto` or a number from 1 to 1024.")

    @field_validator("default_purpose")
    @classmethod
    def _is_listed(cls, value: str, info: ValidationInfo) -> str:
        if value not in info.data.get("purposes", (value,)):
            raise ValueError("must be one of `purposes`.")
        return value

    @property
    def gpus(self) -> tuple[str, ...]:
        """Devices of the inference processes, `cuda:0` and so on; () on the processor."""
        return () if self.device == "cpu" else tuple(self.device.split(","))

    @property
    def num_workers(self) -> int:
        """Number of worker processes, at least 1."""
        return len(os.sched_getaffinity(0)) if self.workers == "auto" else self.workers


def load_settings(
    path: Path | str | None = None,
    flags: Mapping[str, Any] | None = None,
    *,
    free_env: Collection[str] = (),
) -> Settings:
    """Bring the layers together: flags over environment over file over defaults.

    Args:
        path: the file; None takes `yanji.yaml` of the current folder if it is there.
        flags: values by key, nested like the file (`{"retention": {"days": 30}}`); None values
            are flags that were not given.
        free_env: environment variables that others read (`Site.password_envs`).

    Raises:
        SettingsError: a wrong or unknown value; the message names `file:line`, variable or flag.
    """
    document = _document(path)
    file_values = _file_values(document) if document is not None else {}
    env_values = _environment(frozenset(free_env))
    flag_values = _given(flags or {})
    merged = _over(flag_values, _over(env_values, file_values))
    try:
        return Settings(**merged)
    except ValidationError as error:
        raise _explained(error, document, env_values, flag_values) from None


def _document(path: Path | str | None) -> Document | None:
    if path is None and not DEFAULT_FILE.exists():
        return None
    document = read_document(Path(path) if path is not None else DEFAULT_FILE)
    raise_errors(document.path, document.problems)
    return document


def _file_values(document: Document) -> dict[str, Any]:
    values: dict[str, Any] = dict(document.value)
    for section in ("retention", "disk", "api"):
        # `retention:` with every key under it commented out.
        if section in values and values[section] is None:
            del values[section]
    for key in ("archive", "log_file", "models"):
        path = values.get(key)
        if isinstance(path, str) and path.strip():
            values[key] = document.path.parent / Path(path).expanduser()
    return values


def env_names() -> dict[str, Location]:
    """Map every environment variable that is read to the place of its setting."""
    names: dict[str, Location] = {}
    for key, info in Settings.model_fields.items():
        kind = info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            for inner in kind.model_fields:
                names[f"{ENV_PREFIX}{key}__{inner}".upper()] = (key, inner)
        else:
            names[f"{ENV_PREFIX}{key}".upper()] = (key,)
    return names


def _environment(free_env: frozenset[str]) -> dict[str, Any]:
    known = env_names()
    for name in sorted(os.environ):
        if name.upper().startswith(ENV_PREFIX) and name not in known and name not in free_env:
            hint = did_you_mean(name, known) or f"Known: {', '.join(known)}."
            raise SettingsError(
                f"The environment variable {name} is not one that yanji reads.", hint=hint
            )
    values = EnvSettingsSource(Settings)()
    for key in ("purposes", "camera_networks", "camera_schemes"):
        if isinstance(listed := values.get(key), str):
            values[key] = [one.strip() for one in listed.split(",")]
    return values


def _given(flags: Mapping[str, Any]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for key, value in flags.items():
        inner = _given(value) if isinstance(value, Mapping) else value
        if inner is not None and inner != {}:
            given[key] = inner
    return given


def _over(upper: Mapping[str, Any], lower: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(lower)
    for key, value in upper.items():
        below = merged.get(key)
        both = isinstance(value, Mapping) and isinstance(below, Mapping)
        merged[key] = _over(value, below) if both and below is not None else value
    return merged


def _explained(
    error: ValidationError,
    document: Document | None,
    env_values: Mapping[str, Any],
    flag_values: Mapping[str, Any],
) -> SettingsError:
    """Name the layer that the first wrong value came from, the strongest layer first."""
    names = {place: name for name, place in env_names().items()}
    for item in error.errors(include_url=False, include_input=False, include_context=False):
        location: Location = item["loc"]
        flag, variable = _present(flag_values, location), _present(env_values, location)
        if flag or variable:
            layer = f"The flag for {name_of(flag)}" if flag else names.get(variable, "")
            finding = findings_of(error, Settings, {}, concerns=location.__eq__)[0]
            return SettingsError(f"{layer}: {finding.message}", hint=finding.hint)
    findings = findings_of(error, Settings, document.lines if document is not None else {})
    try:
        raise_errors(document.path if document is not None else DEFAULT_FILE, findings)
    except SettingsError as explained:
        return explained
    raise AssertionError("a validation error without a finding")


def _present(values: Mapping[str, Any], location: Location) -> Location:
    """Return the longest beginning of a location that a layer gives a value for, () if none."""
    found: Location = ()
    inner: Any = values
    for step in location:
        if not isinstance(inner, Mapping) or step not in inner:
            break
        inner = inner[step]
        found = (*found, step)
    # A mapping alone only says that the layer gives something beside the wrong value.
    return () if isinstance(inner, Mapping) else found
