"""The exercises of the course check themselves: `check("12.1", my_fold)`.

The library is the answer key. A check calls the student's function and the library's own on the
same arguments and reports the first difference.
"""

import contextlib
import functools
import io
import warnings
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from sepmodels.course.comparison import describe_difference, shorten
from sepmodels.course.exercises import EXERCISES
from sepmodels.course.library_calls import LibraryCalls


class Verdict(NamedTuple):
    """The result of a check.

    `state` is `"open"` (not attempted), `"wrong"`, `"library"` (right, but computed by the function
    of the library that was to be written) or `"correct"`; `text` says it in words, and `printed` is
    what the answer printed while it was called.
    """

    state: str
    text: str
    printed: str = ""


def check(number: str, answer: Callable) -> None:
    """Print whether an answer is right, and if not, what differs.

    It prints one line, and never raises whatever the answer is or does, so that a notebook with
    open exercises runs to its end. Only an interrupt from the keyboard gets through.

    Args:
        number: str. Number of the exercise, such as `"12.1"`.
        answer: function. What the exercise asks for; it returns `...` until it is written.

    Example:

    >>> def my_fold(x, k):
    ...     return x.reshape(-1, x.shape[1] // k, x.shape[2])
    >>> sm.course.check("12.1", my_fold)  # doctest: +ELLIPSIS
    12.1: runs, but the values differ: ... Rows of neighbouring frames: ...
    >>> sm.course.check("12.1", lambda x, k: ...)
    12.1: not attempted yet
    """
    verdict = judge(number, answer)
    print(f"{shorten(number, str)}: {verdict.text}")
    if verdict.printed.strip():
        print(f"  (your function printed: {shorten(verdict.printed.strip(), str)})")


def judge(number: str, answer: Callable) -> Verdict:
    """Return what `check` prints as a `Verdict`, for a lecturer who counts points.

    Args:
        number: str. Number of the exercise.
        answer: function. What a student wrote.

    Returns:
        Verdict.

    Example:

    >>> sm.course.judge("00.1", lambda reference, estimate: 0.0).state
    'wrong'
    >>> sm.course.judge("00.1", sm.metrics.sdr).state
    'library'
    """
    number = shorten(number, str)
    if number not in EXERCISES:
        return Verdict("wrong", f"no such exercise; there are {', '.join(EXERCISES)}")
    if answer is ...:
        return Verdict("open", "not attempted yet")
    if not callable(answer):
        return Verdict("wrong", f"pass the function itself, not {shorten(answer)}")
    printed = io.StringIO()
    state, text = _judge_values(number, answer, printed)
    return Verdict(state, text, printed.getvalue())


def _judge_values(number, answer, printed):
    exercise, copied = EXERCISES[number], set()
    expectations, own = _solve(number)
    for case, expected in enumerate(expectations):
        arguments = exercise.arguments()[case]  # made afresh: an answer may overwrite them
        calls = LibraryCalls()
        try:
            with contextlib.redirect_stdout(printed), calls:
                got = answer(*arguments)
            if got is ...:
                return "open", "not attempted yet"
            wrong = describe_difference(got, expected)
            if wrong:
                return "wrong", wrong + _find_hint(exercise, case, got)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # an answer may raise anything, and so may what it returns
            reason = shorten(error, str, 200) or "no message"
            return "wrong", f"stops with {type(error).__name__}: {reason}"
        copied |= {code.co_qualname for code in calls.keys | (calls.codes & own)}
    if copied:
        names = ", ".join(f"`{name}`" for name in sorted(copied))
        return "library", f"right, but that is the library's own {names}; write it yourself"
    return "correct", "correct"


@functools.cache
def _solve(number):
    """The right results, and the functions of the library that compute them."""
    exercise, calls = EXERCISES[number], LibraryCalls()
    with _defaults(), calls:
        expectations = [np.asarray(exercise.key(*arguments)) for arguments in exercise.arguments()]
    return expectations, calls.codes - {function.__code__ for function in exercise.allowed}


def _find_hint(exercise, case, got):
    """The hint of the exercise for a common mistake, if the answer makes one."""
    with _defaults():
        for text, trap in exercise.traps.items():
            wrong = np.asarray(trap(*exercise.arguments()[case]))
            if not describe_difference(got, wrong):
                return f" {text}"
    return ""


@contextlib.contextmanager
def _defaults():
    """Whatever the notebook made of warnings and of NumPy's errors, the keys must not raise."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
