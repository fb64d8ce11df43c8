"""The exercises of the course: the library's own answers, and the mistakes that others made.

One file per notebook; `sepmodels.course` asks them.
"""

from sepmodels.exercises import dilated_conv_gru, dilated_gru, start_here
from sepmodels.exercises.exercise import Exercise

_NOTEBOOKS = (start_here, dilated_gru, dilated_conv_gru)
EXERCISES = {
    number: exercise for notebook in _NOTEBOOKS for number, exercise in notebook.EXERCISES.items()
}
__all__ = ["EXERCISES", "Exercise"]
