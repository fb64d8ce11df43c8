"""Scores between a floor and a ceiling, of songs in memory, models on tracks, and folders."""

import lazy_loader

# Scores of arrays and files, in many processes, do not wait for the import of TensorFlow.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
