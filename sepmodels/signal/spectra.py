"""The short-time Fourier transform, its inverse, and magnitudes.

All functions are made of `keras.ops`: they take tensors inside a model and NumPy arrays outside
one, and gradients flow through them.
"""

from keras import ops
from scipy.signal import get_window

from sepmodels import _checks
from sepmodels.signal.tensor import Tensor


def make_window(name: str, n_fft: int) -> Tensor:
    """Return a window as a float32 tensor of shape `(n_fft,)`.

    Args:
        name: str. Any name that `scipy.signal.get_window` accepts, such as `"hann"`. The window is
            periodic, or symmetric if the name ends in `"_symmetric"`.
        n_fft: int. Length of the window, in samples.
    """
    periodic = not name.endswith("_symmetric")
    window = get_window(name.removesuffix("_symmetric"), n_fft, fftbins=periodic)
    return ops.convert_to_tensor(window, dtype="float32")


def check_transform(n_fft: int, hop_length: int) -> None:
    """Raise `ValueError` unless neighbouring frames overlap by a quarter at least."""
    _checks.positive(n_fft=n_fft, hop_length=hop_length)
    rule = (
        "hop_length must be at most three quarters of n_fft, so that overlapping frames add up to "
        f"the signal again, such as {max(1, n_fft // 4)}"
    )
    _checks.require(4 * hop_length <= 3 * n_fft, rule, n_fft=n_fft, hop_length=hop_length)


