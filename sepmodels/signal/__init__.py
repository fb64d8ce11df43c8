"""Pure signal functions: spectra, mu-law, receptive fields and filters."""

import lazy_loader

# Scores and pictures need filters of NumPy arrays and do not wait for the import of Keras.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
