"""Mid and side: what two channels have in common, and their difference."""

from keras import ops

from sepmodels.signal.tensor import Tensor


def encode_mid_side(x: Tensor, axis: int = -1) -> Tensor:
    """Compute mid and side of left and right.

    A source in the centre of the stereo image has no side signal and a wide one has a strong one,
    so mid and side distinguish sources that left and right do not.

    Args:
        x: tensor. Samples or parts of a spectrum, with two channels.
        axis: int. The axis of the channels. Defaults to `-1`.

    Returns:
        Tensor of the same shape: `(left + right) / 2` and `(left - right) / 2`.

    Example:

    >>> np.asarray(sm.signal.encode_mid_side(np.array([[1.0, 1.0], [0.5, -0.5]]))).tolist()
    [[1.0, 0.0], [0.0, 0.5]]
    """
    left, right = ops.split(x, 2, axis=axis)
    return ops.concatenate([(left + right) / 2, (left - right) / 2], axis=axis)


def decode_mid_side(x: Tensor, axis: int = -1) -> Tensor:
    """Undo `encode_mid_side`: left is mid plus side, right is mid minus side."""
    mid, side = ops.split(x, 2, axis=axis)
    return ops.concatenate([mid + side, mid - side], axis=axis)
