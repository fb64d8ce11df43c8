"""Recipes: everything that decides a training, in one frozen dataclass.

An ablation is `dataclasses.replace`, or `Recipe.vary` where the change is one of the model's
own arguments.
"""

import dataclasses

from sepmodels import models


@dataclasses.dataclass(frozen=True)
class Recipe:
    """What to train, on what kind of examples, and for how long.

    Args:
        model: str. Name of a class in `sepmodels.models`.
        arguments: dict. Arguments of that class.
        segment: float. Length of a training example, in seconds.
        batch_size: int. Examples in a step.
        steps_per_epoch: int. Steps between two looks at the validation songs.
        epochs: int.
        learning_rate: float. Of Adam; it falls to zero along a cosine.
        loss: str. See `sepmodels.losses`.
        domain: str. Where the loss is taken, see `Separator.estimator`.
        gains: pair of float. Every source of every example is scaled by one number drawn
            evenly from this interval, and the mixture is summed anew.
        cross_songs: float. Share of the examples whose sources come from different songs.
        seed: int. Of the weights and of the examples.

    Example:

    >>> recipe = sm.recipes.DILATED_CONV_GRU.vary(gru_dilation=None, loss="mse")
    >>> recipe.loss, recipe.arguments["gru_dilation"]
    ('mse', None)
    """

    model: str
    arguments: dict = dataclasses.field(default_factory=dict)
    segment: float = 3.0
    batch_size: int = 12
    steps_per_epoch: int = 250
    epochs: int = 25
    learning_rate: float = 1e-3
    loss: str = "l1"
    domain: str = "waveform"
    gains: tuple = (0.25, 1.25)
    cross_songs: float = 0.5
    seed: int = 0

    def __post_init__(self):
        if not hasattr(models, self.model):
            raise ValueError(
                f"model must name a class in sepmodels.models. Received: model={self.model!r}"
            )

    def build(self):
        """Returns the untrained model."""
        return getattr(models, self.model)(**self.arguments)

    def vary(self, **changes):
        """Returns the recipe with changes to its own fields or to the model's arguments."""
        fields = {field.name for field in dataclasses.fields(self)}
        own = {name: value for name, value in changes.items() if name in fields}
        arguments = {name: value for name, value in changes.items() if name not in fields}
        return dataclasses.replace(self, arguments={**self.arguments, **arguments}, **own)


def quick(recipe):
    """The recipe cut down to a minute or two on a laptop, to see that it learns."""
    return dataclasses.replace(
        recipe, segment=2.0, batch_size=4, steps_per_epoch=30, epochs=4, learning_rate=2e-3
    )


# The network whose weights ship, for an evening on a laptop. What the paper leaves open was
# chosen for that: masks that sum to one, and the loss that the SDR measures.
DILATED_CONV_GRU = Recipe(
    model="DilatedConvGRU",
    arguments={
        "filters": 176,
        "dilations": (1, 2, 4, 8),
        "gru_dilation": (1, 2, 4, 8),
        "groups": 4,
        "head": "softmax",
    },
    loss="negative_snr",
)

# The reconstruction at the paper's scale, for MUSDB18 on a GPU; not trained by this project.
DILATED_CONV_GRU_PAPER = Recipe(
    model="DilatedConvGRU",
    arguments={
        "sources": ("vocals", "drums", "bass", "other"),
        "sample_rate": 44100,
        "channels": 2,
        "n_fft": 2048,
        "hop_length": 1024,
        "filters": 512,
        "dilations": (1, 2, 4, 8, 16, 32),
        "groups": 4,
    },
    segment=6.0,
    batch_size=16,
    steps_per_epoch=500,
    epochs=200,
    loss="l1",
    domain="magnitude",
)

# Stoller, Ewert and Dixon's M4 in their first stage, for MUSDB18 on a GPU; not trained by this
# project. Their second stage, with twice the batch and a tenth of the rate, is not built.
WAVE_U_NET_PAPER = Recipe(
    model="WaveUNet",
    segment=16384 / 22050,
    batch_size=16,
    steps_per_epoch=2000,
    epochs=100,
    learning_rate=1e-4,
    loss="mse",
    gains=(0.7, 1.0),
    cross_songs=0.0,
)

# A mono network of eight levels at 16 kHz, for a laptop.
WAVE_U_NET = Recipe(
    model="WaveUNet",
    arguments={"sample_rate": 16000, "channels": 1, "levels": 8, "filters": 16},
    segment=2.0,
    batch_size=8,
    gains=(0.7, 1.0),
)

# Chandna et al. on DSD100, with Adam for their Adadelta; not trained by this project.
DEEP_CONV_SEP_PAPER = Recipe(
    model="DeepConvSep",
    segment=29 * 512 / 44100,
    batch_size=32,
    epochs=40,
    gains=(1.0, 1.0),
    cross_songs=0.0,
    loss="deep_conv_sep",
    domain="magnitude",
)

# The same network for two sources at 16 kHz, for a laptop; a segment is one window of frames.
DEEP_CONV_SEP = Recipe(
    model="DeepConvSep",
    arguments={"sources": ("vocals", "accompaniment"), "sample_rate": 16000, "hop_length": 256},
    segment=29 * 256 / 16000,
    batch_size=16,
    loss="deep_conv_sep",
    domain="magnitude",
)

# Structure A as its author trained it, but for weight decay and his steps of the learning rate;
# not trained by this project.
NC_WAVENET_PAPER = Recipe(
    model="NCWaveNet",
    arguments={"padding": "valid"},
    segment=1.0,
    batch_size=1,
    loss="mu_law_cross_entropy",
    domain="classes",
    gains=(0.7, 1.0),
    cross_songs=0.0,
)

# A smaller relative that estimates the wave itself, for a laptop.
NC_WAVENET = Recipe(
    model="NCWaveNet",
    arguments={
        "target": None,
        "head": "regression",
        "activation": "gated",
        "filters": 32,
        "skip_filters": 64,
        "stacks": (0, 3),
        "padding": "valid",
    },
    segment=0.5,
    batch_size=4,
    domain="companded",
)
