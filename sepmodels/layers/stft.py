"""`STFT` and `InverseSTFT`: the front end and the back end of spectrogram models."""

import keras
from keras import ops

from sepmodels import signal


class _Transform(keras.layers.Layer):
    """What `STFT` and `InverseSTFT` share: three arguments and their check."""

    def __init__(self, n_fft=1024, hop_length=256, window="hann", **kwargs):
        super().__init__(**kwargs)
        signal.check_transform(n_fft, hop_length)
        signal.make_window(window, n_fft)  # an unknown name raises here, not in call
        self.n_fft = n_fft
        self.hop_length = hop_length
        self.window = window

    def get_config(self):
        mine = {"n_fft": self.n_fft, "hop_length": self.hop_length, "window": self.window}
        return {**super().get_config(), **mine}


@keras.saving.register_keras_serializable(package="sepmodels")
class STFT(_Transform):
    """Short-time Fourier transform of every channel of a waveform.

    Frame `f` is centred on sample `f * hop_length`, with silence assumed outside of the
    waveform; the frames cover every sample. Computed in float32 whatever the dtype policy.

    Args:
        n_fft: int. Length of a frame, in samples. Defaults to `1024`.
        hop_length: int. Step between frames, in samples; at most three quarters of
            `n_fft`. Defaults to `256`.
        window: str. A window that `scipy.signal.get_window` knows. Defaults to `"hann"`.
        **kwargs: Passed to `keras.layers.Layer` (`name`, `dtype`, ...).

    Input shape:
        `(batch, time, channels)`. The time axis may be unknown.

    Output shape:
        `(real, imaginary)`, each `(batch, frames, n_fft // 2 + 1, channels)` with
        `frames = ceil(time / hop_length) + 1`.

    Raises:
        ValueError: if `hop_length` is too large for `n_fft`, or the window is unknown.

    Example:

    >>> real, imaginary = sm.layers.STFT(n_fft=512, hop_length=128)(np.zeros((1, 4000, 2)))
    >>> tuple(real.shape)
    (1, 33, 257, 2)
    """

    def call(self, inputs):
        channels_first = ops.transpose(inputs, (0, 2, 1))
        parts = signal.stft(channels_first, self.n_fft, self.hop_length, self.window)
        return tuple(
            ops.cast(ops.transpose(part, (0, 2, 3, 1)), self.compute_dtype) for part in parts
        )

    def compute_output_shape(self, input_shape):
        batch, time, channels = input_shape
        frames = None if time is None else -(-time // self.hop_length) + 1
        shape = (batch, frames, self.n_fft // 2 + 1, channels)
        return shape, shape


@keras.saving.register_keras_serializable(package="sepmodels")
class InverseSTFT(_Transform):
    """Waveform of a spectrum: the inverse of `STFT`.

    The spectrum alone does not say how long the waveform was, so the layer takes a waveform
    of the wanted length as its last input.

    Args:
        n_fft: int. Length of a frame, in samples. Defaults to `1024`.
        hop_length: int. Step between frames, in samples; at most three quarters of
            `n_fft`. Defaults to `256`.
        window: str. The window of the `STFT`. Defaults to `"hann"`.
        **kwargs: Passed to `keras.layers.Layer` (`name`, `dtype`, ...).

    Input shape:
        `(real, imaginary, like)`: two tensors `(batch, frames, n_fft // 2 + 1, channels)` and
        a waveform `(batch, time, any)`, of which only the length is used.

    Output shape:
        `(batch, time, channels)`.

    Raises:
        ValueError: if `hop_length` is too large for `n_fft`, or the window is unknown.

    Example:

    >>> wave = np.random.default_rng(0).normal(size=(1, 999, 1)).astype("float32")
    >>> spectrum = sm.layers.STFT()(wave)
    >>> bool(np.abs(sm.layers.InverseSTFT()((*spectrum, wave)) - wave).max() < 1e-5)
    True
    """

    def call(self, inputs):
        *parts, like = inputs
        spectrum = tuple(ops.transpose(ops.cast(part, "float32"), (0, 3, 1, 2)) for part in parts)
        length = ops.shape(like)[1]
        samples = signal.istft(spectrum, length, self.n_fft, self.hop_length, self.window)
        return ops.cast(ops.transpose(samples, (0, 2, 1)), self.compute_dtype)

    def compute_output_shape(self, input_shape):
        (batch, _, _, channels), _, (_, time, *_) = input_shape
        return batch, time, channels
