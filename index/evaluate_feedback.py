"""How much confirming and rejecting helps: figures on a labelled list, by a stated protocol.

For each query image the gallery is every listed image of another camera (the *other camera*
protocol of `yanji.reid.evaluate`). A person looks at the first ten hits. Of these:

- `rejected`: the first two of other vehicles are rejected;
- `confirmed`: the first of the same vehicle is confirmed;
- `both`: both.

What was judged is taken out of the gallery, and the rest is ranked twice: by the query as it was
(`_before`) and as `refined` moved it (`_after`). A query counts where the person finds what the
row needs, and where the rest of the gallery still holds the vehicle. So in a list with two
pictures of each vehicle nothing is left to find once one is confirmed: only `rejected` counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from yanji.index.rerank import refined
from yanji.reid.embedder import Embedder, Vectors
from yanji.reid.evaluate import (
    Figures,
    Labelled,
    embed_list,
    figures_of,
    precision_and_rank,
    read_list,
)
from yanji.reid.sighting import Embedding

LOOKED_AT: Final = 10
NUM_REJECTED: Final = 2
ROWS: Final = {"rejected": (0, NUM_REJECTED), "confirmed": (1, 0), "both": (1, NUM_REJECTED)}
"""Name -> how many are confirmed and how many rejected."""


def evaluate_feedback(images_dir: Path, list_file: Path, embedder: Embedder) -> Figures:
    """Embed every image of the list and judge the answers to each.

    Returns:
        `<row>_before` and `<row>_after` for each row; `num_queries` 0 where no query counts.

    Raises:
        UsageError: see `yanji.reid.evaluate.read_list`.
        PictureError: an image is damaged.
    """
    labelled = read_list(images_dir, list_file)
    return score_feedback(labelled, embed_list(labelled, embedder))


def score_feedback(labelled: Sequence[Labelled], vectors_ND: Vectors) -> Figures:
    """Score rows of unit length, one for each labelled image, in the same order."""
    vehicles_N = np.array([item.vehicle for item in labelled])
    cameras_N = np.array([item.camera for item in labelled])
    results: dict[str, list[tuple[float, int]]] = {
        f"{row}_{when}": [] for row in ROWS for when in ("before", "after")
    }
    for query, item in enumerate(labelled):
        gallery_G = np.flatnonzero(cameras_N != item.camera)
        true_G = vehicles_N[gallery_G] == item.vehicle
        if not true_G.any():
            continue
        vectors_GD = vectors_ND[gallery_G]
        # Equal scores rank against us, as in every figure of `yanji eval reid`.
        seen_K = np.lexsort((true_G, -(vectors_GD @ vectors_ND[query])))[:LOOKED_AT]
        for row, (num_confirmed, num_rejected) in ROWS.items():
            right = seen_K[true_G[seen_K]][:num_confirmed]
            wrong = seen_K[~true_G[seen_K]][:num_rejected]
            rest_G = np.ones(len(gallery_G), np.bool_)
            rest_G[right] = rest_G[wrong] = False
            if len(right) < num_confirmed or len(wrong) < num_rejected or not true_G[rest_G].any():
                continue
            asked = Embedding("", "", vectors_ND[query])
            moved = refined(asked, vectors_GD[right], vectors_GD[wrong])
            for when, by in (("before", asked), ("after", moved)):
                scores = (vectors_GD[rest_G] @ by.vector_D).astype(np.float32)
                results[f"{row}_{when}"].append(precision_and_rank(scores, true_G[rest_G]))
    return {name: figures_of(values) for name, values in results.items()}
