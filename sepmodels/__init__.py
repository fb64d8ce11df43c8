"""Keras 3 layers and models for music source separation, with a course of notebooks."""

import importlib
import sys

from sepmodels import _startup

__version__ = "0.2.0"

# The public face, and the room in which each name lives. Rooms load on first use, so that a
# command line that only prints its help does not wait for TensorFlow.
_FUNCTIONS = {
    "separate": "separation",
    "stream": "separation",
    "evaluate": "evaluation",
    "evaluate_folders": "evaluation",
    "train": "training",
    "sweep": "ablation",
    "load_pretrained": "models",
    "load_tensorflow": "_startup",
}
_NAMESPACES = {
    "ablation": "ablation",
    "audio": "audio",
    "course": "course",
    "datasets": "datasets",
    "display": "display",
    "evaluation": "evaluation",
    "layers": "layers",
    "losses": "training.losses",
    "metrics": "evaluation.metrics",
    "models": "models",
    "recipes": "training.recipes",
    "separation": "separation",
    "signal": "signal",
    "training": "training",
}
__all__ = ["__version__", *_FUNCTIONS, *_NAMESPACES]


def __getattr__(name):
    if name in _FUNCTIONS:
        return getattr(importlib.import_module(f"{__name__}.{_FUNCTIONS[name]}"), name)
    if name in _NAMESPACES:
        return importlib.import_module(f"{__name__}.{_NAMESPACES[name]}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted(__all__)


_registration = _startup.Registration()
sys.meta_path.insert(0, _registration)
_registration.register()
