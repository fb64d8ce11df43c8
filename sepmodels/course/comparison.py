"""Compare what an answer returns with what it should return, and say in words what differs."""

import numpy as np

TOLERANCE = 1e-4  # of the largest number: float32 in another order of operations is no mistake


def describe_difference(got, expected):
    """Describe the first difference between an answer and the expected array.

    Args:
        got: object. What an answer returned: anything.
        expected: array. Integers must agree exactly, floats up to `TOLERANCE`.

    Returns:
        str. Empty if they agree.
    """
    if got is None:
        return "runs, but returns nothing: is the `return` missing?"
    try:
        values = np.asarray(got)
    except Exception:  # a ragged list, or an object with an opinion of its own
        values = np.array(None)
    if values.dtype.kind not in "biuf":
        found = f"{shorten(got)} of type {type(got).__name__}"
        return f"runs, but returns {found}; a number, or a list or array of numbers, is expected."
    if values.shape != expected.shape:
        return f"runs, but the shape differs: {values.shape} instead of {expected.shape}."
    exact = expected.dtype.kind in "biu"
    scale = np.abs(expected[np.isfinite(expected)]).max(initial=1e-9)
    how = {"rtol": 0, "atol": 0.0 if exact else TOLERANCE * scale, "equal_nan": True}
    with np.errstate(all="ignore"):
        apart = ~np.isclose(values.astype("float64"), expected, **how)
    if not apart.any():
        return ""
    first = tuple(map(int, np.argwhere(apart)[0]))
    pair = f"{values[first]:.6g} instead of {expected[first]:.6g}"
    where = f" at {list(first)} ({apart.mean():.0%} of them do)" if first else ""
    return f"runs, but the values differ: {pair}{where}."


def shorten(value, to_text=repr, length=60):
    """Write a value in one short line, even if its `repr` or `str` fails.

    Args:
        value: object. Anything.
        to_text: function. Defaults to `repr`.
        length: int. Longest text in characters. Defaults to `60`.

    Returns:
        str.
    """
    try:
        text = " ".join(to_text(value).split())
    except Exception:
        text = "an object that has no text"
    return text if len(text) <= length else f"{text[: length - 3]}..."
