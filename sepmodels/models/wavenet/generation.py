"""Cached generation: samples drawn one by one from the predictions of a causal network."""

import concurrent.futures
import contextlib
import functools
import math
import os

import numpy as np

from sepmodels import _checks

# Fields of a `Network` that the loop reads.
_FIELDS = ("front", "dilations", "dilated", "residual", "residual_bias", "skip", "skip_bias")
_FIELDS += ("head", "logits", "logits_bias")
_FRAMES = 64  # Conditions are projected so many frames at a time, for little memory.
_LOG2_E = np.float32(1 / math.log(2))
# 2**x = exp(x log 2), by its Taylor series; for x in [-1/2, 1/2] it is exact to rounding.
_TAYLOR = tuple(np.float32(math.log(2) ** k / math.factorial(k)) for k in range(7, -1, -1))


def sample(
    network, n, seeds=(0,), temperature=1.0, conditions=None, hold=None, primer=None, start=None
):
    """Draw samples one by one, each from the prediction of the network given those before it.

    Every layer keeps the inputs that it will need again in a queue (Fast WaveNet), so the cost of a
    sample does not depend on the receptive field. The result is what `draw` takes from the
    logits of the whole network, up to the rounding of float32.

    Streams are independent of one another: the samples of a stream depend on its own seed alone.
    They run on all cores; those on one core advance together and share the reading of the weights.

    Args:
        network: `Network`.
        n: int. Samples to draw, per stream.
        seeds: sequence of int, or of sequences of int. One per stream. Defaults to `(0,)`.
        temperature: float. The logits are divided by it; 0 takes the most probable class. Defaults
            to `1.0`.
        conditions: array `(streams or 1, frames, F)` or None. Frames of the condition.
            Defaults to `None`.
        hold: int or None. Samples for which a frame holds; `None`: a single one holds to the
            end. The first frame begins with the primer. Defaults to `None`.
        primer: int array `(streams or 1, time)` or None. Classes of the samples before those that
            are drawn. Defaults to `None`.
        start: int or None. Class of the one sample before the primer. Defaults to `None`: silence,
            as for all samples before it.

    Returns:
        int32 classes `(streams, n)`.

    Raises:
        ValueError: if the temperature is negative, the conditions end too early, or the primer or
            the start is not a class.
        ImportError: if numba is missing.

    Example:

    >>> model = sm.models.WaveNet(filters=4, skip_filters=8, dilations=(1, 2))
    >>> network = sm.models.wavenet.network.Network.from_model(model)
    >>> sm.models.wavenet.generation.sample(network, 5, seeds=(0, 1)).shape
    (2, 5)

    Reference:

    - Le Paine et al. (2016). "Fast Wavenet Generation Algorithm".
      [arXiv:1611.09482](https://arxiv.org/abs/1611.09482)
    """
    seeds = list(seeds)
    primer = np.empty((1, 0)) if primer is None else np.asarray(primer)
    _check(network, temperature, conditions, hold, primer, primer.shape[1] + n, start)
    taps = len(network.front)
    shape = len(seeds), taps + primer.shape[1] + n
    classes = np.full(shape, network.silence, "int32")
    classes[:, taps - 1] = network.silence if start is None else start
    classes[:, taps : shape[1] - n] = primer
    if conditions is not None:
        conditions = np.asarray(conditions, "float32")
        conditions = np.broadcast_to(conditions, (len(seeds), *conditions.shape[1:]))

    advance = _compiled()

    def fill(group):
        draws = [np.random.default_rng(seeds[stream]).random(n, "float32") for stream in group]
        frames = None if conditions is None else conditions[group]
        arguments = classes[group], np.stack(draws), float(temperature), frames, hold
        classes[group] = _fill(advance, network, *arguments)

    cores = min(len(seeds), os.cpu_count())
    with concurrent.futures.ThreadPoolExecutor(cores) as pool:
        list(pool.map(fill, np.array_split(np.arange(len(seeds)), cores)))
    return classes[:, shape[1] - n :]


