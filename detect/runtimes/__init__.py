"""The back ends of `yanji.detect.runtime`, one file each; and no telemetry.

Importing `openvino` sends an event to Google Analytics, from a forked process, and writes an id
into the home folder, unless the package `openvino_telemetry` cannot be imported. Importing
`onnxruntime` writes an id into the home folder and reports to Microsoft, from native code, unless
`ORT_DISABLE_TELEMETRY` is set before. Both are made sure of here, before any back end is imported
(tests/detect/test_runtime.py proves it).
"""

import os
import sys

# None means: importing it raises ImportError, which openvino is prepared for.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
# Not a default: who looks for which vehicle is nobody's business. Child processes inherit it.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
