"""Exercises of notebook 03."""

from sepmodels import signal
from sepmodels.course.exercises.exercise import Exercise


def _piece(start, stop, length, left, right):
    """What to read of `length` samples, and how much silence to put before and after it."""
    first, last = start - left, stop + right
    return max(first, 0), min(last, length), max(-first, 0), max(last - length, 0)


def _halved(size, dilations, causal):
    total = signal.compute_receptive_field(size, dilations) - 1
    right = 0 if causal else (total + 1) // 2
    return total - right, right


EXERCISES = {
    "03.1": Exercise(
        signal.compute_receptive_field,
        lambda: [(2, [1, 2, 4, 8]), (3, [1, 2, 4, 8, 1, 2, 4, 8]), (5, [3, 7])],
        {
            "The sample itself is missing.": lambda size, dilations: (
                signal.compute_receptive_field(size, dilations) - 1
            ),
            "A kernel of 2 taps spans 1 dilation, not 2.": lambda size, dilations: (
                1 + size * sum(dilations)
            ),
            "Every layer has its own dilation.": lambda size, dilations: (
                1 + (size - 1) * len(dilations)
            ),
        },
    ),
    "03.2": Exercise(
        signal.compute_context,
        lambda: [
            (3, [1, 2, 4], False),
            (3, [1, 2, 4], True),
            (2, [1, 2, 4, 8], True),
            (2, [1, 2, 5], False),
        ],
        {
            "`causal` is ignored: a causal stack has no context on the right.": (
                lambda size, dilations, causal: signal.compute_context(size, dilations)
            ),
            "Left and right are exchanged.": lambda size, dilations, causal: signal.compute_context(
                size, dilations, causal
            )[::-1],
            "Round in every layer: an odd context has its additional step on the right.": (_halved),
        },
    ),
    "03.3": Exercise(
        _piece,
        lambda: [
            (400, 500, 1000, 63, 63),
            (0, 100, 1000, 63, 63),
            (900, 1000, 1000, 30, 70),
            (20, 90, 100, 50, 0),
            (0, 10, 10, 4, 6),
        ],
        {
            "The track has no samples before its start or after its end: stop there, and count "
            "the missing ones as silence.": lambda start, stop, length, left, right: (
                (start - left, stop + right, 0, 0)
            ),
            "Left and right are exchanged.": lambda start, stop, length, left, right: _piece(
                start, stop, length, right, left
            ),
        },
    ),
}
