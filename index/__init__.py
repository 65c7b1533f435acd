"""The archive, search in it, the camera graph and traces."""
