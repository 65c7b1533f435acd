"""Frames become detections, tracks and passages."""
