"""Ablations: one training in many variants, and what each variant gains."""

import lazy_loader

# The summary of a sweep and its picture do not wait for the import of TensorFlow.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
