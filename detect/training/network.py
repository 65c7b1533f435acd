"""The start model in ultralytics, and its training. Needs the extra `train-detect`.

What is trained: `classes`, the new class branch alone; `head`, the boxes as well; `all`, every
weight. With the latter two the start model's answers about persons are held by a second loss
(`keeping.py`), since they are read from weights that move.

ultralytics calls home, downloads fonts and models, writes settings into the home folder and talks
on stdout unless it is told not to: everything it is told is in this file.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from yanji.configs.errors import UsageError, YanjiError
from yanji.detect.detections import FloatArray
from yanji.detect.training.branch import HEAD, NUM_LEVELS, Arrays, Rows, layers
from yanji.detect.training.dataset import Dataset

EXTRA: Final = "train-detect"
NETWORK: Final = "yolo11n.yaml"
HEAD_LAYER: Final = 23

Tell = Callable[[str], None]
Part = Literal["classes", "head", "all"]
RATES: Final[dict[Part, float]] = {"classes": 1e-3, "head": 5e-4, "all": 2e-4}
"""Usual learning rates: the more moves, the smaller the steps."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Every number that the result depends on, beside the data."""

    epochs: int = 30
    long_side_px: int = 640
    batch: int = 16
    learning_rate: float = RATES["classes"]
    """Of AdamW; linear warm-up for an epoch, then half a cosine down to a hundredth."""
    part: Part = "classes"
    """What is trained."""
    seed: int = 1
    device: str = "cpu"
    threads: int = 1


def need_the_extra() -> None:
    """Refuse before anything is read where ultralytics is not installed.

    Raises:
        UsageError: it, or what it stands on, is missing.
    """
    for package in ("torch", "ultralytics", "onnx"):
        if importlib.util.find_spec(package) is None:
            raise UsageError(
                f"Training a detector needs {package}, which is not installed.",
                hint=f"pip install 'yanji[{EXTRA}]'",
            )


@contextlib.contextmanager
def ultralytics_kept_quiet(folder: Path) -> Iterator[None]:
    """Import and use ultralytics inside: no network, no file outside `folder`, nothing on stdout.

    Raises:
        YanjiError: it is installed and cannot be loaded.
    """
    folder.mkdir(parents=True, exist_ok=True)
    told = {
        "YOLO_OFFLINE": "true",
        "YOLO_AUTOINSTALL": "false",
        "YOLO_VERBOSE": "false",
        "YOLO_CONFIG_DIR": str(folder),
        "MPLCONFIGDIR": str(folder),
        "WANDB_MODE": "disabled",
    }
    before = {name: os.environ.get(name) for name in told}
    os.environ.update(told)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            try:
                importlib.import_module("ultralytics")
            except Exception as error:  # torch and torchvision that do not fit: RuntimeError
                raise YanjiError(
                    f"ultralytics cannot be loaded: {error}", hint=f"pip install 'yanji[{EXTRA}]'"
                ) from error
            logging.getLogger("ultralytics").setLevel(logging.WARNING)
            yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def start_network(weights: Arrays) -> Any:
    """Build ultralytics' own network with the start model's weights; call it where it is quiet.

    The weights of the ONNX file have the batch normalisation folded into the convolutions, so the
    network is folded too before it takes them: the same function, and no statistics to invent.

    Raises:
        YanjiError: a weight is missing or has another shape.
    """
    torch: Any = importlib.import_module("torch")
    tasks: Any = importlib.import_module("ultralytics.nn.tasks")
    network = tasks.DetectionModel(NETWORK, verbose=False)
    network.eval()
    network.fuse(verbose=False)
    wanted = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    given = {name: tuple(value.shape) for name, value in weights.items()}
    if wanted != {name: given.get(name) for name in wanted}:
        wrong = next(name for name, shape in wanted.items() if given.get(name) != shape)
        raise YanjiError(f"The start model does not fit {NETWORK}: {wrong}.")
    network.load_state_dict({name: torch.from_numpy(weights[name].copy()) for name in wanted})
    return network


def put_branch(network: Any, branch: Arrays, classes: tuple[str, ...]) -> None:
    """Exchange the class branch of a network for one with other rows."""
    torch: Any = importlib.import_module("torch")
    head = network.model[-1]
    for level in range(NUM_LEVELS):
        old = head.cv3[level][2]
        head.cv3[level][2] = torch.nn.Conv2d(old.in_channels, len(classes), 1)
    head.nc, head.no = len(classes), len(classes) + 4 * head.reg_max
    network.names, network.nc = dict(enumerate(classes)), len(classes)
    network.load_state_dict(
        {name: torch.from_numpy(value.copy()) for name, value in branch.items()}, strict=False
    )


def branch_of(network: Any) -> dict[str, FloatArray]:
    """Read the class branch out of a network."""
    state = network.state_dict()
    return {
        f"{layer}.{part}": state[f"{layer}.{part}"].detach().cpu().float().numpy().copy()
        for level in range(NUM_LEVELS)
        for layer in layers(level)
        for part in ("weight", "bias")
    }


@dataclass(frozen=True, slots=True)
class Trained:
    """What training gives."""

    branch: dict[str, FloatArray]
    """See `yanji.detect.training.branch.begin`."""
    start: dict[str, FloatArray]
    """Weights of the start model that have moved, by their names there; () for `classes`."""


