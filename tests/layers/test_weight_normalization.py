import keras
import numpy as np
import pytest

from sepmodels.layers import WeightNormalization


def noise(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def made(layer, x):
    wrapper = WeightNormalization(layer)
    wrapper(x)
    return wrapper


LAYERS = [
    (keras.layers.Dense(5, activation="relu"), (4, 3)),
    (keras.layers.Conv1D(6, 3, dilation_rate=2, padding="same"), (2, 9, 4)),
    (keras.layers.Conv2D(4, (2, 3), strides=2, use_bias=False), (2, 9, 8, 3)),
]
each_layer = pytest.mark.parametrize(("layer", "shape"), LAYERS, ids=lambda x: type(x).__name__)


@each_layer
def test_starts_as_the_bare_layer(layer, shape):
    x = noise(*shape)
    wrapper = made(layer, x)
    bare = type(layer).from_config(layer.get_config())
    bare(x)
    bare.set_weights([w.numpy() for w in (wrapper.direction.kernel, wrapper.bias) if w is not None])
    np.testing.assert_allclose(wrapper(x), bare(x), atol=1e-5)


@each_layer
def test_weight_is_gain_times_direction(layer, shape):
    x = noise(*shape)
    wrapper = made(layer, x)
    kernel = wrapper.direction.kernel.numpy()
    gain = np.linspace(0.5, 2.0, kernel.shape[-1], dtype="float32")
    wrapper.gain.assign(gain)
    weight = kernel / np.linalg.norm(kernel.reshape(-1, kernel.shape[-1]), axis=0) * gain
    bare = type(layer).from_config(layer.get_config())
    bare(x)
    bare.set_weights([weight] + ([wrapper.bias.numpy()] if layer.use_bias else []))
    np.testing.assert_allclose(wrapper(x), bare(x), atol=1e-5)


def test_length_of_the_direction_changes_nothing():
    x = noise(2, 9, 4)
    wrapper = made(keras.layers.Conv1D(6, 3), x)
    before = wrapper(x).numpy()
    wrapper.direction.kernel.assign(wrapper.direction.kernel * 3.0)
    np.testing.assert_allclose(wrapper(x), before, atol=1e-5)


@pytest.mark.parametrize(
    "layer",
    [keras.layers.DepthwiseConv1D(3), keras.layers.Conv1DTranspose(4, 3), keras.layers.GRU(4)],
    ids=lambda layer: type(layer).__name__,
)
def test_other_layers_are_refused(layer):
    with pytest.raises(ValueError, match="layer must be one of Dense"):
        WeightNormalization(layer)


def test_built_layer_is_refused():
    layer = keras.layers.Dense(3)
    layer.build((None, 2))
    with pytest.raises(ValueError, match="not be built"):
        WeightNormalization(layer)


def test_regularizer_penalizes_the_output():
    x = noise(3, 6, 4)
    options = {"activation": "relu", "activity_regularizer": "l2"}
    wrapper = made(keras.layers.Dense(5, **options), x)
    bare = keras.layers.Dense(5, **options)
    bare.build(x.shape)
    bare.set_weights([wrapper.direction.kernel.numpy(), wrapper.bias.numpy()])
    wrapper(x)
    bare(x)
    np.testing.assert_allclose(sum(wrapper.losses), sum(bare.losses), rtol=1e-5)
    again = WeightNormalization.from_config(wrapper.get_config())
    assert isinstance(again.activity_regularizer, keras.regularizers.L2)
    assert again.get_config() == wrapper.get_config()


def test_mask_is_passed_on_as_by_the_layer():
    x = noise(2, 6, 4)
    x[:, 4:] = 0
    inputs = keras.Input((None, 4))
    masked = WeightNormalization(keras.layers.Dense(5))(keras.layers.Masking()(inputs))
    model = keras.Model(inputs, keras.layers.GRU(3)(masked))
    np.testing.assert_allclose(model(x), model(x[:, :4]), atol=1e-6)
    assert not WeightNormalization(keras.layers.Conv1D(4, 3)).supports_masking


@pytest.mark.filterwarnings("ignore:Layer .* does not have a `quantize` method")
@pytest.mark.parametrize("mode, atol", [("int8", 0.05), ("float8", 0.15)])
def test_quantizes_saves_and_loads(mode, atol, tmp_path):
    x = noise(8, 16)
    inputs = keras.Input((16,))
    model = keras.Model(inputs, WeightNormalization(keras.layers.Dense(5, "tanh"))(inputs))
    model.layers[-1].gain.assign([0.5, 1.0, 1.5, 2.0, 2.5])
    before = model(x).numpy()
    model.quantize(mode)
    after = model(x).numpy()
    np.testing.assert_allclose(after, before, atol=atol)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again(x), after, atol=1e-5)
    assert "direction" in again.layers[-1].direction.path
