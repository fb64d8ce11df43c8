import keras
import numpy as np
import pytest

from sepmodels import signal
from sepmodels.layers.gated_residual_block import GatedResidualBlock, crop_time


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def made(inputs, *arguments, **named):
    """A block with weights and biases that are all random."""
    block = GatedResidualBlock(*arguments, **named)
    block(inputs)
    block.set_weights([0.5 * noise(*w.shape, seed=i) for i, w in enumerate(block.weights)])
    return block


def gate(x):
    level, opening = np.split(x, 2, axis=-1)
    return np.tanh(level) / (1 + np.exp(-opening))


ACTIVATIONS = {
    "relu": lambda x: np.maximum(x, 0),
    "leaky_relu": lambda x: np.maximum(x, 0.01 * x),
    "gated": gate,
}


def plainly(block, x, *conditions):
    """What the block returns for one sequence `(time, channels)`, padding nothing."""
    kernel, bias = block.dilated.get_weights()
    d, n = block.dilation, len(x) - (block.kernel_size - 1) * block.dilation
    left, _ = signal.compute_context(block.kernel_size, [d], block.causal)
    act = ACTIVATIONS[block.activation]
    inputs = act(x) if block.preactivation else x
    inner = bias + sum(inputs[i * d : i * d + n] @ tap for i, tap in enumerate(kernel))
    for condition, layer in zip(conditions, block.conditioners, strict=True):
        condition = condition if len(condition) == 1 else condition[left : left + n]
        inner = inner + condition @ layer.get_weights()[0][0] + layer.get_weights()[1]
    z = act(inner)
    ones = (layer.get_weights() for layer in (block.to_residual, block.to_skip))
    residual, skip = (z @ kernel[0] + bias for kernel, bias in ones)
    return x[left : left + n] + residual, skip


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize(
    ("activation", "preactivation"),
    [("gated", False), ("relu", False), ("relu", True), ("leaky_relu", True)],
)
@pytest.mark.parametrize("kernel_size", [2, 3])
def test_equals_plain_numpy(causal, padding, activation, preactivation, kernel_size):
    x = noise(2, 20, 3)
    options = {"causal": causal, "padding": padding, "activation": activation}
    block = made(x, 4, kernel_size, 3, skip_filters=5, preactivation=preactivation, **options)
    around = signal.compute_context(kernel_size, [3], causal) if padding == "same" else (0, 0)
    padded = np.pad(x, ((0, 0), around, (0, 0)))
    for index in range(2):
        for ours, theirs in zip(block(x), plainly(block, padded[index]), strict=True):
            np.testing.assert_allclose(ours[index], theirs, atol=1e-5)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("activation", ["gated", "relu"])
def test_conditions_equal_plain_numpy(causal, activation):
    inputs = x, local, throughout = noise(1, 20, 3), noise(1, 20, 2), noise(1, 1, 6)
    options = {"causal": causal, "padding": "valid", "activation": activation}
    block = made(inputs, 4, 3, 2, skip_filters=5, **options)
    expected = plainly(block, x[0], local[0], throughout[0])
    for ours, theirs in zip(block(inputs), expected, strict=True):
        np.testing.assert_allclose(ours[0], theirs, atol=1e-5)


def test_filter_comes_first_and_gate_second():
    x = noise(1, 6, 3)
    block = made(x, 2, skip_filters=2, residual=False)
    block.set_weights([w * 0 for w in block.get_weights()])
    block.dilated.bias.assign([0.5, -0.5, 3.0, 1.0])
    block.to_skip.kernel.assign(np.eye(2)[None])
    gates = 1 / (1 + np.exp([-3.0, -1.0]))
    np.testing.assert_allclose(block(x)[0, 3], np.tanh([0.5, -0.5]) * gates, atol=1e-6)


def test_global_condition_equals_a_constant_local_one():
    x, speaker = noise(2, 9, 3), noise(2, 1, 4)
    block = made((x, speaker), 4, 2, 2, skip_filters=5, padding="valid")
    for short, long in zip(block((x, speaker)), block((x, speaker.repeat(9, 1))), strict=True):
        np.testing.assert_allclose(short, long, atol=1e-6)


@pytest.mark.parametrize(("causal", "kept"), [(True, slice(6, None)), (False, slice(3, -3))])
def test_skips_keep_the_last_samples_if_causal_and_the_centre_if_not(causal, kept):
    """Without padding a stack equals the padded one outside the context of the padding."""
    x, dilations = noise(1, 20, 3), [1, 2]
    sums = {}
    for padding in ("same", "valid"):
        y, skips = x, []
        for index, dilation in enumerate(dilations):
            options = {"skip_filters": 2, "causal": causal, "padding": padding}
            y, skip = made(y, 4, 3, dilation, **options)(y)
            ahead = signal.compute_context(3, dilations[index + 1 :], causal)
            skips.append(crop_time(skip, *ahead) if padding == "valid" else skip)
        sums[padding] = np.array(sum(skips))
    np.testing.assert_allclose(sums["valid"], sums["same"][:, kept], atol=1e-5)


def test_context_of_a_causal_block_is_the_past():
    x = noise(1, 20, 3)
    block = made(x, 4, 2, 4, skip_filters=5, causal=True)
    changed = x.copy()
    changed[:, 10] += 1
    for before, after in zip(block(x), block(changed), strict=True):
        moved = np.flatnonzero(np.any(np.array(before) != np.array(after), axis=(0, 2)))
        assert moved.tolist() == [10, 14]


def test_parameters_are_those_of_the_translation_decoders_layer():
    inputs = keras.Input((None, 128)), keras.Input((None, 64))
    block = GatedResidualBlock(128, 2, 512, skip_filters=128, causal=True)
    block(inputs)
    conv, condition, one = 128 * 256 * 2 + 256, 64 * 256 + 256, 128 * 128 + 128
    assert block.count_params() == conv + condition + 2 * one


def test_one_output_is_no_tuple():
    x = noise(1, 9, 3)
    assert GatedResidualBlock(4)(x).shape == (1, 9, 3)
    assert GatedResidualBlock(4, skip_filters=5, residual=False)(x).shape == (1, 9, 5)


def test_kernels_of_one_initializer_differ():
    initializer = keras.initializers.VarianceScaling(1 / 3)
    block = GatedResidualBlock(3, skip_filters=3, kernel_initializer=initializer)
    block(noise(1, 9, 3))
    assert np.any(block.to_skip.kernel != block.to_residual.kernel)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"filters": 0}, "filters=0"),
        ({"kernel_size": 0}, "kernel_size=0"),
        ({"dilation": 0}, "dilation=0"),
        ({"skip_filters": -1}, "skip_filters=-1"),
        ({"skip_filters": 0}, "skip_filters=0"),
        ({"activation": "elu"}, "activation='elu'"),
        ({"padding": "causal"}, "padding='causal'"),
        ({"preactivation": True}, "preactivation=True"),
        ({"residual": False}, "residual=False"),
    ],
)
def test_bad_argument_is_named(arguments, named):
    with pytest.raises(ValueError, match=named):
        GatedResidualBlock(**{"filters": 4, **arguments})


def test_part_of_a_model_with_a_crop_saves_and_loads(tmp_path):
    inputs = keras.Input((None, 3))
    part = keras.Model(inputs, crop_time(inputs, 2, 1))
    part.save(tmp_path / "part.keras")
    x = np.random.default_rng(0).normal(size=(1, 9, 3))
    again = keras.saving.load_model(tmp_path / "part.keras")
    np.testing.assert_array_equal(again(x), np.float32(x[:, 2:-1]))
