"""Layers that compute faster, or at all, on CPUs; the networks choose them through this package."""
