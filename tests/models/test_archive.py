"""Files from strangers: what `sm.models.load` refuses before Keras reads it."""

import json
import zipfile

import h5py
import keras
import numpy as np
import pytest
from keras.src.backend.common import global_state

import sepmodels as sm
from sepmodels.models.archive import check_archive


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("archive") / "model.keras"
    sm.models.DilatedConvGRU(
        n_fft=32, hop_length=16, filters=2, groups=1, dilations=(1,), gru_dilation=None
    ).save(path)
    return path


def change(file, path, members=(), config=None, weights=None):
    """A copy of an archive with other members, another config or other weights."""
    with zipfile.ZipFile(file) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    if config is not None:
        content["config.json"] = json.dumps(config(json.loads(content["config.json"])))
    if weights is not None:
        (path.parent / "weights.h5").write_bytes(content["model.weights.h5"])
        with h5py.File(path.parent / "weights.h5", "a") as opened:
            weights(opened)
        content["model.weights.h5"] = (path.parent / "weights.h5").read_bytes()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in [*content.items(), *members]:
            archive.writestr(name, data)
    return path


def assert_refused(path, words):
    with pytest.raises(ValueError, match=words):
        sm.models.load(path)


def test_what_save_writes_is_read(file, tmp_path):
    assert sm.models.load(change(file, tmp_path / "copy.keras")).filters == 2


@pytest.mark.parametrize("member", ["../../outside", "/outside", "assets/x"])
def test_other_members(file, tmp_path, member):
    path = change(file, tmp_path / "members.keras", [(member, b"x")])
    assert_refused(path, "its members are not")


def test_a_member_that_is_there_twice(file, tmp_path):
    with pytest.warns(UserWarning, match="Duplicate"):
        path = change(file, tmp_path / "twice.keras", [("config.json", b"{}")])
    assert_refused(path, "its members are not")


def test_a_member_that_unpacks_to_gigabytes(file, tmp_path):
    path = change(file, tmp_path / "bomb.keras", config=lambda config: " " * 2**25)
    assert_refused(path, "config.json has .* bytes, too many")


def hide(config, item):
    config["config"]["dilations"] = [item]
    return config


@pytest.mark.parametrize(
    "item",
    [
        {"class_name": "function", "module": "os", "config": "system", "registered_name": None},
        {"class_name": "Lambda", "module": "keras.layers", "config": {}},
        {"class_name": "TFSMLayer", "module": "keras.layers", "config": {"filepath": "/"}},
        {"class_name": "__lambda__", "config": {"value": ""}},
        {"class_name": "Popen", "module": "subprocess", "config": {"args": ["touch", "x"]}},
        {"class_name": "Dense", "module": "keras.layers", "registered_name": "mine>Dense"},
        {"class_name": "Nonesuch", "registered_name": "sepmodels>Nonesuch", "module": "sepmodels"},
        {"class_name": "function", "module": "keras.models", "config": "load_model"},
    ],
    ids=lambda item: f"{item.get('module')}.{item['class_name']}",
)
def test_a_class_that_is_not_ours_nor_a_safe_one_of_keras(file, tmp_path, item):
    path = change(file, tmp_path / "class.keras", config=lambda config: hide(config, item))
    keras.config.enable_unsafe_deserialization()
    try:
        assert_refused(path, f"class '{item['class_name']}'")
    finally:
        global_state.set_global_attribute("safe_mode_saving", None)


def test_deep_nesting(file, tmp_path):
    path = change(file, tmp_path / "deep.keras")
    with zipfile.ZipFile(file) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    content["config.json"] = "[" * 200_000 + "]" * 200_000
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    assert_refused(path, "config.json is not the description of a model")


def claim(weights):
    weights.create_dataset("huge", shape=(2**40,), dtype="float32")


def external(weights):
    weights.create_dataset("there", (4,), "float32", external=[("/etc/passwd", 0, 16)])


def link(weights):
    weights["there"] = h5py.ExternalLink("/etc/other.h5", "/x")


def soft(weights):
    weights["there"] = h5py.SoftLink("/layers")


def virtual(weights):
    layout = h5py.VirtualLayout((4,), "float32")
    layout[:] = h5py.VirtualSource("/etc/other.h5", "x", (4,))
    weights.create_virtual_dataset("there", layout)


@pytest.mark.parametrize("change_weights", [claim, external, link, soft, virtual])
def test_weights_that_are_not_in_the_file(file, tmp_path, change_weights):
    path = change(file, tmp_path / "weights.keras", weights=change_weights)
    assert_refused(path, "its weights (link elsewhere|are not in the file), at '(huge|there)'")


@pytest.mark.parametrize("keep", [0, 10, 0.3, 0.9, 0.999])
def test_a_truncated_file(file, tmp_path, keep):
    data = file.read_bytes()
    path = tmp_path / "cut.keras"
    path.write_bytes(data[: int(keep * len(data)) if keep < 1 else keep])
    assert_refused(path, "cut.keras.*cannot be read")


def test_every_flipped_bit_of_the_directory_gives_weights_or_one_error(file, tmp_path):
    """A ZIP file tells there how it is compressed and encrypted, and where its members are."""
    with zipfile.ZipFile(file) as archive:
        start = archive.start_dir
    data, path, refused = bytearray(file.read_bytes()), tmp_path / "flipped.keras", 0
    for bit in range(8 * start, 8 * len(data)):
        data[bit // 8] ^= 1 << bit % 8
        path.write_bytes(data)
        data[bit // 8] ^= 1 << bit % 8
        try:
            check_archive(path)
        except (ValueError, OSError):
            refused += 1
    assert refused > 500


def test_flipped_bits_give_a_model_or_one_error(file, tmp_path):
    data, rng = np.frombuffer(file.read_bytes(), "uint8"), np.random.default_rng(0)
    path, refused = tmp_path / "flipped.keras", 0
    for _ in range(20):
        flipped = data.copy()
        flipped[rng.integers(len(data), size=30)] ^= np.uint8(1 << int(rng.integers(8)))
        path.write_bytes(flipped.tobytes())
        try:
            sm.models.load(path)
        except ValueError as error:
            refused += "cannot be read" in str(error)
    assert refused  # a changed weight is still a weight


@pytest.mark.parametrize(
    "name", ["../x", "/x", "a/b", "a\\b", "..", ".", "", " ", "x\0", "CON", "nul.wav", "c:x", 3]
)
def test_names_of_sources_stay_in_their_folder(file, tmp_path, name):
    def rename(config):
        config["config"]["sources"] = [name, "accompaniment"]
        return config

    assert_refused(change(file, tmp_path / "names.keras", config=rename), "plain file name")


def test_the_digest_of_shipped_weights(tmp_path, monkeypatch):
    folder = sm.models.pretrained.FOLDER
    listed = {line.split()[1] for line in (folder / "SHA256SUMS").read_text().splitlines()}
    assert listed == {path.name for path in folder.glob("*.keras")}
    monkeypatch.setattr(sm.models.pretrained, "FOLDER", tmp_path)
    (tmp_path / "SHA256SUMS").write_bytes((folder / "SHA256SUMS").read_bytes())
    data = bytearray((folder / "dilated_conv_gru.keras").read_bytes())
    data[-1000] ^= 1
    (tmp_path / "dilated_conv_gru.keras").write_bytes(data)
    with pytest.raises(ValueError, match="damaged or not the published file"):
        sm.load_pretrained()
