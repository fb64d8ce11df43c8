"""Separate a file or standard input block by block, and measure the delay."""

import contextlib
import sys
import time
from collections import deque

import numpy as np

import sepmodels as sm
from sepmodels import _checks, _files


def separate_live(model, options):
    """Separate blocks as they arrive and write one stem, with the latency on standard error.

    Raw samples are float32 in the byte order of the machine, channels interleaved.

    Args:
        model: `models.Separator`. One that can run as a stream.
        options: argparse.Namespace. The arguments of `sepmodels stream`.

    Raises:
        ValueError: the model cannot run as a stream or has no such source, or the target is the
            file that is read.
    """
    _checks.one_of(source=(options.source, model.sources))
    raw, rate, channels = options.input == "-", options.rate, options.channels or 1
    if not raw:
        given = {"rate": rate, "channels": options.channels}
        rule = "rate and channels describe raw input; leave them out for a file, which states them"
        _checks.require(set(given.values()) == {None}, rule, **given)
        rate, channels, _ = sm.audio.info(options.input)
        _files.refuse_overwriting([options.output], [options.input])
    rates = rate or model.sample_rate, model.sample_rate
    size = max(1, round(options.block * rates[0]))
    separator = sm.stream(model, channels)
    blocks = _read_raw(size, channels) if raw else sm.audio.read_blocks(options.input, size)
    delays, read, written = deque(maxlen=10_000), 0, 0

    def count():
        nonlocal read
        for block in blocks:
            read += len(block)
            yield block

    inputs = sm.audio.resample_blocks(count(), *rates)
    estimates = _push(separator, inputs, options.source, delays)
    with _open(options.output, rates[0], channels) as writer:
        for samples in sm.audio.resample_blocks(estimates, *reversed(rates)):
            samples = samples[: read - written]  # both resamplers round lengths up
            written += len(samples)
            writer.write(samples)
    latency, block = 1000 * separator.latency / model.sample_rate, 1000 * options.block
    print(
        f"latency: {latency + block:.0f} ms ({latency:.0f} ms of the model, {block:.0f} ms of a "
        "block); computing a block took "
        f"{1000 * np.median(delays):.1f} ms in the median, {1000 * max(delays):.1f} ms at most",
        file=sys.stderr,
    )


def _push(separator, blocks, stem, delays):
    for block in blocks:
        start = time.perf_counter()
        samples = separator.push(block)[stem]
        delays.append(time.perf_counter() - start)
        yield samples
    yield separator.push(np.zeros((0, separator.channels), "float32"), last=True)[stem]


def _read_raw(size, channels):
    while data := sys.stdin.buffer.read(4 * size * channels):
        whole = len(data) // (4 * channels) * channels
        yield np.frombuffer(data, "float32", whole).reshape(-1, channels)


def _open(target, sample_rate, channels):
    if target == "-":
        return contextlib.nullcontext(_RawWriter())
    return sm.audio.Writer(target, sample_rate, channels)


class _RawWriter:
    """Writes samples to standard output as they come."""

    def write(self, samples):
        sys.stdout.buffer.write(np.ascontiguousarray(samples, "float32").tobytes())
        sys.stdout.buffer.flush()
