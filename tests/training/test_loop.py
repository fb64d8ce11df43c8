import dataclasses
import json
import re

import numpy as np
import pytest

import sepmodels as sm

TINY = sm.recipes.quick(sm.recipes.DILATED_CONV_GRU).vary(
    filters=8, dilations=(1,), gru_dilation=2, bidirectional=False, n_fft=128, hop_length=64,
    sample_rate=8000, segment=0.5, batch_size=2, steps_per_epoch=3, epochs=3,
)  # fmt: skip


@pytest.fixture(scope="module")
def songs():
    return sm.datasets.synthetic.load(4, seconds=2.0, sample_rate=8000)


class Interrupted(Exception):
    pass


def files(folder):
    """The names in a folder, those of states without their checksums."""
    return {re.sub("(state-.*)-.*", r"\1", path.name) for path in folder.iterdir()}


def weights(run):
    return np.concatenate([weight.numpy().ravel() for weight in run.model.weights])


def test_a_resumed_training_equals_an_uninterrupted_one(songs, tmp_path, monkeypatch):
    whole = sm.train(TINY, songs, tmp_path / "whole", progress=False)

    keep = sm.training.checkpoint.Checkpoint.on_epoch_begin

    def interrupt(self, epoch, logs=None):
        if epoch == 2:
            raise Interrupted
        keep(self, epoch, logs)

    with monkeypatch.context() as patch, pytest.raises(Interrupted):
        patch.setattr(sm.training.checkpoint.Checkpoint, "on_epoch_begin", interrupt)
        sm.train(TINY, songs, tmp_path / "parts", progress=False)
    resumed = sm.train(TINY, songs, tmp_path / "parts", progress=False)

    np.testing.assert_array_equal(weights(resumed), weights(whole))
    for column in ("epoch", "loss", "val_loss", "learning_rate"):
        np.testing.assert_array_equal(resumed.history[column], whole.history[column])


@pytest.fixture
def interrupted_at(monkeypatch):
    """Interrupts a process after some steps; returns the steps that were made."""

    def interrupt(*counts):
        stops, made = list(counts), []
        keep = sm.training.checkpoint.Checkpoint.on_train_batch_end

        def after(self, batch, logs=None):
            keep(self, batch, logs)
            made.append(self.position)
            if stops and len(made) == stops[0]:
                stops.pop(0)
                raise KeyboardInterrupt

        monkeypatch.setattr(sm.training.checkpoint.Checkpoint, "on_train_batch_end", after)
        return made

    return interrupt


STEPS = [(epoch, step) for epoch in range(3) for step in (1, 2, 3)]  # of TINY


def test_a_training_resumed_within_an_epoch_equals_an_uninterrupted_one(
    songs, tmp_path, interrupted_at
):
    whole = sm.train(TINY, songs, tmp_path / "whole", progress=False)
    made = interrupted_at(1, 2, 5)  # twice in the first epoch, once in the second
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            sm.train(TINY, songs, tmp_path / "parts", progress=False)
    resumed = sm.train(TINY, songs, tmp_path / "parts", progress=False)

    assert made == STEPS, "no step is made twice"
    np.testing.assert_array_equal(weights(resumed), weights(whole))
    for column in ("epoch", "loss", "val_loss", "learning_rate"):
        np.testing.assert_array_equal(resumed.history[column], whole.history[column])
    assert files(resumed.folder) == files(whole.folder)


def test_a_killed_training_resumes_from_the_last_state_within_the_epoch(
    songs, tmp_path, interrupted_at, monkeypatch
):
    whole = sm.train(TINY, songs, tmp_path / "whole", progress=False)
    monkeypatch.setattr(sm.training.checkpoint, "_PAUSE", 0)  # a state after every step
    keep = sm.training.checkpoint.Checkpoint.keep
    made = interrupted_at(5)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        # Nothing is kept any more once it is killed.
        patch.setattr(
            sm.training.checkpoint.Checkpoint, "keep", lambda self: len(made) < 5 and keep(self)
        )
        sm.train(TINY, songs, tmp_path / "parts", progress=False)
    resumed = sm.train(TINY, songs, tmp_path / "parts", progress=False)
    assert made == STEPS
    np.testing.assert_array_equal(weights(resumed), weights(whole))
    np.testing.assert_array_equal(resumed.history["loss"], whole.history["loss"])


