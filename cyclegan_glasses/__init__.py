"""Puts glasses on faces and takes them off: unpaired image translation, from crawl to evaluation.

    from cyclegan_glasses import add, remove
    add("photo.jpg", frame="aviator", colour="gold").save("with.jpg")
    remove("photo.jpg").save("without.jpg")

Domain A is *glasses*, domain B is *no glasses*. Importing this package, or any room's ``settings`` module,
does not import torch; what `__all__` names is imported when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cyclegan_glasses.editing.api import add, remove, swap
    from cyclegan_glasses.editing.editor import GlassesEditor
    from cyclegan_glasses.overlays.custom_frames import load_frames
    from cyclegan_glasses.overlays.frames import Frame

__version__ = "0.1.0"
__all__ = ["Frame", "GlassesEditor", "__version__", "add", "load_frames", "remove", "swap"]

_MODULES = {
    "Frame": "overlays.frames",
    "GlassesEditor": "editing.editor",
    "add": "editing.api",
    "load_frames": "overlays.custom_frames",
    "remove": "editing.api",
    "swap": "editing.api",
}


def __getattr__(name: str) -> object:
    """A public name, imported now (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
