"""Tests of the monitoring room; a package, so that its modules can share what conftest.py draws."""
