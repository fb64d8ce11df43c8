"""The command line: its results, and its errors in one line."""

import os
import re
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
import soundfile

import sepmodels as sm
from sepmodels.__main__ import main


def noise(length, channels=1):
    return np.random.default_rng(0).normal(0, 0.1, (length, channels)).astype("float32")


@pytest.fixture(scope="module")
def model():
    return sm.models.DilatedConvGRU(filters=4, dilations=(1,), gru_dilation=None, groups=1)


@pytest.fixture
def folder(tmp_path, model, monkeypatch):
    """A folder with weights and a song; paths in these tests are relative to it."""
    model.save(tmp_path / "weights.keras")
    sm.audio.write(tmp_path / "song.wav", noise(5000, 2), 22050)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def separate(*arguments):
    return main(["separate", "--model", "weights.keras", "-o", "out", *arguments])


def files(folder):
    """All files below a folder, hidden ones too."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_help_does_not_wait_for_tensorflow():
    code = (
        "import sys; from sepmodels.cli.commands import COMMANDS, build_parser;"
        "print(build_parser(COMMANDS).format_help());"
        "assert not {'tensorflow', 'keras', 'librosa', 'soundfile'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    for command in (
        "demo",
        "separate",
        "stream",
        "models",
        "train",
        "evaluate",
        "course",
        "doctor",
    ):
        assert command in done.stdout


def test_separate_writes_a_file_for_each_source(folder, capsys):
    sm.audio.write("second.flac", noise(700), 96000)
    assert separate("song.wav", "second.flac", "--format", "ogg") == 0
    out = capsys.readouterr().out.split()
    assert sorted(out) == sorted(f"out/{path}" for path in files(folder / "out"))
    assert sm.audio.info("out/song/vocals.ogg") == (22050, 2, 5000)
    assert sm.audio.info("out/second/accompaniment.ogg") == (96000, 1, 700)


def test_residual_of_the_command_line(folder, model):
    assert separate("song.wav") == 0
    vocals, accompaniment = (
        sm.audio.read(f"out/song/{source}.wav")[0] for source in ("vocals", "accompaniment")
    )
    np.testing.assert_allclose(vocals + accompaniment, noise(5000, 2), atol=1e-6)
    assert separate("song.wav", "--residual", "none") == 0
    estimated = sm.separate(model, noise(5000, 2), 22050, residual=None)
    read = sm.audio.read("out/song/accompaniment.wav")[0]
    np.testing.assert_allclose(read, estimated["accompaniment"], atol=1e-5)


def with_nan(length):
    samples = noise(length)
    samples[-1] = np.nan
    return samples


# What cannot be separated: how it comes to be, and a word of what is said about it.
BAD_SONGS = {
    "missing.wav": (lambda path: None, "no such file"),
    "folder.wav": (Path.mkdir, "is a folder"),
    "empty.wav": (Path.touch, "0 bytes"),
    "text.wav": (lambda path: path.write_text("no sound in here"), "cannot be read"),
    "nothing.wav": (lambda path: soundfile.write(path, np.zeros((0, 1)), 8000), "0 samples"),
    "eight.wav": (lambda path: soundfile.write(path, noise(100, 8), 8000), "8 channels"),
    "nan.wav": (lambda path: soundfile.write(path, with_nan(5000), 8000, "FLOAT"), "NaN"),
}


@pytest.mark.parametrize("name", BAD_SONGS)
def test_an_unusable_song_is_reported_in_one_line(folder, capsys, name):
    make, words = BAD_SONGS[name]
    make(Path(name))
    assert separate(name) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1
    assert name in err and words in err
    assert files(folder / "out") == []


@pytest.mark.parametrize("output", ["song.wav", "song.wav/below", "taken"])
def test_a_folder_that_cannot_be_written_is_reported(folder, capsys, output):
    Path("taken").mkdir()
    Path("taken/song").touch()  # a file where the folder of the stems should be
    before = files(folder)
    assert main(["separate", "song.wav", "--model", "weights.keras", "-o", output]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert output in err and "another output folder" in err
    assert files(folder) == before


def other_weights(path):
    inputs = keras.Input((None, 1))
    keras.Model(inputs, keras.layers.Dense(1)(inputs)).save(path)


@pytest.mark.parametrize(
    "make",
    [lambda path: None, Path.touch, Path.mkdir, other_weights],
    ids=lambda make: make.__name__,
)
def test_weights_of_no_separator_are_reported(folder, capsys, make):
    make(Path("other.keras"))
    assert main(["separate", "song.wav", "--model", "other.keras", "-o", "out"]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "other.keras" in err
    assert not Path("out").exists()


def test_stderr_contains_only_that_line(folder):
    soundfile.write("nan.wav", with_nan(5000), 8000, "FLOAT")
    command = ["separate", "nan.wav", "--model", "weights.keras", "-o", "out"]
    environment = {**os.environ, "PYTHONPATH": str(Path(sm.__file__).parents[1])}
    environment.pop("TF_CPP_MIN_LOG_LEVEL", None)
    done = subprocess.run(
        [sys.executable, "-m", "sepmodels", *command],
        capture_output=True,
        text=True,
        env=environment,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1 and "nan.wav" in done.stderr


def test_an_unusable_song_does_not_stop_the_others(folder, capsys):
    soundfile.write("nan.wav", with_nan(5000), 8000, "FLOAT")
    assert separate("nan.wav", "song.wav") == 2
    assert files(folder / "out") == ["song/accompaniment.wav", "song/vocals.wav"]


def test_songs_of_one_name_are_refused_before_anything_is_written(folder, capsys):
    sm.audio.write("song.flac", noise(100), 8000)
    assert separate("song.wav", "song.flac") == 2
    assert "same folder" in capsys.readouterr().err
    assert not Path("out").exists()


def test_a_folder_stands_for_all_songs_below_it(folder, capsys):
    for name in ("music/one.wav", "music/album/one.wav", "music/separated/old/vocals.wav"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        sm.audio.write(name, noise(700), 8000)
    Path("music/._one.wav").touch()
    Path("music/cover.txt").touch()
    command = ["separate", "music", "--model", "weights.keras", "-o", "music/separated"]
    assert main(command) == 0
    stems = [f"{song}/{stem}.wav" for song in ("album/one", "old", "one") for stem in
             ("accompaniment", "vocals")]  # fmt: skip
    assert files(folder / "music" / "separated") == [
        stem for stem in stems if stem != "old/accompaniment.wav"
    ]
    assert main(command) == 0, "a second run separates the same songs, not their stems"


def test_a_bar_for_all_songs_stands_on_a_terminal(folder, capsys, monkeypatch):
    sm.audio.write("second.wav", noise(700), 8000)
    assert separate("song.wav", "second.wav") == 0
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert separate("song.wav", "second.wav") == 0
    out, err = capsys.readouterr()
    assert "all songs: 100%" in err and "2/2" in err and len(out.split()) == 4


def test_a_damaged_file_among_good_ones_is_skipped(folder, capsys):
    Path("broken.mp3").write_bytes(b"no sound" * 300)
    sm.audio.write("good.wav", noise(700), 8000)
    assert separate("song.wav", "broken.mp3", "good.wav") == 2
    assert {path.split("/")[0] for path in files(folder / "out")} == {"song", "good"}
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and "broken.mp3" in err


def test_stems_go_to_the_folder_separated_by_default(folder):
    assert main(["separate", "song.wav", "--model", "weights.keras"]) == 0
    assert files(folder / "separated") == ["song/accompaniment.wav", "song/vocals.wav"]


def test_two_stems_are_one_source_and_the_rest(folder, model):
    four = sm.models.WaveUNet(filters=2, levels=2, sources=("drums", "bass", "vocals"))
    four.save("four.keras")
    arguments = ["separate", "song.wav", "--model", "four.keras", "-o", "four", "--two-stems"]
    assert main([*arguments, "drums"]) == 0
    assert files(folder / "four") == ["song/drums.wav", "song/no_drums.wav"]
    drums, rest = (sm.audio.read(f"four/song/{name}.wav")[0] for name in ("drums", "no_drums"))
    np.testing.assert_allclose(drums + rest, noise(5000, 2), atol=1e-5)
    assert np.abs(rest).max() > 0 and not np.allclose(rest, noise(5000, 2))
    assert main(arguments) == 0
    assert set(files(folder / "four")) > {"song/vocals.wav", "song/accompaniment.wav"}


@pytest.mark.parametrize("path", ["song/vocals.wav", "./song/../song/vocals.wav", "link/song.wav"])
def test_no_file_that_is_read_is_overwritten(folder, capsys, path):
    Path("song").mkdir()
    Path("song.wav").rename("song/vocals.wav")
    before = Path("song/vocals.wav").read_bytes()
    Path("link").mkdir()
    os.link("song/vocals.wav", "link/song.wav")
    Path("vocals").symlink_to("song")
    assert main(["separate", path, "--model", "weights.keras", "-o", "."]) == 2
    assert "would overwrite" in capsys.readouterr().err
    assert Path("song/vocals.wav").read_bytes() == before
    assert files(folder / "song") == ["vocals.wav"]


def test_names_that_are_not_unicode_are_accepted(folder, capfd):
    odd = os.fsdecode(b"caf\xe9.wav")
    Path(odd).write_bytes(Path("song.wav").read_bytes())
    assert separate(odd, "song.wav") == 0
    assert Path("out/song/vocals.wav").is_file()
    assert Path(f"out/{odd[:-4]}/vocals.wav").is_file()
    assert r"caf\udce9/vocals.wav" in capfd.readouterr().out


@pytest.fixture
def causal(folder):
    model = sm.models.DilatedConvGRU(
        filters=4, dilations=(1,), gru_dilation=None, groups=1, bidirectional=False, causal=True
    )
    model.save("causal.keras")
    return model


def test_a_stream_equals_the_whole_and_states_its_latency(folder, causal, capsys):
    sm.audio.write("short.wav", noise(16000), 16000)
    arguments = ["--model", "causal.keras", "--block", "50ms"]
    assert main(["stream", "short.wav", "live.wav", *arguments]) == 0
    err = capsys.readouterr().err
    model_latency = 1000 * sm.stream(causal).latency / 16000
    assert f"latency: {model_latency + 50:.0f} ms" in err
    live, rate = sm.audio.read("live.wav")
    assert (rate, live.shape) == (16000, (16000, 1))
    whole = sm.separate(causal, noise(16000), 16000, residual=None, segment=2.0)["vocals"]
    np.testing.assert_allclose(live, whole, atol=1e-4)
    assert main(["stream", "song.wav", "stereo.wav", *arguments]) == 0
    assert sm.audio.info("stereo.wav") == (22050, 2, 5000)


def test_a_stream_of_raw_samples_between_programs(folder, causal):
    samples = noise(8000)
    command = [sys.executable, "-m", "sepmodels", "stream", "-", "-", "--model", "causal.keras"]
    done = subprocess.run(
        [*command, "--block", "0.1s"],
        input=samples.tobytes(),
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(Path(sm.__file__).parents[1])},
    )
    assert done.returncode == 0 and b"latency" in done.stderr
    found = np.frombuffer(done.stdout, "float32")[:, None]
    whole = sm.separate(causal, samples, 16000, residual=None)["vocals"]
    np.testing.assert_allclose(found, whole, atol=1e-4)


def test_an_impossible_stream_is_refused(folder, causal, capsys):
    for arguments, words in (
        (["song.wav", "x.wav", "--model", "causal.keras", "--rate", "8000"], "describe raw input"),
        (["song.wav", "x.wav", "--model", "causal.keras", "--channels", "1"], "describe raw input"),
        (["song.wav", "song.wav", "--model", "causal.keras"], "would overwrite"),
        (["song.wav", "x.wav", "--model", "causal.keras", "--source", "flute"], "source='flute'"),
        (["song.wav", "x.wav", "--model", "weights.keras"], "on a stream"),
    ):
        assert main(["stream", *arguments]) == 2
        assert words in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["stream", "song.wav", "x.wav", "--block", "20"])
    assert "such as 20ms" in capsys.readouterr().err


def test_models_lists_what_can_be_loaded(capsys):
    assert main(["models"]) == 0
    assert "dilated_conv_gru" in capsys.readouterr().out
    table = sm.models.list_pretrained().set_index("name")
    folder = Path(sm.__file__).parent / "models" / "weights"
    assert set(table.index[table["ships"] == "yes"]) == {p.stem for p in folder.glob("*.keras")}
    for name, row in table[table["ships"] == "yes"].iterrows():
        model = sm.load_pretrained(name)
        assert tuple(row["sources"].split()) == model.sources
        assert row["parameters"] == model.count_params()
        assert (row["sample_rate"], row["channels"]) == (model.sample_rate, model.channels)
        size = (folder / f"{name}.keras").stat().st_size / 1e6
        assert row["megabytes"] == pytest.approx(size, abs=0.51)


def test_course_copies_the_notebooks_and_keeps_the_work_of_a_student(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("KERAS_BACKEND", "jax")  # copying needs no backend
    folder = tmp_path / "my course"
    folder.mkdir()
    (folder / "00_start_here.ipynb").write_text("my work")
    assert main(["course", str(folder)]) == 0
    shipped = Path(sm.__file__).parents[1] / "notebooks"
    assert files(folder) == sorted(path.name for path in shipped.glob("*.ipynb"))
    assert (folder / "00_start_here.ipynb").read_text() == "my work"
    copy = (folder / "12_dilated_gru.ipynb").read_bytes()
    assert copy == (shipped / "12_dilated_gru.ipynb").read_bytes()
    out = capsys.readouterr().out
    assert "1 of which existed" in out and "jupyter lab" in out


def test_course_opens_jupyterlab_only_for_a_person(tmp_path, monkeypatch, capsys):
    calls = []
    monkeypatch.setattr(subprocess, "run", lambda command, **options: calls.append(command))
    assert main(["course", str(tmp_path)]) == 0 and calls == []
    for stream in (sys.stdin, sys.stdout):
        monkeypatch.setattr(stream, "isatty", lambda: True)
    assert main(["course", str(tmp_path)]) == 0
    first = str(tmp_path / "00_start_here.ipynb")
    assert calls == [[sys.executable, "-m", "jupyterlab", first]]


def test_weights_go_by_name_or_file(folder, capsys):
    assert main(["separate", "song.wav", "--model", "no_such_weights", "-o", "out"]) == 2
    assert "dilated_conv_gru" in capsys.readouterr().err


def test_the_version_is_printed(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out == f"sepmodels {sm.__version__}\n"


def test_another_backend_is_refused_with_its_remedy(folder, capsys, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert separate("song.wav") == 2
    assert "KERAS_BACKEND=tensorflow" in capsys.readouterr().err


def test_interrupted_leaves_no_file(folder, capsys, monkeypatch):
    def interrupted(self, block):
        raise KeyboardInterrupt

    monkeypatch.setattr(sm.audio.Writer, "write", interrupted)
    assert separate("song.wav") == 130
    assert capsys.readouterr().err.count("\n") == 1
    assert files(folder / "out") == []


def test_debug_raises_the_error(folder):
    with pytest.raises(FileNotFoundError, match=r"missing\.wav"):
        separate("missing.wav", "--debug")


@pytest.mark.filterwarnings("always:.*clipped")
def test_clipping_is_noted_in_one_line(folder, capsys):
    sm.audio.write("loud.wav", 20 * noise(5000), 8000)
    assert separate("loud.wav", "--format", "flac") == 0
    lines = capsys.readouterr().err.splitlines()
    assert lines and all(line.startswith("note: out/loud/") for line in lines)


def test_evaluate_prints_the_table_and_writes_it(folder, capsys):
    for place, error in (("truth", 0.0), ("guess", 0.1)):
        Path(place).mkdir()
        sm.audio.write(f"{place}/vocals.wav", noise(16000), 8000)
        sm.audio.write(f"{place}/drums.wav", noise(16000)[::-1] + error * noise(16000), 8000)
    assert main(["evaluate", "guess", "truth", "-o", "scores.csv"]) == 0
    assert "drums" in capsys.readouterr().out
    table = pd.read_csv("scores.csv")
    drums = table[(table.system == "estimate") & (table.source == "drums")]
    np.testing.assert_allclose(drums.SDR, 20.0, atol=0.1)  # an error of a tenth


def test_a_page_to_listen_to_one_song_or_to_each_of_many(folder, capsys):
    for song, length in (("first", 16000), ("second", 15000)):
        for place, error in (("truth", 0.0), ("guess", 0.1)):
            Path(place, song).mkdir(parents=True)
            voice, band = noise(length), noise(length)[::-1]
            sm.audio.write(f"{place}/{song}/vocals.wav", voice + error * band, 8000)
            sm.audio.write(f"{place}/{song}/accompaniment.wav", (1 - error) * band, 8000)
    assert main(["evaluate", "guess/first", "truth/first", "--report", "page.html"]) == 0
    command = ["evaluate", "guess", "truth", "-o", "scores", "--workers", "1", "--report"]
    assert main([*command, "pages"]) == 0
    assert files(folder / "pages") == ["first.html", "second.html"]
    for path, title, seconds in (
        ("page.html", "first", 2.0), ("pages/first.html", "first", 2.0),
        ("pages/second.html", "second", 1.875),
    ):  # fmt: skip
        page = Path(path).read_text(encoding="utf-8")
        assert f"<title>{title}</title>" in page and f'data-seconds="{seconds}"' in page
        labels = ["mixture"] + [
            f"{source}: {system}"
            for source in ("accompaniment", "vocals")
            for system in ("reference", "estimate")
        ]
        assert re.findall("<figcaption>(.*?)</figcaption>", page) == labels
        assert re.search(
            r"<th>vocals</th>\s*<th>[^<]*</th>(\s*<td>[^<]*</td>)*?\s*<td>20\b", page
        ), "its scores stand below"


@pytest.mark.parametrize(
    "arguments", [["--report", "page"], ["-o", "scores", "--report", "page.html"]]
)
def test_an_impossible_report_is_refused_before_anything_is_scored(folder, capsys, arguments):
    assert main(["evaluate", "guess", "truth", *arguments]) == 2
    err = capsys.readouterr().err
    assert "FILE.html for one song" in err and arguments[-1] in err
    assert not Path("scores").exists()


def test_many_songs_need_a_folder_for_their_scores(folder, capsys):
    for song in ("first", "second"):
        Path("guess", song).mkdir(parents=True)
        sm.audio.write(f"guess/{song}/vocals.wav", noise(8000), 8000)
    assert main(["evaluate", "guess", "guess"]) == 2
    assert "guess holds 2 songs; pass -o FOLDER" in capsys.readouterr().err


def test_fit_applies_to_one_song_too(folder, capsys):
    for place, length in (("truth", 16000), ("guess", 16009)):
        Path(place).mkdir()
        sm.audio.write(f"{place}/vocals.wav", noise(16009)[:length], 8000)
        sm.audio.write(f"{place}/mixture.wav", noise(16009)[:length] * 0.5, 8000)
    assert main(["evaluate", "guess", "truth"]) == 2
    assert "(16009, 1)" in capsys.readouterr().err
    assert main(["evaluate", "guess", "truth", "--fit"]) == 0
    assert "inf" in capsys.readouterr().out


def test_evaluate_without_stems_is_reported(folder, capsys):
    Path("bare").mkdir()
    assert main(["evaluate", "bare", "nowhere"]) == 2
    assert "bare holds no stems" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["demo", "-o", ""],
        ["separate", ""],
        ["separate", "song.wav", "-o", ""],
        ["stream", "song.wav", ""],
        ["train", "--recipe", "dilated_conv_gru", "--songs", "synthetic", "-o", ""],
        ["evaluate", "", "truth"],
        ["evaluate", "stems", "truth", "--report", ""],
        ["course", ""],
    ],
    ids=" ".join,
)
def test_an_empty_path_is_not_the_current_folder(folder, capsys, arguments):
    before = files(folder)
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert "must not be empty" in capsys.readouterr().err and files(folder) == before


@pytest.mark.parametrize(
    "arguments",
    [
        ["demo", "-o", "taken"],
        ["train", "--recipe", "dilated_conv_gru", "--quick", "--songs", "synthetic", "-o", "taken"],
        ["evaluate", "stems", "truth", "-o", "taken"],
        ["course", "taken"],
    ],
    ids=" ".join,
)
def test_a_file_in_place_of_a_folder_is_named(folder, capsys, arguments):
    for name in ("stems", "truth"):
        for source in ("vocals", "accompaniment"):
            Path(name, "song").mkdir(parents=True, exist_ok=True)
            sm.audio.write(f"{name}/song/{source}.wav", noise(8000), 8000)
    Path("taken").touch()
    assert main(arguments) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and "taken" in err and "[Errno" not in err and "folder" in err


def test_demo_writes_and_scores_the_real_song(folder, capsys, model, monkeypatch):
    monkeypatch.setattr(sm, "load_pretrained", lambda: model)
    assert main(["demo", "-o", "demo"]) == 0
    assert files(folder / "demo") == ["accompaniment.wav", "mixture.wav", "vocals.wav"]
    table = capsys.readouterr().out
    assert "vocals" in table and "oracle" in table


def test_train_learns_and_prints_the_path_of_the_weights(folder, capsys, monkeypatch):
    tiny = sm.recipes.DILATED_CONV_GRU.vary(
        filters=4, dilations=(1,), gru_dilation=None, segment=0.5, steps_per_epoch=1, epochs=1
    )
    songs = sm.datasets.synthetic.load(2, seconds=1.0)
    monkeypatch.setattr(sm.recipes, "quick", lambda recipe: tiny)
    monkeypatch.setattr(sm.datasets.synthetic, "load", lambda: songs)
    command = ["--recipe", "dilated-conv-gru", "--quick", "--songs", "synthetic", "-o", "run"]
    assert main(["train", *command]) == 0
    assert "run/best.keras" in capsys.readouterr().out
    assert separate("song.wav", "--model", "run/best.keras") == 0


@pytest.mark.filterwarnings("ignore:.*resampled once")
def test_songs_at_another_rate_are_resampled_for_training(folder, capsys, monkeypatch):
    tiny = sm.recipes.DILATED_CONV_GRU.vary(
        filters=4, dilations=(1,), gru_dilation=None, segment=0.5, steps_per_epoch=1, epochs=1
    )
    monkeypatch.setattr(sm.recipes, "quick", lambda recipe: tiny)
    for song in "AB":
        Path("songs", song).mkdir(parents=True)
        for source in ("vocals", "accompaniment"):
            sm.audio.write(f"songs/{song}/{source}.wav", noise(44100), 44100)
    arguments = ["--recipe", "dilated_conv_gru", "--quick", "--songs", "songs", "-o", "run"]
    assert main(["train", *arguments]) == 0


@pytest.mark.parametrize("corpus", ["musdb", "ccmixter", "mir1k", "everything_is_free"])
def test_a_corpus_is_loaded_by_its_own_reader(folder, capsys, corpus):
    Path("empty").mkdir()
    arguments = ["--recipe", "dilated_conv_gru", "--songs", f"{corpus}:empty", "-o", "run"]
    assert main(["train", *arguments]) == 2
    assert "empty" in capsys.readouterr().err


def test_an_unknown_recipe_is_refused_with_the_list_of_recipes(folder, capsys):
    assert main(["train", "--recipe", "no_net", "--songs", "synthetic", "-o", "run"]) == 2
    assert "DILATED_CONV_GRU" in capsys.readouterr().err


def test_doctor_prints_its_report(capsys):
    status = main(["doctor"])
    out = capsys.readouterr().out
    assert "GFLOP/s" in out
    assert status == (2 if "fault" in out else 0)


def test_evaluate_mir1k_prints_the_tables_of_the_published_protocol(folder, capsys):
    sound = 0.1 * np.random.default_rng(0).normal(size=(16000, 2)).astype("float32")
    (folder / "clips").mkdir()
    for name in ("abjones_5_08", "bobon_3_01"):  # a training clip of the protocol, and a test clip
        sm.audio.write(folder / f"clips/{name}.wav", sound, 16000)
    assert main(["evaluate", "mir1k", "clips", "--model", "weights.keras", "-o", "t.csv"]) == 0
    printed = capsys.readouterr().out
    assert "published protocol: 1 clips" in printed
    assert "GNSDR" in printed and "GSIR" in printed and "GSAR" in printed
    table = pd.read_csv(folder / "t.csv").set_index(["source", "system"])
    assert table.loc[("vocals", "mixture"), "GNSDR"] == 0
