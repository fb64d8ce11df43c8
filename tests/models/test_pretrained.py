import keras
import numpy as np
import pytest

import sepmodels as sm


def test_unknown_name_lists_the_known():
    with pytest.raises(ValueError, match=r"name must be one of \['dilated_conv_gru', 'mir1k-175'"):
        sm.load_pretrained("nonesuch")


def test_a_preset_is_one_of_its_class():
    model = sm.models.DilatedConvGRU.from_preset("dilated_conv_gru")
    assert type(model) is sm.models.DilatedConvGRU
    for given, loaded in zip(model.weights, sm.load_pretrained().weights, strict=True):
        np.testing.assert_array_equal(given, loaded)
    assert type(sm.models.Separator.from_preset("dilated_conv_gru")) is type(model)
    with pytest.raises(ValueError, match=r"DilatedConvGRU.*Received: name='dilated_conv_gru'"):
        sm.models.UNet.from_preset("dilated_conv_gru")
    with pytest.raises(ValueError, match=r"name must be one of \['dilated_conv_gru'"):
        sm.models.UNet.from_preset("nonesuch")


def test_a_checkpoint_is_for_spleeter(tmp_path):
    with pytest.raises(ValueError, match="name='dilated_conv_gru', checkpoint="):
        sm.load_pretrained(checkpoint=tmp_path)


def test_weights_come_with_a_card_and_stay_small():
    for path in sm.models.pretrained.FOLDER.glob("*.keras"):
        assert path.with_suffix(".md").exists()
        assert path.stat().st_size < 10e6


def test_it_clearly_separates_the_real_song():
    song = sm.datasets.sample.load()
    stems = sm.separate(sm.load_pretrained(), song.mixture, song.sample_rate)
    for source in song.sources:
        floor = sm.metrics.sdr(song.stems[source], song.mixture)
        assert sm.metrics.sdr(song.stems[source], stems[source]) > floor + 1.0  # dB


def test_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="none.keras"):
        sm.models.load(tmp_path / "none.keras")


def test_no_keras_file_is_named(tmp_path):
    (tmp_path / "text.keras").write_text("not a model")
    with pytest.raises(ValueError, match=r"text\.keras.*cannot be read as a Keras model"):
        sm.models.load(tmp_path / "text.keras")


def test_another_kind_of_model_is_named(tmp_path):
    inputs = keras.Input((3,))
    keras.Model(inputs, keras.layers.Dense(1)(inputs)).save(tmp_path / "other.keras")
    with pytest.raises(ValueError, match="holds a Functional"):
        sm.models.load(tmp_path / "other.keras")


def test_saved_and_loaded_the_stems_are_equal(tmp_path):
    model = sm.recipes.DILATED_CONV_GRU.vary(filters=8).build()
    model.save(tmp_path / "model.keras")
    mixture = np.random.default_rng(0).normal(size=(1, 3000, 1)).astype("float32")
    again = sm.models.load(tmp_path / "model.keras")
    for source, stem in model(mixture).items():
        np.testing.assert_array_equal(again(mixture)[source], stem)
