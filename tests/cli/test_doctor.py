"""The report examines the machine and names a remedy for what is missing."""

import importlib
import importlib.metadata
import itertools

import numpy as np
import pytest

from sepmodels.cli import doctor


def find(what):
    [finding] = [finding for finding in doctor.examine() if finding.what == what]
    return finding


def test_a_matrix_product_runs_on_every_device():
    import tensorflow

    found = {finding.what: finding for finding in doctor.examine()}
    for device in tensorflow.config.list_logical_devices():
        finding = found[device.name.removeprefix("/device:")]
        assert finding.state == "ok"
        assert float(finding.found.split()[0]) > 0
        assert "GFLOP/s" in finding.found


def test_the_faster_policy_is_named_with_its_factor(monkeypatch):
    """A clock by which float32 takes twice as long."""
    clock = itertools.accumulate(itertools.cycle([0.0, 2.0, 0.0, 1.0]))
    monkeypatch.setattr(doctor.time, "perf_counter", clock.__next__)
    found = doctor._compare_policies()
    assert found.startswith("mixed_bfloat16 is 2.0 times as fast as float32")


def test_the_sample_song_is_decoded():
    assert find("sample song").found == "The Easton Ellises - Falcon 69"


def test_a_missing_ffmpeg_is_reported_with_its_purpose(no_ffmpeg):
    for program in ("ffmpeg", "ffprobe"):
        assert find(program).state == "note"
        assert "only musdb and museval need it" in find(program).remedy


def test_ffmpeg_is_reported_with_its_path(ffmpeg_on_path):
    assert find("ffmpeg") == ("ffmpeg", str(ffmpeg_on_path / "ffmpeg"), "ok", "")


@pytest.fixture
def without(monkeypatch):
    """Makes a package seem not installed, or installed and broken."""

    def remove(name, message, installed):
        real_import, real_version = importlib.import_module, importlib.metadata.version

        def import_module(wanted):
            if wanted.replace("_", "-") == name:
                raise ImportError(message)
            return real_import(wanted)

        def version(wanted):
            if wanted == name and not installed:
                raise importlib.metadata.PackageNotFoundError(name)
            return "1.2.3" if wanted == name else real_version(wanted)

        monkeypatch.setattr(importlib, "import_module", import_module)
        monkeypatch.setattr(importlib.metadata, "version", version)

    return remove


def test_a_missing_package_is_a_fault_and_pip_the_remedy(without):
    without("librosa", "No module named 'librosa'", installed=False)
    assert find("librosa") == ("librosa", "missing", "fault", "pip install librosa")


def test_a_broken_package_is_a_fault_with_its_error(without):
    without("soxr", "undefined symbol: soxr_create\nand more", installed=True)
    finding = find("soxr")
    assert finding.state == "fault"
    assert finding.found == "undefined symbol: soxr_create"
    assert finding.remedy == "pip install --force-reinstall soxr"


def test_without_tensorflow_it_still_reports(without):
    without("tensorflow", "No module named 'tensorflow'", installed=False)
    assert find("tensorflow").state == "fault"
    assert "pip install tensorflow" in doctor.format_report(doctor.examine())


@pytest.mark.filterwarnings("ignore:.*keras.json is damaged")
@pytest.mark.parametrize("backend", ["torch", "jax"])
def test_another_backend_is_a_fault_whose_remedy_is_the_backend(monkeypatch, tmp_path, backend):
    monkeypatch.setenv("KERAS_BACKEND", backend)
    assert find("keras").state == "fault" and backend in find("keras").found
    assert "KERAS_BACKEND=tensorflow" in find("keras").remedy
    monkeypatch.delenv("KERAS_BACKEND")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "keras.json").write_text(f'{{"backend": "{backend}"}}')
    assert doctor.find_backend() == backend
    for damaged in ("null", "[", "[]", "{}", ""):
        (tmp_path / "keras.json").write_text(damaged)
        assert find("keras").state == "ok"  # as Keras has it
    (tmp_path / "keras.json").unlink()
    assert doctor.find_backend() == "tensorflow"


@pytest.mark.parametrize("installed", [False, True])
def test_without_tensorflow_io_soundfile_reads(without, installed):
    without("tensorflow-io", "no such library", installed)
    finding = find("tensorflow-io")
    assert finding.state == "note"
    assert "soundfile" in finding.remedy


def test_a_device_that_computes_wrong_is_a_fault(monkeypatch):
    import tensorflow

    product = tensorflow.matmul
    monkeypatch.setattr(tensorflow, "matmul", lambda a, b: product(a, b) * np.float32(0.5))
    assert find("CPU:0").state == "fault"


def test_the_report_ends_with_a_conclusion():
    fine = [doctor.Finding("Python", "3.12"), doctor.Finding("GPU", "none", "note", "buy one")]
    assert doctor.format_report(fine).endswith("can separate songs.")
    bad = [*fine, doctor.Finding("keras", "missing", "fault", "pip install keras")]
    lines = doctor.format_report(bad).splitlines()
    assert lines[3:5] == ["fault  keras   missing", " " * 15 + "pip install keras"]
    assert lines[-1].startswith("Not ready")


def test_a_long_remedy_is_broken_between_words():
    words = "only some need it: pip install 'tensorflow[and-cuda]' --force-reinstall " * 3
    findings = [doctor.Finding("Python", "3.12"), doctor.Finding("GPU", "none", "note", words)]
    _, head, *rest, _ = doctor.format_report(findings).splitlines()
    assert head == "note   GPU     none"
    assert max(map(len, rest)) <= 80 and all(line.startswith(" " * 15) for line in rest)
    assert " ".join(rest).split() == words.split()
