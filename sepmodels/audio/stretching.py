"""Change the tempo and the pitch of a sound independently, with librosa."""

import functools
import threading

import numpy as np

from sepmodels import _checks

_COMPILING = threading.Lock()  # numba compiles in one thread only, and examples come from several


def stretch(samples: np.ndarray, tempo: float = 1.0, semitones: float = 0.0) -> np.ndarray:
    """Change the tempo and the pitch of a sound.

    librosa's phase vocoder changes the length and keeps the pitch; resampling then changes both.
    This is meant for augmentation: transients soften, and large changes sound metallic.

    Args:
        samples: array `(time, channels)`.
        tempo: float. `2.0` is twice as fast. Defaults to `1.0`.
        semitones: float. `12.0` is an octave higher. Defaults to `0.0`.

    Returns:
        float32 `(round(time / tempo), channels)`.

    Raises:
        TypeError: the samples are not float.
        ValueError: `tempo` is not above 0, or the samples are not finite.

    Example:

    >>> sm.audio.stretch(np.zeros((44100, 2)), tempo=1.25, semitones=-1).shape
    (35280, 2)
    """
    _checks.require(tempo > 0, "tempo must be above 0", tempo=tempo)
    samples = _checks.sound("samples", samples, empty=True).astype("float32", copy=False)
    pitch, length = 2.0 ** (float(semitones) / 12), round(len(samples) / tempo)
    if (tempo == 1 and pitch == 1) or len(samples) < 4:  # too few samples for a frame
        return np.resize(samples, (length, samples.shape[1]))
    with _COMPILING:
        librosa = _compiled_librosa()
    # The steps of `librosa.effects.pitch_shift`, which raises a warning in librosa 1.0.
    size = min(2048, 1 << len(samples).bit_length() - 1)  # a frame is no longer than the sound
    with np.errstate(invalid="ignore"):  # librosa's compiled code raises it for valid numbers
        frames = librosa.phase_vocoder(librosa.stft(samples.T, n_fft=size), rate=tempo / pitch)
    stretched = librosa.istft(frames, n_fft=size, length=round(length * pitch))
    if pitch != 1:
        stretched = librosa.resample(stretched, orig_sr=pitch, target_sr=1, res_type="soxr_hq")
    return np.ascontiguousarray(librosa.util.fix_length(stretched, size=length).T)


@functools.cache
def _compiled_librosa():
    import librosa

    librosa.phase_vocoder(np.zeros((3, 2), "complex64"), rate=1.0)
    return librosa
