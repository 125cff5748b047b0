"""The attribute classifier: whether a face wears glasses, its gender, age and landmarks; its calibration."""
