"""Training survives damaged files, a second training in its folder, a full disk, divergence."""

import json
import resource
import shutil
import signal
import subprocess
import sys

import hypothesis
import keras
import numpy as np
import pytest
from json_mutants import mutants

import sepmodels as sm
from sepmodels.training import checkpoint, hold_out, state
from sepmodels.training.lock import lock_folder

TINY = sm.recipes.quick(sm.recipes.DILATED_CONV_GRU).vary(
    filters=8, dilations=(1,), gru_dilation=None, n_fft=128, hop_length=64, sample_rate=8000,
    segment=0.5, batch_size=2, steps_per_epoch=2, epochs=2,
)  # fmt: skip


@pytest.fixture(scope="module")
def tracks():
    return sm.datasets.synthetic.load(3, seconds=1.0, sample_rate=8000)


@pytest.fixture(scope="module")
def undisturbed(tracks, tmp_path_factory):
    return sm.train(TINY, tracks, tmp_path_factory.mktemp("runs") / "whole", progress=False)


@pytest.fixture
def folder(undisturbed, tmp_path):
    return shutil.copytree(undisturbed.folder, tmp_path / "copy")


def assert_equal_runs(one, other):
    for ours, theirs in zip(one.model.get_weights(), other.model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    columns = ["epoch", "loss", "val_loss", "learning_rate"]
    np.testing.assert_array_equal(one.history[columns], other.history[columns])


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path):
    path.write_bytes(b"")


def flip_a_bit(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def fill_with_words(path):
    path.write_text("{these are [words, \0 and not what should be here")


def write_null(path):
    path.write_text("null")


def drop_a_row(path):
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))


def delete(path):
    path.unlink()


@pytest.mark.parametrize("harm", [cut, empty, flip_a_bit, fill_with_words, delete])
def test_it_resumes_from_the_state_before_a_damaged_one(tracks, folder, undisturbed, harm, recwarn):
    newest = max(folder.glob("state-*.npz"))
    harm(newest)
    again = sm.train(TINY, tracks, folder, progress=False)
    assert_equal_runs(again, undisturbed)
    # NumPy 2 also warns of how Keras's variables become arrays.
    said = [str(warning.message) for warning in recwarn if warning.category is UserWarning]
    assert said == ([] if harm is delete else [f"{newest} is damaged; the training resumes from "
                                               "before it"])  # fmt: skip


def test_without_any_state_a_training_restarts_and_ends_the_same(tracks, folder, undisturbed):
    for path in folder.glob("state-*.npz"):
        empty(path)
    with pytest.warns(UserWarning, match="is damaged"):
        assert_equal_runs(sm.train(TINY, tracks, folder, progress=False), undisturbed)


@pytest.mark.filterwarnings("ignore:.*recipe.json is damaged")
@pytest.mark.parametrize("harm", [cut, empty, fill_with_words, write_null, drop_a_row, delete])
def test_the_log_and_the_best_model_are_restored(tracks, folder, undisturbed, harm):
    harm(folder / "log.csv")
    harm(folder / "recipe.json")
    (flip_a_bit if harm is drop_a_row else harm)(folder / "best.keras")
    assert_equal_runs(sm.train(TINY, tracks, folder, progress=False), undisturbed)
    for name in ("log.csv", "recipe.json"):
        assert (folder / name).read_bytes() == (undisturbed.folder / name).read_bytes()


def test_a_changed_description_is_refused(tracks, folder):
    with pytest.raises(ValueError, match="recipe differs.*pass another folder"):
        sm.train(TINY.vary(seed=1), tracks, folder, progress=False)


@pytest.mark.filterwarnings("ignore:.*recipe.json is damaged and is not used")
def test_any_recipe_json_is_replaced_or_is_that_of_another_training(tracks, folder):
    model = TINY.build()
    training_model = model.training_model(TINY.loss_on)
    TINY.compile(training_model)
    parts = hold_out(tracks)
    described = checkpoint.describe_training(TINY, *parts, [])
    plain, card = json.loads(json.dumps(described)), folder / "recipe.json"

    def resume():
        checkpoint.Checkpoint(folder, model, training_model, TINY, described)
        return json.loads(card.read_text())

    @hypothesis.settings(max_examples=100, deadline=None, derandomize=True)
    @hypothesis.given(content=mutants(plain))
    def check(content):
        card.write_bytes(content)
        try:
            assert resume() == plain
        except ValueError as error:
            assert "differs from that of the training in the folder" in str(error)

    for path in folder.glob("state-*.npz"):  # whose word would count more
        path.rename(path.with_suffix(".kept"))
    check()
    for path in folder.glob("state-*.kept"):
        path.rename(path.with_suffix(".npz"))
    card.write_text("[" * 10**5)
    assert resume() == plain


def test_a_second_training_in_the_folder_is_refused_in_one_line(tracks, folder):
    with lock_folder(folder), pytest.raises(BlockingIOError, match="another training") as why:
        sm.train(TINY, tracks, folder, progress=False)
    assert "\n" not in str(why.value)
    with lock_folder(folder):
        pass  # the lock has ended with the training that held it


