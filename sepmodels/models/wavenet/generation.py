"""Sample by sample: sound drawn from what a causal network of dilated convolutions predicts."""

import concurrent.futures
import dataclasses
import functools
import math
import os

import numpy as np

_FRAMES = 64  # Conditions are projected so many frames at a time, for little memory.
_LOG2_E = np.float32(1 / math.log(2))
# 2**x = exp(x log 2), by its Taylor series; for x in [-1/2, 1/2] it is exact to rounding.
_TAYLOR = tuple(np.float32(math.log(2) ** k / math.factorial(k)) for k in range(7, -1, -1))


@dataclasses.dataclass(frozen=True)
class Network:
    """The weights of a causal network, as `sample` reads them; all float32 but the dilations.

    It is the network of `models.WaveNet` and of the decoder of `models.MusicTranslation`, with
    `C` classes, `R` channels between the layers, `Z` channels within a layer, `K` taps of the
    dilated convolutions and `L` layers. For every sample:

    ```
    x   = sum of front[i, class of the sample before, or before that, ...]
    z_l = tanh(first half of u) * sigmoid(second half of u)
          where u = dilated[l] (x then ..., x now) + inner_bias[l] + condition part
    x   = x + residual[l] z_l + residual_bias[l]                   in all but the last layer
    s   = skip (x of the front, z_0, z_1, ...) + skip_bias         or without the front
    h   = head relu(s) + head_bias + condition part
    logits = logits relu(h) + logits_bias
    ```

    What lies before the first sample is silence for `front`, the class `silence`, and zeros
    within the layers, as a Keras convolution with causal padding has them.

    Attributes:
        front: `(taps, C, R)`. What a class adds, oldest tap first. The kernel of a convolution
            over one-hot classes is this already; for a scalar input it is the value of each
            class times the kernel, `values[:, None] * kernel` with a kernel `(taps, 1, R)`.
            A bias is added to one tap.
        dilations: int `(L,)`.
        dilated: `(L, K, R, 2 Z)`. The first half of the last axis goes to tanh.
        inner_bias: `(L, 2 Z)`.
        residual: `(L - 1, Z, R)`.
        residual_bias: `(L - 1, R)`.
        skip: `(L Z, S)`, the kernels of the layers one after the other; `(R + L Z, S)` if the
            front has a skip kernel, which comes first.
        skip_bias: `(S,)`, the sum of the biases of the layers.
        head: `(S, H)`.
        head_bias: `(H,)`.
        logits: `(H, C)`.
        logits_bias: `(C,)`.
        condition: `(F, L, 2 Z)` or None. Kernels of the condition, one for each layer, whose
            biases are added to `inner_bias`.
        head_condition: `(F, H)` or None. Kernel of the condition at the head.
        silence: int. The class of what lies before the start.
    """

    front: np.ndarray
    dilations: np.ndarray
    dilated: np.ndarray
    inner_bias: np.ndarray
    residual: np.ndarray
    residual_bias: np.ndarray
    skip: np.ndarray
    skip_bias: np.ndarray
    head: np.ndarray
    head_bias: np.ndarray
    logits: np.ndarray
    logits_bias: np.ndarray
    condition: np.ndarray | None = None
    head_condition: np.ndarray | None = None
    silence: int = 128


def sample(network, n, seeds=(0,), temperature=1.0, conditions=None, hold=None, primer=None):
    """Draw samples one after the other, each from what the network predicts after those before.

    Every layer keeps the inputs that it will need again in a queue (Fast WaveNet), so a sample
    costs the same however far the network hears. What comes out is what `draw` takes from the
    logits of the whole network, to the rounding of float32.

    Streams are independent of one another: each has its seed, and sounds the same alone. They
    run on all cores; on one core they go in step, and share the reading of the weights.

    Args:
        network: `Network`.
        n: int. Samples to draw, per stream.
        seeds: sequence of int, or of sequences of int. One per stream. Defaults to `(0,)`.
        temperature: float. The logits are divided by it; 0 takes the likeliest class. Defaults
            to `1.0`.
        conditions: array `(streams or 1, frames, F)` or None. What the network is told.
            Defaults to `None`.
        hold: int or None. Samples for which a frame holds; `None`: a single one holds to the
            end. The first frame begins with the primer. Defaults to `None`.
        primer: int array `(streams or 1, time)` or None. Classes that come before. Defaults to
            `None`.

    Returns:
        int32 classes `(streams, n)`.

    Raises:
        ValueError: if the temperature is negative, the conditions end too early, or the primer
            holds what is no class.
        ImportError: if numba is missing.

    Example:

    >>> model = sm.models.WaveNet(filters=4, skip_filters=8, dilations=(1, 2))
    >>> network = sm.models.wavenet.generator_weights.network(model)
    >>> sm.models.wavenet.generation.sample(network, 5, seeds=(0, 1)).shape
    (2, 5)

    Reference:

    - Le Paine et al. (2016). "Fast Wavenet Generation Algorithm".
      [arXiv:1611.09482](https://arxiv.org/abs/1611.09482)
    """
    seeds = list(seeds)
    primer = np.empty((1, 0)) if primer is None else np.asarray(primer)
    _check(network, temperature, conditions, hold, primer, primer.shape[1] + n)
    shape = len(seeds), len(network.front) + primer.shape[1] + n
    classes = np.full(shape, network.silence, "int32")
    classes[:, len(network.front) : shape[1] - n] = primer
    if conditions is not None:
        conditions = np.asarray(conditions, "float32")
        conditions = np.broadcast_to(conditions, (len(seeds), *conditions.shape[1:]))

    advance = _compiled()

    def fill(group):
        draws = [np.random.default_rng(seeds[stream]).random(n, "float32") for stream in group]
        told = None if conditions is None else conditions[group]
        arguments = classes[group], np.stack(draws), float(temperature), told, hold
        classes[group] = _fill(advance, network, *arguments)

    cores = min(len(seeds), os.cpu_count())
    with concurrent.futures.ThreadPoolExecutor(cores) as pool:
        list(pool.map(fill, np.array_split(np.arange(len(seeds)), cores)))
    return classes[:, shape[1] - n :]


