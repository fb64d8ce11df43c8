"""Where the time of a training step goes, for every system, at the scale of the course.

    python tests/benchmarks/training.py
    python tests/benchmarks/training.py --systems WAVE_U_NET DEEP_CONV_SEP

Every system takes `quick` of its recipe and learns from synthetic songs. Milliseconds are those of
a step of Keras's `fit` on the songs. *Network* is the share of the compiled step alone, *data* what
goes away with batches that lie in memory, *Python* the rest, Keras's loop; *optimiser* is a part of
the network. *XLA* and *bfloat16* say how many times as fast `jit_compile=True` and the policy
`mixed_bfloat16` would be.
"""

import argparse
import itertools
import os
import statistics
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).parents[2]))

import keras
import tensorflow as tf

import sepmodels as sm

SYSTEMS = [
    name
    for name, recipe in vars(sm.recipes.laptop).items()
    if isinstance(recipe, sm.recipes.Recipe)
]


class Watch(keras.callbacks.Callback):
    """The times at which steps begin."""

    def __init__(self):
        super().__init__()
        self.begins = []

    def on_train_batch_begin(self, step, logs=None):
        self.begins.append(time.perf_counter())


def median_of(times):
    """Milliseconds; the first calls trace, compile and warm up."""
    return 1e3 * statistics.median(times[5:])


def fit(estimator, examples, steps):
    """Milliseconds of a step of Keras's `fit`."""
    watch = Watch()
    estimator.fit(examples, steps_per_epoch=steps, epochs=1, callbacks=[watch], verbose=0)
    return median_of([later - now for now, later in itertools.pairwise(watch.begins)])


def repeat(call, steps):
    times = []
    for _ in range(steps):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return median_of(times)


def prepare(recipe, jit=False, policy="float32"):
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy(policy)
    model = recipe.build()
    keras.config.set_dtype_policy("float32")
    estimator = model.estimator(recipe.domain)
    recipe.compile(estimator)
    estimator.jit_compile = jit
    return model, estimator


def measure(system, songs, steps):
    recipe = sm.recipes.quick(getattr(sm.recipes, system))
    model, estimator = prepare(recipe)
    examples = sm.training.examples(model, recipe, songs)
    batch = next(iter(examples))
    in_memory = tf.data.Dataset.from_tensors(batch).repeat()
    whole, without_data = fit(estimator, examples, steps), fit(estimator, in_memory, steps)
    step = tf.function(estimator.train_step)
    network = repeat(lambda: step(batch), steps)
    zeros = [tf.zeros(weight.shape) for weight in estimator.trainable_variables]
    move = tf.function(lambda: estimator.optimizer.apply(zeros))
    compiled = fit(prepare(recipe, jit=True)[1], in_memory, steps)
    half = fit(prepare(recipe, policy="mixed_bfloat16")[1], in_memory, steps)
    return {
        "ms": whole,
        "network": network / whole,
        "data": 1 - without_data / whole,
        "Python": (without_data - network) / whole,
        "optimiser": repeat(move, steps) / whole,
        "XLA": without_data / compiled,
        "bfloat16": without_data / half,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=SYSTEMS)
    parser.add_argument("--steps", type=int, default=25)
    options = parser.parse_args()
    songs = sm.datasets.synthetic.load(8, seed=0)
    print(f"keras {keras.__version__}, tensorflow {tf.__version__}, {os.cpu_count()} CPU cores")
    print(
        f"{'':20} steps/s  step ms  network    data  Python  optimiser    XLA  bfloat16", flush=True
    )
    for system in options.systems:
        found = measure(system, songs, options.steps)
        print(
            f"{system:20}{1e3 / found['ms']:8.1f}{found['ms']:9.0f}{found['network']:9.0%}"
            f"{found['data']:8.1%}{found['Python']:8.1%}{found['optimiser']:11.1%}"
            f"{found['XLA']:6.2f}x{found['bfloat16']:9.2f}x",
            flush=True,
        )


if __name__ == "__main__":
    main()
