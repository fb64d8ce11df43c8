"""`SerializableModel`: a model that its file describes by the arguments of the constructor."""

import contextlib
import inspect

import keras


class SerializableModel(keras.Model):
    """Base of all models: one mechanism for their configs, and for what Keras leaves to a class.

    A subclass builds a functional graph, calls `super().__init__(inputs, outputs)` and stores each
    argument of its constructor under the argument's name. A model that is read from a file, or
    cloned, is built anew from these arguments, with the dtype policy that it was built with and,
    if it was quantized, quantized in the same way.
    """

    # Pairs of an argument of earlier versions and its one value for which the class still stands.
    _fixed_arguments = ()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._policy_name = keras.config.dtype_policy().name
        self._quantization = None

    def get_config(self):
        config = {"name": self.name, "dtype": self._policy_name}
        if self._quantization is not None:
            config["quantization"] = self._quantization
        return config | {name: getattr(self, name) for name in _list_arguments(type(self))}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        for name, value in cls._fixed_arguments:
            if config.pop(name, value) != value:
                raise ValueError(f"{cls.__name__} is defined for {name}={value!r} alone.")
        quantization = config.pop("quantization", None)
        with _dtype_policy(config.pop("dtype", None)):
            model = cls(**config)
        if quantization is not None:
            model.quantize(**keras.saving.deserialize_keras_object(quantization))
        return model

    def quantize(self, mode=None, **options):
        super().quantize(mode, **options)
        self._quantization = {"mode": mode, **options}

    def save(self, filepath, *args, **kwargs):
        if str(filepath).endswith((".h5", ".hdf5")):
            raise ValueError(
                "an HDF5 file cannot hold this model: save it as a '.keras' file, or its weights "
                f"with save_weights as a '.weights.h5' file. Received: filepath={str(filepath)!r}"
            )
        super().save(filepath, *args, **kwargs)


def _list_arguments(cls):
    """Names of the constructor's arguments, with those that `**kwargs` hands to a class above.

    Abstract bases, which no file names and which are therefore not registered, take graphs, not
    arguments.
    """
    names = []
    for kind in cls.__mro__:
        if "__init__" not in vars(kind):
            continue
        if names and keras.saving.get_registered_name(kind) == kind.__name__:
            break
        parameters = inspect.signature(kind.__init__).parameters
        names += [name for name in parameters if name not in ("self", "kwargs", *names)]
        if "kwargs" not in parameters:
            break
    return names


@contextlib.contextmanager
def _dtype_policy(name):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name or before)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
