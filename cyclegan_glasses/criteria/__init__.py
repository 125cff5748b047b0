"""Questions asked of a photo, one module each. A criterion scores and gives a reason; it never deletes."""