def test_an_interrupted_validation_is_repeated(songs, tmp_path, monkeypatch):
    whole = sm.train(TINY, songs, tmp_path / "whole", progress=False)

    def interrupt(self, logs=None):
        if len(self.history) == 1:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(sm.training.checkpoint.Checkpoint, "on_test_begin", interrupt)
        sm.train(TINY, songs, tmp_path / "parts", progress=False)
    resumed = sm.train(TINY, songs, tmp_path / "parts", progress=False)
    np.testing.assert_array_equal(weights(resumed), weights(whole))
    np.testing.assert_array_equal(resumed.history["loss"], whole.history["loss"])


def test_a_finished_training_is_only_loaded(songs, tmp_path):
    first = sm.train(TINY, songs, tmp_path, progress=False)
    stamp = first.folder.joinpath("log.csv").stat().st_mtime_ns
    again = sm.train(TINY, songs, tmp_path, progress=False)
    assert first.folder.joinpath("log.csv").stat().st_mtime_ns == stamp
    np.testing.assert_array_equal(weights(first), weights(again))


def test_the_files_of_a_training(songs, tmp_path):
    run = sm.train(TINY, songs, tmp_path, progress=False)
    assert run.history["epoch"].tolist() == [1, 2, 3]
    assert run.history["learning_rate"].iloc[-1] == pytest.approx(0, abs=1e-6)
    card = json.loads((tmp_path / "recipe.json").read_text())
    assert card["recipe"]["arguments"]["filters"] == 8
    assert set(card["versions"]) == {"python", "sepmodels", "tensorflow", "keras", "numpy"}
    assert not set(card["tracks"]) & set(card["validation"])
    assert files(tmp_path) == {
        "best.keras", "lock", "log.csv", "recipe.json", "state-000000006", "state-000000009",
        "tensorboard",
    }  # fmt: skip


def test_it_learns(songs, tmp_path):
    recipe = TINY.vary(steps_per_epoch=50, epochs=2, learning_rate=1e-2)
    run = sm.train(recipe, songs, tmp_path, progress=False)
    untrained = sm.train(TINY.vary(learning_rate=0.0), songs, tmp_path / "zero", progress=False)
    assert run.history["val_loss"].min() < untrained.history["val_loss"].min() - 1.0  # dB


def test_the_best_epoch_is_kept(songs, tmp_path, monkeypatch):
    values = iter([3.0, 1.0, 2.0])
    keep = sm.training.checkpoint.Checkpoint.on_epoch_end
    seen = []

    def with_values(self, epoch, logs=None):
        keep(self, epoch, {**logs, "val_loss": next(values)})
        seen.append(np.concatenate([w.numpy().ravel() for w in self.trainable.weights]))

    monkeypatch.setattr(sm.training.checkpoint.Checkpoint, "on_epoch_end", with_values)
    run = sm.train(TINY, songs, tmp_path, progress=False)
    np.testing.assert_array_equal(weights(run), seen[1])


def test_backing_music_is_mixed_in(songs, tmp_path):
    band = sm.datasets.Track.from_arrays(
        "band", {"accompaniment": songs[0].stems["accompaniment"]}, songs[0].sample_rate
    )
    run = sm.train(TINY.vary(epochs=1), songs, tmp_path, backing=[band], progress=False)
    assert json.loads((run.folder / "recipe.json").read_text())["backing"] == ["band"]


