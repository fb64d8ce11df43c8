"""Where the time of a training step goes, for every system, at the scale of the course.

    python tests/benchmarks/training.py
    python tests/benchmarks/training.py --systems WAVE_U_NET DEEP_CONV_SEP --variants bfloat16

Every system takes `quick` of its recipe and learns from synthetic songs. Milliseconds are those of
a step of Keras's `fit` on the songs. *Network* is the share of the compiled step alone, *data* what
goes away with batches that lie in memory, *Python* the rest, Keras's loop; *optimiser* is a part of
the network. *XLA* and *bfloat16* say how many times as fast `jit_compile=True` and the policy
`mixed_bfloat16` would be. All are measured in turns, a few steps of each at a time, since a machine
may change its pace; the numbers are of medians.
"""

import argparse
import functools
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
# What a user may switch on.
VARIANTS = {"XLA": {"jit": True}, "bfloat16": {"policy": "mixed_bfloat16"}}


class Watch(keras.callbacks.Callback):
    """The times at which steps begin."""

    def __init__(self):
        super().__init__()
        self.begins = []

    def on_train_batch_begin(self, step, logs=None):
        self.begins.append(time.perf_counter())


def fit(training_model, examples, steps):
    """Seconds of steps of Keras's `fit`."""
    watch = Watch()
    training_model.fit(examples, steps_per_epoch=steps + 1, epochs=1, callbacks=[watch], verbose=0)
    return [later - now for now, later in itertools.pairwise(watch.begins)]


def repeat(call, steps):
    times = []
    for _ in range(steps):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return times


def in_turns(runs, steps, rounds):
    """The median of each, in milliseconds; what comes first traces, compiles and warms up."""
    times = {name: [] for name in runs}
    for turn in range(rounds + 1):
        for name, run in runs.items():
            times[name] += run(steps + 2)[2:] if turn else run(2)[2:]
    return {name: 1e3 * statistics.median(each) for name, each in times.items()}


def prepare(recipe, jit=False, policy="float32"):
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy(policy)
    model = recipe.build()
    keras.config.set_dtype_policy("float32")
    training_model = model.training_model(recipe.loss_on)
    recipe.compile(training_model)
    training_model.jit_compile = jit
    return model, training_model


def measure(system, songs, options):
    recipe = sm.recipes.quick(getattr(sm.recipes, system))
    model, training_model = prepare(recipe)
    examples = sm.training.Batches(model, recipe, songs).draw()
    batch = next(iter(examples))
    in_memory = tf.data.Dataset.from_tensors(batch).repeat()
    step = tf.function(training_model.train_step)
    zeros = [tf.zeros(weight.shape) for weight in training_model.trainable_variables]
    move = tf.function(lambda: training_model.optimizer.apply(zeros))
    runs = {
        "whole": lambda steps: fit(training_model, examples, steps),
        "without data": lambda steps: fit(training_model, in_memory, steps),
        "network": lambda steps: repeat(lambda: step(batch), steps),
        "optimiser": lambda steps: repeat(move, steps),
    }
    for name in options.variants:
        variant = prepare(recipe, **VARIANTS[name])[1]
        runs[name] = functools.partial(fit, variant, in_memory)
    ms = in_turns(runs, options.steps, options.rounds)
    whole, without_data, network = ms["whole"], ms["without data"], ms["network"]
    return {
        "steps/s": f"{1e3 / whole:.1f}",
        "step ms": f"{whole:.0f}",
        "network": f"{network / whole:.0%}",
        "data": f"{1 - without_data / whole:.1%}",
        "Python": f"{(without_data - network) / whole:.1%}",
        "optimiser": f"{ms['optimiser'] / whole:.1%}",
        **{name: f"{without_data / ms[name]:.2f}x" for name in options.variants},
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=SYSTEMS)
    parser.add_argument("--variants", nargs="*", choices=list(VARIANTS), default=list(VARIANTS))
    parser.add_argument("--steps", type=int, default=4, help="in a turn")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    songs = sm.datasets.synthetic.load(8, seed=0)
    print(f"keras {keras.__version__}, tensorflow {tf.__version__}, {os.cpu_count()} CPU cores")
    for system in options.systems:
        found = measure(system, songs, options)
        if system == options.systems[0]:
            print(f"{'':20}" + "".join(f"{name:>10}" for name in found))
        print(f"{system:20}" + "".join(f"{text:>10}" for text in found.values()), flush=True)


if __name__ == "__main__":
    main()
