"""Scores of folders equal those of single songs; any executor computes them, once."""

import concurrent.futures
import json
import os

import distributed
import hypothesis
import numpy as np
import pandas as pd
import pytest
import soundfile
from json_mutants import mutants

import sepmodels as sm
from sepmodels.__main__ import main
from sepmodels.evaluation import folders, museval_json, statistics

RATE = 4000
SONGS = ("test/Ann - One", "test/Bob - Two")


def stems(seed, error=0.0):
    voice, band = np.random.default_rng(seed).uniform(-0.4, 0.4, (2, 2 * RATE, 1))
    return {"vocals": voice + error * band, "accompaniment": (1 - error) * band}


def write(folder, name, sounds):
    (folder / name).mkdir(parents=True, exist_ok=True)
    for source, samples in sounds.items():
        sm.audio.write(folder / name / f"{source}.wav", np.float32(samples), RATE)


@pytest.fixture
def places(tmp_path):
    for seed, name in enumerate(SONGS):
        write(tmp_path / "truth", name, stems(seed))
        write(tmp_path / "guess", name, stems(seed, 0.1))
    return tmp_path / "guess", tmp_path / "truth", tmp_path / "scores"


def thread():
    return concurrent.futures.ThreadPoolExecutor(1)


def read(folder, name):
    paths = (folder / name).glob("*.wav")
    return {path.stem: sm.audio.read(path)[0] for path in sorted(paths)}


def test_tables_are_those_of_single_songs(places):
    guess, truth, scores = places
    table, errors = sm.evaluate_folders(*places, executor=thread())
    assert errors == {} and table["track"].unique().tolist() == [*SONGS]
    for name in SONGS:
        expected = sm.evaluate(read(guess, name), read(truth, name), RATE, full=True)
        one = table[table["track"] == name].drop(columns="track").reset_index(drop=True)
        pd.testing.assert_frame_equal(one, expected, check_dtype=False)
        pd.testing.assert_frame_equal(pd.read_csv(scores / "tracks" / f"{name}.csv"), one)


class Counting(concurrent.futures.ThreadPoolExecutor):
    """Counts the songs that are scored."""

    scored = 0

    def submit(self, *arguments, **options):
        self.scored += 1
        return super().submit(*arguments, **options)


def test_only_songs_whose_files_changed_are_scored_again(places):
    guess = places[0]
    first, second, third, other = (Counting(1) for _ in range(4))
    before, _ = sm.evaluate_folders(*places, executor=first)
    again, _ = sm.evaluate_folders(*places, executor=second)
    assert (first.scored, second.scored) == (2, 0)
    pd.testing.assert_frame_equal(before, again)
    write(guess, SONGS[1], stems(1, 0.5))
    os.utime(guess / SONGS[1] / "vocals.wav", (1, 1))
    changed, _ = sm.evaluate_folders(*places, executor=third)
    assert third.scored == 1
    same = before["track"] == SONGS[0]
    pd.testing.assert_frame_equal(before[same], changed[same])
    assert (before.loc[~same, "SDR"] != changed.loc[~same, "SDR"]).any()
    sm.evaluate_folders(*places, executor=other, ceiling="MWF")  # another question
    assert other.scored == 2


@pytest.mark.filterwarnings("ignore:.*finished.json is damaged and is not used")
def test_any_note_of_what_is_finished_gives_the_same_table(places):
    table, _ = sm.evaluate_folders(*places, executor=thread(), full=False)
    note = places[2] / "finished.json"

    @hypothesis.settings(max_examples=50, deadline=None, derandomize=True)
    @hypothesis.given(content=mutants(json.loads(note.read_text())))
    def check(content):
        note.write_bytes(content)
        again, errors = sm.evaluate_folders(*places, executor=thread(), full=False)
        pd.testing.assert_frame_equal(again, table)
        assert errors == {}

    check()


