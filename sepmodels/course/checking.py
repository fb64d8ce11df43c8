"""The exercises of the course check themselves: `check("12.1", my_fold)`.

The library is the answer key. A check calls the student's function and the library's own on the
same arguments and says where they part.
"""

from typing import NamedTuple

import numpy as np

from sepmodels.course.exercises import EXERCISES

TOLERANCE = 1e-4  # of the largest number: float32 in another order of operations is no mistake


class Verdict(NamedTuple):
    """What became of an answer.

    `state` is `"open"` (not attempted), `"wrong"` or `"correct"`; `text` says it in words.
    """

    state: str
    text: str


def check(number, answer):
    """Say whether an answer is right, and if not, what differs.

    It prints one line and never raises, so that a notebook with open exercises runs to its end.

    Args:
        number: str. Of the exercise, such as `"12.1"`.
        answer: function. What the exercise asks for; it returns `...` as long as nobody has
            written it.

    Example:

    >>> def my_fold(x, k):
    ...     return x.reshape(-1, x.shape[1] // k, x.shape[2])
    >>> sm.course.check("12.1", my_fold)  # doctest: +ELLIPSIS
    12.1: runs, but the values differ: ... Rows of neighbouring frames: ...
    >>> sm.course.check("12.1", sm.layers.fold_time)
    12.1: correct
    """
    print(f"{number}: {judge(number, answer).text}")


def judge(number, answer):
    """What `check` prints, as a `Verdict`: for a lecturer who counts points.

    Args:
        number: str. Of the exercise.
        answer: function. What a student wrote.

    Returns:
        Verdict.

    Example:

    >>> sm.course.judge("00.1", sm.metrics.sdr).state
    'correct'
    """
    exercise = EXERCISES.get(str(number))
    if exercise is None:
        return Verdict("wrong", f"no such exercise; there are {', '.join(EXERCISES)}")
    if answer is ...:
        return Verdict("open", "not attempted yet")
    if not callable(answer):
        return Verdict("wrong", f"pass the function itself, not {_short(answer)}")
    for arguments in exercise.arguments():
        expected = np.asarray(exercise.key(*arguments))
        try:
            got = answer(*_copies(arguments))
            if got is ...:
                return Verdict("open", "not attempted yet")
            wrong = _difference(got, expected)
        except Exception as error:  # a student's code may raise anything
            return Verdict("wrong", f"stops with {type(error).__name__}: {_line(error)}")
        if wrong:
            return Verdict("wrong", wrong + _hint(exercise, arguments, got))
    return Verdict("correct", "correct")


def _difference(got, expected):
    """In words, what is not as it should be; nothing if all is."""
    if got is None:
        return "runs, but returns nothing: is the `return` missing?"
    got = np.asarray(got)
    if got.dtype.kind not in "biuf":
        return f"runs, but returns {_short(got)}; numbers were asked for"
    if got.shape != expected.shape:
        return f"runs, but the shape differs: {got.shape} instead of {expected.shape}."
    # A count is right or wrong; only what was computed in floats may be a little off.
    exact = expected.dtype.kind in "biu"
    allowed = 0.0 if exact else TOLERANCE * np.abs(expected).max(initial=1e-9)
    apart = ~np.isclose(got.astype("float64"), expected, rtol=0, atol=allowed)
    if not apart.any():
        return ""
    first = tuple(map(int, np.argwhere(apart)[0]))
    where = f" at {list(first)}" if first else ""
    many = f" ({apart.mean():.0%} of them do)" if first else ""
    pair = f"{got[first]:.6g} instead of {expected[first]:.6g}"
    return f"runs, but the values differ: {pair}{where}{many}."


def _hint(exercise, arguments, got):
    """A word on a mistake that others made before."""
    for text, trap in exercise.traps.items():
        wrong = np.asarray(trap(*_copies(arguments)))
        if wrong.shape == np.shape(got) and np.allclose(wrong, got, rtol=1e-4, equal_nan=True):
            return f" {text}"
    return ""


def _copies(arguments):
    # An answer may overwrite what it is given.
    return [x.copy() if isinstance(x, np.ndarray) else x for x in arguments]


def _short(value):
    text = repr(value).replace("\n", " ")
    return text if len(text) <= 60 else f"{text[:57]}..."


def _line(error):
    return " ".join(str(error).split())[:200] or "no message"
