"""`MagnitudeSeparator`: estimated magnitudes with the phase of the mixture."""

import keras
from keras import ops

from sepmodels import signal
from sepmodels.layers.stft import InverseSTFT
from sepmodels.models.base.separator import Separator


class MagnitudeSeparator(Separator):
    """Base of the networks that estimate magnitudes and keep the phase of the mixture.

    Their loss can be taken on `"magnitude"`, `(batch, frames, bins, channels, sources)`, or on
    `"waveform"`.

    Args:
        mixture: `keras.Input` of `(batch, time, channels)`.
        spectrum: pair of tensors `(batch, frames, bins, channels)`, the real and imaginary part
            of the mixture, from an `STFT` layer with the name `"stft"`.
        gains: tensor `(batch, frames, bins, channels, sources)`. Factor of both parts for each
            source.
        magnitudes: tensor of that shape, compared in training with `magnitude` of the stems.
        transform: dict. `n_fft`, `hop_length` and further arguments of that `STFT` layer.
        mid_side: bool. Whether the channels of `spectrum`, `gains` and `magnitudes` are mid and
            side; the waveforms are left and right in any case. Defaults to `False`.
        **kwargs: `sources`, `sample_rate`, and arguments of `keras.Model`.
    """

    def __init__(
        self, mixture, spectrum, gains, magnitudes, *, transform, mid_side=False, **kwargs
    ):
        *_, bins, channels, sources = gains.shape
        parts = [gains * ops.expand_dims(part, axis=-1) for part in spectrum]
        if mid_side:
            parts = [signal.decode_mid_side(part, axis=-2) for part in parts]
        flat = keras.layers.Reshape((-1, bins, channels * sources), dtype="float32")
        parts = [flat(part) for part in parts]
        inverse = InverseSTFT(**transform, dtype="float32", name="inverse_stft")
        waves = inverse((*parts, mixture))
        waves = keras.layers.Reshape((-1, channels, sources), dtype="float32", name="waves")(waves)
        super().__init__(
            mixture,
            dict(zip(kwargs["sources"], ops.unstack(waves, axis=-1), strict=True)),
            estimates={"magnitude": magnitudes, "waveform": waves},
            **kwargs,
        )
        self.mid_side = mid_side

    def magnitude(self, waves):
        """Magnitudes of `(batch, time, channels)`: `(batch, frames, bins, channels)`."""
        spectrum = self.get_layer("stft")(waves)
        if self.mid_side:
            spectrum = [signal.encode_mid_side(part) for part in spectrum]
        return signal.compute_magnitude(*spectrum)

    def represent(self, wave, loss_on):
        return self.magnitude(wave) if loss_on == "magnitude" else wave
