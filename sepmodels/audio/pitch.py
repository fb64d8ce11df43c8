"""Shift the pitch of sound, with librosa."""

import numpy as np


def pitch_shift(samples, semitones):
    """Play sound higher or lower at the same tempo.

    librosa's phase vocoder makes it longer or shorter, and resampling makes up for that.

    Args:
        samples: array `(time, channels)`.
        semitones: float. `12.0` is an octave higher.

    Returns:
        float32 `(time, channels)`.

    Example:

    >>> sm.audio.pitch_shift(np.zeros((8000, 1)), semitones=-0.5).shape
    (8000, 1)
    """
    samples = np.asarray(samples, "float32")
    if semitones == 0 or len(samples) < 4:  # of so few there is no frame, and no pitch
        return samples
    try:
        import librosa
    except ImportError:
        raise ImportError("shifting the pitch needs librosa: pip install librosa") from None
    # The steps of `librosa.effects.pitch_shift`, which warns of itself in librosa 1.0.
    rate = 2.0 ** (-float(semitones) / 12)
    size = min(2048, 1 << len(samples).bit_length() - 1)  # a frame, no longer than the sound
    with np.errstate(invalid="ignore"):  # raised by what librosa compiles, for sound numbers
        frames = librosa.phase_vocoder(librosa.stft(samples.T, n_fft=size), rate=rate)
    stretched = librosa.istft(frames, n_fft=size, length=round(len(samples) / rate))
    shifted = librosa.resample(stretched, orig_sr=1 / rate, target_sr=1, res_type="soxr_hq")
    return np.ascontiguousarray(librosa.util.fix_length(shifted, size=len(samples)).T)
