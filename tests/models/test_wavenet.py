"""`WaveNet`: its size, its receptive field, and that generation equals the network."""

import keras
import numpy as np
import pytest

import sepmodels as sm

SMALL = {"filters": 8, "skip_filters": 12, "dilations": (1, 2, 4) * 2}


def make(seed=0, **arguments):
    """A small network whose weights are all moved away from their initial values."""
    keras.utils.set_random_seed(seed)
    model = sm.models.WaveNet(**{**SMALL, **arguments})
    for weight in model.weights:
        weight.assign_add(0.3 * keras.random.normal(weight.shape))
    return model


def noise(*shape):
    return np.random.default_rng(0).uniform(-1, 1, shape).astype("float32")


def test_size_and_receptive_field_of_the_reference():
    model = sm.models.WaveNet()
    front = 2 * 256 * 32  # two samples of 256 classes, no bias
    gate = 2 * (2 * 32 * 32 + 32)  # filter and gate
    residual, skip = 32 * 32 + 32, 32 * 512 + 512
    head = 512 * 512 + 512 + 512 * 256 + 256
    # The reference also makes a residual convolution in the last layer, which nothing reads.
    reference = front + 50 * (gate + residual + skip) + head
    assert model.count_params() == reference - residual == 1_514_912
    assert model.receptive_field == 5116 + 1  # the layers, and one more of the front


def test_receptive_field_of_stacks():
    assert sm.signal.compute_receptive_field(2, [2**i for i in range(10)] * 3) == 3070
    assert sm.signal.compute_receptive_field(2, [2**i for i in range(10)] * 4) == 4093


@pytest.mark.parametrize("scalar_input", [False, True])
def test_output_depends_on_the_receptive_field_in_the_past_alone(scalar_input):
    """A changed sample changes the logits within the receptive field, and no bit of any other."""
    model = make(scalar_input=scalar_input, kernel_size=3)
    assert model.receptive_field == 1 + 2 * 14 + (31 if scalar_input else 2)
    wave, at = noise(1, 150, 1), 60
    other = wave.copy()
    other[0, at] = -np.sign(wave[0, at])
    before, after = (np.array(model(x))[0] for x in (wave, other))
    moved = np.flatnonzero((before != after).any(axis=-1))
    reached = np.arange(at + 1, at + 1 + model.receptive_field)
    assert moved.tolist() == reached.tolist()


def test_silence_precedes_the_first_sample():
    """The start is class 128: silence in front changes nothing but the inner padding."""
    model = make(dilations=(1,))
    wave = np.concatenate([np.zeros((1, 3, 1), "float32"), noise(1, 9, 1)], axis=1)
    first = np.array(model(np.ones((1, 1, 1), "float32")))[0, 0]
    # One layer reads samples 0 to 2 before it; the padding of that layer is zero, not silence.
    front, block = model.get_layer("front"), model.get_layer("block_0")
    hot = np.eye(256, dtype="float32")[None, [128, 128]]
    x = np.array(front(hot))
    total = np.array(block(x))
    head, logits = model.get_layer("head"), model.get_layer("logits")
    expected = np.array(logits(np.maximum(head(np.maximum(total, 0)), 0)))[0, 0]
    np.testing.assert_allclose(first, expected, atol=1e-5)
    np.testing.assert_allclose(model(wave)[0, 3], model(wave[:, 1:])[0, 2], atol=1e-5)


def test_scalar_input_is_not_quantized():
    model = make(scalar_input=True)
    wave = np.full((1, 50, 1), 0.5, "float32")
    nearby = wave + np.float32(1e-3)
    classes = [np.array(sm.signal.mu_law_encode(x)) for x in (wave, nearby)]
    np.testing.assert_array_equal(*classes)
    assert np.any(np.array(model(wave)) != np.array(model(nearby)))


CONDITIONS = {
    "none": ({}, None),
    "scalar": ({"scalar_input": True}, None),
    "kernel 3": ({"kernel_size": 3}, None),
    "one block": ({"dilations": (2,)}, None),
    "domain": ({"condition": ("cello", "piano")}, "piano"),
    "global": ({"condition": 3}, noise(1, 3)),
    "local": ({"condition": 3, "hop_length": 16}, noise(8, 3)),
    "learned": ({"condition": 3, "hop_length": 16, "upsampling": "learned"}, noise(2, 8, 3)),
}


