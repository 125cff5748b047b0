"""What a person types after ``python -m cyclegan_glasses``."""
