"""`STFT` and `InverseSTFT`: front end and back end of spectrogram models."""

from collections.abc import Sequence

import keras
from keras import ops

from sepmodels import signal
from sepmodels.layers.registration import register
from sepmodels.signal.tensor import Tensor


@register
class _Transform(keras.layers.Layer):
    """Base class of `STFT` and `InverseSTFT`: their arguments."""

    def __init__(self, n_fft: int = 1024, hop_length: int = 256, window: str = "hann", **kwargs):
        super().__init__(**kwargs)
        signal.check_transform(n_fft, hop_length)
        signal.make_window(window, n_fft)  # an unknown name raises here, not in call

    @property
    def _transform(self):
        return {"n_fft": self.n_fft, "hop_length": self.hop_length, "window": self.window}


@register
class STFT(_Transform):
    """Short-time Fourier transform of every channel of a waveform.

    Frame `f` is centred on sample `f * hop_length`, with silence assumed before and after the
    waveform. The frames cover every sample. The transform is computed in float32 under any dtype
    policy.

    Args:
        n_fft: int. Length of a frame, in samples. Defaults to `1024`.
        hop_length: int. Step between frames, in samples; at most three quarters of
            `n_fft`. Defaults to `256`.
        window: str. Name of a window of `scipy.signal.get_window`. Defaults to `"hann"`.
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

    _function = staticmethod(signal.stft)

    def call(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        spectrum = self._function(ops.transpose(inputs, (0, 2, 1)), **self._transform)
        return tuple(ops.cast(ops.transpose(x, (0, 2, 3, 1)), self.compute_dtype) for x in spectrum)

    def make_streaming(self, batch_size: int) -> "STFT":
        return _FrameSTFT.from_config(self.get_config())

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        batch, time, channels = input_shape
        frames = None if time is None else -(-time // self.hop_length) + 1
        shape = (batch, frames, self.n_fft // 2 + 1, channels)
        return shape, shape


@register
class InverseSTFT(_Transform):
    """Waveform of a spectrum: the inverse of `STFT`.

    The spectrum alone does not determine the length of the waveform, so the last input of the
    layer is a waveform of that length.

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

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        *spectrum, like = inputs
        return self._apply(signal.istft, spectrum, length=ops.shape(like)[1])

    def _apply(self, invert, spectrum, **length):
        spectrum = tuple(ops.transpose(ops.cast(x, "float32"), (0, 3, 1, 2)) for x in spectrum)
        samples = invert(spectrum, **length, **self._transform)
        return ops.cast(ops.transpose(samples, (0, 2, 1)), self.compute_dtype)

    def make_streaming(self, batch_size: int) -> "InverseSTFT":
        return _FrameSum.from_config(self.get_config())

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        (batch, _, _, channels), _, (_, time, *_) = input_shape
        return batch, time, channels


class _FrameSTFT(STFT):
    """The streaming form of `STFT`: frames without padding."""

    _function = staticmethod(signal.transform_frames)


class _FrameSum(InverseSTFT):
    """The streaming form of `InverseSTFT`: the sum of the frames, not divided by the windows.

    The first and the last frames still overlap with those of other blocks.
    """

    def call(self, inputs):
        return self._apply(signal.add_frames, inputs[:2])
