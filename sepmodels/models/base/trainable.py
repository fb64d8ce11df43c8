"""`Trainable`: what `sepmodels.train` asks of a model, be it a separator or not."""

import inspect

import keras

from sepmodels import _checks


class Trainable(keras.Model):
    """Base of every model that learns from songs with stems.

    A subclass builds its layers, calls `super().__init__` and stores each of its arguments under
    the argument's name, where `get_config` finds it. `estimator` and `example` belong together:
    one hears and answers what the other prepares.

    Attributes:
        sources: tuple of str. Names of the stems that it learns from.
        sample_rate: int. Rate at which the model hears, in Hz.
        channels: int. Audio channels that the model hears.
        domains: tuple of str or None. The domains of songs (`Track.domain`) that it is told
            apart by while it learns; `None` where it needs no such label.
    """

    domains = None

    def __init__(self, *args, sources, sample_rate, channels, **kwargs):
        _checks.positive(sample_rate=sample_rate, channels=channels)
        super().__init__(*args, **kwargs)
        self.sources = sources
        self.sample_rate = sample_rate
        self.channels = channels

    def valid_length(self, n):
        """Lengths for `n` wanted output samples.

        Args:
            n: int. Output samples wanted.

        Returns:
            `(input_length, output_length)` in samples: the least input whose output has at
            least `n` samples. The output is the centre of the input.
        """
        return n, n

    def estimator(self, domain):
        """The model as training sees it; it shares every layer, so training it trains this.

        Args:
            domain: str. What the loss compares, such as `"waveform"`; each model has its own.

        Returns:
            `keras.Model` that maps the inputs of `example` to the form of its targets.

        Raises:
            ValueError: if the model has no estimates in that domain.
        """
        raise TypeError(f"{type(self).__name__} must define estimator(domain)")

    def example(self, mixture, stems, domain, label=None):
        """A batch of songs as a batch to learn from.

        Args:
            mixture: tensor `(batch, time, channels)`.
            stems: dict from source to tensors; of the mixture's time only the centre that
                `valid_length` gives as the output.
            domain: str. As for `estimator`.
            label: tensor `(batch,)`. Where each song stands in `domains`, for models that have
                some. Defaults to `None`.

        Returns:
            `(inputs, targets)` for the estimator.
        """
        raise TypeError(f"{type(self).__name__} must define example(mixture, stems, domain)")

    def adapt(self, mixture):
        """Fits what the model has to know of the data before it learns; here nothing.

        Args:
            mixture: array `(batch, time, channels)`, a typical batch.
        """

    def get_config(self):
        arguments = inspect.signature(type(self).__init__).parameters
        named = [name for name in arguments if name not in ("self", "kwargs")]
        return {"name": self.name, **{name: getattr(self, name) for name in named}}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        return cls(**config)

    def _check_domain(self, domain, known):
        if domain not in known:
            raise ValueError(
                f"{type(self).__name__} can be trained in the domains {known}. "
                f"Received: domain={domain!r}"
            )
