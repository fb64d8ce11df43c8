"""SDR, SI-SDR and BSSEval, for waveforms in NumPy.

Silence is treated alike everywhere: where museval returns NaN or raises, and where mir_eval raises,
a score is NaN. Silent means that the channels sum to zero at every sample, so a stereo signal in
exact opposite phase counts as silent too.
"""

import lazy_loader

# The names stand in `__init__.pyi`, for Python and for type checkers.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