def draw(logits, uniform, temperature=1.0):
    """The class that a number from 0 to 1 selects; the loop of `sample` does the same.

    Args:
        logits: array `(..., classes)`.
        uniform: array `(...)`, in [0, 1).
        temperature: float. The logits are divided by it; 0 takes the most probable class.

    Returns:
        int array `(...)`.

    Example:

    >>> sm.models.wavenet.generation.draw(np.log([0.2, 0.5, 0.3]), [0.1, 0.6, 0.9]).tolist()
    [0, 1, 2]
    """
    logits, uniform = np.asarray(logits, "float64"), np.asarray(uniform)[..., None]
    if temperature == 0:
        return np.broadcast_to(logits.argmax(-1), uniform.shape[:-1])
    heights = np.exp((logits - logits.max(-1, keepdims=True)) / temperature).cumsum(-1)
    return np.sum(heights <= uniform * heights[..., -1:], axis=-1)


def _check(network, temperature, conditions, hold, primer, time, start):
    _checks.at_least(0, temperature=temperature)
    # The compiled loop would read beyond the end of an array.
    frames = None if conditions is None else np.shape(conditions)[1]
    lasts = frames is None or frames * (hold or time) >= time
    rule = f"conditions must last for the {time} samples of the primer and of the result"
    _checks.require(lasts, rule, frames=frames, hold=hold)
    classes = network.logits.shape[1]
    for name, given in (("start", [] if start is None else [start]), ("primer", primer)):
        fits = np.all((np.asarray(given) >= 0) & (np.asarray(given) < classes))
        _checks.require(fits, f"{name} must be classes from 0 to {classes - 1}", **{name: given})