def draw(logits, uniform, temperature=1.0):
    """The class that a number from 0 to 1 picks; `sample` does the same in its loop.

    Args:
        logits: array `(..., classes)`.
        uniform: array `(...)`, in [0, 1).
        temperature: float. The logits are divided by it; 0 takes the likeliest class.

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


def _check(network, temperature, conditions, hold, primer, time):
    if not temperature >= 0:
        raise ValueError(f"temperature must be at least 0. Received: temperature={temperature}")
    # The compiled loop would read what lies beyond the end of an array.
    if conditions is not None and np.shape(conditions)[1] * (hold or time) < time:
        raise ValueError(
            f"conditions must last for the {time} samples of the primer and what is drawn. "
            f"Received: conditions of shape {np.shape(conditions)}, hold={hold}"
        )
    classes = network.front.shape[1]
    if primer.size and not 0 <= primer.min() <= primer.max() < classes:
        raise ValueError(
            f"primer must be classes from 0 to {classes - 1}. "
            f"Received: {primer.min()} to {primer.max()}"
        )


def _fill(advance, network, classes, uniforms, temperature, conditions, hold):
    """The classes of one group of streams, with its last samples drawn."""
    layers, taps, filters, width = network.dilated.shape
    # Since tanh(x) = 2 sigmoid(2 x) - 1, both halves of a gate are sigmoids.
    double = np.repeat(np.float32([2, 1]), width // 2)
    weights = (
        network.front,
        np.asarray(network.dilations, "int64"),
        network.dilated.reshape(layers, taps * filters, width) * double,
        network.residual,
        network.residual_bias,
        network.skip,
        network.skip_bias,
        network.head,
        network.logits,
        network.logits_bias,
    )
    # New arrays: what lies otherwise, or may not be written to, is compiled for anew.
    weights = tuple(np.array(array, order="C") for array in weights)
    places = (taps - 1) * int(np.sum(network.dilations))
    queues = np.zeros((len(classes), places, filters), "float32")
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
    # Sums may be taken in another order, and rounded once: nothing is assumed of the numbers.
    how = {"fastmath": {"reassoc", "contract", "nsz"}, "error_model": "numpy"}
    for function in (_exp, _add_product):
        numba.extending.register_jitable(**how)(function)
    return numba.njit(_advance, nogil=True, cache=True, **how)


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
    first = classes.shape[1] - uniforms.shape[1] - len(front)  # that is not known yet

    x = np.empty((streams, filters), np.float32)
    heard = np.empty((streams, inputs), np.float32)
    u = np.empty((streams, width), np.float32)
    z = np.empty((streams, half), np.float32)
    all_z = np.empty((streams, len(skip)), np.float32)
    total = np.empty((streams, skip.shape[1]), np.float32)
    tall = np.empty((streams, head.shape[1]), np.float32)
    scores = np.empty((streams, logits.shape[1]), np.float32)

    for t in range(start, stop):
        frame, queue, place = (t - start) // hold, 0, 0
        for s in range(streams):
            x[s] = front[0, classes[s, t]]
            for tap in range(1, len(front)):
                x[s] += front[tap, classes[s, t + tap]]
        if len(skip) > layers * half:  # the front has a skip kernel as well
            place = filters
            all_z[:, :filters] = x
        for layer in range(layers):
            dilation = dilations[layer]
            length = past * dilation
            for s in range(streams):
                for tap in range(past):
                    oldest = queues[s, queue + (t + tap * dilation) % length]
                    heard[s, tap * filters : (tap + 1) * filters] = oldest
                queues[s, queue + t % length] = x[s]
                heard[s, past * filters :] = x[s]
                u[s] = inner_bias[s, frame, layer]
            queue += length
            _add_product(u, heard, dilated[layer])
            for s in range(streams):
                for j in range(width):
                    u[s, j] = one / (one + _exp(-u[s, j]))
                for j in range(half):
                    z[s, j] = (u[s, j] + u[s, j] - one) * u[s, half + j]
                all_z[s, place : place + half] = z[s]
            place += half
            if layer < layers - 1:
                x += residual_bias[layer]
                _add_product(x, z, residual[layer])
        if t < first:
            continue
        for s in range(streams):
            total[s] = skip_bias
            tall[s] = head_bias[s, frame]
            scores[s] = logits_bias
        _add_product(total, all_z, skip)
        np.maximum(total, 0, total)
        _add_product(tall, total, head)
        np.maximum(tall, 0, tall)
        _add_product(scores, tall, logits)
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
    """`total += x @ matrix`; four rows at a time, which moves `total` a quarter as often."""
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
    """`exp` of a float32, written so that a loop over it runs on many numbers at once."""
    x = min(max(x, np.float32(-87)), np.float32(87)) * _LOG2_E
    whole = np.floor(x + np.float32(0.5))
    x -= whole
    power = np.float32(0)
    for coefficient in _TAYLOR:
        power = power * x + coefficient
    return power * np.int32((np.int32(whole) + 127) << 23).view(np.float32)
