"""The training loop of `DilatedGRU` equals its definition, in value and in gradient."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from sepmodels.layers.dilated_gru import DilatedGRU, DilatedGRUCell, fix_shape, xla_loop

UNITS, CHANNELS, BATCH = 4, 3, 2
RNG = np.random.default_rng(0)


def noise(*shape):
    return RNG.normal(size=shape).astype("float32")


@pytest.fixture
def calls(monkeypatch):
    """Counts how often the loop runs (in a graph: how often it is traced)."""
    calls, run = [], xla_loop.run

    def counted(x, *others):
        calls.append(tuple(x.shape))
        return run(x, *others)

    monkeypatch.setattr(xla_loop, "run", counted)
    return calls


def pair(dilation, units=UNITS, **kwargs):
    definition = keras.layers.RNN(DilatedGRUCell(units, dilation), return_sequences=True, **kwargs)
    fast = DilatedGRU(units, dilation, return_sequences=True, **kwargs)
    for layer in (definition, fast):
        layer.build((None, None, CHANNELS))
    fast.set_weights([noise(*w.shape) / 2 for w in fast.get_weights()])
    definition.set_weights(fast.get_weights())
    return definition, fast


def gradients(layer, x, weighting):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x, training=True)
        loss = tf.reduce_sum(tf.sin(tf.cast(y, "float32")) * weighting)
    return [y, *tape.gradient(loss, [x, *layer.trainable_weights])]


def assert_close(actual, desired, atol):
    for a, b in zip(actual, desired, strict=True):
        np.testing.assert_allclose(np.float64(a), np.float64(b), atol=atol * np.abs(b).max())


@pytest.mark.parametrize("fixed", [False, True])
def test_inference_is_compiled_in_a_graph_of_one_shape(fixed, calls):
    definition, fast = pair(3, go_backwards=True)
    x = tf.constant(noise(BATCH, 7, CHANNELS))
    trace = functools.partial(tf.function(fast).get_concrete_function, x)
    graph = fix_shape(trace) if fixed else trace()
    assert_close([graph(x)], [definition(x)], atol=1e-6)
    assert len(calls) == fixed
    fast(x)
    assert len(calls) == fixed


@pytest.mark.parametrize("kind", ["eager", "graph", "unknown shapes", "outer XLA"])
def test_equals_the_definition_at_one_length_after_another(kind, calls):
    definition, fast = pair(3, go_backwards=True)
    spec = tf.TensorSpec((None, None, CHANNELS)), tf.TensorSpec((None, None, UNITS))
    run = {
        "eager": gradients,
        "graph": tf.function(gradients),
        "unknown shapes": tf.function(lambda x, w: gradients(fast, x, w), input_signature=spec),
        "outer XLA": tf.function(gradients, jit_compile=True),
    }[kind]
    for batch, length in ((2, 7), (1, 2)):
        x, weighting = tf.constant(noise(batch, length, CHANNELS)), noise(batch, length, UNITS)
        inputs = (x, weighting) if kind == "unknown shapes" else (fast, x, tf.constant(weighting))
        assert_close(run(*inputs), gradients(definition, x, weighting), atol=1e-5)
    assert calls


def test_a_long_sequence_keeps_its_gradient(calls):
    definition, fast = pair(1)
    x, weighting = tf.constant(noise(1, 150, CHANNELS)), noise(1, 150, UNITS)
    assert_close(gradients(fast, x, weighting), gradients(definition, x, weighting), atol=1e-5)
    assert calls == [(1, 150, CHANNELS)]


@pytest.mark.parametrize(
    "units, batch, dilation, shares",
    [
        (256, 5, 2, [2, 3]),  # a product for each gate
        (256, 7, 8, [1, 2, 2, 2]),  # the same, but for halves the products would be too large
        (256, 3, 12, [1, 2]),  # for each gate in the first part, one for all in the second
        (260, 2, 1, [1, 1]),  # one for all
    ],
)
def test_equals_the_definition_however_it_shares_the_work(
    units, batch, dilation, shares, monkeypatch
):
    seen, outputs = [], xla_loop._outputs
    monkeypatch.setattr(
        xla_loop, "_outputs", lambda x, *args: seen.append(x.shape[0]) or outputs(x, *args)
    )
    definition, fast = pair(dilation, units)
    x, weighting = tf.constant(noise(batch, 25, CHANNELS)), noise(batch, 25, units)
    fast.set_weights([weight / 4 for weight in fast.get_weights()])
    definition.set_weights(fast.get_weights())
    assert_close(gradients(fast, x, weighting), gradients(definition, x, weighting), atol=1e-5)
    assert seen == shares


@pytest.mark.parametrize("policy, atol", [("mixed_bfloat16", 0.03), ("mixed_float16", 4e-3)])
def test_precision_follows_the_policy(policy, atol, calls):
    definition, fast = pair(3, dtype=policy)
    exact = keras.layers.RNN(DilatedGRUCell(UNITS, 3), return_sequences=True, dtype="float64")
    exact.build((None, None, CHANNELS))
    exact.set_weights(fast.get_weights())
    x, weighting = tf.constant(noise(BATCH, 7, CHANNELS)), noise(BATCH, 7, UNITS)
    y, *actual = gradients(fast, x, weighting)
    assert y.dtype == definition(x, training=True).dtype
    assert_close([y, *actual], gradients(exact, x, weighting), atol)
    assert calls


def test_fit_takes_the_loop_and_learns_like_the_definition(calls):
    x, y = noise(4, 6, CHANNELS), noise(4, 6, UNITS)
    weights = []
    for layer in pair(2):
        model = keras.Sequential([keras.Input((None, CHANNELS)), layer])
        model.compile(keras.optimizers.SGD(0.5), "mse")
        model.fit(x, y, batch_size=3, epochs=2, shuffle=False, verbose=0)  # rows: 3, 1, 3, 1
        weights.append(model.get_weights())
    assert calls
    assert_close(weights[1], weights[0], atol=1e-5)


@pytest.mark.parametrize(
    "kwargs",
    [
        {"activation": "relu"},
        {"recurrent_activation": "hard_sigmoid"},
        {"use_bias": False},
        {"reset_after": False},
        {"dropout": 0.5},
        {"recurrent_dropout": 0.5},
        {"unroll": True},
        {"dtype": "float64"},
    ],
    ids=lambda kwargs: next(iter(kwargs)),
)
def test_what_it_cannot_do_is_left_to_keras(kwargs, calls):
    layer = DilatedGRU(UNITS, 2, **kwargs)
    layer(noise(BATCH, 4, CHANNELS), training=True)
    assert not calls
    DilatedGRU(UNITS, 2)(noise(BATCH, 4, CHANNELS), training=False)
    assert not calls


def test_a_gpu_keeps_its_own_kernel(monkeypatch):
    layer = DilatedGRU(UNITS, 2)
    assert xla_loop.supports(layer)
    assert not xla_loop.supports(DilatedGRU(UNITS, 2, use_cudnn=True))
    monkeypatch.setattr(tf.config, "list_logical_devices", lambda kind: [kind])
    assert not xla_loop.supports(layer)


def test_every_replica_runs_its_own_loop(calls):
    strategy = tf.distribute.MirroredStrategy(["CPU:0"])
    with strategy.scope():
        _, fast = pair(2)
    x = tf.constant(noise(BATCH, 5, CHANNELS))

    @tf.function
    def step():
        return strategy.run(gradients, (fast, x, 1.0))

    assert_close(step(), gradients(fast, x, 1.0), atol=1e-6)
    assert len(calls) == 2


@pytest.mark.parametrize("kind", ["eager", "graph", "call in a graph"])
def test_second_derivatives_equal_those_of_the_definition(kind, calls):
    """As a gradient penalty takes them, of inputs and of weights."""
    definition, fast = pair(3)
    x, weighting = tf.constant(noise(BATCH, 7, CHANNELS)), noise(BATCH, 7, UNITS)

    def penalties(layer):
        with tf.GradientTape() as tape:
            tape.watch(x)
            first = gradients(layer, x, weighting)[1:]
            penalty = sum(tf.reduce_sum(tf.square(g)) for g in first)
        return tape.gradient(penalty, [x, *layer.trainable_weights])

    if kind == "call in a graph":  # under tapes that are not, as in a custom loop
        fast.call = tf.function(fast.call, autograph=False)
    run = tf.function(penalties, autograph=False) if kind == "graph" else penalties
    assert_close(run(fast), penalties(definition), atol=1e-4)
    assert calls


def test_an_empty_batch_trains(calls):
    _, fast = pair(3)
    x = tf.zeros((0, 7, CHANNELS))
    y, d_x, *d_weights = gradients(fast, x, 1.0)
    assert (y.shape, d_x.shape) == ((0, 7, UNITS), (0, 7, CHANNELS))
    assert calls and not any(np.any(g) for g in d_weights)


def test_a_tape_is_enough(calls):
    """A custom loop often forgets `training=True`."""
    definition, fast = pair(3)
    x = tf.constant(noise(BATCH, 7, CHANNELS))
    found = []
    for layer in (fast, definition):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.sin(layer(x)))
        found.append(tape.gradient(loss, layer.trainable_weights))
    assert calls
    assert_close(*found, atol=1e-5)
    calls.clear()
    fast(x)
    assert not calls


def test_layers_of_many_sizes_train_in_one_process():
    """What one size compiled must not decide what the next one may assume."""
    for units, dilation, length in ((3, 1, 8), (5, 2, 9), (4, 3, 11), (3, 2, 7), (6, 1, 5)):
        layer = DilatedGRU(units, dilation, return_sequences=True)
        x = keras.random.normal((2, length, units + 1), seed=0)
        trained, plain = layer(x, training=True), layer(x, training=False)
        np.testing.assert_allclose(trained, plain, atol=1e-5)
