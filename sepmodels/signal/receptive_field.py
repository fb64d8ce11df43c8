"""Time arithmetic: how far a network hears, and which lengths fit it. Plain integers."""

from sepmodels import _checks


def compute_receptive_field(kernel_size, dilations):
    """Samples that one output sample of a stack of dilated convolutions hears, itself included.

    Args:
        kernel_size: int. Of every convolution, in steps.
        dilations: sequence of int. One per convolution, in steps.

    Returns:
        int, in steps: `1 + (kernel_size - 1) * sum(dilations)`.

    Raises:
        ValueError: if a number is not positive.

    Example:

    >>> sm.signal.compute_receptive_field(2, [2**i for i in range(10)])
    1024

    Reference:

    - van den Oord et al. (2016), section 2.1. "WaveNet: A Generative Model for Raw Audio".
      [arXiv:1609.03499](https://arxiv.org/abs/1609.03499)
    """
    _checks.positive(kernel_size=kernel_size, dilations=tuple(dilations))
    return 1 + (kernel_size - 1) * sum(dilations)


def compute_context(kernel_size, dilations, causal=False):
    """Samples beside an output sample that a stack of dilated convolutions hears.

    It is also what every output loses at its sides if the stack pads nothing.

    Args:
        kernel_size: int. Of every convolution, in steps.
        dilations: sequence of int. One per convolution, in steps.
        causal: bool. Whether all of it lies on the left. Defaults to `False`: as much on
            the left as on the right, or one step more on the right where that is odd.

    Returns:
        `(left, right)`, in steps.

    Raises:
        ValueError: if a number is not positive.

    Example:

    >>> sm.signal.compute_context(3, [2**i for i in range(9)] * 5)
    (2555, 2555)
    """
    total = compute_receptive_field(kernel_size, dilations) - 1
    right = 0 if causal else sum(((kernel_size - 1) * d + 1) // 2 for d in dilations)
    return total - right, right


def find_wave_u_net_lengths(n, levels=12, down=15, up=5):
    """Lengths that fit a Wave-U-Net without padding, for `n` wanted samples.

    Output lengths that fit are `2**levels` apart: the coarsest signal has whole samples only.
    With them every signal that is decimated has an odd length, so its first and its last sample
    stay, and every crop takes as much from the left as from the right.

    Args:
        n: int. Output samples wanted.
        levels: int. Decimations. Defaults to `12`.
        down: int. Kernel size before a decimation and at the bottom, in samples, odd. Defaults
            to `15`.
        up: int. Kernel size after an interpolation, in samples, odd. Defaults to `5`.

    Returns:
        `(input_length, output_length)` in samples: the least lengths that fit whose output has
        at least `n`. The output is the centre of the input, whatever `n`.

    Raises:
        ValueError: if a number is not positive or a kernel size even.

    Example:

    >>> size, output = sm.signal.find_wave_u_net_lengths(16384)
    >>> size, output, (size - output) // 2
    (147443, 16389, 65527)

    Reference:

    - Stoller, Ewert and Dixon (2018), section 3.2.2. "Wave-U-Net: A Multi-Scale Neural Network
      for End-to-End Audio Source Separation". [arXiv:1806.03185](https://arxiv.org/abs/1806.03185)
    """
    _checks.positive(n=n, levels=levels)
    _checks.odd(down=down, up=up)
    bottom = up - (up - n) // 2**levels  # its length, rounded up
    size, output = bottom + down - 1, bottom
    for _ in range(levels):
        size = 2 * size - 1 + down - 1
        output = 2 * output - 1 - (up - 1)
    return size, output


def compute_wave_u_net_context(levels=12, down=15, up=5):
    """Samples on either side of an output sample of a Wave-U-Net that can change it.

    How many do depends on where the sample lies in the grid of the decimations; this is the
    most. A window of whole grid steps starts where it is fewest, and needs `2**levels - 1`
    samples less on either side: see `find_wave_u_net_lengths`.

    Args:
        levels: int. Decimations. Defaults to `12`.
        down: int. Kernel size before a decimation and at the bottom, in samples, odd. Defaults
            to `15`.
        up: int. Kernel size after an interpolation, in samples, odd. Defaults to `5`.

    Returns:
        int, in samples, the same to the left and to the right.

    Raises:
        ValueError: if a number is not positive or a kernel size even.

    Example:

    >>> sm.signal.compute_wave_u_net_context() - (2**12 - 1)
    65527
    """
    _checks.positive(levels=levels)
    _checks.odd(down=down, up=up)
    # A sample of level i is 2**i samples long. Half a kernel is heard per level on the way down
    # and at the bottom, half a kernel per level on the way up, and one sample more per level
    # where an interpolated sample stands between its two neighbours.
    levels_together = 2**levels - 1
    bottom = 2**levels
    return down // 2 * (levels_together + bottom) + (up // 2 + 1) * levels_together
