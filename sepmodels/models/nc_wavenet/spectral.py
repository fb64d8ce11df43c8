"""`SpectralNCWaveNet`: residual layers over the frames of a complex spectrogram."""

from collections.abc import Sequence

import keras
from keras import ops

from sepmodels import _checks, layers
from sepmodels.layers.registration import register
from sepmodels.models.base.separator import Separator, complete_stems, select_estimated
from sepmodels.models.base.torch_layers import convolve, make_residual_block
from sepmodels.signal.tensor import Tensor


@register
class SpectralNCWaveNet(Separator):
    """The residual layers of `NCWaveNet` after a short-time Fourier transform.

    The real and imaginary parts of all bins are the channels of one sequence of frames. From
    them the network estimates the real and imaginary parts of the source, with a phase of its own
    and without a mask. Nothing is dilated. The skip output of a layer is taken before its
    convolution, so the last layer consists of a skip output alone; the author's convolutions
    after it have no effect. The author trains on frames without padding (62 fewer on each side);
    this network pads them with zeros and has no such mode. Its author found that it separates
    worse than `NCWaveNet`.

    Args:
        sources: sequence of str. Names of the stems. Defaults to
            `("vocals", "accompaniment")`.
        sample_rate: int. In Hz. Defaults to `16000`.
        channels: int. Audio channels. Defaults to `1`.
        target: str or None. The source of two that the network estimates; the other one is
            the mixture minus it. `None`: the network estimates all. Defaults to
            `"accompaniment"`.
        n_fft: int. Length of a frame, in samples. Defaults to `1024`.
        hop_length: int. Step between frames, in samples. Defaults to `256`.
        filters: int. Width of the layers. Defaults to `256`.
        depth: int. Residual layers, at least 2. Defaults to `50`.
        kernel_size: int. Of their convolutions, in frames, odd. Defaults to `3`.
        front_kernel_size: int. Of the first convolution, in frames, odd. Defaults to `25`.
        **kwargs: Passed to `keras.Model` (`name`, ...).

    Input shape:
        `(batch, time, channels)`, any time from 1 sample up.

    Output shape:
        dict from source to `(batch, time, channels)`.

    Raises:
        ValueError: if an argument is out of its range.

    Example:

    >>> model = sm.models.SpectralNCWaveNet(n_fft=64, hop_length=16, filters=8, depth=3)
    >>> stems = model(np.zeros((1, 400, 1), dtype="float32"))
    >>> {source: tuple(stem.shape) for source, stem in stems.items()}
    {'vocals': (1, 400, 1), 'accompaniment': (1, 400, 1)}

    Reference:

    - ShichengChen (2018), `waveunet`. "Audio-Source-Separation".
      [github.com/ShichengChen/Audio-Source-Separation](https://github.com/ShichengChen/Audio-Source-Separation)
    """

    def __init__(
        self,
        sources: Sequence[str] = ("vocals", "accompaniment"),
        sample_rate: int = 16000,
        channels: int = 1,
        target: str | None = "accompaniment",
        n_fft: int = 1024,
        hop_length: int = 256,
        filters: int = 256,
        depth: int = 50,
        kernel_size: int = 3,
        front_kernel_size: int = 25,
        **kwargs,
    ):
        _checks.names("sources", sources)
        estimated = select_estimated(sources, target)
        _checks.odd(kernel_size=kernel_size, front_kernel_size=front_kernel_size)
        _checks.positive(n_fft=n_fft, filters=filters)
        _checks.at_least(2, depth=depth)

        # === Layers ===
        bins = n_fft // 2 + 1
        width = 2 * bins * channels
        block = {"activation": "relu", "preactivation": True}

        # === Functional model ===
        mixture = keras.Input((None, channels), name="mixture")
        stft = layers.STFT(n_fft, hop_length, dtype="float32", name="stft")
        x = ops.concatenate(stft(mixture), axis=2)
        x = keras.layers.Reshape((-1, width))(x)
        x = convolve(x, filters, front_kernel_size, "front")
        total = convolve(ops.relu(x), width, 1, "skip_0")
        for index in range(1, depth):
            x = make_residual_block(filters, kernel_size, f"layer_{index - 1}", **block)(x)
            total = total + convolve(ops.relu(x), width, 1, f"skip_{index}")
        x = ops.relu(convolve(ops.relu(total), width, 1, "head"))
        x = convolve(x, width * len(estimated), 1, "parts")
        shape = (-1, 2, bins, channels, len(estimated))
        spectrum = keras.layers.Reshape(shape, dtype="float32")(x)
        inverse = layers.InverseSTFT(n_fft, hop_length, dtype="float32", name="inverse_stft")
        spectra = (ops.unstack(part, 2, axis=2) for part in ops.unstack(spectrum, axis=-1))
        waves = [inverse((*estimate, mixture)) for estimate in spectra]
        stems = complete_stems(mixture, waves, estimated, sources)
        estimates = {"spectrum": spectrum, "waveform": None}
        super().__init__(mixture, stems, estimates=estimates, estimated=estimated, **kwargs)

    @property
    def context(self) -> tuple[int, int]:
        # A sample lies in frames, which depend on other frames, which contain further samples. The
        # first value of the window is zero.
        frames = self.front_kernel_size // 2 + (self.depth - 1) * (self.kernel_size // 2)
        side = frames * self.hop_length + 2 * (self.n_fft // 2 - 1)
        return side, side

    def represent(self, wave: Tensor, loss_on: str) -> Tensor:
        if loss_on == "waveform":
            return wave
        return ops.stack(self.get_layer("stft")(wave), axis=2)  # (batch, frames, 2, bins, channels)
