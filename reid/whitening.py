"""LDA whitening: a linear map after which views of one vehicle differ by as little as can be.

Learned from vectors of known vehicles (Mikolajczyk and Matas 2007, "Improving descriptors for fast
tree matching by optimal linear projection"; Radenovic, Tolias and Chum 2018, arXiv 1711.02512,
section 3.3). With x_i of vehicle v_i, mu the mean of all and mu_v the mean of vehicle v:

    S_w = 1/(N - V) sum_i (x_i - mu_v_i)(x_i - mu_v_i)^T
    y   = S_w^(-1/2) (x - mu),   then divided by its length

What varies between the views of one vehicle is scaled down to one unit in every direction, so that
what tells vehicles apart weighs more. The rotation to the eigenvectors of the variance between
vehicles, which the paper adds in order to cut dimensions, changes no scalar product and is left
out.

With fewer pairs than dimensions S_w has no inverse. It is shrunk towards a multiple of the
identity, (1 - a) S_w + a (tr S_w / D) I, with a from the data (Ledoit and Wolf 2004, "A
well-conditioned estimator for large-dimensional covariance matrices", section 3.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from yanji.configs.errors import UsageError
from yanji.reid.embedder import Vectors

Square = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Whitening:
    """What was learned."""

    mean_D: npt.NDArray[np.float64]
    map_DD: Square
    """Symmetric: S_w^(-1/2) of the shrunk scatter."""
    shrinkage: float
    """a, 0..1."""

    def apply(self, vectors_ND: Vectors) -> Vectors:
        """Map unit vectors to unit vectors; one that falls on the mean stays as it is."""
        mapped_ND = (vectors_ND.astype(np.float64) - self.mean_D) @ self.map_DD
        lengths_N1 = np.linalg.norm(mapped_ND, axis=1, keepdims=True)
        usable_N1 = lengths_N1 > 1e-9
        result: Vectors = np.where(
            usable_N1, mapped_ND / np.where(usable_N1, lengths_N1, 1.0), vectors_ND
        ).astype(np.float32)
        return result


def fit_whitening(vectors_ND: Vectors, vehicles: Sequence[str]) -> Whitening:
    """Learn from labelled vectors.

    Args:
        vectors_ND: N unit vectors.
        vehicles: whom each shows; those seen once tell nothing about views and only move the mean.

    Raises:
        UsageError: no vehicle has two vectors, or all views of every vehicle are the same.
    """
    x_ND = vectors_ND.astype(np.float64)
    _, which_N, counts_V = np.unique(np.array(vehicles), return_inverse=True, return_counts=True)
    repeated = int((counts_V - 1).sum())
    if repeated == 0:
        raise UsageError("No vehicle has two vectors: there is nothing to learn from.")
    sums_VD = np.zeros((len(counts_V), x_ND.shape[1]))
    np.add.at(sums_VD, which_N, x_ND)
    residuals_ND = x_ND - (sums_VD / counts_V[:, None])[which_N]
    # Views of one vehicle lose one degree of freedom to their own mean: scaled back to what
    # independent rows of the same covariance would be.
    twice_N = counts_V[which_N] > 1
    scale_N = np.sqrt(counts_V[which_N] / np.maximum(counts_V[which_N] - 1, 1))
    rows_MD = (residuals_ND * scale_N[:, None])[twice_N]
    scatter_DD, shrinkage = shrunk_covariance(rows_MD)
    values_D, axes_DD = np.linalg.eigh(scatter_DD)
    if values_D[-1] <= 1e-12:
        raise UsageError("All vectors of each vehicle are the same: nothing can be learned.")
    floor = values_D[-1] * 1e-9
    map_DD: Square = (axes_DD / np.sqrt(np.maximum(values_D, floor))) @ axes_DD.T
    return Whitening(x_ND.mean(axis=0), map_DD, shrinkage)


def shrunk_covariance(rows_MD: npt.NDArray[np.float64]) -> tuple[Square, float]:
    """Covariance of M rows of mean zero, shrunk as Ledoit and Wolf say, and how far (0..1).

    In their letters m = tr S / D, d2 = |S - m I|^2, b2 = min(d2, 1/M^2 sum_k |x_k x_k^T - S|^2),
    with |A|^2 = tr(A A^T) / D; the result is b2/d2 m I + (1 - b2/d2) S.
    """
    count, dimension = rows_MD.shape
    covariance_DD = rows_MD.T @ rows_MD / count
    level = float(np.trace(covariance_DD)) / dimension
    norm2 = float((covariance_DD**2).sum()) / dimension
    distance2 = norm2 - level**2
    # sum_k |x_k x_k^T - S|^2 = sum_k |x_k|^4 - M |S|^2, both over D.
    fourth = float((np.square(rows_MD).sum(axis=1) ** 2).sum()) / dimension
    error2 = (fourth / count - norm2) / count
    share = 1.0 if distance2 <= 1e-18 else float(np.clip(error2 / distance2, 0.0, 1.0))
    shrunk_DD: Square = (1 - share) * covariance_DD + share * level * np.eye(dimension)
    return shrunk_DD, share
