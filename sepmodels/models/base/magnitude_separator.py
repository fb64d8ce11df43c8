"""`MagnitudeSeparator`: estimated magnitudes with the phase of the mixture."""

import keras
from keras import ops

from sepmodels import layers, signal
from sepmodels.models.base.separator import Separator, complete_stems
from sepmodels.signal.tensor import Tensor


class MagnitudeSeparator(Separator):
    """Base of the networks that estimate magnitudes and keep the phase of the mixture.

    A subclass defines `estimate`, the network. The loss can be taken on `"magnitude"`,
    `(batch, frames, bins, channels, sources)`, or on `"waveform"`.

    Args:
        transform: dict. `n_fft`, `hop_length` and further arguments of the `STFT`.
        **kwargs: Passed to `Trainable`.

    Attributes:
        mid_side: bool. Whether the channels of the magnitudes are mid and side; the waveforms are
            left and right in any case.
    """

    mid_side = False

    def __init__(self, transform: dict, **kwargs):
        mixture = keras.Input((None, self.channels), name="mixture")
        spectrum = self._transform(layers.STFT(**transform, dtype="float32", name="stft"), mixture)
        magnitude = self.prepare(signal.compute_magnitude(*spectrum))
        gains, magnitudes = self.estimate(magnitude)
        # One by one: TensorFlow multiplies slowly where it repeats numbers along the last axis.
        inverse = layers.InverseSTFT(**transform, dtype="float32", name="inverse_stft")
        spectra = ([gain * part for part in spectrum] for gain in ops.unstack(gains, axis=-1))
        waves = [inverse((*estimate, mixture)) for estimate in spectra]
        if self.mid_side:
            waves = [signal.decode_mid_side(wave) for wave in waves]
        stems = complete_stems(mixture, waves, self.sources, self.sources)
        estimates = {"magnitude": magnitudes, "waveform": None}
        super().__init__(mixture, stems, estimates=estimates, **kwargs)

    def _transform(self, stft, waves):
        return stft(signal.encode_mid_side(waves) if self.mid_side else waves)

    def estimate(self, magnitude: Tensor) -> tuple[Tensor, Tensor]:
        """Build the network.

        Args:
            magnitude: tensor `(batch, frames, bins, channels)`. That of the mixture, as `prepare`
                returns it.

        Returns:
            Two tensors `(batch, frames, bins, channels, sources)`: gains, the factors of the
            spectrum of the mixture for each source, and magnitudes, which training compares with
            `magnitude` of the stems.
        """
        raise NotImplementedError(f"{type(self).__name__} must define estimate")

    def prepare(self, magnitude: Tensor) -> Tensor:
        """Scale magnitudes, or select of them, what the network processes."""
        return magnitude

    def magnitude(self, waves: Tensor) -> Tensor:
        """Magnitudes of `(batch, time, channels)`: `(batch, frames, bins, channels)`."""
        return self.prepare(
            signal.compute_magnitude(*self._transform(self.get_layer("stft"), waves))
        )

    def represent(self, wave: Tensor, loss_on: str) -> Tensor:
        return self.magnitude(wave) if loss_on == "magnitude" else wave
