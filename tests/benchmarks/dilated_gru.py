"""How fast `DilatedGRU` trains, and how its cost grows with the length.

    python tests/benchmarks/dilated_gru.py
    python tests/benchmarks/dilated_gru.py --growth --other PYTHON --csv growth.csv --png growth.png

The first prints, for 976 frames (8 clips of 122) of 256 channels and 256 units, the time of a
training step and of a forward pass with `training=True`, as ratios to the fold around
`keras.layers.GRU`, and the share that they reach of the rate of the six (two) matrix products in
them. The second compares alternatives on one sequence of 64 channels and takes ten minutes: the
plain loops have 65,536 steps. `PYTHON` is the interpreter of another environment, with PyTorch.

All alternatives take turns in one run, and medians are compared, so that other work on the machine
affects all alike. `--threads 1` counts the time of the processor, which other work hardly
changes.
"""

import argparse
import csv
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from unittest import mock

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).parents[2]))

CLIPS, FRAMES, UNITS = 8, 122, 256
WAYS = ("DilatedGRU", "MinGRU", "RNN(DilatedGRUCell)", "keras GRU", "Conv1D stack", "torch fold")


def medians(calls, rounds, clock):
    """Milliseconds of each call; they take turns."""
    times = [[] for _ in calls]
    for call in calls:
        call()
    for _ in range(rounds):
        for call, mine in zip(calls, times, strict=True):
            start = clock()
            call()
            mine.append(clock() - start)
    return 1e3 * np.median(times, axis=1)


def keras_calls(layer, x, dtype="float32", folded=True):
    """A training step, as many write it, and a forward pass, as traced functions.

    `folded` is the fold around the loop of `keras.layers.GRU`, which `DilatedGRU` takes where its
    own loop does not support the arguments.
    """
    import tensorflow as tf

    from sepmodels.layers.dilated_gru import xla_loop

    weighting = tf.cast(tf.random.normal((*x.shape[:2], UNITS)), dtype)

    @tf.function
    def train():
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(layer(x) * weighting)
        return tape.gradient(loss, [x, *[v.value for v in layer.trainable_variables]])

    @tf.function
    def forward():
        return layer(x, training=not folded)

    with mock.patch.object(xla_loop, "supports", lambda layer: not folded):
        return train.get_concrete_function(), forward.get_concrete_function()


def products():
    """The plain matrix products of a training step and of a forward pass."""
    import tensorflow as tf

    rows = CLIPS * FRAMES
    x, h = tf.random.normal((rows, UNITS)), tf.random.normal((rows, UNITS))
    y, z = tf.random.normal((rows, 3 * UNITS)), tf.random.normal((rows, 3 * UNITS))
    w, u = tf.random.normal((UNITS, 3 * UNITS)), tf.random.normal((UNITS, 3 * UNITS))

    def forward():
        return [tf.matmul(x, w), tf.matmul(h, u)]

    def train():
        back = [tf.matmul(y, w, transpose_b=True), tf.matmul(z, u, transpose_b=True)]
        outer = [tf.matmul(x, y, transpose_a=True), tf.matmul(h, z, transpose_a=True)]
        return forward() + back + outer

    return tf.function(train), tf.function(forward)


def table(rounds, threads):
    import keras
    import tensorflow as tf

    import sepmodels as sm

    tf.get_logger().setLevel("ERROR")  # each layer is traced once, which looks like retracing
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    clock = time.process_time if threads == 1 else time.perf_counter
    print(f"keras {keras.__version__}, tensorflow {tf.__version__}, {threads} threads", flush=True)
    print("                 training step              forward        bfloat16 training")
    print("steps   ms  of keras  of products    ms  of keras      ms  of keras", flush=True)
    for dilation in (1, 4, 8, 32):
        x = tf.random.normal((CLIPS, FRAMES, UNITS))
        calls = []
        for policy in ("float32", "mixed_bfloat16"):
            layer = sm.layers.DilatedGRU(UNITS, dilation, return_sequences=True, dtype=policy)
            layer.build(x.shape)
            for folded in (False, True):
                calls += keras_calls(
                    layer, tf.cast(x, layer.compute_dtype), layer.compute_dtype, folded
                )
        ms = medians([*calls, *products()], rounds, clock)
        train, forward, train_keras, forward_keras, half, _, half_keras, _, matrix, _ = ms
        print(
            f"{-(-FRAMES // dilation):5d} {train:6.1f} {train_keras / train:6.2f}x "
            f"{matrix / train:10.2f} {forward:9.1f} {forward_keras / forward:6.2f}x "
            f"{half:10.1f} {half_keras / half:6.2f}x",
            flush=True,
        )


