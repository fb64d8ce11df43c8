"""`Separator`: the interface of all separation systems, waveform in and named stems out."""

from collections.abc import Callable, Mapping, Sequence
from typing import Self

import keras
from keras import ops

from sepmodels import _checks
from sepmodels.models.base.trainable import Trainable
from sepmodels.signal.tensor import Tensor


class Separator(Trainable):
    """Base of every model that separates a mixture into its sources.

    A separator is a functional Keras model: applied to a mixture, it returns a dict of stems.
    Separating whole songs, scoring, listening and ablating are written once, against this class.

    A model that can be trained in another representation than the waveform passes its estimates
    in that representation and overrides `represent`.

    Args:
        mixture: `keras.Input` of `(batch, time, channels)`.
        stems: dict from source to tensor `(batch, time, channels)`.
        estimates: dict or None. From each representation in which the model can be trained to a
            tensor with the sources on its last axis; `None` in place of a tensor stands for the
            stems. Defaults to `None`: the waveform alone.
        estimated: sequence of str or None. Sources on the last axis of the estimates other than
            the waveform. Defaults to `None`: all.
        **kwargs: `sources`, `sample_rate`, and arguments of `keras.Model`.

    Attributes:
        sources: tuple of str. Names of the stems, in the order of the outputs.
        sample_rate: int. Sampling rate of the mixture, in Hz.
        channels: int. Channels of the mixture and of every stem. A model with one channel
            is applied to each channel of a stereo song separately.
    """

    # Set by `pretrained`, which imports the derived classes and so cannot be imported here.
    _load_preset: Callable

    def __init__(
        self,
        mixture: Tensor,
        stems: Mapping[str, Tensor],
        *,
        estimates: Mapping[str, Tensor | None] | None = None,
        estimated: Sequence[str] | None = None,
        **kwargs,
    ):
        super().__init__(mixture, stems, channels=mixture.shape[-1], **kwargs)
        self._estimates = estimates or {"waveform": None}
        self._estimated = estimated or self.sources
        self.representations = tuple(self._estimates)

    @classmethod
    def from_preset(cls, name: str, **options) -> Self:
        """Load pretrained weights of this class.

        Args:
            name: str. Name of the weights, as for `sm.load_pretrained`.
            **options: further arguments of `sm.load_pretrained`.

        Returns:
            A model of this class.

        Raises:
            ValueError: the weights are those of another class.

        Example:

        >>> sm.models.DilatedConvGRU.from_preset("dilated_conv_gru").sources
        ('vocals', 'accompaniment')
        """
        model = cls._load_preset(name, **options)
        found = type(model).__name__
        rule = f"name must be that of weights of {cls.__name__}; load these by {found}.from_preset"
        _checks.require(isinstance(model, cls), rule, name=name)
        return model

    @property
    def context(self) -> tuple[int | None, int | None]:
        """`(left, right)`: samples on either side of an output sample that can change it.

        `None` stands for unbounded, as in a recurrent model.
        """
        return None, None

    def training_model(self, loss_on: str | None = None) -> keras.Model:
        estimate = self._estimates[self._choose_representation(loss_on)]
        if estimate is None:
            estimate = ops.stack([self.output[source] for source in self.sources], axis=-1)
        return keras.Model(self.input, estimate)

    def training_pair(
        self, mixture: Tensor, stems: dict, loss_on: str | None = None, label: Tensor | None = None
    ) -> tuple:
        return mixture, self.targets(stems, loss_on)

    def targets(self, stems: Mapping[str, Tensor], loss_on: str | None = None) -> Tensor:
        """What `training_model` should estimate, given the true stems.

        Args:
            stems: dict from source to `(batch, time, channels)`.
            loss_on: str or None. As for `training_model`.

        Returns:
            Tensor of the shape that the training model returns.

        Raises:
            ValueError: if the model has no targets in that representation.
        """
        loss_on = self._choose_representation(loss_on)
        sources = self.sources if loss_on == "waveform" else self._estimated
        return ops.stack([self.represent(stems[source], loss_on) for source in sources], axis=-1)

    def represent(self, wave: Tensor, loss_on: str) -> Tensor:
        """A stem in one of the `representations`.

        Args:
            wave: tensor `(batch, time, channels)`.
            loss_on: str. The representation.

        Returns:
            Tensor `(batch, ...)`, the slice of the targets that belongs to one source.
        """
        return wave


def select_estimated(sources, target):
    """Selects the sources that a network estimates: the target, or all if it is `None`.

    Args:
        sources: tuple of str.
        target: str or None. One of two sources, the other being the rest of the mixture.

    Raises:
        ValueError: if the target is not one of two sources.
    """
    known = target is None or (target in sources and len(sources) == 2)
    rule = "target must be one of two sources, or None to estimate every source"
    _checks.require(known, rule, target=target, sources=sources)
    return sources if target is None else (target,)


def complete_stems(mixture, waves, estimated, sources):
    """Names the estimated waves, and adds the source that is the rest of the mixture.

    Args:
        mixture: tensor `(batch, time, channels)`.
        waves: sequence of tensors `(batch, time, channels)`.
        estimated: sequence of str. The sources of the waves: all sources, or all but one.
        sources: sequence of str. Names and order of the stems.

    Returns:
        dict from source to tensor `(batch, time, channels)`.
    """
    stems = dict(zip(estimated, waves, strict=True))
    if len(stems) == len(sources):
        return stems
    rest = mixture - sum(list(stems.values())[1:], start=stems[estimated[0]])
    return {source: stems.get(source, rest) for source in sources}
