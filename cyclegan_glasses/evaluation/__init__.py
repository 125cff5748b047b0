"""Reads pictures and manifests and says how good they are."""
