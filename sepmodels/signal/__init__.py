"""Pure signal functions: spectra, mu-law, receptive fields and filters."""

import lazy_loader

# Scores and pictures need filters of NumPy arrays and do not wait for the import of Keras.
__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "masks": ["apply_shared_masks", "compute_binary_masks", "compute_ratio_masks"],
        "mid_side": ["decode_mid_side", "encode_mid_side"],
        "mu_law": [
            "CONVENTIONS",
            "mu_law_compress",
            "mu_law_decode",
            "mu_law_encode",
            "mu_law_expand",
        ],
        "receptive_field": [
            "compute_context",
            "compute_receptive_field",
            "compute_wave_u_net_context",
            "find_wave_u_net_lengths",
        ],
        "spectra": [
            "add_frames",
            "check_transform",
            "compress_magnitude",
            "compute_magnitude",
            "crop",
            "istft",
            "make_window",
            "overlap_add",
            "stft",
            "transform_frames",
        ],
        "wiener": ["apply_multichannel_wiener"],
    },
)
