"""The tables of embedders in docs/design/reid.md: many models, many sets, the same queries.

    python -m yanji.reid.training.compare --images DIR --list val.txt --fit-list train.txt \\
        --crops DIR --fit-crops DIR --real tests/accuracy/real_views.json --footage DIR \\
        --osnet FILE.onnx --omz-0248 FILE.onnx --mobilenet --candidate NAME=FILE[,FILE...] \\
        --mask-rider --variants --cache DIR --out FILE.json

`histogram` and `yanji-reid-1` are always in it, and `concatenation` where both OSNet and OMZ-0248
are. A candidate's input size is read from its file; several files of one name are several
trainings, whose mean and spread are shown. With `--cache` a model is run once for each set. Every
candidate and yanji-reid-1 are compared in pairs with the concatenation, the candidates with
yanji-reid-1, too.
Needs the `train` extra; torch only for `--mobilenet`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from yanji.configs.errors import UsageError
from yanji.reid.registry import open_embedder
from yanji.reid.rendered_crops import livery_parts
from yanji.reid.training.compare_sets import (
    Asked,
    Sets,
    Vectorise,
    concatenate,
    describe_sets,
    open_sets,
    score_sets,
    score_variants,
    vectors_by,
)
from yanji.reid.training.compare_tables import Compared, all_differences, all_figures, markdown

FIRST = "yanji-reid-1"
CONCATENATION = "concatenation"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which models."""

    osnet: Path | None
    omz_0248: Path | None
    mobilenet: bool
    candidates: dict[str, tuple[Path, ...]]
    cache: Path | None


def read_candidates(texts: Sequence[str]) -> dict[str, tuple[Path, ...]]:
    """Read `NAME=FILE[,FILE...]`; a file alone is named by its stem.

    Raises:
        UsageError: a file is missing, or a name is given twice.
    """
    candidates: dict[str, tuple[Path, ...]] = {}
    for text in texts:
        name, equals, files = text.partition("=")
        paths = tuple(Path(part) for part in (files if equals else name).split(",") if part)
        for path in paths:
            if not path.is_file():
                raise UsageError(f"The candidate {path} does not exist.")
        if not paths:
            raise UsageError(f"{text!r} names no file.", hint="--candidate NAME=FILE.onnx")
        name = name if equals else paths[0].stem
        if name in candidates:
            raise UsageError(f"The candidate {name} is given twice.")
        candidates[name] = paths
    return candidates


def vectorisers(wanted: Wanted) -> dict[str, list[Vectorise]]:
    """Name of a row -> its trainings, in the order of the table."""
    # Here and not above: it needs onnx.
    from yanji.reid.training.compared_embedders import open_mobilenet, open_omz_0248, open_onnx

    rows = {"histogram": [vectors_by(open_embedder("histogram"), wanted.cache)]}
    if wanted.mobilenet:
        rows["mobilenetv2-imagenet"] = [vectors_by(open_mobilenet(), wanted.cache)]
    if wanted.osnet:
        osnet = open_onnx("osnet-x0.25-msmt17", wanted.osnet)
        rows["osnet-x0.25-msmt17"] = [vectors_by(osnet, wanted.cache)]
    if wanted.omz_0248:
        rows["omz-0248"] = [vectors_by(open_omz_0248(wanted.omz_0248), wanted.cache)]
    if wanted.osnet and wanted.omz_0248:
        both = [*rows["osnet-x0.25-msmt17"], *rows["omz-0248"]]
        rows[CONCATENATION] = [concatenate(both)]
    rows[FIRST] = [vectors_by(open_embedder(FIRST, "onnxruntime"), wanted.cache)]
    for name, paths in wanted.candidates.items():
        rows[name] = [vectors_by(open_onnx(name, path), wanted.cache) for path in paths]
    return rows


def compare(
    sets: Sets, rows: dict[str, list[Vectorise]], masked: bool, variants: bool
) -> list[Compared]:
    """Embed and score every row."""
    models = []
    for name, runs in rows.items():
        described = [describe_sets(sets, vectorise, masked) for vectorise in runs]
        models.append(
            Compared(
                name,
                tuple(score_sets(sets, one) for one in described),
                tuple(score_variants(sets, one) for one in described) if variants else (),
            )
        )
    return models


def main() -> None:
    """Read the arguments, print the tables, write the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--list", type=Path, required=True, help="held-out pictures")
    parser.add_argument("--fit-list", type=Path, help="pictures that whitening learns from")
    parser.add_argument("--crops", type=Path, help="rendered crops, held out")
    parser.add_argument("--vehicles", type=int, default=500, help="of the rendered crops")
    parser.add_argument("--fit-crops", type=Path, help="rendered crops that whitening learns from")
    parser.add_argument("--real", type=Path, help="list of sightings")
    parser.add_argument("--footage", type=Path, help="folder of their clips")
    parser.add_argument("--osnet", type=Path)
    parser.add_argument("--omz-0248", type=Path)
    parser.add_argument("--mobilenet", action="store_true")
    parser.add_argument("--candidate", action="append", default=[], metavar="NAME=FILE[,FILE...]")
    parser.add_argument("--hide-heads", action="store_true", help="val.txt as archived crops are")
    parser.add_argument("--mask-rider", action="store_true", help="two-wheelers covered, as well")
    parser.add_argument("--variants", action="store_true", help="whitened and re-ranked, as well")
    parser.add_argument("--cache", type=Path, help="scratch folder for vectors")
    parser.add_argument("--out", type=Path, help="all figures as JSON")
    given = parser.parse_args()
    wanted = Wanted(
        given.osnet,
        given.omz_0248,
        given.mobilenet,
        read_candidates(given.candidate),
        given.cache,
    )
    sets = open_sets(
        Asked(
            images=given.images,
            val_list=given.list,
            fit_list=given.fit_list if given.variants else None,
            crops=given.crops,
            num_vehicles=given.vehicles,
            fit_crops=given.fit_crops if given.variants else None,
            real_list=given.real,
            footage=given.footage,
            hide_heads=given.hide_heads,
        )
    )
    models = compare(sets, vectorisers(wanted), given.mask_rider, given.variants)
    parts = livery_parts(sets.rendered)
    figures = all_figures(models, parts)
    differences = all_differences(
        models, [*wanted.candidates, FIRST], [CONCATENATION, FIRST], parts
    )
    print(markdown(figures, differences))
    if given.out:
        document = {**figures, "differences": differences}
        document["rendered"] = {
            "num_vehicles": len({crop.vehicle for crop in sets.rendered}),
            "num_crops": len(sets.rendered),
            **{f"num_{name}": len(vehicles) for name, vehicles in parts.items()},
        }
        beside = given.out.with_suffix(".part")
        beside.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        beside.replace(given.out)


if __name__ == "__main__":
    main()
