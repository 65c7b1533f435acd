"""Training of a detector on labelled frames: labels -> weights, card, golden vectors.

Only `network.py` and `graph.py` need the extra `train-detect`; nothing else here imports them.
"""
