"""Portraits drawn from parameters, with and without spectacles."""
