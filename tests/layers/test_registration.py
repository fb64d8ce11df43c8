"""`register`: the config of a class is the arguments of its constructor."""

import keras
import pytest

import sepmodels as sm
from sepmodels.layers.registration import check, register

SMALL = {"filters": 4, "skip_filters": 8, "dilations": [1, 2], "stacks": [0, 1]}


def test_defaults_are_recorded_and_lists_become_tuples():
    model = sm.models.NCWaveNet(**SMALL)
    config = model.get_config()
    assert model.dilations == (1, 2) and model.stacks == (0, 1) and model.padding == "same"
    assert config["dilations"] == (1, 2) and config["padding"] == "same"
    assert config["sources"] == ("vocals", "accompaniment")


def test_arguments_of_a_registered_base_class_are_recorded_too():
    model = sm.models.BottleneckNCWaveNet(pooling=2, **{**SMALL, "stacks": [1, 1]})
    config = model.get_config()
    assert config["pooling"] == 2 and config["domains"] is None and config["filters"] == 4
    again = sm.models.BottleneckNCWaveNet.from_config(config)
    assert again.get_config() == config


def test_a_method_is_not_replaced_by_an_argument_of_its_name():
    layer = sm.layers.MuLawEncode(quantize=False)
    assert callable(layer.quantize) and layer.get_config()["quantize"] is False


def test_an_attribute_that_was_set_since_is_saved_as_it_is():
    layer = sm.layers.GradientReversal(scale=0.5)
    layer.scale = 0.25
    assert layer.get_config()["scale"] == 0.25


def test_a_layer_among_the_arguments_is_saved_with_its_config():
    layer = sm.layers.CrossFade(keras.layers.Dense(3), length=4, step=2)
    again = sm.layers.CrossFade.from_config(layer.get_config())
    assert again.layer.units == 3 and again.get_config() == layer.get_config()


def test_a_model_whose_arguments_are_not_recorded_cannot_be_saved(tmp_path):
    class Mine(sm.models.NCWaveNet):
        def __init__(self, more, **kwargs):
            super().__init__(**kwargs)

    with pytest.raises(NotImplementedError, match="Mine must be decorated with .*register"):
        Mine(1, **SMALL).save(tmp_path / "model.keras")


def test_check_shows_the_arguments_that_the_rule_names():
    @register
    class Pair(keras.layers.Layer):
        def __init__(self, low, high, size, **kwargs):
            check(self, low < high, "low must be less than high")
            super().__init__(**kwargs)

    assert Pair(1, 2, 3).high == 2
    with pytest.raises(ValueError, match=r"less than high\. Received: low=2, high=1$"):
        Pair(2, 1, 3)


def test_a_model_may_define_its_own_config_as_keras_has_it(tmp_path):
    @keras.saving.register_keras_serializable("elsewhere")
    class Wide(sm.models.DilatedConvGRU):
        def __init__(self, width, **kwargs):
            super().__init__(filters=width, **kwargs)
            self.width = width

        def get_config(self):
            config = super().get_config()
            del config["filters"]
            return config | {"width": self.width}

    Wide(4, dilations=(1,), groups=1).save(tmp_path / "wide.keras")
    again = keras.saving.load_model(tmp_path / "wide.keras", compile=False)
    assert (again.width, again.filters, again.dilations) == (4, 4, (1,))
