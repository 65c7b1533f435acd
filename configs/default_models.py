"""Which models an installation uses that names none. The only place that says so."""

from __future__ import annotations

from typing import Final

DEFAULT_DETECTOR: Final = "yolo11n"
DEFAULT_EMBEDDER: Final = "yanji-reid-2"
"""An archive keeps the vectors of the embedder that made them; after a change of this name it moves
over with `yanji archive reembed`."""
