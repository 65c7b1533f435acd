"""Training of the embedder; needs the train extra, never imported at run time."""
