"""`MuLawEncode` and `MuLawDecode`: waveforms as mu-law classes or companded samples."""

import keras
from keras import ops

from sepmodels import _checks, signal
from sepmodels.layers.registration import register
from sepmodels.signal.tensor import Tensor


@register
class _MuLaw(keras.layers.Layer):
    """Base class of `MuLawEncode` and `MuLawDecode`: their arguments."""

    def __init__(
        self, classes: int = 256, quantize: bool = True, convention: str = "round", **kwargs
    ):
        _checks.positive(classes=classes)
        _checks.at_least(2, classes=classes)
        _checks.one_of(convention=(convention, signal.CONVENTIONS))
        super().__init__(**kwargs)
        self._quantize = quantize  # `quantize` is a method of every Keras layer
        self.supports_masking = True

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return input_shape


@register
class MuLawEncode(_MuLaw):
    """Mu-law encoding of a waveform, to classes or to companded samples.

    Args:
        classes: int. Number of classes. Defaults to `256`.
        quantize: bool. Whether to return classes. Otherwise the companded samples are returned
            before rounding. Defaults to `True`.
        convention: str. `"round"` or `"truncate"`, see `sepmodels.signal.mu_law_encode`.
            Defaults to `"round"`.
        **kwargs: Passed to `keras.layers.Layer` (`name`, `dtype`, ...).

    Input shape:
        Any, samples in [-1, 1]; values outside are clipped.

    Output shape:
        That of the input: int32 classes in `0 ... classes - 1`, or floats in [-1, 1].

    Raises:
        ValueError: if there are fewer than two classes, or the convention is unknown.

    Example:

    >>> wave = np.array([[-1.0, 0.0, 1.0]], dtype="float32")
    >>> np.array(sm.layers.MuLawEncode()(wave)).tolist()
    [[0, 128, 255]]

    Reference:

    - van den Oord et al. (2016), section 2.2. "WaveNet: A Generative Model for Raw Audio".
      [arXiv:1609.03499](https://arxiv.org/abs/1609.03499)
    """

    def call(self, inputs: Tensor) -> Tensor:
        if self._quantize:
            return signal.mu_law_encode(inputs, self.classes, self.convention)
        return ops.cast(signal.mu_law_compress(inputs, self.classes), self.compute_dtype)

    def compute_output_spec(self, inputs: Tensor) -> keras.KerasTensor:
        dtype = "int32" if self._quantize else self.compute_dtype
        return keras.KerasTensor(inputs.shape, dtype)


@register
class MuLawDecode(_MuLaw):
    """Waveform of mu-law classes or of companded samples: the inverse of `MuLawEncode`.

    Args:
        classes: int. Number of classes. Defaults to `256`.
        quantize: bool. Whether the input consists of classes. Otherwise it consists of companded
            samples in [-1, 1]. Defaults to `True`.
        convention: str. The convention of the `MuLawEncode`. Defaults to `"round"`.
        **kwargs: Passed to `keras.layers.Layer` (`name`, `dtype`, ...).

    Input shape:
        Any.

    Output shape:
        That of the input, floats in [-1, 1].

    Raises:
        ValueError: if there are fewer than two classes, or the convention is unknown.

    Example:

    >>> wave = np.array([[-1.0, 0.01, 0.5]], dtype="float32")
    >>> decoded = sm.layers.MuLawDecode()(sm.layers.MuLawEncode()(wave))
    >>> bool(np.abs(decoded - wave).max() < 0.01)
    True
    """

    def call(self, inputs: Tensor) -> Tensor:
        if self._quantize:
            samples = signal.mu_law_decode(inputs, self.classes, self.convention)
        else:
            samples = signal.mu_law_expand(inputs, self.classes)
        return ops.cast(samples, self.compute_dtype)
