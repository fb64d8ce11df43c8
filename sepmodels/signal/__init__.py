"""Pure signal functions: spectra, mu-law, receptive fields and filters."""

from sepmodels.signal.masks import (
    apply_shared_masks,
    compute_binary_masks,
    compute_ratio_masks,
)
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
    check_transform,
    compress_magnitude,
    compute_magnitude,
    crop,
    istft,
    make_window,
    overlap_add,
    stft,
)
from sepmodels.signal.wiener import apply_multichannel_wiener

__all__ = [
    "CONVENTIONS",
    "apply_multichannel_wiener",
    "apply_shared_masks",
    "check_transform",
    "compress_magnitude",
    "compute_binary_masks",
    "compute_context",
    "compute_magnitude",
    "compute_ratio_masks",
    "compute_receptive_field",
    "compute_wave_u_net_context",
    "crop",
    "find_wave_u_net_lengths",
    "istft",
    "make_window",
    "mu_law_compress",
    "mu_law_decode",
    "mu_law_encode",
    "mu_law_expand",
    "overlap_add",
    "stft",
]
