"""From photos to folders: written with a manifest, reviewed by a person, built into two domains."""
