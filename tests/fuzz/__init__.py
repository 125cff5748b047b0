"""A seeded fuzzer over every reader of the outside world: `python -m tests.fuzz --minutes 60 --seed 0`."""
