"""Back ends that run an ONNX model."""