def test_the_lock_ends_with_the_process(tmp_path):
    code = (
        "import os, pathlib, signal; from sepmodels.training.lock import lock_folder\n"
        f"with lock_folder(pathlib.Path({str(tmp_path)!r})): os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == -signal.SIGKILL
    with lock_folder(tmp_path):
        assert (tmp_path / "lock").exists()


@pytest.fixture
def small_files():
    """No file may grow beyond 4096 bytes: every write then fails as on a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_is_reported_in_one_line(tracks, undisturbed, tmp_path, small_files):
    with pytest.raises(OSError, match=r"cannot be written \(File too large\)") as why:
        sm.train(TINY, tracks, tmp_path / "run", progress=False)
    assert "\n" not in str(why.value)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits[1], limits[1]))
    assert_equal_runs(sm.train(TINY, tracks, tmp_path / "run", progress=False), undisturbed)


@pytest.mark.parametrize("loss", [1e29, float("nan"), float("inf")])
def test_divergence_ends_the_training_and_keeps_the_last_state_before_it(
    tracks, tmp_path, monkeypatch, undisturbed, loss
):
    """The loss of the validation songs too, though it is finite."""
    keep = sm.training.checkpoint.Checkpoint.on_epoch_end

    def explode(self, epoch, logs=None):
        keep(self, epoch, {**logs, "val_loss": loss if epoch == 1 else logs["val_loss"]})

    with monkeypatch.context() as patch:
        patch.setattr(sm.training.checkpoint.Checkpoint, "on_epoch_end", explode)
        with pytest.raises(ArithmeticError, match=r"diverges: in epoch 2.*lower learning_rate"):
            sm.train(TINY, tracks, tmp_path, progress=False)
    (state_of_epoch_1,) = tmp_path.glob("state-*.npz")
    assert int(state_of_epoch_1.name.split("-")[1]) == TINY.steps_per_epoch
    assert_equal_runs(sm.train(TINY, tracks, tmp_path, progress=False), undisturbed)


def test_a_diverging_step_is_not_saved(tracks, tmp_path):
    recipe = TINY.vary(learning_rate=1e30, loss="mse", steps_per_epoch=6, schedule="constant")
    with pytest.raises(ArithmeticError, match=r"diverges: in epoch 1 the loss is"):
        sm.train(recipe, tracks, tmp_path, progress=False)
    assert not list(tmp_path.glob("state-*.npz"))


def test_an_interruption_before_the_first_step_changes_nothing(
    tracks, tmp_path, monkeypatch, undisturbed
):
    def interrupt(self, *arguments, **names):
        raise KeyboardInterrupt

    for name in ("on_train_batch_end", "on_epoch_begin"):
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(sm.training.checkpoint.Checkpoint, name, interrupt)
            sm.train(TINY, tracks, tmp_path, progress=False)
    assert_equal_runs(sm.train(TINY, tracks, tmp_path, progress=False), undisturbed)


def test_two_states_are_kept_and_the_newest_intact_one_is_read(tmp_path):
    for steps in range(4):
        groups = {"x": [np.full(1000, steps, "float32"), np.array(steps)], "y": []}
        state.write_state(tmp_path, steps, groups, {"steps": steps, "\udce9": [1.5, None]})
    assert len(list(tmp_path.iterdir())) == 2
    groups, note = state.read_state(tmp_path)
    assert note == {"steps": 3, "\udce9": [1.5, None]}
    assert groups["x"][1] == 3 and groups["x"][0].dtype == np.float32 and groups["y"] == []
    rng = np.random.default_rng(0)
    (older, newest), content = sorted(tmp_path.iterdir()), max(tmp_path.iterdir()).read_bytes()
    for _ in range(200):
        damaged = bytearray(content)
        damaged[rng.integers(len(content))] ^= 1 << rng.integers(8)
        newest.write_bytes(damaged)
        with pytest.warns(UserWarning, match="is damaged"):
            assert state.read_state(tmp_path)[1]["steps"] == 2
        assert not newest.exists()
    empty(older)
    with pytest.warns(UserWarning, match="is damaged"):
        assert state.read_state(tmp_path) is None


def test_songs_at_another_rate_are_resampled_once_into_the_folder(tmp_path):
    tracks = sm.datasets.synthetic.load(3, seconds=1.0, sample_rate=16000)
    with pytest.warns(UserWarning, match="songs resampled once to 8000 Hz"):
        run = sm.train(TINY, tracks, tmp_path / "run", progress=False)
    resampled = [track.resample(8000) for track in tracks]
    expected = sm.train(TINY, resampled, tmp_path / "expected", progress=False)
    np.testing.assert_allclose(run.history["loss"], expected.history["loss"], rtol=1e-5)


def test_callbacks_of_the_user_are_called(tracks, tmp_path):
    seen = []
    callback = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(epoch))
    sm.train(TINY, tracks, tmp_path, callbacks=[callback], progress=False)
    assert seen == [0, 1]
