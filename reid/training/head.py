"""The two linear layers on top of pooled maps, as torch trains them and as a graph holds them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from yanji.reid.training.taps import Floats, Head

_LEAST_DEVIATION = 1e-3


class HeadLayers(nn.Module):  # type: ignore[misc]  # torch has no types here
    """Features (N, F) -> vectors (N, D), not normalised.

    Features are brought to mean 0 and deviation 1 (fixed numbers), then linear, batch
    normalisation, rectifier, linear, batch normalisation; dropout before both linear layers.
    """

    def __init__(self, mean_F: Floats, deviation_F: Floats, hidden: int, dimension: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.from_numpy(mean_F))
        self.register_buffer("scale", torch.from_numpy(1 / (deviation_F + _LEAST_DEVIATION)))
        self.drop = nn.Dropout(0.1)
        self.first = nn.Linear(len(mean_F), hidden, bias=False)
        self.first_norm = nn.BatchNorm1d(hidden)
        self.drop_hidden = nn.Dropout(0.2)
        self.second = nn.Linear(hidden, dimension, bias=False)
        self.second_norm = nn.BatchNorm1d(dimension, affine=False)

    def forward(self, features_NF: Any) -> Any:
        """See the class."""
        unit = self.drop((features_NF - self.mean) * self.scale)
        hidden = self.drop_hidden(torch.relu(self.first_norm(self.first(unit))))
        return self.second_norm(self.second(hidden))

    def folded(self) -> Head:
        """Both layers with all that is fixed after training multiplied in."""
        state = {name: value.double().numpy() for name, value in self.state_dict().items()}
        gain_H = state["first_norm.weight"] / np.sqrt(
            state["first_norm.running_var"] + self.first_norm.eps
        )
        first_HF = gain_H[:, None] * state["first.weight"] * state["scale"]
        first_H = (
            state["first_norm.bias"]
            - gain_H * state["first_norm.running_mean"]
            - first_HF @ state["mean"]
        )
        gain_D = 1 / np.sqrt(state["second_norm.running_var"] + self.second_norm.eps)
        second_DH = gain_D[:, None] * state["second.weight"]
        second_D = -gain_D * state["second_norm.running_mean"]
        return Head(*(part.astype(np.float32) for part in (first_HF, first_H, second_DH, second_D)))
