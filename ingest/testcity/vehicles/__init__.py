"""Vehicles made in code: meshes, individuals, plates and what is painted on them."""
