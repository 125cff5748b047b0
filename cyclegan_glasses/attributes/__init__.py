"""Reads attributes off faces with a trained network: the judge that ships."""
