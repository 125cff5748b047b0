"""Changes a picture with a trained model."""
