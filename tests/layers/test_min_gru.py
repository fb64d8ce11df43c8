"""`MinGRU` equals its definition, step by step, and trains like it."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from sepmodels.layers import MinGRU, MinGRUCell
from sepmodels.layers.min_gru import scan_linear

UNITS, CHANNELS, BATCH = 4, 3, 2
RNG = np.random.default_rng(0)


def noise(*shape):
    return RNG.normal(size=shape).astype("float32")


def pair(dilation, activation="linear", **kwargs):
    """The definition and the parallel layer with the same random weights."""
    cell = MinGRUCell(UNITS, dilation, activation, dtype=kwargs.get("dtype"))
    definition, fast = (
        keras.layers.RNN(cell, **kwargs),
        MinGRU(UNITS, dilation, activation, **kwargs),
    )
    for layer in (definition, fast):
        layer.build((BATCH, None, CHANNELS))
    fast.set_weights([noise(*w.shape) for w in fast.get_weights()])
    definition.set_weights(fast.get_weights())
    return definition, fast


def assert_close(actual, desired, atol=1e-5):
    pairs = zip(keras.tree.flatten(actual), keras.tree.flatten(desired), strict=True)
    for a, b in pairs:
        np.testing.assert_allclose(np.float64(a), np.float64(b), rtol=atol, atol=atol)


@pytest.mark.parametrize("length", [1, 2, 3, 8, 13])
def test_scan_equals_a_loop(length):
    decay, steps = RNG.random((BATCH, length, UNITS)), noise(BATCH, length, UNITS)
    state, states = np.zeros((BATCH, UNITS)), []
    for t in range(length):
        state = decay[:, t] * state + steps[:, t]
        states.append(state)
    for rounds in ((length - 1).bit_length(), 31):
        actual = scan_linear(decay.astype("float32"), steps, rounds)
        assert_close(actual, np.stack(states, axis=1))


def test_definition_equals_numpy():
    x, state = noise(BATCH, 6, CHANNELS), np.zeros((BATCH, UNITS))
    definition, _ = pair(1, return_sequences=True)
    kernel, bias = definition.get_weights()
    outputs = []
    for t in range(6):
        update, candidate = np.split(x[:, t] @ kernel + bias, 2, axis=-1)
        update = 1 / (1 + np.exp(-update))
        state = (1 - update) * state + update * candidate
        outputs.append(state)
    assert_close(definition(x), np.stack(outputs, axis=1))


@pytest.mark.parametrize("kind", ["none", "right", "arbitrary"])
@pytest.mark.parametrize("go_backwards", [False, True])
@pytest.mark.parametrize("length", [1, 7])
@pytest.mark.parametrize("dilation", [1, 3])
def test_layer_equals_definition(dilation, length, go_backwards, kind):
    x, states = noise(BATCH, length, CHANNELS), [noise(BATCH, UNITS) for _ in range(dilation)]
    mask = {
        "none": None,
        "right": np.arange(length) < np.array([[length], [length // 2]]),
        "arbitrary": RNG.random((BATCH, length)) < 0.6,
    }[kind]
    options = {"go_backwards": go_backwards, "return_sequences": True, "return_state": True}
    definition, fast = pair(dilation, "tanh", **options)
    expected = definition(x, mask=mask, initial_state=states)
    assert_close(fast(x, mask=mask, initial_state=states), expected)


def test_unknown_length_and_empty_batch():
    definition, fast = pair(2, return_sequences=True)
    run = tf.function(fast, input_signature=[tf.TensorSpec((None, None, CHANNELS))])
    for batch, length in ((2, 9), (1, 1), (3, 16), (0, 5)):
        x = noise(batch, length, CHANNELS)
        assert_close(run(x), definition(x))


@pytest.mark.parametrize("jit_compile", [False, True])
def test_gradients_equal_those_of_the_definition(jit_compile):
    x, layers = tf.constant(noise(BATCH, 11, CHANNELS)), pair(3, return_sequences=True)

    def gradients(layer):
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(tf.sin(3 * layer(x)))
        return tape.gradient(loss, [x, *layer.trainable_weights])

    run = tf.function(lambda: gradients(layers[1]), jit_compile=jit_compile, autograph=False)
    assert_close(run(), gradients(layers[0]), atol=1e-4)


def test_second_derivatives_equal_those_of_the_definition():
    x, found = tf.constant(noise(BATCH, 11, CHANNELS)), []
    for layer in pair(3, return_sequences=True):
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as tape:
                tape.watch(x)
                loss = tf.reduce_sum(tf.sin(3 * layer(x)))
            penalty = tf.reduce_sum(tape.gradient(loss, x) ** 2)
        found.append(outer.gradient(penalty, [x, *layer.trainable_weights]))
    assert_close(found[1], found[0], atol=1e-4)


def test_chunks_equal_the_whole():
    x, (_, fast) = noise(BATCH, 11, CHANNELS), pair(3, return_sequences=True, stateful=True)
    whole = fast(x)
    fast.reset_state()
    pieces = [fast(x[:, :2]), fast(x[:, 2:9]), fast(x[:, 9:])]
    assert_close(np.concatenate(pieces, axis=1), whole)


def test_bidirectional():
    x = noise(BATCH, 7, CHANNELS)
    both = keras.layers.Bidirectional(MinGRU(UNITS, 3, return_sequences=True))
    both(x)
    forward, backward = both.forward_layer(x), both.backward_layer(x)
    assert_close(both(x), np.concatenate([forward, backward[:, ::-1]], axis=-1))


@pytest.mark.parametrize("policy, atol", [("mixed_float16", 5e-3), ("mixed_bfloat16", 4e-2)])
def test_a_long_memory_survives_half_precision(policy, atol):
    """The states add up in float32: 16 bits would lose the small steps."""
    x = 0.1 * noise(1, 2000, CHANNELS)
    exact, _ = pair(1, return_sequences=True)
    _, half = pair(1, return_sequences=True, dtype=policy)
    kernel, bias = half.get_weights()
    bias[:UNITS] = -6.0  # gates nearly closed
    for layer in (exact, half):
        layer.set_weights([kernel, bias])
    y = half(x)
    assert y.dtype == policy[6:]
    assert_close(y, exact(x), atol=atol * np.abs(exact(x)).max())


@pytest.mark.parametrize("arguments", [{"units": 0}, {"units": 4, "dilation": 2.5}])
def test_bad_arguments_are_named(arguments):
    for make in (MinGRU, MinGRUCell):
        with pytest.raises(ValueError, match="must be a positive integer. Received"):
            make(**arguments)
