"""The loop of `generation`: plain Python on arrays, written for numba to compile."""

import math

import numpy as np

_LOG2_E = np.float32(1 / math.log(2))
# 2**x = exp(x log 2), by its Taylor series; for x in [-1/2, 1/2] it is exact to rounding.
_TAYLOR = tuple(np.float32(math.log(2) ** k / math.factorial(k)) for k in range(7, -1, -1))


def advance(
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
            add_product(u, heard, dilated[layer])
            for s in range(streams):
                for j in range(width):
                    u[s, j] = one / (one + exp(-u[s, j]))
                for j in range(half):
                    z[s, j] = (u[s, j] + u[s, j] - one) * u[s, half + j]
                all_z[s, place : place + half] = z[s]
            place += half
            if layer < layers - 1:
                x += residual_bias[layer]
                add_product(x, z, residual[layer])
        if t < first:
            continue
        for s in range(streams):
            total[s] = skip_bias
            tall[s] = head_bias[s, frame]
            scores[s] = logits_bias
        add_product(total, all_z, skip)
        np.maximum(total, 0, total)
        add_product(tall, total, head)
        np.maximum(tall, 0, tall)
        add_product(scores, tall, logits)
        for s in range(streams):
            best = np.argmax(scores[s])
            if temperature > 0:
                top, area = scores[s, best], np.float32(0)
                for c in range(logits.shape[1]):
                    scores[s, c] = exp((scores[s, c] - top) / np.float32(temperature))
                    area += scores[s, c]
                left, best = uniforms[s, t - first] * area, 0
                while left >= scores[s, best] and best < logits.shape[1] - 1:
                    left -= scores[s, best]
                    best += 1
            classes[s, t + len(front)] = best


def add_product(total, x, matrix):
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


def exp(x):
    """`exp` of a float32, written so that a loop over it runs on many numbers at once."""
    x = min(max(x, np.float32(-87)), np.float32(87)) * _LOG2_E
    whole = np.floor(x + np.float32(0.5))
    x -= whole
    power = np.float32(0)
    for coefficient in _TAYLOR:
        power = power * x + coefficient
    return power * np.int32((np.int32(whole) + 127) << 23).view(np.float32)
