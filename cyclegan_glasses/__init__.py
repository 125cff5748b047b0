"""Puts glasses on faces and takes them off: unpaired image translation, from crawl to evaluation.

Domain A is *glasses*, domain B is *no glasses*. Importing this package, or any room's ``settings`` module,
does not import torch.
"""

__version__ = "0.1.0"