# === Growth with the length ===


def make(way, dilation, frames):
    """A function that does one training step over one sequence, and its reach in frames."""
    if way == "torch fold":
        return torch_step(dilation, frames)
    import keras
    import tensorflow as tf

    import sepmodels as sm

    stack = [
        keras.layers.Conv1D(64, 2, dilation_rate=2**i, padding="causal", activation="relu")
        for i in range(10)
    ]
    layer = {
        "DilatedGRU": lambda: sm.layers.DilatedGRU(64, dilation, return_sequences=True),
        "MinGRU": lambda: sm.layers.MinGRU(64, dilation, return_sequences=True),
        "RNN(DilatedGRUCell)": lambda: keras.layers.RNN(
            sm.layers.DilatedGRUCell(64, dilation), return_sequences=True
        ),
        "keras GRU": lambda: keras.layers.GRU(64, return_sequences=True),
        "Conv1D stack": lambda: keras.Sequential(stack),
    }[way]()
    x = tf.random.normal((1, frames, 64))
    layer.build(x.shape)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.square(layer(x, training=True)))
        return tape.gradient(loss, [v.value for v in layer.trainable_variables])

    return step, 2 ** len(stack) if way == "Conv1D stack" else frames


def torch_step(dilation, frames):
    import torch

    gru, x = torch.nn.GRU(64, 64, batch_first=True), torch.randn(1, frames, 64)

    def step():
        rows = x.reshape(frames // dilation, dilation, 64).transpose(0, 1)
        gru(rows)[0].square().sum().backward()

    return step, frames


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def alone(way, dilation, frames):
    step, reach = make(way, dilation, frames)
    before = peak()
    first = time.perf_counter()
    step()
    first = time.perf_counter() - first
    rounds = 1 if first > 5 else 5
    ms = medians([step], rounds, time.perf_counter)[0] if first < 20 else 1e3 * first
    print(json.dumps({"ms": ms, "MiB": peak() - before, "reach": reach}))


def growth(options):
    rows = []
    for frames in options.frames:
        for way in WAYS:
            python = options.other if way == "torch fold" else sys.executable
            if python is None:
                continue
            command = [python, __file__, "--alone", way, str(options.dilation), str(frames)]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                print(f"{way}, {frames}: {(done.stderr.splitlines() or [''])[-1]}", flush=True)
                continue
            found = json.loads(done.stdout.splitlines()[-1])
            rows.append({"way": way, "frames": frames, **found})
            print("{way:<20} {frames:>6} {ms:>9.1f} ms {MiB:>7.0f} MiB  {reach}".format(**rows[-1]))
    if options.csv:
        with open(options.csv, "w", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
    if options.png:
        draw(rows, options.png)


def draw(rows, path):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 3.5), layout="constrained")
    labels = {"ms": "training step in ms", "MiB": "memory in MiB", "reach": "reach in frames"}
    for axes, (column, label) in zip(figure.subplots(1, 3), labels.items(), strict=True):
        for way in dict.fromkeys(row["way"] for row in rows):
            mine = [(row["frames"], row[column]) for row in rows if row["way"] == way]
            axes.loglog(*zip(*mine, strict=True), marker="o", label=way)
        axes.set(xlabel="length in frames", ylabel=label)
    axes.legend()
    figure.savefig(path, dpi=150)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--growth", action="store_true", help="with the length, beside others")
    parser.add_argument("--frames", type=int, nargs="+", default=[1024, 4096, 16384, 65536])
    parser.add_argument("--dilation", type=int, default=64)
    parser.add_argument("--other", metavar="PYTHON", help="one with PyTorch")
    parser.add_argument("--csv")
    parser.add_argument("--png")
    parser.add_argument("--alone", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        way, dilation, frames = options.alone
        alone(way, int(dilation), int(frames))
    elif options.growth:
        growth(options)
    else:
        table(options.rounds, options.threads)


if __name__ == "__main__":
    main()
