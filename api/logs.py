"""Logs go to stderr, one line each, with UTC times."""

from __future__ import annotations

import logging
import os
import sys
import time


def start_logging(level: str = "info") -> None:
    """Set up the process's log; the libraries' chatter stays out."""
    # Hints of native libraries that would mix with answers.
    os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")
    handler = logging.StreamHandler(sys.stderr)
    formatter = logging.Formatter(
        "%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S"
    )
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("yanji").setLevel(level.upper())
