"""Audio files in and out: float32 samples `(time, channels)`, full scale is 1.0."""

import lazy_loader

# The names stand in `__init__.pyi`, for Python and for type checkers.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
