"""The exercises of the course, and how they check themselves."""

from sepmodels.course.checking import Verdict, check, judge
from sepmodels.course.exercises import EXERCISES

__all__ = ["EXERCISES", "Verdict", "check", "judge"]
