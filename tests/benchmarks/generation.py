"""Samples per second of WaveNet generation, beside what else one could run. All on one core.

    python tests/benchmarks/generation.py [python that has torch]

Every row draws from the same network, in the same run; the rates are medians of five.
"""

import functools
import os
import pickle
import subprocess
import sys
import tempfile
import time

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[threads] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

import sepmodels as sm  # noqa: E402
from sepmodels.models.wavenet import generation  # noqa: E402
from sepmodels.models.wavenet.network import Network  # noqa: E402

NETWORKS = {
    "course, 30 layers, skip 128": {
        "dilations": [2**i for i in range(10)] * 3,
        "skip_filters": 128,
    },
    "reference, 50 layers, skip 512": {},
}


def rate(function, n, repeats=5):
    function()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return n / np.median(times)


def peak():
    """Floating-point operations per second of a product of matrices."""
    a = np.random.default_rng(0).normal(size=(1024, 1024)).astype("float32")
    return 2 * 1024**3 * rate(lambda: a @ a, 1)


def naive(model, n=2):
    """The whole network for every sample, over what it hears."""
    call = tf.function(model)

    def run():
        wave = np.zeros((1, model.receptive_field, 1), "float32")
        for _ in range(n):
            call(tf.constant(wave))

    return rate(run, n, repeats=3)


def cached_tensorflow(network, n=200):
    """The same queues, one compiled loop of TensorFlow."""
    w = {name: tf.constant(value) for name, value in vars(network).items() if value is not None}
    dilations = [int(dilation) for dilation in network.dilations]
    filters = network.front.shape[2]
    starts = np.cumsum([0, *dilations])

    @tf.function
    def run():
        queues, now, before = tf.zeros((starts[-1], filters)), 128, 128
        for t in tf.range(n):
            x = (w["front"][0, before] + w["front"][1, now])[None]
            all_z, pushed = [], []
            for i, dilation in enumerate(dilations):
                place = int(starts[i]) + t % dilation
                u = queues[place][None] @ w["dilated"][i, 0] + x @ w["dilated"][i, 1]
                level, gate = tf.split(u + w["inner_bias"][i], 2, axis=1)
                pushed.append((place, x[0]))
                all_z.append(tf.tanh(level) * tf.sigmoid(gate))
                if i < len(dilations) - 1:
                    x = x + all_z[-1] @ w["residual"][i] + w["residual_bias"][i]
            places, rows = zip(*pushed, strict=True)
            queues = tf.tensor_scatter_nd_update(queues, tf.stack(places)[:, None], tf.stack(rows))
            h = tf.nn.relu(tf.concat(all_z, 1) @ w["skip"] + w["skip_bias"])
            h = tf.nn.relu(h @ w["head"] + w["head_bias"]) @ w["logits"] + w["logits_bias"]
            before, now = now, tf.random.categorical(h, 1, dtype=tf.int32)[0, 0]
        return now

    return rate(run, n)


TORCH = """
import pickle, sys, time, torch
torch.set_num_threads(1)
with open(sys.argv[1], "rb") as file:
    arrays, n = pickle.load(file)
w = {name: torch.from_numpy(value) for name, value in arrays.items()}
dilations = w["dilations"].tolist()
@torch.inference_mode()
def run():
    queues = [torch.zeros(d, w["front"].shape[2]) for d in dilations]
    now = before = 128
    for t in range(n):
        x = w["front"][0, before] + w["front"][1, now]
        all_z = []
        for i, d in enumerate(dilations):
            heard = torch.cat([queues[i][t % d], x])
            u = torch.addmv(w["inner_bias"][i], w["both"][i], heard)
            queues[i][t % d] = x
            level, gate = u.chunk(2)
            z = torch.tanh(level) * torch.sigmoid(gate)
            all_z.append(z)
            if i < len(dilations) - 1:
                x = x + torch.addmv(w["residual_bias"][i], w["back"][i], z)
        h = torch.relu(torch.cat(all_z) @ w["skip"] + w["skip_bias"])
        h = torch.relu(h @ w["head"] + w["head_bias"]) @ w["logits"] + w["logits_bias"]
        before, now = now, int(torch.multinomial(torch.softmax(h, 0), 1))
run()
times = []
for _ in range(5):
    start = time.perf_counter(); run(); times.append(time.perf_counter() - start)
print(n / sorted(times)[2])
"""


def cached_torch(network, python, n=200):
    """The same queues in PyTorch, run by another Python; None where it has no torch."""
    arrays = {name: value for name, value in vars(network).items() if isinstance(value, np.ndarray)}
    layers, _, _, width = network.dilated.shape
    both = network.dilated.reshape(layers, -1, width).swapaxes(1, 2)
    arrays |= {"both": both.copy(), "back": network.residual.swapaxes(1, 2).copy()}
    with tempfile.NamedTemporaryFile() as file:
        pickle.dump((arrays, n), file)
        file.flush()
        command = [python, "-c", TORCH, file.name]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    return float(done.stdout) if done.returncode == 0 else None


def operations(network):
    """Floating-point operations that a sample takes: two per weight but those of the front."""
    names = ("dilated", "residual", "skip", "head", "logits")
    return 2 * sum(getattr(network, name).size for name in names)


def main(python):
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    top = peak()
    print(f"peak of one core, as numpy reaches it: {top / 1e9:.0f} Gflop/s")
    for name, arguments in NETWORKS.items():
        model = sm.models.WaveNet(**arguments)
        network = Network.from_model(model)
        n = 8000
        ours = rate(lambda net=network, n=n: generation.sample(net, n), n)
        rows = {
            "sepmodels": ours,
            "the whole network for every sample": naive(model),
            "queues in TensorFlow": cached_tensorflow(network),
            "queues in PyTorch": cached_torch(network, python),
        }
        for streams in (2, 8):
            run = functools.partial(generation.sample, network, 4000, range(streams))
            rows[f"sepmodels, {streams} streams on {os.cpu_count()} cores"] = rate(
                run, 4000 * streams
            )
        print(f"\n{name}: {operations(network) / 1e3:.0f} kflop per sample")
        for row, value in rows.items():
            if value is None:
                print(f"  {row:40} no torch in {python}")
                continue
            share = value * operations(network) / top
            print(f"  {row:40} {value:10,.1f} samples/s  {share:6.1%} of the peak", end="")
            print(f"  {ours / value:9.1f} x slower" if value < ours else "")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else sys.executable)
