"""`Trainable`: the interface between a model and `sepmodels.train`."""

import keras

from sepmodels import _checks
from sepmodels.models.base.serializable import SerializableModel
from sepmodels.signal.tensor import Tensor


class Trainable(SerializableModel):
    """Base of every model that learns from songs with stems, be it a separator or not.

    `training_model` and `training_pair` belong together: the first maps the inputs that the second
    prepares to estimates in the form of its targets.

    Args:
        *args: Passed to `keras.Model`: inputs and outputs.
        **kwargs: The first three attributes, unless they are arguments of a class with `register`,
            which has them already; others are passed to `keras.Model`.

    Attributes:
        sources: tuple of str. Names of the stems from which the model learns.
        sample_rate: int. Sampling rate of its input, in Hz.
        channels: int. Audio channels of its input.
        representations: tuple of str. Where its loss can be taken, such as `"waveform"` or
            `"magnitude"`; the first is the default.
        domains: tuple of str or None. The domains of songs (`Track.domain`) that the model
            distinguishes in training; `None` if it needs no such label.
    """

    representations: tuple[str, ...] = ("waveform",)
    domains: tuple[str, ...] | None = None

    def __init__(self, *args, **kwargs):
        for name in {"sources", "sample_rate", "channels"} & kwargs.keys():
            setattr(self, name, kwargs.pop(name))
        _checks.positive(sample_rate=self.sample_rate, channels=self.channels)
        for source in self.sources:  # which become names of files
            _checks.file_name("sources", source)
        super().__init__(*args, **kwargs)

    def valid_length(self, n: int) -> tuple[int, int]:
        """Lengths of input and output for `n` wanted output samples.

        Args:
            n: int. Number of output samples wanted.

        Returns:
            `(input_length, output_length)` in samples: the shortest input whose output has at
            least `n` samples. The output corresponds to the centre of the input.
        """
        return n, n

    def training_model(self, loss_on: str | None = None) -> keras.Model:
        """The model in the form in which it is trained: one tensor of estimates as output.

        It shares every layer with this model, so training the one trains the other.

        Args:
            loss_on: str or None. Where the loss is taken, one of `representations`. Defaults to
                `None`, the first of them.

        Returns:
            `keras.Model` from the inputs of `training_pair` to estimates of its targets.

        Raises:
            ValueError: if the model has no estimates in that representation.
        """
        raise NotImplementedError(f"{type(self).__name__} must define training_model")

    def training_pair(
        self, mixture: Tensor, stems: dict, loss_on: str | None = None, label: Tensor | None = None
    ) -> tuple:
        """Turns a batch of song excerpts into inputs and targets of `training_model`.

        Args:
            mixture: tensor `(batch, time, channels)`.
            stems: dict from source to tensor `(batch, time, channels)`, whose time is the centre
                of the mixture that `valid_length` gives as the output.
            loss_on: str or None. As for `training_model`.
            label: tensor `(batch,)` or None. Index in `domains` of each song, for models that
                have domains. Defaults to `None`.

        Returns:
            `(inputs, targets)`.

        Raises:
            ValueError: if the model has no targets in that representation.
        """
        raise NotImplementedError(f"{type(self).__name__} must define training_pair")

    def adapt(self, mixture: Tensor) -> None:
        """Fits the statistics that the model needs before training; most models need none.

        Args:
            mixture: array `(batch, time, channels)`, a typical batch.
        """

    def _choose_representation(self, loss_on):
        loss_on = self.representations[0] if loss_on is None else loss_on
        _checks.one_of(loss_on=(loss_on, self.representations))
        return loss_on
