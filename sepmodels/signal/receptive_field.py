"""Time arithmetic: receptive field, context and valid lengths of networks, in integers."""

from collections.abc import Sequence

from sepmodels import _checks


def compute_receptive_field(kernel_size: int, dilations: Sequence[int]) -> int:
    """Compute the receptive field of a stack of dilated convolutions.

    Args:
        kernel_size: int. Kernel size of every convolution, in steps.
        dilations: sequence of int. Dilation of each convolution, in steps.

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


def compute_context(
    kernel_size: int, dilations: Sequence[int], causal: bool = False
) -> tuple[int, int]:
    """Compute the context of a stack of dilated convolutions: its receptive field on either side.

    Without padding, the output is shorter than the input by the context.

    Args:
        kernel_size: int. Kernel size of every convolution, in steps.
        dilations: sequence of int. Dilation of each convolution, in steps.
        causal: bool. Whether all context lies in the past. Defaults to `False`: as much in the
            past as in the future, or one step more in the future if the sum is odd.

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


def find_wave_u_net_lengths(
    n: int, levels: int = 12, down: int = 15, up: int = 5
) -> tuple[int, int]:
    """Find the lengths of a Wave-U-Net without padding that give at least `n` output samples.

    Valid output lengths are `2**levels` apart. With a valid length, every signal that is decimated
    has an odd length, so its first and last sample are kept, and every crop removes as many
    samples on the left as on the right.

    Args:
        n: int. Output samples that are needed.
        levels: int. Number of decimations. Defaults to `12`.
        down: int. Kernel size before a decimation and at the bottom, in samples, odd. Defaults
            to `15`.
        up: int. Kernel size after an interpolation, in samples, odd. Defaults to `5`.

    Returns:
        `(input_length, output_length)` in samples: the shortest valid lengths with at least `n`
        output samples. The output corresponds to the centre of the input.

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


def compute_wave_u_net_context(levels: int = 12, down: int = 15, up: int = 5) -> int:
    """Compute the largest context of an output sample of a Wave-U-Net.

    The context depends on the position of the sample in the grid of the decimations. A window of
    whole grid steps starts where the context is smallest, and needs `2**levels - 1` samples less
    on either side: see `find_wave_u_net_lengths`.

    Args:
        levels: int. Number of decimations. Defaults to `12`.
        down: int. Kernel size before a decimation and at the bottom, in samples, odd. Defaults
            to `15`.
        up: int. Kernel size after an interpolation, in samples, odd. Defaults to `5`.

    Returns:
        int, in samples, the same in the past and in the future.

    Raises:
        ValueError: if a number is not positive or a kernel size even.

    Example:

    >>> sm.signal.compute_wave_u_net_context() - (2**12 - 1)
    65527
    """
    _checks.positive(levels=levels)
    _checks.odd(down=down, up=up)
    # A step of level i is 2**i samples long. The context grows by half a kernel per level on the
    # way down, at the bottom and on the way up, and by one step per level for the interpolation
    # between two neighbours.
    levels_together = 2**levels - 1
    bottom = 2**levels
    return down // 2 * (levels_together + bottom) + (up // 2 + 1) * levels_together
