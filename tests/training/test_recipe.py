"""What a recipe, a training and a model refuse before anything is computed."""

import numpy as np
import pytest

import sepmodels as sm

QUICK = sm.recipes.quick(sm.recipes.DILATED_CONV_GRU)


@pytest.mark.parametrize(
    "change",
    [
        {"segment": 0}, {"segment": float("nan")}, {"segment": 1e9}, {"learning_rate": -1.0},
        {"learning_rate": float("nan")}, {"weight_decay": -1.0}, {"weight_decay": float("inf")},
        {"seed": -1}, {"seed": "a"}, {"seed": 2**32}, {"gains": (1,)}, {"patience": 0},
        {"batch_size": 1.5}, {"epochs": 0}, {"optimizer": ["adam"]}, {"loss": ["l1"]},
        {"schedule": "linear"}, {"schedule": (0.5,)}, {"augment": {"loudness": 1}},
        {"augment": {"gains": (1, 1)}}, {"cross_songs": 2},
    ],
    ids=str,
)  # fmt: skip
def test_a_field_out_of_its_range_is_named(change):
    ((name, value),) = change.items()
    with pytest.raises(ValueError, match=rf"{name}.*Received: {name}=") as raised:
        QUICK.vary(**change)
    assert repr(value) in str(raised.value)


def test_a_change_of_segments_out_of_its_range_is_named_before_the_training():
    with pytest.raises(ValueError, match=r"swap_channels must be in \[0, 1\]"):
        QUICK.vary(augment={"swap_channels": 2})


@pytest.mark.parametrize(
    ("cls", "arguments"),
    [
        (sm.models.DilatedConvGRU, {"filters": 4}),
        (sm.models.WaveUNet, {"levels": 2, "filters": 2}),
        (sm.models.BottleneckNCWaveNet, {"filters": 2}),
        (sm.models.DomainClassifier, {"domains": 2}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_misspelt_argument_is_refused(cls, arguments):
    """Keras on its own takes no notice of it, and an ablation would train the same model twice."""
    with pytest.raises(TypeError, match="has no argument filtres"):
        cls(**arguments, filtres=3)


def test_what_is_no_list_of_tracks_is_refused(tmp_path):
    track = sm.datasets.synthetic.load(1, seconds=1.0)[0]
    for tracks in (track, [np.zeros((8000, 1))], ["a.wav"], {"a": track}, "songs", None):
        with pytest.raises(TypeError, match="tracks must be a list of Track"):
            sm.train(QUICK, tracks, tmp_path / "run")
        with pytest.raises(TypeError, match="validation must be a list of Track"):
            sm.train(QUICK, [track], tmp_path / "run", validation=tracks or "x")
    with pytest.raises(TypeError, match="recipe must be"):
        sm.train("DILATED_CONV_GRU", [track], tmp_path / "run")
    assert not any(tmp_path.iterdir())
