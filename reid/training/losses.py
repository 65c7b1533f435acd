"""What a training of embedders makes smaller. Rows are unit vectors in torch."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as functional


def contrastive(unit_ND: Any, labels_N: Any, temperature: float) -> Any:
    """Supervised contrastive loss (Khosla et al. 2020): every other row of the label is a positive.

    Mean over the rows of the mean over their positives of the cross-entropy of picking it among
    all other rows. Rows without a positive count nothing.
    """
    similar = unit_ND @ unit_ND.T / temperature
    itself = torch.eye(len(unit_ND), dtype=torch.bool)
    similar = similar.masked_fill(itself, -1e4)
    positive = (labels_N[:, None] == labels_N[None]) & ~itself
    log_share = similar - torch.logsumexp(similar, 1, keepdim=True)
    count = positive.sum(1)
    each = -(log_share * positive).sum(1) / count.clamp(min=1)
    return each[count > 0].mean()


def margin_softmax(
    unit_ND: Any, labels_N: Any, proxies_CD: Any, scale: float, margin: float
) -> Any:
    """Cross-entropy against one proxy for each vehicle, the own one's cosine less a margin.

    Wang et al. 2018, "CosFace". `proxies_CD` need not be of unit length.
    """
    cosine = unit_ND @ functional.normalize(proxies_CD, dim=1).T
    own = functional.one_hot(labels_N, len(proxies_CD))
    return functional.cross_entropy(scale * (cosine - margin * own), labels_N)
