"""Crops become embeddings and sightings."""
