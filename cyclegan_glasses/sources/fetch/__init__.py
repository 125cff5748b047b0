"""Downloads from strangers: polite, bounded, never into a private network."""
