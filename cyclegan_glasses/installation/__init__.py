"""What can be wrong with an installation or a machine, and what to do about it."""
