"""SDR, SI-SDR and BSSEval, for waveforms in NumPy.

Silence is treated alike everywhere: where museval returns NaN or raises, and where mir_eval raises,
a score is NaN. Silent means that the channels sum to zero at every sample, so a stereo signal in
exact opposite phase counts as silent too.
"""

from sepmodels.evaluation.metrics.bss_eval_v3 import gnsdr, nsdr
from sepmodels.evaluation.metrics.bss_eval_v4 import SCORES, bss_eval
from sepmodels.evaluation.metrics.ratios import sdr, sdr_per_window, si_sdr
from sepmodels.evaluation.metrics.signals import fit, is_silent, split_windows

__all__ = [
    "SCORES",
    "bss_eval",
    "fit",
    "gnsdr",
    "is_silent",
    "nsdr",
    "sdr",
    "sdr_per_window",
    "si_sdr",
    "split_windows",
]
