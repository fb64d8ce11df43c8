"""Drawing sample by sample is the same as asking the whole network, again and again."""

import dataclasses

import numpy as np
import pytest

import sepmodels as sm
from sepmodels.models.wavenet import generation
from sepmodels.models.wavenet.generation import draw, sample
from sepmodels.models.wavenet.network import Network

CLASSES = 24


def make_network(kernel_size=2, filters=5, half=7, front_skip=True, features=3):
    """A network of odd widths in which nothing is zero."""
    rng = np.random.default_rng(0)
    dilations = np.array([1, 2, 4, 1, 3])
    layers, skip, head = len(dilations), 9, 11

    def weights(*shape):
        return rng.normal(size=shape, scale=0.5).astype("float32")

    return Network(
        front=weights(2, CLASSES, filters),
        dilations=dilations,
        dilated=weights(layers, kernel_size, filters, 2 * half),
        inner_bias=weights(layers, 2 * half),
        residual=weights(layers - 1, half, filters),
        residual_bias=weights(layers - 1, filters),
        skip=weights(layers * half + filters * front_skip, skip),
        skip_bias=weights(skip),
        head=weights(skip, head),
        head_bias=weights(head),
        logits=3 * weights(head, CLASSES),
        logits_bias=weights(CLASSES),
        condition=weights(features, layers, 2 * half) if features else None,
        head_condition=weights(features, head) if features else None,
        silence=CLASSES // 2,
    )


def whole_logits(network, classes, frames=None):
    """The definition, all samples at once: `(time, C)` from the classes and a frame for each."""
    taps, time = len(network.front), len(classes)
    before = np.concatenate([np.full(taps, network.silence), classes])
    x = sum(network.front[tap][before[tap : tap + time]] for tap in range(taps)).astype("float64")
    half = network.inner_bias.shape[1] // 2
    all_z = [x] if len(network.skip) > len(network.dilations) * half else []
    for layer, dilation in enumerate(network.dilations):
        u = network.inner_bias[layer]
        for age, kernel in enumerate(network.dilated[layer][::-1]):
            late = age * dilation
            u = u + np.concatenate([np.zeros((late, x.shape[1])), x])[:time] @ kernel
        if frames is not None:
            u = u + frames @ network.condition[:, layer]
        level, gate = np.split(u, 2, axis=1)
        all_z.append(np.tanh(level) / (1 + np.exp(-gate)))
        if layer < len(network.residual):
            x = x + all_z[-1] @ network.residual[layer] + network.residual_bias[layer]
    h = np.maximum(np.concatenate(all_z, axis=1) @ network.skip + network.skip_bias, 0)
    h = h @ network.head + network.head_bias
    if frames is not None:
        h = h + frames @ network.head_condition
    return np.maximum(h, 0) @ network.logits + network.logits_bias


@pytest.mark.parametrize(
    "kernel_size, front_skip, features", [(2, True, 3), (2, False, 0), (3, True, 0)]
)
@pytest.mark.parametrize("temperature", [0.0, 0.8])
def test_is_the_whole_network(kernel_size, front_skip, features, temperature):
    network = make_network(kernel_size, front_skip=front_skip, features=features)
    seeds, n, hold = (3, (4, 5)), 210, 3
    rng = np.random.default_rng(1)
    frames = rng.normal(size=(2, 80, features)).astype("float32") if features else None
    primer = rng.integers(0, CLASSES, (2, 30))
    drawn = sample(network, n, seeds, temperature, frames, hold if features else None, primer)
    assert len(np.unique(drawn)) > 3
    for stream, seed in enumerate(seeds):
        held = np.repeat(frames[stream], hold, axis=0) if features else None
        classes = np.concatenate([primer[stream], drawn[stream]])
        logits = whole_logits(network, classes, held)[30:]
        uniform = np.random.default_rng(seed).random(n, "float32")
        np.testing.assert_array_equal(drawn[stream], draw(logits, uniform, temperature))


def test_a_stream_does_not_depend_on_the_others():
    network = make_network(features=0)
    together = sample(network, 50, seeds=range(5))
    alone = np.concatenate([sample(network, 50, seeds=(seed,)) for seed in range(5)])
    np.testing.assert_array_equal(together, alone)
    np.testing.assert_array_equal(sample(network, 20, seeds=(0,)), together[:1, :20])
    assert len(np.unique(together, axis=0)) == 5


def test_generation_continues_a_primer():
    """The most probable samples are the same in one piece and in two, and begin after silence."""
    network = make_network(features=0)
    whole = sample(network, 60, temperature=0.0)
    rest = sample(network, 35, temperature=0.0, primer=whole[:, :25])
    np.testing.assert_array_equal(rest, whole[:, 25:])
    loud = dataclasses.replace(network, silence=0)
    assert (sample(loud, 60, temperature=0.0) != whole).any()


def test_a_frame_holds_to_the_end():
    network, frame = make_network(), np.ones((1, 1, 3))
    held = sample(network, 50, conditions=np.repeat(frame, 50, axis=1), hold=1)
    np.testing.assert_array_equal(sample(network, 50, conditions=frame), held)
    assert (sample(network, 50, conditions=-frame) != held).any()


def test_draw_follows_the_probabilities():
    probabilities = np.array([0.5, 0.0, 0.3, 0.2])
    uniform = (np.arange(1000) + 0.5) / 1000
    with np.errstate(divide="ignore"):
        logits = np.broadcast_to(np.log(probabilities), (1000, 4))
    assert np.bincount(draw(logits, uniform)).tolist() == [500, 0, 300, 200]
    flat = np.bincount(draw(np.log([[0.8, 0.2]] * 1000), uniform, temperature=2.0)).tolist()
    assert flat == [667, 333]  # square roots of the probabilities, 2 to 1
    assert draw(logits, uniform, temperature=0.0).tolist() == [0] * 1000


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"temperature": -1.0}, "temperature=-1.0"),
        ({"conditions": np.ones((1, 9, 3)), "hold": 5}, "last for the 50.*frames=9, hold=5"),
        ({"primer": np.array([[0, CLASSES]])}, f"primer must be classes from 0 to {CLASSES - 1}"),
    ],
)
def test_what_the_loop_cannot_read_is_named(options, named):
    with pytest.raises(ValueError, match=named):
        sample(make_network(), 50, **options)


def test_exp():
    x = np.linspace(-80, 80, 9999, dtype="float32")
    values = np.array([generation._exp(value) for value in x], "float64")
    error = np.abs(values / np.exp(x.astype("float64")) - 1)
    assert (error < 1e-7 * (2 + np.abs(x))).all()


def test_without_a_folder_for_its_cache_it_generates_the_same(monkeypatch):
    import numba.core.dispatcher

    def decline(self):
        raise RuntimeError("cannot cache function '_advance': no locator available")

    model = sm.models.WaveNet(filters=4, skip_filters=8, dilations=(1, 2))
    expected = model.generate(20, seed=1)
    monkeypatch.setattr(numba.core.dispatcher.Dispatcher, "enable_caching", decline)
    generation._compiled.cache_clear()
    np.testing.assert_array_equal(model.generate(20, seed=1), expected)
    generation._compiled.cache_clear()
