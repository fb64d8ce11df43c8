"""`register`: layers and models whose config is the arguments of their constructors."""

import functools
import inspect
import re

import keras

from sepmodels import _checks


def register(cls):
    """Decorate a class that Keras should be able to save and load, as `sepmodels>ClassName`.

    The arguments of the constructor are recorded, defaults included, and lists become tuples.
    Before the constructor runs, each argument becomes an attribute of the same name, unless the
    class has a method or a property of that name; a layer becomes an attribute after it.
    `get_config` returns the arguments in addition to the config of the base class, and
    `from_config` constructs the object again. Arguments that `**kwargs` passes to a base class are
    recorded there, if that class is registered too.

    A class with a `get_config` of its own is only registered.
    """
    if "__init__" in vars(cls) and "get_config" not in vars(cls):
        cls.__init__ = _record_arguments(cls.__init__)
        cls.get_config = functools.partialmethod(_get_config, cls)
        if not issubclass(cls, keras.Model):
            cls.from_config = classmethod(_from_config)
    return keras.saving.register_keras_serializable(package="sepmodels")(cls)


def _record_arguments(construct):
    signature = inspect.signature(construct)

    @functools.wraps(construct)
    def record_and_construct(self, *args, **kwargs):
        bound = signature.bind(self, *args, **kwargs)
        bound.apply_defaults()
        recorded = vars(self).setdefault("_arguments", {})  # not through Keras, which would wrap it
        layers = {}  # PyTorch takes no attribute that is a module before the constructor
        for name, value in [*bound.arguments.items()][1:]:
            bound.arguments[name] = value = _freeze(value)
            if name == "kwargs" or name in recorded:  # recorded by the class below
                continue
            recorded[name] = value
            ours = getattr(type(self), name, None)
            if not callable(ours) and not isinstance(ours, property):
                if isinstance(value, keras.Layer):
                    layers[name] = value
                else:
                    setattr(self, name, value)
        construct(*bound.args, **bound.kwargs)
        for name, layer in layers.items():
            setattr(self, name, layer)

    record_and_construct.__signature__ = signature  # for Keras, which does not look for __wrapped__
    return record_and_construct


def _freeze(value):
    return tuple(map(_freeze, value)) if isinstance(value, list | range) else value


def _get_config(self, cls):
    config = super(cls, self).get_config()
    for name, value in self._arguments.items():
        now = getattr(self, name)  # an attribute may have been set since
        config[name] = keras.saving.serialize_keras_object(value if callable(now) else now)
    return config


def _from_config(cls, config: dict) -> keras.layers.Layer:
    return cls(**keras.saving.deserialize_keras_object(config))


def check(instance, condition, rule):
    """Raise `ValueError` unless a condition on the arguments of a constructor holds.

    Args:
        instance: object of a class with `register`, in its constructor.
        condition: bool.
        rule: str. What is allowed, or the remedy. The error shows the arguments that it names.
    """
    given = instance._arguments
    named = {word: given[word] for word in re.findall(r"\w+", rule) if word in given}
    _checks.require(condition, rule, **named)