def _fill(advance, network, classes, uniforms, temperature, conditions, hold):
    """The classes of one group of streams, with its last samples drawn."""
    layers, taps, filters, width = network.dilated.shape
    # Since tanh(x) = 2 sigmoid(2 x) - 1, both halves of a gate are sigmoids.
    double = np.repeat(np.float32([2, 1]), width // 2)
    weights = [getattr(network, name) for name in _FIELDS]
    weights[1] = np.asarray(network.dilations, "int64")
    weights[2] = network.dilated.reshape(layers, taps * filters, width) * double
    # New arrays: numba would compile again for another memory layout or for read-only arrays.
    weights = tuple(np.array(array, order="C") for array in weights)
    length = (taps - 1) * int(np.sum(network.dilations))
    queues = np.zeros((len(classes), length, filters), "float32")
    stop = classes.shape[1] - len(network.front)
    hold = hold or stop
    step = stop if conditions is None else hold * _FRAMES
    for start in range(0, stop, step):
        inner, head = network.inner_bias[None, None], network.head_bias[None, None]
        if conditions is not None:
            frames = conditions[:, start // hold :][:, :_FRAMES]
            inner = inner + np.tensordot(frames, network.condition, 1)
            if network.head_condition is not None:
                head = head + frames @ network.head_condition
        shape = len(classes), inner.shape[1]
        biases = [
            np.array(np.broadcast_to(bias, shape + bias.shape[2:]), "float32", order="C")
            for bias in (inner * double, head)
        ]
        end = min(start + step, stop)
        advance(weights, queues, *biases, hold, classes, start, end, uniforms, float(temperature))
    return classes


@functools.cache
def _compiled():
    try:
        import numba
    except ImportError:
        raise ImportError("generating samples needs numba: pip install numba") from None
    # Sums may be reordered and products fused; NaN and infinity keep their meaning.
    options = {"fastmath": {"reassoc", "contract", "nsz"}, "error_model": "numpy"}
    for function in (_exp, _add_product):
        numba.extending.register_jitable(**options)(function)
    compiled = numba.njit(_advance, nogil=True, **options)
    with contextlib.suppress(RuntimeError):  # no folder for a cache in a read-only installation
        compiled.enable_caching()
    return compiled


# === The loop: plain Python on arrays, written for numba to compile ===


def _advance(
    weights, queues, inner_bias, head_bias, hold, classes, start, stop, uniforms, temperature
):
    """Steps `start` to `stop` of a group of streams; numba compiles it."""
    front, dilations, dilated, residual, residual_bias = weights[:5]
    skip, skip_bias, head, logits, logits_bias = weights[5:]
    streams, _, filters = queues.shape
    layers, inputs, width = dilated.shape
    past, half, one = inputs // filters - 1, width // 2, np.float32(1)
    first = classes.shape[1] - uniforms.shape[1] - len(front)  # step whose class is to be drawn

    x = np.empty((streams, filters), np.float32)
    taps = np.empty((streams, inputs), np.float32)
    u = np.empty((streams, width), np.float32)
    z = np.empty((streams, half), np.float32)
    all_z = np.empty((streams, len(skip)), np.float32)
    total = np.empty((streams, skip.shape[1]), np.float32)
    hidden = np.empty((streams, head.shape[1]), np.float32)
    scores = np.empty((streams, logits.shape[1]), np.float32)

    for t in range(start, stop):
        frame, queue, column = (t - start) // hold, 0, 0
        for s in range(streams):
            x[s] = front[0, classes[s, t]]
            for tap in range(1, len(front)):
                x[s] += front[tap, classes[s, t + tap]]
        if len(skip) > layers * half:  # the front has a skip kernel as well
            column = filters
            all_z[:, :filters] = x
        for layer in range(layers):
            dilation = dilations[layer]
            length = past * dilation
            for s in range(streams):
                for tap in range(past):
                    oldest = queues[s, queue + (t + tap * dilation) % length]
                    taps[s, tap * filters : (tap + 1) * filters] = oldest
                queues[s, queue + t % length] = x[s]
                taps[s, past * filters :] = x[s]
                u[s] = inner_bias[s, frame, layer]
            queue += length
            _add_product(u, taps, dilated[layer])
            for s in range(streams):
                for j in range(width):
                    u[s, j] = one / (one + _exp(-u[s, j]))
                for j in range(half):
                    z[s, j] = (u[s, j] + u[s, j] - one) * u[s, half + j]
                all_z[s, column : column + half] = z[s]
            column += half
            if layer < layers - 1:
                x += residual_bias[layer]
                _add_product(x, z, residual[layer])
        if t < first:
            continue
        for s in range(streams):
            total[s] = skip_bias
            hidden[s] = head_bias[s, frame]
            scores[s] = logits_bias
        _add_product(total, all_z, skip)
        np.maximum(total, 0, total)
        _add_product(hidden, total, head)
        np.maximum(hidden, 0, hidden)
        _add_product(scores, hidden, logits)
        for s in range(streams):
            best = np.argmax(scores[s])
            if temperature > 0:
                top, area = scores[s, best], np.float32(0)
                for c in range(logits.shape[1]):
                    scores[s, c] = _exp((scores[s, c] - top) / np.float32(temperature))
                    area += scores[s, c]
                left, best = uniforms[s, t - first] * area, 0
                while left >= scores[s, best] and best < logits.shape[1] - 1:
                    left -= scores[s, best]
                    best += 1
            classes[s, t + len(front)] = best


def _add_product(total, x, matrix):
    """`total += x @ matrix`; four rows at a time, which loads and stores `total` less often."""
    whole = len(matrix) - len(matrix) % 4
    for s in range(len(x)):
        for k in range(0, whole, 4):
            a, b, c, d = x[s, k], x[s, k + 1], x[s, k + 2], x[s, k + 3]
            for j in range(matrix.shape[1]):
                near = a * matrix[k, j] + b * matrix[k + 1, j]
                far = c * matrix[k + 2, j] + d * matrix[k + 3, j]
                total[s, j] += near + far
        for k in range(whole, len(matrix)):
            total[s] += x[s, k] * matrix[k]


def _exp(x):
    """`exp` of a float32, written so that a loop over it can be vectorized."""
    x = min(max(x, np.float32(-87)), np.float32(87)) * _LOG2_E
    whole = np.floor(x + np.float32(0.5))
    x -= whole
    power = np.float32(0)
    for coefficient in _TAYLOR:
        power = power * x + coefficient
    return power * np.int32((np.int32(whole) + 127) << 23).view(np.float32)
