"""`MagnitudeSeparator`: how loud every bin is, source by source; the phase is the mixture's."""

import keras
from keras import ops

from sepmodels import signal
from sepmodels.layers.stft import InverseSTFT
from sepmodels.models.base.separator import Separator


class MagnitudeSeparator(Separator):
    """Base of the networks that estimate magnitudes and keep the phase of the mixture.

    It can be trained in two domains: `"magnitude"`, where it compares the magnitudes themselves,
    `(batch, frames, bins, channels, sources)`, and `"waveform"`.

    Args:
        mixture: `keras.Input` of `(batch, time, channels)`.
        spectrum: pair of tensors `(batch, frames, bins, channels)`, from an `STFT` layer that is
            called `"stft"`: real and imaginary part of the mixture.
        gains: tensor `(batch, frames, bins, channels, sources)`. What each source keeps of both.
        magnitudes: tensor of that shape. What training compares with `level` of the stems.
        transform: dict. `n_fft`, `hop_length` and the like of that `STFT` layer.
        **kwargs: `sources`, `sample_rate` and what else `Separator` takes.
    """

    def __init__(self, mixture, spectrum, gains, magnitudes, *, transform, **kwargs):
        *_, bins, channels, sources = gains.shape
        parts = [
            keras.layers.Reshape((-1, bins, channels * sources), dtype="float32")(
                gains * ops.expand_dims(part, axis=-1)
            )
            for part in spectrum
        ]
        inverse = InverseSTFT(**transform, dtype="float32", name="inverse_stft")
        waves = inverse((*parts, mixture))
        waves = keras.layers.Reshape((-1, channels, sources), dtype="float32", name="waves")(waves)
        stems = dict(zip(kwargs["sources"], ops.unstack(waves, axis=-1), strict=True))
        super().__init__(mixture, stems, channels=channels, **kwargs)
        self._by_domain = {"waveform": waves, "magnitude": magnitudes}

    def level(self, waves):
        """Magnitudes of `(batch, time, channels)`: `(batch, frames, bins, channels)`."""
        return signal.compute_magnitude(*self.get_layer("stft")(waves))

    def estimator(self, domain="magnitude"):
        self._check_domain(domain, tuple(self._by_domain))
        return keras.Model(self.input, self._by_domain[domain])

    def targets(self, stems, domain="magnitude"):
        self._check_domain(domain, tuple(self._by_domain))
        if domain == "waveform":
            return super().targets(stems)
        return ops.stack([self.level(stems[source]) for source in self.sources], axis=-1)
