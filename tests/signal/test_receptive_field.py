import pytest

from sepmodels import signal


def test_receptive_field_of_a_stack():
    assert signal.compute_receptive_field(2, [2**i for i in range(10)]) == 1024
    assert signal.compute_receptive_field(3, [1, 2, 4]) == 15
    with pytest.raises(ValueError, match="dilations=0"):
        signal.compute_receptive_field(2, [1, 0])


def test_context_is_centred_or_past():
    assert signal.compute_context(3, [1, 2, 4]) == (7, 7)
    assert signal.compute_context(2, [2**i for i in range(10)], causal=True) == (1023, 0)


@pytest.mark.parametrize(
    ("wanted", "size", "output"),
    [(16384, 147443, 16389), (98560, 233459, 102405), (65536, 196595, 65541)],
)
def test_wave_u_net_lengths_are_those_of_the_authors(wanted, size, output):
    assert signal.find_wave_u_net_lengths(wanted) == (size, output)
    assert (size - output) / 2 == 65527


@pytest.mark.parametrize("levels", [1, 2, 3, 5])
@pytest.mark.parametrize(("down", "up"), [(15, 5), (3, 1), (1, 3), (5, 7)])
def test_wave_u_net_lengths_are_the_least_that_fit(levels, down, up):
    fitting = dict(run_through(size, levels, down, up) for size in range(1, 1200))
    fitting.pop(None, None)
    for wanted in range(1, 100):
        output = min(length for length in fitting if length >= wanted)
        expected = fitting[output], output
        assert signal.find_wave_u_net_lengths(wanted, levels, down, up) == expected


def run_through(size, levels, down, up):
    """`(output, size)`, layer by layer; no output if a signal is empty or of even length."""
    skips, x = [], size
    for _ in range(levels):
        x -= down - 1
        if x < 1 or x % 2 == 0:
            return None, size
        skips.append(x)
        x = (x + 1) // 2
    x -= down - 1
    for skip in reversed(skips):
        if x < 1:
            return None, size
        x = 2 * x - 1
        assert (skip - x) % 2 == 0
        x -= up - 1
    return (x, size) if x > 0 else (None, size)


def test_wave_u_net_context_is_the_margin_and_a_step_of_the_grid():
    for levels, down, up in [(12, 15, 5), (1, 3, 1), (3, 5, 7)]:
        size, output = signal.find_wave_u_net_lengths(1, levels, down, up)
        most = (size - output) // 2 + 2**levels - 1
        assert signal.compute_wave_u_net_context(levels, down, up) == most


@pytest.mark.parametrize(
    ("arguments", "named"),
    [((0,), "n=0"), ((9, 0), "levels=0"), ((9, 2, 4), "down=4"), ((9, 2, 3, -1), "up=-1")],
)
def test_bad_number_is_named(arguments, named):
    with pytest.raises(ValueError, match=named):
        signal.find_wave_u_net_lengths(*arguments)
    if arguments[1:]:
        with pytest.raises(ValueError, match=named):
            signal.compute_wave_u_net_context(*arguments[1:])
