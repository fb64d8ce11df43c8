"""Checks of arguments: the error names the argument, what it may be, and what it was."""

import numbers


def positive(**values):
    """Raises `ValueError` unless each `name=value` is an integer from 1 up, or a list of such."""
    for name, value in values.items():
        for number in value if isinstance(value, tuple | list) else (value,):
            whole = isinstance(number, numbers.Integral) and not isinstance(number, bool)
            if not whole or number < 1:
                raise ValueError(f"{name} must be a positive integer. Received: {name}={number!r}")


def odd(**values):
    """Raises `ValueError` unless each `name=value` is odd and positive: a kernel with a middle."""
    positive(**values)
    for name, value in values.items():
        if value % 2 == 0:
            raise ValueError(f"{name} must be odd. Received: {name}={value}")


def one_of(**choices):
    """Raises `ValueError` unless each `name=(value, known)` has a value that is known."""
    for name, (value, known) in choices.items():
        if value not in known:
            raise ValueError(f"{name} must be one of {(*known,)}. Received: {name}={value!r}")


def names(argument, values, least=1):
    """Different names, such as those of sources, as a tuple.

    Args:
        argument: str. What the error calls them.
        values: sequence of str.
        least: int. How many there must be. Defaults to `1`.

    Raises:
        ValueError: if there are fewer, one stands twice, or all are a single string.

    Example:

    >>> names("sources", ["vocals", "accompaniment"])
    ('vocals', 'accompaniment')
    """
    if isinstance(values, str) or len(set(values)) < max(least, len(values)):
        raise ValueError(
            f"{argument} must be a sequence of at least {least} different names. "
            f"Received: {argument}={values!r}"
        )
    return tuple(values)
