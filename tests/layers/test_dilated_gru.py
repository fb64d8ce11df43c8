"""`DilatedGRU` equals its definition, and the definition equals ten lines of NumPy."""

import itertools
import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras.src import backend

from sepmodels.layers import DilatedGRU, DilatedGRUCell, fold_time, unfold_time

UNITS, CHANNELS, BATCH = 4, 3, 3
RNG = np.random.default_rng(0)


def noise(*shape):
    return RNG.normal(size=shape).astype("float32")


def step_by_step(x, weights, dilation, reset_after=True, mask=None, states=None):
    """All outputs and the last `dilation` states of one dilated GRU, in float64."""
    kernel, recurrent, bias = (np.float64(w) for w in weights)
    b_in, b_state = bias if reset_after else (bias, np.zeros_like(bias))
    queue = [np.zeros((len(x), UNITS))] * dilation if states is None else list(states)
    output, outputs = np.zeros((len(x), UNITS)), []
    for t in range(x.shape[1]):
        h = queue[-1]
        xz, xr, xn = np.split(x[:, t] @ kernel + b_in, 3, axis=-1)
        uz, ur, un = np.split(recurrent, 3, axis=-1)
        bz, br, bn = np.split(b_state, 3, axis=-1)
        z = 1 / (1 + np.exp(-(xz + h @ uz + bz)))
        r = 1 / (1 + np.exp(-(xr + h @ ur + br)))
        n = np.tanh(xn + (r * (h @ un + bn) if reset_after else (r * h) @ un))
        valid = np.ones((len(x), 1), bool) if mask is None else mask[:, t, None]
        output = np.where(valid, z * h + (1 - z) * n, output)
        queue = [np.where(valid, a, b) for a, b in zip([output, *queue], queue, strict=False)]
        outputs.append(output)
    return np.stack(outputs, axis=1), queue


def pair(dilation, x, cell=None, **kwargs):
    """The definition and the fast path with the same random weights."""
    cell = cell or {}
    definition = keras.layers.RNN(DilatedGRUCell(UNITS, dilation, **cell), **kwargs)
    fast = DilatedGRU(UNITS, dilation, **cell, **kwargs)
    definition.build(x.shape)
    fast.build(x.shape)
    fast.set_weights([noise(*w.shape) / 2 for w in fast.get_weights()])
    definition.set_weights(fast.get_weights())
    return definition, fast