def test_folder_of_another_recipe_is_refused(songs, tmp_path):
    sm.train(TINY.vary(epochs=1), songs, tmp_path, progress=False)
    with pytest.raises(ValueError, match="recipe differs from that of the training in"):
        sm.train(TINY.vary(epochs=1, seed=1), songs, tmp_path, progress=False)
    with pytest.raises(ValueError, match="tracks differs from that of the training in"):
        sm.train(TINY.vary(epochs=1), songs[1:], tmp_path, progress=False)


def test_validating_on_training_songs_is_refused(songs, tmp_path):
    with pytest.raises(ValueError, match="must not share groups.*groups="):
        sm.train(TINY, songs, tmp_path, validation=songs[:1], progress=False)


@pytest.mark.parametrize(("training", "validation"), [(0, 1), (1, 0)])
def test_no_songs_is_refused(songs, tmp_path, training, validation):
    with pytest.raises(ValueError, match=r"tracks=.*validation="):
        sm.train(TINY, songs[:training], tmp_path, songs[3 : 3 + validation], progress=False)


def test_backing_of_a_validation_or_test_song_is_refused(songs, tmp_path):
    stems = {"accompaniment": songs[0].stems["accompaniment"]}
    for labels, words in (
        ({"group": songs[0].group}, "share groups"),
        ({"split": "test"}, "test spl"),
    ):
        band = sm.datasets.Track.from_arrays("band", stems, 8000, **labels)
        with pytest.raises(ValueError, match=words):
            sm.train(TINY, songs[1:], tmp_path, songs[:1], backing=[band], progress=False)


def test_divergence_is_reported(songs, tmp_path):
    with pytest.raises(ArithmeticError, match="lower learning_rate"):
        sm.train(TINY.vary(learning_rate=1e30), songs, tmp_path, progress=False)


def test_hold_out_keeps_groups_together(songs):
    pairs = [
        sm.datasets.Track.from_arrays(f"{group}{i}", dict(songs[0].stems), 8000, group=group)
        for group in "abcdefghijkl"
        for i in range(2)
    ]
    training, validation = sm.training.hold_out(pairs)
    assert [track.name for track in validation] == ["e0", "e1"]
    assert len(training) == 22
    reversed_order = sm.training.hold_out(pairs[::-1])[1]
    assert {track.group for track in reversed_order} == {"e"}


def test_a_recipe_varies_itself_or_its_model():
    recipe = sm.recipes.DILATED_CONV_GRU
    varied = recipe.vary(loss="mse", gru_dilation=None)
    assert dataclasses.replace(recipe, loss="mse").loss == varied.loss == "mse"
    assert "gru_" not in " ".join(layer.name for layer in varied.vary(filters=8).build().layers)
    assert recipe.arguments["gru_dilation"] == (1, 2, 4, 8)


RECIPES = [recipe for recipe in vars(sm.recipes).values() if isinstance(recipe, sm.recipes.Recipe)]


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.model)
def test_every_recipe_builds(recipe):
    assert recipe.build().training_model(recipe.loss_on).trainable_variables
    assert recipe.loss in sm.losses.LOSSES


def test_unknown_model_is_named():
    with pytest.raises(ValueError, match="model='Nonesuch'"):
        sm.recipes.Recipe("Nonesuch")


def last_rates(recipe, songs, folder):
    return sm.train(recipe, songs, folder, progress=False).history["learning_rate"].tolist()


def test_the_rate_follows_the_schedule(songs, tmp_path):
    constant = TINY.vary(schedule="constant", learning_rate=1e-3)
    assert last_rates(constant, songs, tmp_path / "constant") == pytest.approx([1e-3] * 3)
    steps = TINY.vary(schedule=(0.5, 3), learning_rate=1e-3)  # an epoch has three steps
    expected = [5e-4, 2.5e-4, 1.25e-4]
    assert last_rates(steps, songs, tmp_path / "steps") == pytest.approx(expected)


