"""`Separator`: the one face of all systems, waveform in and named stems out."""

import keras
from keras import ops

from sepmodels.models.base.trainable import Trainable


class Separator(Trainable):
    """Base of every model that turns a mixture into its sources.

    A separator is a functional Keras graph: calling it on a mixture gives a dict of stems.
    What follows from that (separating whole songs, scoring, listening, ablating) is written
    once, against this class.

    A subclass builds its layers, calls `super().__init__(inputs=..., outputs=...)` with a
    dict of waveforms as outputs, and stores each of its arguments under the argument's name,
    where `get_config` finds it. If it can be trained in another domain than the waveform, it
    overrides `estimator` and `targets` together.

    Attributes:
        sources: tuple of str. Names of the stems, in the order of the outputs.
        sample_rate: int. Rate at which the model hears, in Hz.
        channels: int. Channels of the mixture and of every stem. A model with one channel
            is applied to each channel of a stereo song by itself.
    """

    @property
    def context(self):
        """`(left, right)`: samples beside an output sample that can change it.

        `None` stands for unbounded, as in a recurrent model.
        """
        return None, None

    def estimator(self, domain="waveform"):
        """The model as training sees it: mixture in, one tensor of estimates out.

        It shares every layer with the separator, so training it trains the separator.

        Args:
            domain: str. Where the loss is taken; `"waveform"` for every separator.

        Returns:
            `keras.Model` from `(batch, time, channels)` to
            `(batch, time, channels, sources)`.

        Raises:
            ValueError: if the model has no estimates in that domain.
        """
        self._check_domain(domain, ("waveform",))
        stacked = ops.stack([self.output[source] for source in self.sources], axis=-1)
        return keras.Model(self.input, stacked)

    def targets(self, stems, domain="waveform"):
        """What `estimator` should give for the true stems.

        Args:
            stems: dict from source to `(batch, time, channels)`.
            domain: str. As for `estimator`.

        Returns:
            Tensor of the shape that the estimator returns.

        Raises:
            ValueError: if the model has no targets in that domain.
        """
        self._check_domain(domain, ("waveform",))
        return ops.stack([stems[source] for source in self.sources], axis=-1)

    def example(self, mixture, stems, domain, label=None):
        return mixture, self.targets(stems, domain)
