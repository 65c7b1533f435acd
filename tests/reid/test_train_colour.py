"""Training of the colours on a few drawn crops, and its bad input."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from yanji.ingest.testcity.vehicles.individuals import individual
from yanji.ingest.testcity.vehicles.paint_names import colour_names
from yanji.reid.colour import load_weights
from yanji.reid.colours import COLOURS
from yanji.reid.training.train_colour import fit, main, temperature_of

BGR = {
    "white": (230, 230, 230), "grey": (120, 120, 120), "black": (20, 20, 20), "red": (30, 30, 170),
    "orange": (20, 100, 225), "yellow": (30, 190, 225), "green": (60, 120, 40),
    "blue": (160, 90, 30), "brown": (50, 70, 100), "purple": (140, 70, 110),
}  # fmt: skip


def picture(path: Path, colour: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = np.full((60, 60, 3), 100, np.uint8)
    image[6:54, 6:54] = BGR[colour]
    cv2.imwrite(str(path), image)


def crops(folder: Path, num: int = 40) -> Path:
    records: list[dict[str, object]] = [{"record": "order", "seed": 5}, {"record": "camera"}]
    for number in range(num):
        kind, group = (("saloon", "four_wheel"), ("ebike", "two_wheeler"))[number % 2]
        colour = colour_names(kind, individual(kind, number, 5))[0]
        name = f"000/{kind}_{number:05}.png"
        picture(folder / name, colour)
        records.append(
            {"record": "crop", "path": name, "identity": f"{kind}_{number:05}", "kind": kind,
             "group": group, "occlusion": 0.0}
        )  # fmt: skip
    (folder / "crops.jsonl").write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    return folder


def test_trained_weights_are_read_and_the_same_every_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = crops(tmp_path / "crops")
    picture(tmp_path / "real" / "a.png", "red")
    (tmp_path / "labels.json").write_text('{"a.png": ["red", "brown"]}', encoding="utf-8")
    real = ["--images", str(tmp_path / "real"), "--labels", str(tmp_path / "labels.json")]
    for out in ("one.npz", "two.npz"):
        assert main(["--crops", str(folder), *real, "--out", str(tmp_path / out)]) == 0
    figures = json.loads(capsys.readouterr().out.split("]\n")[0] + "]")
    assert figures[1]["num_examples"] == figures[0]["num_examples"] + 1
    one, two = load_weights(tmp_path / "one.npz"), load_weights(tmp_path / "two.npz")
    assert np.array_equal(one["others"].weights_FC, two["others"].weights_FC)
    assert not list(tmp_path.glob("*.tmp*"))


@pytest.mark.parametrize(
    "labels", ["not json", '["a.png"]', '{"a.png": ["mauve"]}', '{"a.png": []}', '{"b.png": "x"}']
)
def test_bad_labels_write_nothing(
    tmp_path: Path, labels: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "labels.json").write_text(labels, encoding="utf-8")
    real = ["--images", str(tmp_path), "--labels", str(tmp_path / "labels.json")]
    out = tmp_path / "out.npz"
    assert main(["--crops", str(crops(tmp_path / "crops", 12)), *real, "--out", str(out)]) == 2
    assert "labels.json" in capsys.readouterr().err
    assert not out.exists()


def test_bad_crops_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = ["--out", str(tmp_path / "out.npz")]
    assert main(["--crops", str(tmp_path), *out]) == 2
    assert "crops.jsonl" in capsys.readouterr().err
    folder = crops(tmp_path / "crops", 12)
    next((folder / "000").glob("ebike*")).unlink()
    assert main(["--crops", str(folder), *out]) == 2
    assert "missing or damaged" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["--crops", str(folder), "--images", str(tmp_path), *out])


def test_a_fit_separates_and_its_temperature_tells_how_sure_it_may_be() -> None:
    rng = np.random.default_rng(1)
    features = rng.normal(0, 1, (300, 4))
    numbers = (features[:, 0] > 0).astype(int)
    targets = np.eye(len(COLOURS))[numbers]
    model = fit(features, targets, np.ones(300))
    assert (model.logits(features).argmax(axis=1) == numbers).mean() > 0.95
    noisy = np.eye(len(COLOURS))[np.where(rng.random(300) < 0.4, 1 - numbers, numbers)]
    assert temperature_of(model, features, noisy) > temperature_of(model, features, targets)
