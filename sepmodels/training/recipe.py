"""`Recipe`: everything that decides a training, in one frozen dataclass."""

import dataclasses

import keras

from sepmodels import _checks, models
from sepmodels.datasets.segments import Augment
from sepmodels.models.base.trainable import Trainable
from sepmodels.training import losses

# Gains and cross_songs are fields of the recipe itself.
_CHANGES = [field.name for field in dataclasses.fields(Augment)][2:]
OPTIMIZERS = {"adam": keras.optimizers.Adam, "adadelta": keras.optimizers.Adadelta}


@dataclasses.dataclass(frozen=True)
class Recipe:
    """The model to train, the examples to train it on, and the duration of the training.

    Only `model` is required. The defaults of the other fields suit a laptop.

    Args:
        model: str. Name of a class in `sepmodels.models`.
        arguments: dict. Arguments of that class.
        segment: float. Length of a training example, in seconds.
        batch_size: int. Examples in a step.
        steps_per_epoch: int. Steps between two validations.
        epochs: int. The maximum.
        patience: int or None. Number of epochs without a better validation loss after which the
            training ends.
        optimizer: str. `"adam"` or `"adadelta"`; gradients are clipped to a norm of 5.
        learning_rate: float. At the first step.
        schedule: str or pair. How the learning rate changes: with `"cosine"` it falls to zero at
            the last step, with `"constant"` it stays, with `(factor, steps)` it is multiplied by
            the factor after every such number of steps.
        weight_decay: float. Coupled, as an L2 penalty of half this size on every weight.
        loss: str. See `sepmodels.losses`.
        loss_on: str. Where the loss is taken, one of `Trainable.representations`.
        gains: pair of float. Every source of every example is multiplied by one number drawn
            uniformly from this interval; the mixture is the sum of the results.
        cross_songs: float. Share of the examples whose sources come from different songs.
        augment: dict. Other arguments of `datasets.Augment`, such as
            `{"swap_channels": 0.5, "semitones": (-2, 2)}`.
        seed: int. Of the weights and of the examples.
        then: `Recipe` or None. A second stage for the same model. It begins with the weights of
            the last epoch of this stage, not of its best.

    Raises:
        ValueError: a field is out of its range, or `then` trains another model.

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
    patience: int | None = None
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    schedule: str | tuple = "cosine"
    weight_decay: float = 0.0
    loss: str = "l1"
    loss_on: str = "waveform"
    gains: tuple = (0.25, 1.25)
    cross_songs: float = 0.5
    augment: dict = dataclasses.field(default_factory=dict)
    seed: int = 0
    then: "Recipe | None" = None

    def __post_init__(self):
        _checks.one_of(model=(self.model, models.__all__), optimizer=(self.optimizer, OPTIMIZERS))
        losses.get(self.loss)
        _checks.positive(batch_size=self.batch_size, epochs=self.epochs)
        _checks.positive(steps_per_epoch=self.steps_per_epoch)
        if self.patience is not None:
            _checks.positive(patience=self.patience)
        whole, second = isinstance(self.seed, int), self.then or self
        pair = not isinstance(self.schedule, str) and len(self.schedule) == 2
        known = pair or self.schedule in ("cosine", "constant")
        same = (second.model, second.arguments) == (self.model, self.arguments)
        rules = {
            "segment must be at most an hour, in seconds": 0 < self.segment <= 3600,
            "learning_rate must be finite and at least 0": 0 <= self.learning_rate < float("inf"),
            "weight_decay must be at least 0": 0 <= self.weight_decay < 1e6,
            "seed must be an integer from 0 to 2**32 - 1": whole and 0 <= self.seed < 2**32,
            "gains must be (low, high)": len(self.gains) == 2,
            f"augment must name changes of {_CHANGES}": {*self.augment} <= {*_CHANGES},
            "schedule must be 'cosine', 'constant' or (factor, steps)": known,
            "then must train the same model with the same arguments": same,
        }
        for rule, holds in rules.items():
            name = rule.split()[0]
            _checks.require(holds, rule, **{name: getattr(self, name)})
        Augment(self.gains, self.cross_songs, **self.augment)  # whether its names and ranges hold

    def build(self) -> Trainable:
        """Return the untrained model."""
        return getattr(models, self.model)(**self.arguments)

    def compile(self, training_model: keras.Model) -> None:
        """Compile a model of `Trainable.training_model` with the optimizer and loss."""
        rate = self.learning_rate
        if self.schedule == "cosine":
            steps = self.epochs * self.steps_per_epoch
            rate = keras.optimizers.schedules.CosineDecay(rate, steps)
        elif not isinstance(self.schedule, str):
            factor, steps = self.schedule
            rate = keras.optimizers.schedules.ExponentialDecay(rate, steps, factor, staircase=True)
        for weight in training_model.trainable_variables if self.weight_decay else ():
            weight.regularizer = keras.regularizers.L2(self.weight_decay / 2)
        optimizer = OPTIMIZERS[self.optimizer](rate, global_clipnorm=5.0)
        # XLA cannot run the recurrence of cuDNN.
        training_model.compile(optimizer, loss=losses.get(self.loss), jit_compile=False)
        # Before the first step, which Keras would otherwise trace twice; a state then fits, too.
        optimizer.build(training_model.trainable_variables)

    def vary(self, **changes) -> "Recipe":
        """Return the recipe with other values of its fields or of the model's arguments."""
        fields = {field.name for field in dataclasses.fields(self)}
        own = {name: value for name, value in changes.items() if name in fields}
        arguments = {name: value for name, value in changes.items() if name not in fields}
        if self.then and arguments:
            own.setdefault("then", self.then.vary(**arguments))
        return dataclasses.replace(self, arguments={**self.arguments, **arguments}, **own)


def quick(recipe: Recipe) -> Recipe:
    """Shorten a recipe to a minute or two on a laptop, enough to see that the model learns.

    Args:
        recipe: `Recipe` at the scale of a laptop.

    Returns:
        `Recipe` of 120 steps, each on at most eight seconds of sound.
    """
    segment = min(recipe.segment, 2.0)
    batch_size = max(1, min(recipe.batch_size, int(8.0 / segment)))
    return dataclasses.replace(
        recipe, segment=segment, batch_size=batch_size, steps_per_epoch=30, epochs=4, then=None
    )
