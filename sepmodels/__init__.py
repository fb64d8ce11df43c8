"""Keras 3 layers and models for music source separation, with a course of notebooks."""

import sys

import lazy_loader

from sepmodels import _startup

__version__ = "0.2.0"

# The public face stands in `__init__.pyi`, for Python and for type checkers. Rooms load on first
# use, so that a command line that only prints its help does not wait for TensorFlow.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__all__ += ["__version__"]

_registration = _startup.Registration()
sys.meta_path.insert(0, _registration)
_registration.register()
