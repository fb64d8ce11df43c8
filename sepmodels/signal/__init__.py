"""Pure signal functions: spectra, mu-law, receptive fields and filters."""

from sepmodels.signal.mu_law import (
    CONVENTIONS,
    mu_law_compress,
    mu_law_decode,
    mu_law_encode,
    mu_law_expand,
)
from sepmodels.signal.receptive_field import (
    compute_context,
    compute_receptive_field,
    compute_wave_u_net_context,
    find_wave_u_net_lengths,
)
from sepmodels.signal.spectra import (
    analysis_window,
    check_transform,
    crop,
    istft,
    log_magnitude,
    magnitude,
    overlap_add,
    stft,
)
from sepmodels.signal.wiener import apply_multichannel_wiener, apply_shared_masks

__all__ = [
    "CONVENTIONS",
    "analysis_window",
    "apply_multichannel_wiener",
    "apply_shared_masks",
    "check_transform",
    "compute_context",
    "compute_receptive_field",
    "compute_wave_u_net_context",
    "crop",
    "find_wave_u_net_lengths",
    "istft",
    "log_magnitude",
    "magnitude",
    "mu_law_compress",
    "mu_law_decode",
    "mu_law_encode",
    "mu_law_expand",
    "overlap_add",
    "stft",
]
