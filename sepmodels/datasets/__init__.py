"""Corpora, one in each file, each with `load()`; and segments of their songs for training."""

import lazy_loader

# The names stand in `__init__.pyi`, for Python and for type checkers.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
