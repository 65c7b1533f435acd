"""Passage -> Sighting: what is stored and searched of one vehicle in view of one camera."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

from yanji.configs.errors import NothingFoundError, UsageError
from yanji.detect.crops import cut_crop
from yanji.detect.detections import FloatArray
from yanji.detect.passage import Crop, Passage
from yanji.ingest.frame import BgrImage
from yanji.reid.black import is_black
from yanji.reid.colour import name_colour
from yanji.reid.embedder import MIN_SIDE_PX, Embedder, Vectors
from yanji.reid.sighting import CropFile, Embedding, Sighting

JPEG_QUALITY: Final = 90


def describe(passages: Sequence[Passage], embedder: Embedder) -> list[Sighting]:
    """Turn passages into sightings, embedding all their crops in one call.

    A passage whose crops did not change since its last message (or that has none yet) becomes a
    sighting without crops and vectors: what is stored stays. Crops that are black or of less than
    two pixels show nothing: they are left out of vectors, colour and archive, and a sighting of
    nothing else has neither, so that it is listed and never found by its looks. Vectors are of the
    crops in memory, not of their JPEGs, whose vectors have a cosine of 0.999 to them
    (docs/design/reid.md).

    Args:
        passages: any number, vehicles only; heads of persons are blurred in their crops already.
        embedder: one model; its id and sha256 go with every vector.

    Returns:
        One sighting for each passage, in order.
    """
    fresh = [_usable(passage) if passage.crops_changed else () for passage in passages]
    vectors_ND = embedder.embed([crop.image for crops in fresh for crop in crops])
    sightings, row = [], 0
    for passage, crops in zip(passages, fresh, strict=True):
        vectors = vectors_ND[row : row + len(crops)]
        row += len(crops)
        sightings.append(_sighting(passage, crops, vectors, embedder))
    return sightings


def mean_vector(vectors_ND: Vectors) -> Vectors:
    """(D,) the mean direction of unit vectors, of unit length.

    Where they cancel out (a mean of no length), the first row: the best crop.

    Args:
        vectors_ND: (N, D), N of at least 1, best crop first.
    """
    mean_D = vectors_ND.mean(axis=0)
    length = float(np.linalg.norm(mean_D))
    unit_D: Vectors = mean_D / length if length > 1e-6 else vectors_ND[0].copy()
    return unit_D


def encode_crop(crop: Crop) -> CropFile:
    """Compress a crop as it is stored: JPEG of quality 90, named by its sha256."""
    encoded = cv2.imencode(".jpg", crop.image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1]
    jpeg = encoded.tobytes()
    return CropFile(
        jpeg=jpeg,
        sha256=hashlib.sha256(jpeg).hexdigest(),
        width=crop.image.shape[1],
        height=crop.image.shape[0],
        box_xyxy_px=crop.box_xyxy_px,
        wall_ns=crop.wall_ns,
        quality=crop.quality,
    )


def cut_query(
    image: BgrImage,
    box_xyxy_px: tuple[float, float, float, float],
    vehicle_class: str,
    persons_M4: FloatArray,
) -> BgrImage:
    """Cut a snapshot's vehicle out exactly as a camera's is: margin, riders, heads blurred.

    Args:
        image: (h, w, 3), the upright snapshot.
        box_xyxy_px: the vehicle, from the detector or from `--box`; clipped to the picture.
        vehicle_class: decides about riders.
        persons_M4: all persons found in the snapshot.

    Raises:
        UsageError: a box without area, not of numbers, or of which less than 2 x 2 pixels lie in
            the picture.
        NothingFoundError: the box is black (`no_vehicle`).
    """
    height, width = image.shape[:2]
    box_4 = np.array(box_xyxy_px, np.float32)
    inside_4 = box_4.clip(0, np.array([width, height, width, height], np.float32))
    if not np.isfinite(box_4).all() or (inside_4[2:] - inside_4[:2] < MIN_SIDE_PX).any():
        shown = ",".join(f"{edge:g}" for edge in box_xyxy_px)
        raise UsageError(
            f"The box {shown} holds no part of the picture ({width} x {height} pixels).",
            hint="Give x1,y1,x2,y2 in pixels of the upright picture, x1 < x2 and y1 < y2.",
        )
    crop = cut_crop(image, inside_4, vehicle_class, persons_M4)
    if is_black(crop):
        raise NothingFoundError(
            "The box is all black: there is nothing to see in it.",
            hint="Draw it around the vehicle, or take another picture.",
            code="no_vehicle",
        )
    return crop


def _usable(passage: Passage) -> tuple[Crop, ...]:
    return tuple(
        crop
        for crop in passage.crops
        if min(crop.image.shape[:2]) >= MIN_SIDE_PX and not is_black(crop.image)
    )


def _sighting(
    passage: Passage, crops: tuple[Crop, ...], vectors_ND: Vectors, embedder: Embedder
) -> Sighting:
    embeddings = None
    # Of all its crops, fresh or not: the last message of a sighting wins, so each says everything.
    views = [(crop.image, crop.quality) for crop in _usable(passage)]
    named = name_colour(views, passage.vehicle_class)
    if crops:
        vector_D = mean_vector(vectors_ND)
        embeddings = (Embedding(embedder.model_id, embedder.weights_sha256, vector_D),)
    return Sighting(
        sighting_id=passage.sighting_id,
        run=passage.run,
        state=passage.state,
        stationary=passage.stationary,
        first_wall_ns=passage.first_wall_ns,
        last_wall_ns=passage.last_wall_ns,
        first_stream_s=passage.first_stream_s,
        last_stream_s=passage.last_stream_s,
        vehicle_class=passage.vehicle_class,
        class_score=passage.class_score,
        colour=named.colour if named else None,
        plate=None,
        quality=max((crop.quality for crop in passage.crops), default=0.0),
        crops=tuple(encode_crop(crop) for crop in crops) or None,
        embeddings=embeddings,
        colour_score=named.score if named else None,
        travel=passage.travel,
    )
