"""Data only: model cards, golden vectors, weights that this project trained."""
