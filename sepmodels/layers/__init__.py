"""Building blocks of the separation systems."""

import lazy_loader

# The names stand in `__init__.pyi`, for Python and for type checkers. All are imported at once,
# because Keras loads a saved model by the classes that are registered.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
_loaded = [__getattr__(name) for name in __all__]