@pytest.mark.parametrize("name", CONDITIONS)
def test_generation_equals_the_network(name):
    arguments, condition = CONDITIONS[name]
    model, streams, n = make(**arguments), 2, 112
    primer = np.array(sm.signal.mu_law_decode(sm.signal.mu_law_encode(noise(16, 1))))
    domain_vector = np.eye(2)[[1]] if isinstance(condition, str) else condition
    for temperature in (0.0, 1.0):
        drawn = model.generate(n, 3, temperature, condition, primer, streams)
        assert drawn.shape == (streams, n, 1) and drawn.dtype == np.float32
        wave = np.concatenate([np.broadcast_to(primer, (streams, 16, 1)), drawn], axis=1)
        if condition is not None:
            wave = [wave, np.broadcast_to(domain_vector, (streams, *np.shape(domain_vector)[-2:]))]
        logits = np.array(model(wave))[:, 16:]
        uniform = [np.random.default_rng((3, i)).random(n, "float32") for i in range(streams)]
        expected = sm.models.wavenet.generation.draw(logits, np.stack(uniform), temperature)
        classes = np.array(sm.signal.mu_law_encode(drawn))[..., 0]
        np.testing.assert_array_equal(classes, expected)
        assert temperature == 0 or len(np.unique(classes)) > 20


def test_seed_and_streams():
    model = make()
    one, again, other = (model.generate(40, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()
    np.testing.assert_array_equal(model.generate(40, seed=1, streams=3)[0], one)


@pytest.mark.parametrize(
    "arguments, condition",
    [
        ({}, "piano"),
        ({"condition": ("cello", "piano")}, "harp"),
        ({"condition": ("cello", "piano")}, None),
        ({"condition": 3, "hop_length": 10}, np.zeros((3, 3))),
        ({"condition": 3}, np.zeros((1, 4))),
    ],
)
def test_a_condition_of_the_wrong_shape_is_refused(arguments, condition):
    with pytest.raises(ValueError, match="condition must be"):
        sm.models.WaveNet(**SMALL, **arguments).generate(20, condition=condition)


def test_learns_a_tone():
    """A soft tone is predicted in a few steps, in far less than the 8 bits of knowing nothing."""
    keras.utils.set_random_seed(0)
    model = sm.models.WaveNet(filters=16, skip_filters=16, dilations=(1, 2, 4, 8))
    tone = 0.5 * np.sin(2 * np.pi * np.arange(400) / 20).astype("float32")
    stems = {"vocals": tone[None, :, None], "accompaniment": np.zeros((1, 400, 1), "float32")}
    inputs, targets = model.training_pair(stems["vocals"], stems, "classes")
    assert targets.shape == (1, 400) and int(targets[0, 0]) == 128
    training_model = model.training_model("classes")
    loss = sm.losses.get("mu_law_cross_entropy")
    training_model.compile(keras.optimizers.Adam(0.02), loss)
    start = training_model.evaluate(inputs, targets, verbose=0) / np.log(2)
    training_model.fit(inputs, targets, epochs=30, verbose=0)
    end = training_model.evaluate(inputs, targets, verbose=0) / np.log(2)
    assert start > 7.5 and end < 1.0
    again = model.generate(60, temperature=0.0, primer=tone[:100, None])
    assert np.corrcoef(again[:, 0], tone[100:160])[0, 1] > 0.95


def test_learns_a_stem_or_the_sum_and_its_domain():
    stems = {"vocals": noise(2, 50, 1) / 2, "accompaniment": noise(2, 50, 1) / 3}
    encode = sm.signal.mu_law_encode
    mixture = stems["vocals"] + stems["accompaniment"]
    for source, wave in (("vocals", stems["vocals"]), (None, mixture)):
        inputs, targets = sm.models.WaveNet(source, **SMALL).training_pair(
            mixture, stems, "classes"
        )
        np.testing.assert_array_equal(inputs, wave)
        np.testing.assert_array_equal(targets, np.array(encode(wave))[..., 0])
    model = sm.models.WaveNet(**SMALL, condition=("cello", "piano"))
    assert model.domains == ("cello", "piano")
    (_, domain_vector), _ = model.training_pair(mixture, stems, "classes", np.array([1, 0]))
    np.testing.assert_array_equal(domain_vector, [[[0, 1]], [[1, 0]]])
    with pytest.raises(ValueError, match="no features"):
        sm.models.WaveNet(**SMALL, condition=3).training_pair(mixture, stems, "classes")


@pytest.mark.parametrize(
    "arguments, named",
    [
        ({"dilations": ()}, "dilations"),
        ({"kernel_size": 1}, "kernel_size"),
        ({"hop_length": 8}, "hop_length"),
        ({"condition": ("a", "b"), "hop_length": 8}, "hop_length"),
        ({"upsampling": "cubic"}, "upsampling"),
        ({"condition": 0}, "condition=0"),
        ({"condition": "folk"}, "condition='folk'"),
    ],
)
def test_bad_arguments(arguments, named):
    with pytest.raises(ValueError, match=named):
        sm.models.WaveNet(**{**SMALL, **arguments})


def test_negative_temperature_is_refused():
    with pytest.raises(ValueError, match="temperature"):
        sm.models.WaveNet(**SMALL).generate(5, temperature=-1.0)
