"""The loop, checkpoints and schedules. Knows nothing of an objective but its protocol."""
