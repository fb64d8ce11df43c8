"""BSSEval v4 by museval and by sepmodels: time and memory, in one run.

`python tests/benchmarks/scores.py` prints the table. Every line runs in a process of its own,
so that its peak of memory is its own.
"""

import argparse
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path[:0] = map(str, Path(__file__).parents[1:3])

import ffmpeg_wheel  # noqa: E402

from sepmodels import metrics  # noqa: E402

RATE = 44100
LINES = {
    "museval": {"method": "museval"},
    "fast, SDR ISR SIR SAR": {},
    "fast, SDR alone": {"measures": ("SDR",)},
}


def make_noise(seconds, sources):
    return np.random.default_rng(0).normal(size=(sources, seconds * RATE, 2))


def make_tones(seconds, sources):
    """Every stem repeats itself exactly, and its channels are equal."""
    phases = 2 * np.pi * 441 * np.arange(seconds * RATE) / RATE
    tones = np.sin(np.arange(1, sources + 1)[:, None] * phases)
    return np.repeat(tones[:, :, None], 2, axis=2)


def make_silences(seconds, sources):
    """Every stem is a note of a quarter of a second in each second, silent for the rest."""
    inside = np.arange(seconds * RATE) % RATE // (RATE // 4) == 0
    return make_tones(seconds, sources) * inside[:, None]


SIGNALS = {"noise": make_noise, "tones": make_tones, "silences": make_silences}


def song(signal, seconds, sources):
    rng = np.random.default_rng(0)
    truth = SIGNALS[signal](seconds, sources).astype("float32")
    shape = truth.shape
    guess = truth + 0.2 * truth[::-1] + 0.3 * rng.normal(size=shape).astype("float32")
    return ({str(i): stem for i, stem in enumerate(side)} for side in (truth, guess))


def memory():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # MB


def measure(options, signal, seconds, sources, repeats):
    """`(seconds, MB above what the signals take, scores)`; the best of some repeats."""
    if options.get("method") == "museval":
        import museval  # noqa: F401, so that its import is not timed
    truth, guess = song(signal, seconds, sources)
    before, times = memory(), []
    for _ in range(repeats):
        start = time.perf_counter()
        scores = metrics.bss_eval(truth, guess, RATE, **options)
        times.append(time.perf_counter() - start)
    return min(times), memory() - before, scores


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--sources", type=int, default=4)
    parser.add_argument("--signal", choices=SIGNALS, default="noise")
    options = parser.parse_args()
    print(f"{options.signal}, {options.seconds} s, {options.sources} stereo sources, {RATE} Hz")
    print(f"{'':24}{'seconds':>9}{'times faster':>14}{'peak MB':>9}{'max difference, dB':>20}")
    with tempfile.TemporaryDirectory() as folder:
        ffmpeg_wheel.link_into(folder)  # museval does not load without
        os.environ["PATH"] = folder + os.pathsep + os.environ["PATH"]
        compare(options.signal, options.seconds, options.sources)


def compare(signal, seconds, sources):
    found = {}
    for name, line in LINES.items():
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            repeats = 1 if "method" in line else 3
            arguments = (line, signal, seconds, sources, repeats)
            found[name] = pool.apply(measure, arguments)
        taken, peak, scores = found[name]
        slow, _, truth = found["museval"]
        gaps = [
            np.nanmax(np.abs(values - truth[source][score]))
            for source, of_one in scores.items()
            for score, values in of_one.items()
        ]
        print(f"{name:24}{taken:9.3f}{slow / taken:14.0f}{peak:9.0f}{max(gaps):20.1e}", flush=True)


if __name__ == "__main__":
    main()
