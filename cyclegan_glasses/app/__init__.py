"""The page of `cyclegan-glasses app`: photos edited, and the camera as a mirror, in a browser."""
