"""Find out which functions of the library an answer calls, to recognise a copied answer."""

import sys
from pathlib import Path

_COURSE = str(Path(__file__).parent)
_EXERCISES = str(Path(__file__).parent / "exercises")
_LIBRARY = str(Path(__file__).parents[1])


class LibraryCalls:
    """Records, within a `with` block, the functions of the library that are called.

    Only functions that are called from outside the library count, not those that they call in
    turn: a dilated GRU may fold time by itself while an exercise about it asks to fold by hand.

    Attributes:
        codes: set of code objects of the library's functions.
        keys: set of code objects that belong to the exercises.
    """

    def __init__(self):
        self.codes, self.keys = set(), set()
        self._depth = 0

    def __enter__(self):
        self._before = sys.getprofile()
        sys.setprofile(self._record)
        return self

    def __exit__(self, *raised):
        sys.setprofile(self._before)

    def _record(self, frame, event, _):
        file = frame.f_code.co_filename
        if event not in ("call", "return") or not file.startswith(_LIBRARY):
            return
        if file.startswith(_EXERCISES):
            self.keys.add(frame.f_code)
        elif not file.startswith(_COURSE):
            if event == "call" and not self._depth:
                self.codes.add(frame.f_code)
            self._depth += 1 if event == "call" else -1
