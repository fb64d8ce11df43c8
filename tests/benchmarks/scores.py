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


def song(seconds, sources):
    rng = np.random.default_rng(0)
    shape = (sources, seconds * RATE, 2)
    truth = rng.normal(size=shape).astype("float32")
    guess = truth + 0.2 * truth[::-1] + 0.3 * rng.normal(size=shape).astype("float32")
    return ({str(i): stem for i, stem in enumerate(side)} for side in (truth, guess))


def memory():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # MB


def measure(options, seconds, sources, repeats):
    """`(seconds, MB above what the signals take, scores)`; the best of some repeats."""
    if options.get("method") == "museval":
        import museval  # noqa: F401, so that its import is not timed
    truth, guess = song(seconds, sources)
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
    options = parser.parse_args()
    print(f"{options.seconds} s, {options.sources} stereo sources, {RATE} Hz")
    print(f"{'':24}{'seconds':>9}{'times faster':>14}{'peak MB':>9}{'max difference, dB':>20}")
    with tempfile.TemporaryDirectory() as folder:
        ffmpeg_wheel.link_into(folder)  # museval does not load without
        os.environ["PATH"] = folder + os.pathsep + os.environ["PATH"]
        compare(options.seconds, options.sources)


def compare(seconds, sources):
    found = {}
    for name, line in LINES.items():
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            repeats = 1 if "method" in line else 3
            arguments = (line, seconds, sources, repeats)
            found[name] = pool.apply(measure, arguments)
        taken, peak, scores = found[name]
        slow, _, truth = found["museval"]
        gaps = [
            np.abs(values - truth[source][score]).max()
            for source, of_one in scores.items()
            for score, values in of_one.items()
        ]
        print(f"{name:24}{taken:9.3f}{slow / taken:14.0f}{peak:9.0f}{max(gaps):20.1e}", flush=True)


if __name__ == "__main__":
    main()