def test_an_interrupted_run_keeps_finished_songs(places, monkeypatch):
    done = []

    def interrupted(output, name, *rest):
        if done:
            raise KeyboardInterrupt
        done.append(name)
        return write_one(output, name, *rest)

    write_one = folders._write
    monkeypatch.setattr(folders, "_write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        sm.evaluate_folders(*places, executor=thread())
    monkeypatch.undo()
    counting = Counting(1)
    _, errors = sm.evaluate_folders(*places, executor=counting)
    assert counting.scored == 1 and not errors
    assert sorted(json.loads((places[2] / "finished.json").read_text())) == sorted(SONGS)


def test_processes_give_the_same_table(places, tmp_path):
    expected, _ = sm.evaluate_folders(*places, executor=thread(), full=False)
    local, _ = sm.evaluate_folders(*places[:2], tmp_path / "local", workers=2, full=False)
    pd.testing.assert_frame_equal(local, expected)


@pytest.mark.filterwarnings("ignore")  # of the cluster's own, about ports and its dashboard
def test_a_dask_cluster_gives_the_same_table(places, tmp_path):
    expected, _ = sm.evaluate_folders(*places, executor=thread(), full=False)
    options = {"processes": True, "dashboard_address": None}
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, **options) as cluster,
        distributed.Client(cluster) as client,
    ):
        executor = client.get_executor()
        table, errors = sm.evaluate_folders(
            *places[:2], tmp_path / "dask", executor=executor, full=False
        )
    assert errors == {}
    pd.testing.assert_frame_equal(table, expected)


def test_museval_reads_the_written_files(places, ffmpeg_on_path):
    import museval  # here, for it looks for ffmpeg

    table, _ = sm.evaluate_folders(*places, executor=thread())
    store = museval.EvalStore()
    store.add_eval_dir(places[2] / "museval")
    theirs = store.agg_frames_tracks_scores()
    ours = statistics.aggregate(table).xs("estimate", level="system")
    for source in ("vocals", "accompaniment"):
        for measure in ("SDR", "ISR", "SIR", "SAR"):
            expected = ours.loc[(source, statistics.TRACKS), measure]
            assert theirs[source, measure] == pytest.approx(expected, abs=1e-5)


def test_files_of_museval_are_read(tmp_path, ffmpeg_on_path):
    import museval

    store = museval.TrackStore("song")
    values = {"SDR": [1.0, np.nan], "SIR": [2.0, np.nan], "ISR": [np.inf, 3.0], "SAR": [4.0, 5.0]}
    store.add_target("vocals", values)
    store.validate()
    store.save(tmp_path / "song.json")
    table = museval_json.read(tmp_path / "song.json")
    assert table["second"].tolist() == [0, 1]
    np.testing.assert_equal(table["SDR"].tolist(), values["SDR"])
    np.testing.assert_equal(table["ISR"].tolist(), [np.nan, 3.0])  # museval keeps no infinity
    museval_json.write(tmp_path / "ours" / "song.json", table)
    pd.testing.assert_frame_equal(museval_json.read_folder(tmp_path / "ours"), table)
    ours, theirs = (json.loads((tmp_path / p).read_text()) for p in ("ours/song.json", "song.json"))
    assert repr(ours) == repr(theirs).replace("'duration': 1,", "'duration': 1.0,")


def test_vocals_count_in_the_pair_and_the_band_is_the_sum_of_its_stems(places):
    guess, truth, _ = places
    voice, *band = np.random.default_rng(5).uniform(-0.2, 0.2, (4, 2 * RATE, 1))
    parts = dict(zip(("drums", "bass", "other"), band, strict=True))
    write(truth, "five", {"vocals": voice, **parts})
    estimates = {"vocals": voice + 0.1 * band[0], "accompaniment": 0.9 * sum(band)}
    estimates |= {name: stem + 0.1 * voice for name, stem in parts.items()}
    write(guess, "five", estimates)
    table, _ = sm.evaluate_folders(*places, executor=thread())
    five = table[(table["track"] == "five") & (table["system"] == "estimate")]
    windows = five[five["scope"] == "window"]
    assert windows.groupby("source").size().to_dict() == dict.fromkeys(estimates, 2)
    band_sdr = windows.loc[windows["source"] == "accompaniment", "SDR"]
    np.testing.assert_allclose(band_sdr, 20, atol=1e-3)
    pair = {name: estimates[name] for name in ("vocals", "accompaniment")}
    alone = sm.evaluate(pair, {"vocals": voice, "accompaniment": sum(band)}, RATE, full=True)
    alone = alone[(alone["system"] == "estimate") & (alone["source"] == "vocals")]
    ours = five[five["source"] == "vocals"]
    np.testing.assert_allclose(ours["SIR"], alone["SIR"], atol=1e-2)


