"""The back ends of `yanji.detect.runtime`, one file each; and no telemetry.

Importing `openvino` sends an event to Google Analytics, from a forked process, and writes an id
into the home folder, unless the package `openvino_telemetry` cannot be imported. So this is made
sure of here, before any back end is imported (tests/detect/test_runtime.py proves it).
"""

import sys

# None means: importing it raises ImportError, which openvino is prepared for.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