def test_patience_ends_a_training_and_it_stays_ended(songs, tmp_path):
    recipe = TINY.vary(loss="mse", loss_on="magnitude", epochs=9, patience=2)
    recipe = recipe.vary(learning_rate=3.0, schedule="constant")  # soon no epoch is better
    run = sm.train(recipe, songs, tmp_path, progress=False)
    best = run.history["val_loss"].argmin()
    assert len(run.history) == best + 3 < 9
    assert len(sm.train(recipe, songs, tmp_path, progress=False).history) == best + 3


def test_the_second_stage_begins_with_the_last_weights_of_the_first(songs, tmp_path):
    still = dataclasses.replace(TINY, learning_rate=0.0, epochs=1, batch_size=3)
    recipe = dataclasses.replace(TINY, then=still)
    run = sm.train(recipe, songs, tmp_path, progress=False)
    assert run.folder == tmp_path / "then"
    assert run.history["epoch"].tolist() == [1, 2, 3, 1]
    # The first stage by itself, were the last epoch its best.
    last = sm.train(TINY, songs, tmp_path / "alone", progress=False)
    assert last.history["val_loss"].argmin() == 2
    np.testing.assert_allclose(weights(run), weights(last), atol=1e-6)


def test_fine_tuning_leaves_the_initial_model_unchanged(songs, tmp_path):
    first = sm.train(TINY, songs, tmp_path / "first", progress=False)
    before = weights(first)
    still = dataclasses.replace(TINY, learning_rate=0.0, epochs=1)
    tuned = sm.train(still, songs, tmp_path / "tuned", initial=first.model, progress=False)
    np.testing.assert_array_equal(weights(tuned), before)
    sm.train(TINY, songs, tmp_path / "more", initial=first.model, progress=False)
    np.testing.assert_array_equal(weights(first), before)
    with pytest.raises(ValueError, match="initial differs"):
        sm.train(still, songs, tmp_path / "tuned", progress=False)


def test_weight_decay_pulls_every_weight_towards_zero(songs, tmp_path):
    def size(decay):
        recipe = dataclasses.replace(TINY, weight_decay=decay, seed=3)
        return np.abs(weights(sm.train(recipe, songs, tmp_path / str(decay), progress=False))).sum()

    assert size(1.0) < size(0.0)


def test_test_songs_are_refused_unless_allowed(songs, tmp_path):
    stems = {name: np.zeros((16000, 1), "float32") for name in ("vocals", "accompaniment")}
    song = sm.datasets.Track.from_arrays("exam", stems, 8000, split="test")
    for place in ({"validation": [song]}, {"validation": songs[:1], "backing": ()}):
        chosen = songs[1:] if place["validation"] == [song] else [*songs[1:], song]
        with pytest.raises(ValueError, match="allow_test_tracks=True.*'exam'"):
            sm.train(TINY, chosen, tmp_path, progress=False, **place)
    run = sm.train(TINY, songs, tmp_path, [song], allow_test_tracks=True, progress=False)
    assert len(run.history) == 3


@pytest.mark.parametrize(
    "change", [{"optimizer": "sgd"}, {"schedule": "linear"}, {"then": sm.recipes.WAVE_U_NET}]
)
def test_invalid_fields_of_a_recipe_are_named(change):
    with pytest.raises(ValueError, match=next(iter(change))):
        TINY.vary(**change)


def test_the_augmentation_of_a_recipe_is_applied(songs, tmp_path, monkeypatch):
    seen = []
    draw = sm.training.batches.draw_segments
    monkeypatch.setattr(
        sm.training.batches,
        "draw_segments",
        lambda *rest, **how: seen.append(how) or draw(*rest, **how),
    )
    recipe = TINY.vary(epochs=1, steps_per_epoch=1, augment={"semitones": (-1, 1)})
    sm.train(recipe, songs, tmp_path, progress=False)
    assert seen[0]["augment"].semitones == (-1, 1) and seen[0]["augment"].gains == TINY.gains
