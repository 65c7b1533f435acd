"""Training of the embedder; needs the train extra, never imported at run time."""

# Shuts off the telemetry of onnxruntime before the modules here import it.
import yanji.detect.runtimes  # noqa: F401
