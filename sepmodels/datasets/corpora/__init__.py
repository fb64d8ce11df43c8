"""Corpora of songs with stems, one per file, each with `load()`."""

import lazy_loader

# The names stand in `__init__.pyi`, for Python and for type checkers.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
