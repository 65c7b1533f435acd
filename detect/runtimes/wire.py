"""What a worker and an inference process say to each other, and the memory they share.

Over the socket go only these small messages. Pictures and answers lie in a block of memory that
belongs to the worker, made for one input shape, without a name in any folder: its descriptor is
handed over, and the kernel frees it when both are gone, however they went.
"""

from __future__ import annotations

import fcntl
import mmap
import os
from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

from yanji.ingest.frame import BgrImage

FloatArray = npt.NDArray[np.float32]

MAX_BLOCK_BYTES = 512 * 1024 * 1024
"""Largest block that is made or accepted; eight pictures of 640 x 640 and their answers are 32."""


@dataclass(frozen=True, slots=True)
class Open:
    """Worker: I want answers of this model for inputs of this shape."""

    model: str
    sha256: str
    input_shape: tuple[int, int, int]
    """(batch, height, width)."""


@dataclass(frozen=True, slots=True)
class Opened:
    """Process: you get them, so large; send the descriptor of a block for them."""

    name: str
    precision: str
    output_shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """Process: another try cannot help."""

    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Compute:
    """Worker: pictures are in the block."""

    number: int


@dataclass(frozen=True, slots=True)
class Computed:
    """Process: their answers are in the block."""

    number: int


@dataclass(frozen=True, slots=True)
class NotComputed:
    """Process: they could not be computed this time."""

    number: int
    message: str


class SharedBlock:
    """Pictures and answers of one input shape, in memory that two processes see."""

    def __init__(
        self, descriptor: int, input_shape: tuple[int, int, int], output_shape: tuple[int, ...]
    ) -> None:
        """Map the block; the descriptor stays the caller's.

        Raises:
            ValueError: the block is not as large as the shapes say, or is too large.
        """
        images_bytes, size = _sizes(input_shape, output_shape)
        if os.fstat(descriptor).st_size != size:
            raise ValueError(f"The block has {os.fstat(descriptor).st_size} bytes, not {size}.")
        memory = mmap.mmap(descriptor, size)
        self.images_NHW3: BgrImage = np.frombuffer(memory, np.uint8, images_bytes).reshape(
            *input_shape, 3
        )
        self.output: FloatArray = np.frombuffer(
            memory, np.float32, prod(output_shape), _aligned(images_bytes)
        ).reshape(output_shape)


def new_block(input_shape: tuple[int, int, int], output_shape: tuple[int, ...]) -> int:
    """Make the memory of a block, of a size that nobody can change; return its descriptor.

    Raises:
        ValueError: it would be too large.
    """
    _, size = _sizes(input_shape, output_shape)
    descriptor = os.memfd_create("yanji-block", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(descriptor, size)
    # A block that shrank would end the process that reads it (SIGBUS).
    seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
    return descriptor


def is_sealed(descriptor: int) -> bool:
    """Say whether a block cannot shrink."""
    try:
        return bool(fcntl.fcntl(descriptor, fcntl.F_GET_SEALS) & fcntl.F_SEAL_SHRINK)
    except OSError:  # no memory block at all
        return False


def _sizes(input_shape: tuple[int, int, int], output_shape: tuple[int, ...]) -> tuple[int, int]:
    """Return the bytes of the pictures and of the whole block."""
    images_bytes = prod(input_shape) * 3
    size = _aligned(images_bytes) + 4 * prod(output_shape)
    if min((*input_shape, *output_shape)) < 1 or size > MAX_BLOCK_BYTES:
        raise ValueError(f"A block for {input_shape} -> {output_shape} cannot be made.")
    return images_bytes, size


def _aligned(num_bytes: int) -> int:
    return -(-num_bytes // 64) * 64
