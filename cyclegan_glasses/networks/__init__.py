"""Tensors in, tensors out: generators and discriminators that know no loss, device or file."""