def masks(length):
    """Named masks of `BATCH` rows: none, right-padded (one row empty), arbitrary (likewise)."""
    ends = np.array([[length], [0], [(length + 1) // 2]])
    arbitrary = RNG.random((BATCH, length)) < 0.6
    arbitrary[1] = False
    return {"none": None, "right": np.arange(length) < ends, "arbitrary": arbitrary}


def assert_close(actual, desired, atol=2e-6):
    flat_actual, flat_desired = keras.tree.flatten(actual), keras.tree.flatten(desired)
    assert len(flat_actual) == len(flat_desired)
    for a, b in zip(flat_actual, flat_desired, strict=True):
        assert tuple(a.shape) == tuple(b.shape)
        np.testing.assert_allclose(np.float64(a), np.float64(b), atol=atol)


# === The definition ===


@pytest.mark.parametrize("reset_after", [True, False])
@pytest.mark.parametrize("dilation", [1, 2, 5])
def test_definition_equals_numpy(dilation, reset_after):
    x = noise(BATCH, 7, CHANNELS)
    definition, _ = pair(
        dilation, x, {"reset_after": reset_after}, return_sequences=True, return_state=True
    )
    states = [noise(BATCH, UNITS) for _ in range(dilation)]
    for mask in masks(7).values():
        expected = step_by_step(x, definition.get_weights(), dilation, reset_after, mask, states)
        assert_close(definition(x, mask=mask, initial_state=states), expected)


def test_cell_can_be_stacked():
    x = noise(BATCH, 6, CHANNELS)
    cells = [DilatedGRUCell(UNITS, 2), DilatedGRUCell(UNITS, 3)]
    stacked = keras.layers.RNN(cells, return_sequences=True)(x)
    first = step_by_step(x, cells[0].get_weights(), 2)[0]
    assert_close(stacked, step_by_step(first, cells[1].get_weights(), 3)[0])


# === The layer equals the definition ===


# Three switches in four rows, so that every two of them meet in every way.
SWITCHES = [
    dict(zip(("go_backwards", "return_sequences", "zero_output_for_mask"), row, strict=True))
    for row in [
        (False, True, False),
        (True, True, True),
        (False, False, True),
        (True, False, False),
    ]
]


@pytest.mark.parametrize("kind", ["none", "right", "arbitrary"])
@pytest.mark.parametrize("length", [1, 6])
@pytest.mark.parametrize("dilation", [2, 4])
def test_layer_equals_definition(dilation, length, kind):
    x, mask = noise(BATCH, length, CHANNELS), masks(length)[kind]
    states = [noise(BATCH, UNITS) for _ in range(dilation)]
    for row, kwargs in enumerate(SWITCHES):
        cell = {"reset_after": row % 2 == 0, "use_bias": row != 3}
        definition, fast = pair(dilation, x, cell, **kwargs, return_state=True)
        expected = definition(x, mask=mask, initial_state=states)
        assert_close(fast(x, mask=mask, initial_state=states), expected)
        assert_close(fast(x, mask=mask), definition(x, mask=mask))


@pytest.mark.parametrize("kwargs", SWITCHES)
def test_unrolled_layer_equals_definition(kwargs):
    x = noise(BATCH, 7, CHANNELS)
    definition, fast = pair(3, x, **kwargs, return_state=True)
    # Not the unrolled definition: Keras zeroes the wrong steps when that runs backwards.
    unrolled = DilatedGRU.from_config({**fast.get_config(), "unroll": True})
    unrolled.build(x.shape)
    unrolled.set_weights(fast.get_weights())
    for mask in masks(7).values():
        assert_close(unrolled(x, mask=mask), definition(x, mask=mask))


@pytest.mark.parametrize("kind", ["none", "right", "arbitrary"])
def test_gradients_equal_those_of_the_definition(kind):
    x, mask = tf.constant(noise(BATCH, 7, CHANNELS)), masks(7)[kind]
    states = [tf.constant(noise(BATCH, UNITS)) for _ in range(3)]
    definition, fast = pair(3, x, return_sequences=True, return_state=True, go_backwards=True)
    gradients = []
    for layer, training in ((definition, True), (fast, False), (fast, True)):
        with tf.GradientTape() as tape:
            tape.watch([x, states])
            results = layer(x, mask=mask, initial_state=states, training=training)
            loss = sum(tf.reduce_sum(r * tf.sin(3.0 * r + i)) for i, r in enumerate(results))
        gradients.append(tape.gradient(loss, [*layer.trainable_weights, x, *states]))
    assert_close(gradients[1], gradients[0], atol=2e-5)
    assert_close(gradients[2], gradients[0], atol=2e-5)
    assert all(np.abs(g).max() > 1e-3 for g in gradients[1])


@pytest.mark.parametrize("kind", ["none", "arbitrary"])
@pytest.mark.parametrize(
    "rates",
    [
        {"dropout": 0.5},
        {"recurrent_dropout": 0.5},
        {"dropout": 0.3, "recurrent_dropout": 0.3},
    ],
)
def test_same_seed_same_dropout(rates, kind):
    x, mask = noise(BATCH, 7, CHANNELS), masks(7)[kind]
    definition, fast = pair(3, x, {**rates, "seed": 5}, return_sequences=True)
    first, second = (fast(x, mask=mask, training=True) for _ in range(2))
    assert_close(first, definition(x, mask=mask, training=True))
    assert_close(second, definition(x, mask=mask, training=True))
    assert np.abs(first - second).max() > 1e-2
    assert_close(fast(x, mask=mask), definition(x, mask=mask))


@pytest.mark.parametrize("kind", ["none", "arbitrary"])
@pytest.mark.parametrize("go_backwards", [False, True])
def test_unknown_length_in_a_functional_model(go_backwards, kind):
    x, states = noise(BATCH, 7, CHANNELS), [noise(BATCH, UNITS) for _ in range(4)]
    definition, fast = pair(
        4, x, return_sequences=True, return_state=True, go_backwards=go_backwards
    )
    inputs = keras.Input((None, CHANNELS)), keras.Input((None,), dtype="bool")
    past = [keras.Input((UNITS,)) for _ in states]
    mask = None if kind == "none" else inputs[1]
    model = keras.Model([*inputs, *past], fast(inputs[0], mask=mask, initial_state=past))
    assert model.output_shape == [(None, None, UNITS)] + [(None, UNITS)] * 4
    for length in (1, 4, 7):
        mask = masks(length)[kind]
        fed = np.ones((BATCH, length), bool) if mask is None else mask
        actual = model.predict([x[:, :length], fed, *states], verbose=0)
        assert_close(actual, definition(x[:, :length], mask=mask, initial_state=states))


def test_training_with_and_without_jit():
    x = noise(BATCH, 7, CHANNELS)
    x[0, 4:] = x[1, 2:5] = 0.0  # what the Masking layer masks
    layers = pair(3, x, return_sequences=True)[1], DilatedGRU(UNITS, 3, return_sequences=True)
    models = [keras.Sequential([keras.layers.Masking(), layer]) for layer in layers]
    for model, jit_compile in zip(models, (False, True), strict=True):
        model.build(x.shape)
        model.set_weights(models[0].get_weights())
        model.compile(keras.optimizers.SGD(0.1), "mse", jit_compile=jit_compile)
    expected = step_by_step(x, layers[0].get_weights(), 3, mask=(x != 0).any(axis=-1))[0]
    for model in models:
        assert_close(model.predict_on_batch(x), expected)
        model.train_on_batch(x, np.ones((BATCH, 7, UNITS)))
    assert_close(layers[1].get_weights(), layers[0].get_weights())


@pytest.mark.parametrize("policy, atol", [("mixed_float16", 5e-3), ("mixed_bfloat16", 4e-2)])
def test_mixed_precision_equals_definition(policy, atol):
    x = noise(BATCH, 7, CHANNELS)
    definition, fast = pair(
        3, x, {"dtype": policy}, return_sequences=True, return_state=True, stateful=True
    )
    for mask in masks(7).values():
        outputs = fast(x, mask=mask)
        assert {keras.backend.standardize_dtype(y.dtype) for y in outputs} == {policy[6:]}
        assert_close(outputs, definition(x, mask=mask), atol=atol)
    assert {w.dtype for w in fast.weights} == {"float32"}


# === Time ===


@pytest.mark.parametrize("go_backwards", [False, True])
def test_receptive_field_is_every_dilation_th_step(go_backwards):
    x = tf.constant(noise(1, 11, CHANNELS))
    layer = DilatedGRU(UNITS, 4, return_sequences=True, go_backwards=go_backwards)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x)
    reached = np.abs(tape.jacobian(y, x)).max(axis=(0, 2, 3, 5)) > 0
    if go_backwards:
        reached = reached[:, ::-1]
    out, into = np.indices((11, 11))
    np.testing.assert_array_equal(reached, (into <= out) & ((out - into) % 4 == 0))


@pytest.mark.parametrize("merge_mode", ["concat", "sum"])
def test_bidirectional_equals_two_definitions(merge_mode):
    x = noise(BATCH, 7, CHANNELS)
    merge = {"concat": lambda a, b: np.concatenate([a, b], axis=-1), "sum": np.add}[merge_mode]
    both = keras.layers.Bidirectional(
        DilatedGRU(UNITS, 3, return_sequences=True, return_state=True), merge_mode=merge_mode
    )
    both.build(x.shape)
    both.set_weights([noise(*w.shape) for w in both.get_weights()])
    past = [noise(BATCH, UNITS) for _ in range(6)]
    weights = both.forward_layer.get_weights(), both.backward_layer.get_weights()
    for mask in masks(7).values():
        flipped = None if mask is None else mask[:, ::-1]
        forth, newest = step_by_step(x, weights[0], 3, mask=mask, states=past[:3])
        back, oldest = step_by_step(x[:, ::-1], weights[1], 3, mask=flipped, states=past[3:])
        if mask is not None:  # Bidirectional asks its layers for zeros
            forth, back = forth * mask[..., None], back * flipped[..., None]
        expected = merge(forth, back[:, ::-1]), *newest, *oldest
        assert_close(both(x, mask=mask, initial_state=past), expected)


def test_padding_before_reversing_would_be_wrong():
    """The trap that `go_backwards` avoids: then the GRU processes the padding first."""
    x = noise(BATCH, 7, CHANNELS)
    _, fast = pair(4, x, return_sequences=True, go_backwards=True)
    padded = np.pad(x, ((0, 0), (0, 1), (0, 0)))
    assert np.abs(fast(padded)[:, 1:] - fast(x)).max() > 0.1


def test_keras_does_not_fuse_the_two_directions():
    """`keras.layers.Bidirectional` may run two GRUs by this function, which knows no dilation."""
    with pytest.raises(NotImplementedError):
        backend.bidirectional_gru()


@pytest.mark.parametrize("kind", ["none", "right", "arbitrary"])
@pytest.mark.parametrize("dilation", [1, 3, 5])
def test_chunks_equal_the_whole(dilation, kind):
    x, mask = noise(BATCH, 23, CHANNELS), masks(23)[kind]
    _, fast = pair(dilation, x, return_sequences=True, return_state=True)
    whole, *last = fast(x, mask=mask)
    pieces, states = [], None
    for start, stop in itertools.pairwise((0, 1, 3, 4, 11, 12, 23)):
        part = None if mask is None else mask[:, start:stop]
        piece, *states = fast(x[:, start:stop], mask=part, initial_state=states)
        pieces.append(np.array(piece))
    assert_close(states, last)
    valid = 1.0 if mask is None else mask[..., None]  # a masked output repeats within its chunk
    assert_close(np.concatenate(pieces, axis=1) * valid, whole * valid)


def test_stateful_continues_and_resets():
    x = noise(BATCH, 11, CHANNELS)
    definition, fast = pair(3, x, return_sequences=True, stateful=True)
    whole = fast(x)
    fast.reset_state()
    pieces = [fast(x[:, :2]), fast(x[:, 2:9]), fast(x[:, 9:])]
    assert_close(np.concatenate(pieces, axis=1), whole)
    definition(x)
    assert_close([s.value for s in fast.states], [s.value for s in definition.states])
    fast.reset_states()
    assert_close(fast(x), whole)


def test_masked_steps_may_hold_anything():
    x, mask = noise(BATCH, 7, CHANNELS), masks(7)["arbitrary"]
    _, fast = pair(3, x, return_sequences=True, return_state=True)
    expected = fast(x, mask=mask)
    x[~mask] = np.nan
    assert_close(fast(x, mask=mask), expected)
    assert not np.any(expected[0][1])  # a row without a single step


# === A drop-in for keras.layers.GRU ===


def test_dilation_one_is_keras_gru():
    x, state = noise(BATCH, 7, CHANNELS), noise(BATCH, UNITS)
    for flags in itertools.product([False, True], repeat=3):
        names = ("return_sequences", "return_state", "go_backwards")
        kwargs = dict(zip(names, flags, strict=True), seed=1)
        theirs, ours = keras.layers.GRU(UNITS, **kwargs), DilatedGRU(UNITS, **kwargs)
        theirs.build(x.shape)
        ours.build(x.shape)
        assert [w.name for w in ours.weights] == [w.name for w in theirs.weights]
        ours.set_weights(theirs.get_weights())
        for mask in masks(7).values():
            expected = theirs(x, mask=mask, initial_state=state)
            actual = ours(x, mask=mask, initial_state=state)
            assert type(actual) is type(expected)
            assert_close(actual, expected)
        assert ours.compute_output_shape(x.shape) == theirs.compute_output_shape(x.shape)
        assert ours.get_initial_state(2)[0].shape == theirs.get_initial_state(2)[0].shape
        assert ours.compute_mask(x, mask) is mask or not flags[0] or flags[1]
        assert theirs.get_config().items() <= {**ours.get_config(), "name": theirs.name}.items()


def test_same_seed_same_first_weights():
    weights = []
    for make in (keras.layers.GRU, DilatedGRU, lambda n: keras.layers.RNN(DilatedGRUCell(n, 3))):
        keras.utils.set_random_seed(3)
        layers = make(UNITS), make(UNITS)
        for layer in layers:
            layer(noise(BATCH, 5, CHANNELS))
        weights.append([w for layer in layers for w in layer.get_weights()])
    assert_close(weights[1], weights[0], atol=0)
    assert_close(weights[2], weights[0], atol=0)


def test_fused_kernel_gets_the_folded_batch(monkeypatch):
    """Where cuDNN works it is used: with any mask it sees none, dropout is applied already."""
    calls = []

    def fused(inputs, initial_state, mask, **kwargs):
        calls.append((tuple(inputs.shape), tuple(initial_state.shape), mask, kwargs))
        steps = [keras.ops.tile(inputs[:, t, :1], (1, UNITS)) for t in range(inputs.shape[1])]
        return steps[-1], keras.ops.stack(steps, axis=1), [steps[-1]]

    monkeypatch.setattr(backend, "gru", fused)
    x, mask = noise(BATCH, 7, CHANNELS), masks(7)["arbitrary"]
    layer = DilatedGRU(UNITS, 4, dropout=0.5, seed=1, go_backwards=True, return_state=True)
    layer(x)
    layer(x, mask=mask)
    for shape, state_shape, seen, kwargs in calls:
        assert (shape, state_shape, seen) == ((12, 2, CHANNELS), (12, UNITS), None)
        assert kwargs["return_sequences"] and not kwargs["go_backwards"]
    assert len(calls) == 2
    kept = np.array(layer(x * 0 + 1, training=True)[0][:, 0])  # first channel of step 0
    assert set(kept) <= {0.0, 2.0}
    with pytest.raises(ValueError, match="use_cudnn=True"):
        monkeypatch.undo()
        DilatedGRU(UNITS, 4, use_cudnn=True)(x)


# === Saving and arguments ===


@pytest.mark.parametrize(
    "make",
    [
        lambda: DilatedGRU(UNITS, 3, return_sequences=True, reset_after=False),
        lambda: keras.layers.RNN(DilatedGRUCell(UNITS, 3)),
        lambda: keras.layers.Bidirectional(DilatedGRU(UNITS, 3, return_sequences=True)),
        lambda: DilatedGRU(UNITS, 3, stateful=True, dropout=0.5, recurrent_dropout=0.25),
    ],
    ids=["layer", "cell", "bidirectional", "stateful"],
)
def test_saves_and_loads(make, tmp_path):
    x = noise(BATCH, 7, CHANNELS)
    model = keras.Sequential([keras.Input(batch_shape=(BATCH, None, CHANNELS)), make()])
    before = model.predict(x, batch_size=BATCH, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert_close(again.predict(x, batch_size=BATCH, verbose=0), before)
    assert json.dumps(again.get_config()) == json.dumps(model.get_config())
    assert len(again.weights) == len(model.weights)


@pytest.mark.parametrize("cls", [DilatedGRUCell, DilatedGRU])
def test_config_holds_the_arguments(cls):
    arguments = {
        "units": 5, "dilation": 3, "activation": "relu", "recurrent_activation": "tanh",
        "use_bias": False, "dropout": 0.1, "recurrent_dropout": 0.2, "reset_after": False,
        "seed": 7, "implementation": 1, "dtype": "float64", "name": "mine", "trainable": False,
    }  # fmt: skip
    if cls is DilatedGRU:
        flags = ("return_sequences", "return_state", "go_backwards", "stateful", "unroll")
        arguments |= dict.fromkeys((*flags, "zero_output_for_mask"), True) | {"use_cudnn": False}
    layer = cls(**arguments)
    config = layer.get_config()
    config["dtype"] = config["dtype"]["config"]["name"]
    assert {name: config[name] for name in arguments} == arguments
    assert cls.from_config(layer.get_config()).get_config() == layer.get_config()


def test_output_shape():
    shape = (2, None, CHANNELS)
    layer = DilatedGRU(UNITS, 3, return_sequences=True, return_state=True)
    assert layer.compute_output_shape(shape) == ((2, None, UNITS), *[(2, UNITS)] * 3)
    assert DilatedGRU(UNITS, 3).compute_output_shape(shape) == (2, UNITS)


@pytest.mark.parametrize("dilation", [0, -2, 1.0, 2.5, "2", True, None])
def test_bad_dilation_is_named(dilation):
    for make in (DilatedGRUCell, DilatedGRU):
        with pytest.raises(ValueError, match=rf"dilation must .* dilation={dilation!r}"):
            make(UNITS, dilation)
    with pytest.raises(ValueError, match="dilation must"):
        fold_time(noise(1, 4, 1), dilation)


def test_wrong_number_of_states_is_named():
    x = noise(BATCH, 4, CHANNELS)
    with pytest.raises(ValueError, match="initial_state must be .* states=2, dilation=3"):
        DilatedGRU(UNITS, 3)(x, initial_state=[noise(BATCH, UNITS)] * 2)


# === The fold ===


@pytest.mark.parametrize("length", [1, 2, 3, 6, 7])
@pytest.mark.parametrize("dilation", [1, 3, 8])
def test_fold_takes_every_dilation_th_step(dilation, length):
    x = noise(2, length, CHANNELS)
    folded = np.array(fold_time(x, dilation))
    assert folded.shape == (2 * dilation, -(-length // dilation), CHANNELS)
    for song, phase in itertools.product(range(2), range(dilation)):
        steps = x[song, phase::dilation]
        row = folded[song * dilation + phase]
        np.testing.assert_array_equal(row[: len(steps)], steps)
        assert not row[len(steps) :].any()
    np.testing.assert_array_equal(unfold_time(folded, dilation, length), x)