def test_songs_that_cannot_be_scored_are_reported_and_the_others_scored(places):
    guess, truth, scores = places
    write(guess, "unknown", stems(3))
    write(guess, "longer", {name: np.pad(x, ((0, 9), (0, 0))) for name, x in stems(4).items()})
    write(truth, "longer", stems(4))
    table, errors = sm.evaluate_folders(*places, executor=thread(), full=False)
    assert table["track"].nunique() == 2
    assert sorted(errors) == ["longer", "unknown"]
    assert "(8009, 1)" in errors["longer"] and "has no song unknown" in errors["unknown"]
    table, errors = sm.evaluate_folders(*places, executor=thread(), full=False, fit=True)
    assert [*errors] == ["unknown"]
    assert table.query("track == 'longer' and system == 'estimate'")["SDR"].eq(np.inf).all()
    with pytest.raises(FileNotFoundError, match="no such folder"):
        sm.evaluate_folders(guess, truth / "nowhere", scores)


def test_stems_in_any_format_are_found_and_duplicates_reported(places):
    guess = places[0]
    sm.audio.write(guess / SONGS[0] / "drums.mp3", np.zeros((RATE * 2, 1)), 16000)
    (guess / SONGS[0] / "._vocals.wav").touch()  # what macOS leaves behind
    (guess / SONGS[0] / "vocals.wav").rename(guess / SONGS[0] / "vocals.WAV")
    found = folders.find_songs(guess)
    assert [*found] == [*SONGS]
    assert sorted(found[SONGS[0]].files) == ["accompaniment", "drums", "vocals"]
    sm.audio.write(guess / SONGS[0] / "drums.wav", np.zeros((RATE, 1)), RATE)
    table, errors = sm.evaluate_folders(*places, executor=thread(), full=False)
    assert table["track"].unique().tolist() == [SONGS[1]]
    assert "drums.mp3 and " in errors[SONGS[0]] and "drums is there twice" in errors[SONGS[0]]
    with pytest.raises(ValueError, match="workers=0"):
        sm.evaluate_folders(*places, workers=0)


def test_songs_match_in_both_unicode_forms_and_in_any_format(places):
    guess, truth, _ = places
    write(guess, "caf\u00e9", stems(7, 0.1))
    for source, samples in stems(7).items():
        (truth / "cafe\u0301").mkdir(exist_ok=True)
        soundfile.write(truth / "cafe\u0301" / f"{source}.aiff", samples, RATE)
    table, errors = sm.evaluate_folders(*places, executor=thread(), full=False)
    assert errors == {} and "caf\u00e9" in set(table["track"])


def test_true_stems_of_different_length_are_named_with_the_remedy(places):
    truth = places[1]
    sm.audio.write(truth / SONGS[0] / "vocals.wav", np.zeros((RATE, 1)), RATE)
    _, errors = sm.evaluate_folders(*places, executor=thread(), full=False, fit=True)
    assert [*errors] == [SONGS[0]]
    assert "vocals.wav has 4000 samples" in errors[SONGS[0]]
    assert "append silence" in errors[SONGS[0]]


def test_the_command_writes_tables_json_and_a_picture(places, capsys):
    guess, truth, scores = places
    command = ["evaluate", str(guess / SONGS[0]), str(truth / SONGS[0]), "-o", str(scores)]
    assert main(command) == 0
    assert statistics.TRACKS in capsys.readouterr().out
    medians = pd.read_csv(scores / "medians.csv", index_col=["source", "system", "aggregate"])
    vocals = medians.loc[("vocals", "estimate", statistics.TRACKS)]
    assert vocals["SDR"] == pytest.approx(20, abs=0.3) and vocals["tracks"] == 1
    assert (scores / "scores.png").stat().st_size > 10_000
    assert (scores / "museval" / "test" / "song.json").is_file()
    write(guess, "unknown", stems(3))
    assert main(["evaluate", str(guess), str(truth), "-o", str(scores), "--workers", "1"]) == 2
    assert "unknown" in capsys.readouterr().err
