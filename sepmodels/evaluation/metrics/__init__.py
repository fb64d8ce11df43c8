"""What a person reads: SDR, SI-SDR and BSSEval, for waveforms in numpy.

One policy for silence: where museval says NaN or raises, and where mir_eval raises, a score is NaN,
never a made-up number and never an error. Silent means that the channels sum to zero at every
sample, so a stereo signal in exact opposite phase counts as silent too.
"""

from sepmodels.evaluation.metrics.bss_eval_v3 import gnsdr, nsdr
from sepmodels.evaluation.metrics.bss_eval_v4 import SCORES, bss_eval
from sepmodels.evaluation.metrics.ratios import sdr, sdr_per_window, si_sdr
from sepmodels.evaluation.metrics.signals import fit, is_silent, windows

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
    "windows",
]
