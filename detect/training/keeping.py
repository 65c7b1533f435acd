"""What the start model says of persons is kept while its weights move. Needs the extra.

A person whom training forgets would stay unblurred, and the frames have no labels of persons. So
the start model answers every picture of a batch too, and its answer is a target: its scores in the
rows that are kept, and its boxes where it sees one of those. Idea: Li and Hoiem, "Learning without
Forgetting" (2016).
"""

from __future__ import annotations

import copy
from typing import Any

import torch
import torch.nn.functional as functional
from ultralytics.nn.modules.head import Detect
from ultralytics.utils.loss import v8DetectionLoss


class KeepingHead(Detect):  # type: ignore[misc]  # without types
    """The head with two class branches: `cv3` is trained, `kept` answers the kept rows."""

    def forward(self, x: Any) -> Any:
        """As in `Detect`; in training with the kept branch's logits as well."""
        answer = super().forward(x)
        if self.training:
            levels = [self.kept[level](x[level]).flatten(2) for level in range(self.nl)]
            answer["kept"] = torch.cat(levels, dim=2)
        return answer


class KeepingLoss:
    """ultralytics' loss of the trained classes, and a fourth part: what is kept."""

    def __init__(self, network: Any, teacher: Any, kept: tuple[int, ...]) -> None:
        self.trained = v8DetectionLoss(network)
        self.teacher = teacher
        self.kept = list(kept)

    def __call__(self, answer: Any, batch: Any) -> tuple[Any, dict[str, Any]]:
        """Return the parts of the loss times the batch, and each by name."""
        loss_3, items = self.trained(answer, batch)
        with torch.no_grad():
            _, wanted = self.teacher(batch["img"])
        kept = kept_loss(
            answer["kept"][:, self.kept],
            wanted["scores"][:, self.kept],
            answer["boxes"],
            wanted["boxes"],
        )
        whole_4 = torch.cat([loss_3, (kept * len(batch["img"]))[None]])
        return whole_4, {**items, "kept_loss": kept.detach()}


def kept_loss(
    logits_BKA: Any, wanted_BKA: Any, boxes_BDA: Any, wanted_boxes_BDA: Any, bins: int = 16
) -> Any:
    """How far two answers are apart, 0 where they are equal.

    Args:
        logits_BKA: of the kept rows.
        wanted_BKA: the start model's.
        boxes_BDA: logits of the distances to the four edges, D = 4 x bins.
        wanted_boxes_BDA: the start model's.
        bins: of a distance.

    Returns:
        Kullback-Leibler divergence of the scores, summed, and of the boxes, weighted by the start
        model's best kept score; both over the sum of those scores (at least 1).
    """
    likely_BKA = wanted_BKA.sigmoid()
    weight_BA = likely_BKA.amax(dim=1)
    total = weight_BA.sum().clamp(min=1.0)
    cross = functional.binary_cross_entropy_with_logits(logits_BKA, likely_BKA, reduction="sum")
    least = functional.binary_cross_entropy_with_logits(wanted_BKA, likely_BKA, reduction="sum")
    batch, depth, anchors = boxes_BDA.shape
    shape = (batch, depth // bins, bins, anchors)
    apart = functional.kl_div(
        boxes_BDA.view(shape).log_softmax(dim=2),
        wanted_boxes_BDA.view(shape).log_softmax(dim=2),
        reduction="none",
        log_target=True,
    ).sum(dim=(1, 2))
    return (cross - least + (apart * weight_BA).sum()) / total


def keep(network: Any, teacher: Any, kept: tuple[int, ...]) -> None:
    """Give a network the second branch and the loss that holds it; `cv3` may change afterwards."""
    for parameter in teacher.parameters():
        parameter.requires_grad_(False)
    teacher.eval()
    head = network.model[-1]
    head.kept = copy.deepcopy(head.cv3)
    head.__class__ = KeepingHead
    network.init_criterion = lambda: KeepingLoss(network, teacher, kept)
