"""No command ever writes over a file that it reads, by whatever name."""

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import sepmodels as sm
from sepmodels.__main__ import main
from sepmodels.cli.commands import COMMANDS

TINY = {"filters": 4, "dilations": (1,), "gru_dilation": None, "groups": 1}
STEMS = ("vocals", "accompaniment")
# Arguments whose outputs would fall on what is read. `R` and `E` hold true and estimated stems of
# the songs A and B; `hard` and `soft` hold links to some of these under the names of outputs.
ARGUMENTS = {
    "demo": ["-o soft"],
    "separate": [
        "song/vocals.wav -o .",
        "./song/../song/vocals.wav -o . --two-stems",
        "song.wav song/vocals.wav song/no_vocals.wav -o .",
        "linked/song.wav -o .",
        "song.wav -o hard",
        "song.wav -o soft",
        "song.wav song/vocals.wav -o link",
        "song.wav -o weights.keras",
    ],
    "stream": [
        "song.wav song.wav",
        "song.wav ./song/../song.wav",
        "song.wav hard/song/vocals.wav",
        "song.wav soft/song/vocals.wav",
        "song.wav weights.keras",
        "song.wav song",
    ],
    "train": ["-o R", "-o soft", "-o weights.keras"],
    "evaluate": [
        "E R -o R",
        "E R -o soft --report soft",
        "E/A R/A -o hard/scores.csv --report hard/page.html",
        "E/A R/A -o soft/scores.csv --report soft/page.html",
    ],
}
# `course` keeps the files that exist, which `test_commands.py` checks.
OVERWRITING_NOTHING = {"models", "doctor", "course"}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Everything that the commands read, and links to it where they write."""
    place = tmp_path_factory.mktemp("place")
    sm.models.DilatedConvGRU(**TINY, bidirectional=False, causal=True).save(place / "weights.keras")
    noise = np.random.default_rng(0).normal(0, 0.1, (2, 16000, 1)).astype("float32")
    for folder, error in (("R", 0), ("E", 0.1)):
        for song in "AB":
            (place / folder / song).mkdir(parents=True)
            for stem, samples in zip(STEMS, noise + error * noise[::-1], strict=True):
                sm.audio.write(place / folder / song / f"{stem}.wav", samples, 16000)
    (place / "song").mkdir()
    shutil.copy(place / "R/A/vocals.wav", place / "song.wav")
    shutil.copy(place / "R/A/vocals.wav", place / "song/vocals.wav")
    shutil.copy(place / "R/A/vocals.wav", place / "song/no_vocals.wav")
    read = [place / "R/A/vocals.wav", place / "song.wav", place / "weights.keras"]
    outputs = (
        "mixture.wav song/vocals.wav song/no_vocals.wav song/accompaniment.wav recipe.json log.csv "
        "best.keras scores.csv page.html finished.json medians.csv scores.png tracks/A.csv A.html "
        "museval/test/A.json"
    )
    for number, name in enumerate(outputs.split()):
        for kind in ("hard", "soft"):
            (place / kind / name).parent.mkdir(parents=True, exist_ok=True)
        os.link(read[number % 3], place / "hard" / name)
        target = os.path.relpath(read[number % 3], (place / "soft" / name).parent)
        (place / "soft" / name).symlink_to(target)
    (place / "linked").mkdir()
    os.link(place / "song/vocals.wav", place / "linked/song.wav")
    (place / "link").mkdir()
    (place / "link/song").symlink_to("../song")
    return place


def read_all(place):
    paths = [path for path in place.rglob("*") if path.is_file() and not path.is_symlink()]
    return {path.relative_to(place): path.read_bytes() for path in paths if path.stat().st_size}


def test_every_command_is_tried():
    assert ARGUMENTS.keys() | OVERWRITING_NOTHING == COMMANDS.keys()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "command", [f"{name} {words}" for name, calls in ARGUMENTS.items() for words in calls]
)
def test_no_file_that_is_read_changes(place, tmp_path, monkeypatch, capsys, command):
    copy = tmp_path / "copy"
    subprocess.run(["cp", "-a", place, copy], check=True)  # with its links
    monkeypatch.chdir(copy)
    monkeypatch.setenv("PYTHONPATH", str(Path(sm.__file__).parents[1]))
    name, *words = command.split()
    if name in ("separate", "stream"):
        words += ["--model", "weights.keras"]
    if name == "train":
        words += ["--recipe", "dilated_conv_gru", "--quick", "--songs", "R"]
        short = {"segment": 0.25, "batch_size": 1, "steps_per_epoch": 1, "epochs": 1, **TINY}
        monkeypatch.setattr(sm.recipes, "quick", lambda recipe: recipe.vary(**short))
    if name == "demo":
        model = sm.models.load("weights.keras")
        monkeypatch.setattr(sm, "load_pretrained", lambda: model)
    if name == "evaluate" and "/A" not in words[0]:
        words += ["--workers", "1"]
    read = {path: content for path, content in read_all(copy).items() if not_output(path)}
    status = main([name, *words])
    assert status in (0, 2), capsys.readouterr().err
    if status == 2:
        assert capsys.readouterr().err.count("sepmodels: ") >= 1
    after = read_all(copy)
    changed = [path for path, content in read.items() if after.get(path) != content]
    assert changed == []


def not_output(path):
    """Hard links under the names of outputs may be replaced; what they lead to may not change."""
    return path.parts[0] != "hard"
