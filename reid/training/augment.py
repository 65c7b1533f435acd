"""What two cameras, a detector and a JPEG do to one vehicle, imitated at training time.

Every function takes and returns uint8 BGR pictures and draws only from the generator it is given.
"""

from __future__ import annotations

import cv2
import numpy as np

from yanji.detect.blur import destroy_detail
from yanji.ingest.frame import BgrImage


def view(image: BgrImage, rng: np.random.Generator, *, rider: bool) -> BgrImage:
    """Return the vehicle as another detector box, camera and encoder might have given it."""
    image = shift_box(image, rng)
    if rider and rng.random() < 0.6:
        image = hide_head(image, rng)
    image = shift_colours(image, rng)
    if rng.random() < 0.6:
        image = lose_detail(image, rng)
    if rng.random() < 0.3:
        image = cover(image, rng)
    return image


def shift_box(image: BgrImage, rng: np.random.Generator) -> BgrImage:
    """Move each side of the box by -8 to +18 % of the crop (outwards: border repeated)."""
    height, width = image.shape[:2]
    inwards = rng.uniform(-0.08, 0.18, 4)
    top, bottom = (round(part * height) for part in inwards[:2])
    left, right = (round(part * width) for part in inwards[2:])
    padded = cv2.copyMakeBorder(
        image,
        max(-top, 0),
        max(-bottom, 0),
        max(-left, 0),
        max(-right, 0),
        cv2.BORDER_REPLICATE,
    )
    rows, columns = padded.shape[:2]
    return np.ascontiguousarray(
        padded[max(top, 0) : rows - max(bottom, 0), max(left, 0) : columns - max(right, 0)]
    )


def hide_head(image: BgrImage, rng: np.random.Generator) -> BgrImage:
    """Destroy what is about a rider's head, as `yanji.detect.blur` does before it archives."""
    height, width = image.shape[:2]
    left, right = rng.uniform(0, 0.35) * width, rng.uniform(0.65, 1) * width
    top, bottom = rng.uniform(0, 0.08) * height, rng.uniform(0.16, 0.30) * height
    hidden = image.copy()
    destroy_detail(hidden, np.array([left, top, right, bottom], np.float32))
    return hidden


def shift_colours(image: BgrImage, rng: np.random.Generator) -> BgrImage:
    """Exposure, contrast, white balance and saturation of another camera, mildly."""
    pixels = image.astype(np.float32)
    gains = rng.uniform(0.75, 1.25) * rng.uniform(0.90, 1.10, 3)
    pixels = pixels * gains.astype(np.float32)
    grey = pixels.mean(axis=2, keepdims=True)
    pixels = grey + (pixels - grey) * rng.uniform(0.7, 1.3)
    middle = grey.mean()
    pixels = middle + (pixels - middle) * rng.uniform(0.8, 1.2) + rng.uniform(-15, 15)
    shifted: BgrImage = np.clip(pixels, 0, 255).astype(np.uint8)
    return shifted


def lose_detail(image: BgrImage, rng: np.random.Generator) -> BgrImage:
    """One of: fewer pixels (twice as often), out of focus, moving, hard JPEG."""
    height, width = image.shape[:2]
    kind = rng.integers(5)
    if kind >= 3:
        factor = max(rng.uniform(24, 80) / max(height, width), 2 / min(height, width))
        if factor < 1:
            small = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
            large = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
            return large.astype(np.uint8)
        return image
    if kind == 1:
        sigma = rng.uniform(0.005, 0.02) * max(height, width)
        return cv2.GaussianBlur(image, (0, 0), max(sigma, 0.3)).astype(np.uint8)
    if kind == 2:
        length = max(3, round(rng.uniform(0.02, 0.08) * max(height, width)))
        kernel = np.zeros((length, length), np.float32)
        angle = rng.uniform(0, np.pi)
        half = (length - 1) / 2
        ends = [
            (round(half + sign * half * np.cos(angle)), round(half + sign * half * np.sin(angle)))
            for sign in (-1, 1)
        ]
        cv2.line(kernel, ends[0], ends[1], 1.0)
        moved = cv2.filter2D(image, -1, kernel / kernel.sum())
        return moved.astype(np.uint8, copy=False)
    quality = int(rng.integers(20, 70))
    encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    decoded = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
    return image if decoded is None else decoded.astype(np.uint8)


def cover(image: BgrImage, rng: np.random.Generator) -> BgrImage:
    """Hide a rectangle of 2 to 20 % of the crop, as another vehicle or a post does."""
    height, width = image.shape[:2]
    area, ratio = rng.uniform(0.02, 0.20), rng.uniform(0.4, 2.5)
    rows = min(height - 1, max(1, round(height * float(np.sqrt(area * ratio)))))
    columns = min(width - 1, max(1, round(width * float(np.sqrt(area / ratio)))))
    top = int(rng.integers(0, height - rows))
    left = int(rng.integers(0, width - columns))
    covered = image.copy()
    covered[top : top + rows, left : left + columns] = rng.integers(0, 256, 3)
    return covered
