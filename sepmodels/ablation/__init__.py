"""The same training with one thing changed, many times, and what each variant gained."""

import importlib

from sepmodels.ablation.variants import summarize_variants

__all__ = ["count_macs", "summarize_variants", "sweep"]


def __getattr__(name):
    # The summary of a sweep, and its picture, need not wait for the import of TensorFlow.
    if name == "count_macs":
        return importlib.import_module(f"{__name__}.macs").count_macs
    if name == "sweep":
        return importlib.import_module(f"{__name__}.sweeps").sweep
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
