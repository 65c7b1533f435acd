"""Crops read back from an archive, for whatever is to be made of them anew."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from sqlalchemy import Connection, select

from yanji.index.crops import crop_path
from yanji.index.tables import CROPS
from yanji.ingest.frame import BgrImage
from yanji.reid.embedder import MIN_SIDE_PX

_log = logging.getLogger(__name__)

StoredViews = dict[int, list[tuple[BgrImage, float]]]
"""Key of a sighting -> its crops, best first, each with its quality 0..1."""


def stored_views(connection: Connection, folder: Path, keys: Sequence[int]) -> StoredViews:
    """Read the crops of some sightings; what cannot be read is logged and left out.

    Args:
        connection: to the archive's database.
        folder: of the archive.
        keys: of the sightings.
    """
    query = (
        select(CROPS.c.sighting_key, CROPS.c.sha256, CROPS.c.quality)
        .where(CROPS.c.sighting_key.in_(keys))
        .order_by(CROPS.c.sighting_key, CROPS.c.rank)
    )
    found: StoredViews = {}
    for key, sha256, quality in connection.execute(query):
        path = crop_path(folder, sha256)
        content = np.fromfile(path, np.uint8) if path.is_file() else np.zeros(0, np.uint8)
        image = cv2.imdecode(content, cv2.IMREAD_COLOR) if len(content) else None
        if image is None or min(image.shape[:2]) < MIN_SIDE_PX:
            _log.error("crop %s of sighting key %d cannot be read", sha256, key)
            continue
        found.setdefault(key, []).append((np.asarray(image, np.uint8), float(quality)))
    return found
