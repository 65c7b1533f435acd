"""How pixels become the numbers that the trained networks eat: ImageNet's mean and deviation."""

from __future__ import annotations

from typing import Final

import numpy as np

INPUT: Final = "crops"
OUTPUT: Final = "vectors"
IMAGENET_MEAN: Final = (123.675, 116.28, 103.53)
"""Subtracted from red, green, blue (0..255); the start network's own first two nodes, taken out."""
IMAGENET_STD: Final = (58.395, 57.12, 57.375)
MEAN_3: Final = np.array(IMAGENET_MEAN, np.float32)
STD_3: Final = np.array(IMAGENET_STD, np.float32)
