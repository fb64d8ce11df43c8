"""Keras 3 layers and models for music source separation, with a course of notebooks."""

import importlib
import sys

__version__ = "0.1.0"

# Where each public name lives. They load on first use, so that a command line that only
# prints its help does not wait for TensorFlow.
_FUNCTIONS = {
    "separate": "separation",
    "stream": "streaming",
    "evaluate": "evaluation_song",
    "evaluate_folders": "evaluation_folders",
    "train": "training",
    "sweep": "ablation",
    "load_pretrained": "pretrained",
}
_MODULES = (
    "ablation",
    "audio",
    "checkpoint",
    "cost",
    "course",
    "datasets",
    "display",
    "doctor",
    "evaluation",
    "evaluation_folders",
    "exercises",
    "features",
    "files",
    "generation",
    "geometry",
    "layers",
    "losses",
    "metrics",
    "models",
    "oracle",
    "prediction",
    "pretrained",
    "recipes",
    "scores_json",
    "separation",
    "sisec",
    "startup",
    "statistics",
    "streaming",
    "streams",
    "training",
    "wiener",
)
__all__ = ["__version__", *_FUNCTIONS, *_MODULES]


def __getattr__(name):
    if name in _FUNCTIONS:
        return getattr(importlib.import_module(f"{__name__}.{_FUNCTIONS[name]}"), name)
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted(__all__)


# Whoever has Keras loaded may go on to load a saved model, which needs the classes known.
if "keras" in sys.modules:
    importlib.import_module(f"{__name__}.models")
