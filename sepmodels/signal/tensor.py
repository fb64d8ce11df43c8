"""`Tensor`: what annotations call a tensor of Keras."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    Tensor = Any
else:

    class Tensor:
        """A tensor of the backend, symbolic or with values, or a NumPy array.

        These have no public class in common, so type checkers accept any object in its place.
        """