def stft(
    samples: Tensor, n_fft: int = 1024, hop_length: int = 256, window: str = "hann"
) -> tuple[Tensor, Tensor]:
    """Short-time Fourier transform of the last axis.

    Frame `f` is centred on sample `f * hop_length`, with silence assumed before and after the
    signal. The `ceil(time / hop_length) + 1` frames cover every sample.

    Args:
        samples: tensor of shape `(..., time)` with at least one leading axis.
        n_fft: int. Length of a frame, in samples.
        hop_length: int. Step between frames, in samples; at most three quarters of `n_fft`.
        window: str. Name of the analysis window, see `make_window`.

    Returns:
        `(real, imaginary)`, each `(..., frames, n_fft // 2 + 1)`.

    Raises:
        ValueError: if `hop_length` is too large for `n_fft`.

    Example:

    >>> tone = np.cos(2 * np.pi * 1000 * np.arange(4000) / 16000)[None]
    >>> real, imaginary = sm.signal.stft(tone, n_fft=512, hop_length=128)
    >>> tuple(real.shape), int(np.argmax(np.hypot(real, imaginary)[0, 9]))
    ((1, 33, 257), 32)
    """
    check_transform(n_fft, hop_length)
    samples = ops.cast(samples, "float32")
    time = ops.shape(samples)[-1]
    leading = [[0, 0]] * (len(samples.shape) - 1)
    samples = ops.pad(samples, [*leading, [n_fft // 2, n_fft // 2 + 2 * hop_length]])
    samples = samples[..., : -(-time // hop_length) * hop_length + n_fft]
    return transform_frames(samples, n_fft, hop_length, window)


def transform_frames(
    samples: Tensor, n_fft: int = 1024, hop_length: int = 256, window: str = "hann"
) -> tuple[Tensor, Tensor]:
    """Transform the frames of the last axis: `stft` without the padding at both ends.

    Args:
        samples: tensor of shape `(..., (frames - 1) * hop_length + n_fft)`.
        n_fft: int. Length of a frame, in samples.
        hop_length: int. Step between frames, in samples; at most three quarters of `n_fft`.
        window: str. Name of the analysis window, see `make_window`.

    Returns:
        `(real, imaginary)`, each `(..., frames, n_fft // 2 + 1)`.
    """
    # A frame is the start of `hops` neighbouring blocks of one hop each.
    hops = -(-n_fft // hop_length)
    surplus = hops * hop_length - n_fft
    if surplus:
        samples = ops.pad(samples, [[0, 0]] * (len(samples.shape) - 1) + [[0, surplus]])
    *leading, time = ops.shape(samples)
    blocks = ops.reshape(samples, (*leading, time // hop_length, hop_length))
    frames = time // hop_length - hops + 1
    framed = ops.concatenate([blocks[..., i : i + frames, :] for i in range(hops)], axis=-1)
    return ops.rfft(framed[..., :n_fft] * make_window(window, n_fft))


def istft(
    spectrum: tuple[Tensor, Tensor],
    length: int | Tensor,
    n_fft: int = 1024,
    hop_length: int = 256,
    window: str = "hann",
) -> Tensor:
    """Inverse of `stft`: weighted overlap-add, divided by the sum of the squared windows.

    Args:
        spectrum: `(real, imaginary)`, each `(..., frames, n_fft // 2 + 1)`.
        length: int or scalar tensor. Samples to return; at most
            `(frames - 1) * hop_length`.
        n_fft: int. Length of a frame, in samples.
        hop_length: int. Step between frames, in samples; at most three quarters of `n_fft`.
        window: str. Name of the window of the `stft`.

    Returns:
        Tensor of shape `(..., length)`.

    Raises:
        ValueError: if `hop_length` is too large for `n_fft`.

    Example:

    >>> noise = np.random.default_rng(0).normal(size=(2, 1000)).astype("float32")
    >>> again = sm.signal.istft(sm.signal.stft(noise), length=1000)
    >>> bool(np.abs(again - noise).max() < 1e-5)
    True
    """
    check_transform(n_fft, hop_length)
    frames = ops.shape(spectrum[0])[-2]
    weights = ops.ones((frames, 1), dtype="float32") * make_window(window, n_fft) ** 2
    sums = add_frames(spectrum, n_fft, hop_length, window), overlap_add(weights, hop_length)
    samples, weights = (crop(x, n_fft // 2, length, axis=-1) for x in sums)
    return samples / weights


def add_frames(
    spectrum: tuple[Tensor, Tensor], n_fft: int = 1024, hop_length: int = 256, window: str = "hann"
) -> Tensor:
    """Overlap-add the windowed frames of a spectrum: `istft` before division and crop.

    Args:
        spectrum: `(real, imaginary)`, each `(..., frames, n_fft // 2 + 1)`.
        n_fft: int. Length of a frame, in samples.
        hop_length: int. Step between frames, in samples; at most three quarters of `n_fft`.
        window: str. Name of the window of the `stft`.

    Returns:
        Tensor of shape `(..., (frames - 1) * hop_length + n_fft)`.
    """
    framed = ops.irfft(spectrum, fft_length=n_fft) * make_window(window, n_fft)
    return overlap_add(framed, hop_length)


def overlap_add(framed: Tensor, hop_length: int, axis: int = -2) -> Tensor:
    """Add frames, each `hop_length` samples after the previous one.

    Args:
        framed: tensor `(..., frames, n_fft, ...)`.
        hop_length: int. Step between frames, in samples.
        axis: int. The axis of the frames.

    Returns:
        Tensor `(..., (frames - 1) * hop_length + n_fft, ...)`.
    """
    axis %= len(framed.shape)
    n_fft = framed.shape[axis + 1]
    hops, total = -(-n_fft // hop_length), 0.0
    surplus = hops * hop_length - n_fft
    if surplus:
        longer = [[0, surplus * (i == axis + 1)] for i in range(len(framed.shape))]
        framed = ops.pad(framed, longer)
    for hop, block in enumerate(ops.split(framed, hops, axis=axis + 1)):
        edges = [[0, 0] for _ in framed.shape]
        edges[axis] = [hop, hops - 1 - hop]
        total = total + ops.pad(block, edges)
    shape = ops.shape(total)
    total = ops.reshape(total, (*shape[:axis], -1, *shape[axis + 2 :]))
    return crop(total, 0, ops.shape(total)[axis] - surplus, axis) if surplus else total


def crop(x: Tensor, start: int | Tensor, length: int | Tensor, axis: int = 1) -> Tensor:
    """Crop one axis: `x[:, start : start + length]` for the time axis.

    On a CPU the gradient of square brackets takes TensorFlow eight times as long.

    Args:
        x: tensor of any shape.
        start: int or scalar tensor. Index of the first step to keep.
        length: int or scalar tensor. Number of steps to keep.
        axis: int. The axis to crop.
    """
    starts, shape = [0] * len(x.shape), [*ops.shape(x)]
    starts[axis], shape[axis] = start, length
    return ops.slice(x, starts, shape)


def compute_magnitude(real: Tensor, imaginary: Tensor, epsilon: float = 1e-8) -> Tensor:
    """Compute the magnitude of a spectrum, `sqrt(real**2 + imaginary**2)`.

    `epsilon` is added to the power, so that the gradient stays finite in silence.
    """
    return ops.sqrt(real**2 + imaginary**2 + epsilon**2)


def compress_magnitude(magnitude: Tensor, floor: float = 1e-2) -> Tensor:
    """Compress magnitudes to `log(1 + magnitude / floor)`, which maps silence to 0.

    Args:
        magnitude: tensor of any shape, as from an unnormalised `stft`.
        floor: float. Magnitudes well below it map to nearly 0. The default lies 88 dB below the
            magnitude of a full-scale sine in a Hann window of 1024 samples.
    """
    return ops.log1p(magnitude / floor)
