"""Cameras and recordings become time-stamped frames."""