def train(
    weights: Arrays,
    branch: Arrays,
    rows: Rows,
    data: Dataset,
    recipe: Recipe,
    work: Path,
    say: Tell,
) -> Trained:
    """Train; the result is the exponential average over the steps, as ultralytics keeps it.

    Args:
        weights: of the start model.
        branch: that training begins with.
        rows: which of the start model's rows are kept.
        data: laid out; only its part `train` is looked at.
        recipe: how.
        work: a folder for whatever ultralytics writes.
        say: told the loss after each epoch.

    Raises:
        YanjiError: the loss is no number, or the device cannot be had.
    """
    with ultralytics_kept_quiet(work / "ultralytics"):
        torch: Any = importlib.import_module("torch")
        torch.set_num_threads(recipe.threads)
        network = start_network(weights)
        if recipe.part != "classes":
            keeping: Any = importlib.import_module("yanji.detect.training.keeping")
            keeping.keep(network, start_network(weights), rows.kept)
        put_branch(network, branch, rows.trained)
        trainer = _trainer(network, data, recipe, work, say)
        try:
            trainer.train()
        except (RuntimeError, ValueError) as error:
            raise YanjiError(f"Training failed: {error}") from error
        trained = branch_of(trainer.ema.ema)
        moved = {} if recipe.part == "classes" else _moved(trainer.ema.ema, weights)
    if not all(np.isfinite(value).all() for value in [*trained.values(), *moved.values()]):
        raise YanjiError("Training failed: a weight is no number.", hint="A lower learning rate.")
    return Trained(trained, moved)


def _moved(network: Any, weights: Arrays) -> dict[str, FloatArray]:
    """Read all weights but the trained branch; the kept branch has the start model's names."""
    found = {}
    for name, value in network.state_dict().items():
        if name.startswith(f"{HEAD}.cv3."):
            continue
        own = name.replace(f"{HEAD}.kept.", f"{HEAD}.cv3.")
        found[own] = value.detach().cpu().float().numpy().copy()
    assert set(found) <= set(weights)  # noqa: S101 - nothing that the file does not have
    return found


def overrides_of(data: Dataset, recipe: Recipe, work: Path, same_size: bool) -> dict[str, Any]:
    """Say everything to ultralytics that is not its default."""
    return {
        "model": NETWORK,
        "data": str(data.root),
        "project": str(work),
        "name": "run",
        "exist_ok": True,
        "epochs": recipe.epochs,
        "imgsz": recipe.long_side_px,
        "batch": recipe.batch,
        "nbs": recipe.batch,
        "device": recipe.device,
        "seed": recipe.seed,
        "deterministic": True,
        "workers": 0,
        "optimizer": "AdamW",
        "lr0": recipe.learning_rate,
        "lrf": 0.01,
        "cos_lr": True,
        "warmup_epochs": 1.0,
        # The default lets biases begin at 0.1, which throws away what they know.
        "warmup_bias_lr": 0.0,
        # The mixed precision's self-test downloads a model.
        "amp": False,
        # Pictures of one shape are not padded to a square: half the work.
        "rect": same_size,
        "mosaic": 0.0 if same_size else 0.5,
        "close_mosaic": 0,
        "scale": 0.4,
        "translate": 0.1,
        "freeze": FROZEN[recipe.part],
        "plots": False,
        "val": False,
        "save": False,
        "patience": 0,
        "verbose": False,
    }


FROZEN: Final[dict[Part, list[int | str]]] = {
    "classes": [*range(HEAD_LAYER), f"{HEAD_LAYER}.cv2"],
    "head": [*range(HEAD_LAYER), f"{HEAD_LAYER}.kept"],
    "all": [],
}
"""Layers, as ultralytics names them."""


def _trainer(network: Any, data: Dataset, recipe: Recipe, work: Path, say: Tell) -> Any:
    """Make ultralytics' trainer for a network that exists and folders that were checked."""
    detect: Any = importlib.import_module("ultralytics.models.yolo.detect.train")
    engine: Any = importlib.import_module("ultralytics.engine.trainer")

    class Trainer(detect.DetectionTrainer):  # type: ignore[misc]  # without types
        def get_dataset(self) -> dict[str, Any]:
            # ultralytics' own would download a font.
            names = dict(enumerate(network.names.values()))
            images = str(data.images("train"))
            return {"train": images, "val": images, "nc": len(names), "names": names, "channels": 3}

        def setup_model(self) -> None:
            self.model = network

        def validate(self) -> tuple[dict[str, float], float]:
            return {}, 0.0  # figures are computed as everywhere in yanji, afterwards

        def final_eval(self) -> None: ...

        def save_model(self) -> bool:
            return False

        def _handle_nan_recovery(self, epoch: int) -> bool:
            if not np.isfinite(float(self.loss.detach())):
                raise RuntimeError(f"the loss of epoch {epoch + 1} is no number")
            return False

    same_size = _same_shape(data)
    with _nobody_called(engine):
        trainer = Trainer(overrides=overrides_of(data, recipe, work, same_size))
    trainer.add_callback("on_train_epoch_end", lambda its: say(_progress(its)))
    return trainer


def _same_shape(data: Dataset) -> bool:
    """Say whether all training pictures have one aspect."""
    from PIL import Image

    sizes = set()
    for path in data.images("train").iterdir():
        with Image.open(path) as picture:
            sizes.add(picture.size)
    return len({round(width / height, 3) for width, height in sizes}) == 1


@contextlib.contextmanager
def _nobody_called(engine: Any) -> Iterator[None]:
    """Keep ultralytics from adding the loggers of other services that it finds installed."""
    add = engine.callbacks.add_integration_callbacks
    engine.callbacks.add_integration_callbacks = lambda _trainer: None
    try:
        yield
    finally:
        engine.callbacks.add_integration_callbacks = add


def _progress(trainer: Any) -> str:
    losses: Mapping[str, Any] = trainer.tloss or {}
    parts = ", ".join(f"{name} {float(value):.3f}" for name, value in losses.items())
    return f"epoch {trainer.epoch + 1} of {trainer.epochs}: {parts}"
