"""Find a face in a picture, align it by its eyes, undo the alignment."""
