"""An error names the argument, what it may be, and what it was."""

import numpy as np
import pytest

from sepmodels import _checks


@pytest.mark.parametrize("value", [0, -1, 1.5, 2.0, True, None, "3", (1, 0)])
def test_positive(value):
    _checks.positive(size=3, sizes=(1, np.int64(2)), none=())
    bad = value[1] if isinstance(value, tuple) else value
    with pytest.raises(ValueError, match=f"size must be a positive integer.*size={bad!r}"):
        _checks.positive(other=1, size=value)


def test_odd():
    _checks.odd(size=1, other=15)
    with pytest.raises(ValueError, match="size must be odd. Received: size=4"):
        _checks.odd(size=4)
    with pytest.raises(ValueError, match="size=-1"):
        _checks.odd(size=-1)


def test_one_of():
    _checks.one_of(color=("red", ("red", "blue")), shape=(None, {"round": 1, None: 2}))
    with pytest.raises(ValueError, match=r"color must be one of \('red', 'blue'\).*color='pink'"):
        _checks.one_of(color=("pink", {"red": 1, "blue": 2}))


@pytest.mark.parametrize("values", ["vocals", ["vocals"], ["bass", "bass"], []])
def test_names(values):
    assert _checks.names("sources", ["b", "a"], least=2) == ("b", "a")
    with pytest.raises(ValueError, match="sources must be a sequence of at least 2 different"):
        _checks.names("sources", values, least=2)
