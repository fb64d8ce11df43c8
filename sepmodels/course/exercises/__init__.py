"""The exercises of the course: the library's own answers, and the mistakes that others made.

One file per notebook; `sepmodels.course` asks them.
"""

import importlib
import pkgutil

from sepmodels.course.exercises.exercise import Exercise

_FILES = (importlib.import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__))
EXERCISES = dict(sorted(e for file in _FILES for e in getattr(file, "EXERCISES", {}).items()))
__all__ = ["EXERCISES", "Exercise"]
