"""Draws spectacles on a portrait: frames in millimetres, projected, lit and blended."""
