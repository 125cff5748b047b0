"""What is trained: networks, losses, optimizers and pools behind one ``step``."""
