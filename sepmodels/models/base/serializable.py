"""`SerializableModel`: a model that its file describes by the arguments of the constructor."""

import contextlib
import os
from typing import Self

import keras

from sepmodels import _checks


class SerializableModel(keras.Model):
    """Base of all models: what Keras leaves to a class of its own when it saves and loads.

    A subclass is decorated with `layers.registration.register`, builds a functional graph and
    calls `super().__init__(inputs, outputs)`. A model that is read from a file, or cloned, is
    built anew from the arguments, with the dtype policy that it was built with and, if it was
    quantized, quantized in the same way.
    """

    # Pairs of an argument of earlier versions and its one value for which the class still stands.
    _fixed_arguments: tuple = ()

    def __init__(self, *args, **kwargs):
        unknown = kwargs.keys() - {"inputs", "outputs", "name", "trainable"}
        if unknown:  # of which Keras would take no notice
            name = type(self).__name__
            raise TypeError(
                f"{name} has no argument {', '.join(sorted(unknown))}; see help(sm.models.{name})"
            )
        super().__init__(*args, **kwargs)
        self._policy_name = keras.config.dtype_policy().name
        self._quantization = {}

    def get_config(self) -> dict:
        owner = next(cls for cls in type(self).__mro__ if "__init__" in vars(cls))
        if not hasattr(vars(owner)["__init__"], "__wrapped__") and "get_config" not in vars(owner):
            raise NotImplementedError(
                f"{type(self).__name__} must be decorated with sepmodels.layers.registration."
                "register, or define get_config, or its file would lack the arguments of its "
                "constructor"
            )
        return {"name": self.name, "dtype": self._policy_name, **self._quantization}

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> Self:
        config = dict(config)
        for name, value in cls._fixed_arguments:
            given = config.pop(name, value)
            rule = f"{cls.__name__} is defined for {name}={value!r} alone"
            _checks.require(given == value, rule, **{name: given})
        quantization = config.pop("quantization", None)
        with _dtype_policy(config.pop("dtype", None)):
            model = cls(**config)
        if quantization is not None:
            model.quantize(**keras.saving.deserialize_keras_object(quantization))
        return model

    def quantize(self, mode: str | None = None, **options) -> None:
        super().quantize(mode, **options)
        self._quantization = {"quantization": {"mode": mode, **options}}

    def save(self, filepath: str | os.PathLike, *args, **kwargs) -> None:
        rule = (
            "an HDF5 file cannot hold this model: save it as a '.keras' file, or its weights with "
            "save_weights as a '.weights.h5' file"
        )
        _checks.require(not str(filepath).endswith((".h5", ".hdf5")), rule, filepath=str(filepath))
        super().save(filepath, *args, **kwargs)


@contextlib.contextmanager
def _dtype_policy(name):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name or before)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
