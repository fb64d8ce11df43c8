from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest

import sepmodels as sm
from sepmodels.ablation import sweeps

TINY = sm.recipes.quick(sm.recipes.DILATED_CONV_GRU).vary(
    filters=8, dilations=(1, 2), gru_dilation=2, n_fft=128, hop_length=64, sample_rate=8000,
    segment=0.5, batch_size=2, steps_per_epoch=2, epochs=1,
)  # fmt: skip
GRID = {"gru_dilation": [None, (1, 2)], "loss": ["l1"]}


@pytest.fixture(scope="module")
def songs():
    return sm.datasets.synthetic.load(3, seconds=2.0, sample_rate=8000)


@pytest.fixture(scope="module")
def board(songs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweep")
    return folder, sm.sweep(TINY, GRID, songs, folder, "3 steps", seeds=2)


def test_a_sweep_has_a_row_for_each_variant_seed_song_and_source(board):
    table = board[1]
    assert len(table) == 2 * 2 * 1 * 2
    assert list(table.columns[:3]) == ["gru_dilation", "loss", "seed"]
    assert table["gru_dilation"].map(str).unique().tolist() == ["None", "(1, 2)"]
    assert table["steps"].unique().tolist() == [2], "3 steps are one epoch of 2"
    without, with_gru = table.groupby(table["gru_dilation"].map(str), sort=False)
    for column in ("parameters", "multiply_adds"):
        assert with_gru[1][column].min() > without[1][column].max()
    assert (
        without[1]["receptive_field"].notna().all() and with_gru[1]["receptive_field"].isna().all()
    )


def test_a_sweep_equals_separate_trainings_and_scores(board, songs, tmp_path):
    training, validation = sm.training.hold_out(songs)
    recipe = TINY.vary(gru_dilation=None, loss="l1")
    run = sm.train(recipe, training, tmp_path, validation, progress=False)
    expected = sm.evaluation.evaluate_tracks(run.model, validation)["SDRi"]
    assert board[1]["SDRi"][:2].tolist() == pytest.approx(expected.tolist(), abs=1e-3)


def test_finished_runs_are_only_read_and_a_grid_may_grow(board, songs, monkeypatch):
    folder, table = board
    trained = []
    train = sweeps.train
    monkeypatch.setattr(
        sweeps,
        "train",
        lambda recipe, *rest, **more: trained.append(recipe) or train(recipe, *rest, **more),
    )
    again = sm.sweep(TINY, GRID, songs, folder, "3 steps", seeds=2)
    pd.testing.assert_frame_equal(again, table)
    assert not trained
    grown = {**GRID, "gru_dilation": [None, (1, 2), 4]}
    with ThreadPoolExecutor(1) as pool:
        more = sm.sweep(TINY, grown, songs, folder, "3 steps", seeds=2, executor=pool)
    assert [recipe.arguments["gru_dilation"] for recipe in trained] == [4, 4]
    assert len(more) == len(table) + 4


def test_a_budget_of_time_becomes_steps_that_a_resumed_run_keeps(songs, tmp_path, monkeypatch):
    table = sm.sweep(TINY, {"loss": ["l1"]}, songs, tmp_path, "2 s")
    (note,) = tmp_path.glob("*/steps.json")
    assert table["steps"].iloc[0] in range(int(note.read_text()) - 1, int(note.read_text()) + 1)
    note.with_name("scores.csv").unlink()
    again = sm.sweep(TINY, {"loss": ["l1"]}, songs, tmp_path, "2 s")
    assert again["SDR"].tolist() == table["SDR"].tolist()


def test_the_summary_weights_songs_equally_and_shows_the_deviation_of_seeds():
    rows = [
        (k, s, t, k + s + {"a": 0.0, "b": 2.0}[t]) for k in (1, 5) for s in (0, 1) for t in "ab"
    ]
    table = pd.DataFrame(rows, columns=["dilation", "seed", "track", "SDRi"])
    costs = {"parameters": 7, "multiply_adds": 8, "receptive_field": 9.0, "seconds": 1.0}
    lines = sm.ablation.summarize_variants(table.assign(**costs))
    assert lines["SDRi"].tolist() == [2.5, 6.5]
    assert lines["seed_deviation"].tolist() == pytest.approx([0.5**0.5] * 2)
    assert lines.loc["1", ["low", "high"]].tolist() == [1.5, 3.5]
    figure = sm.display.plot_ablation(table.assign(**costs))
    title = figure.axes[0].get_title(loc="left")
    assert title == "5 gains most: 6.5 dB, 4.0 dB more than 1"


@pytest.mark.parametrize("budget", ["5 minutes", "steps", "0 s", "-1 min", "1.2.3 s", 7])
def test_an_invalid_budget_is_refused(songs, tmp_path, budget):
    with pytest.raises(ValueError, match="budget="):
        sm.sweep(TINY, {"loss": ["l1"]}, songs, tmp_path, budget)


@pytest.mark.parametrize("grid", [{}, {"loss": []}])
def test_an_empty_grid_is_refused(songs, tmp_path, grid):
    with pytest.raises(ValueError, match="grid="):
        sm.sweep(TINY, grid, songs, tmp_path)
