"""Audio files: what goes in comes out, in any format and in any pieces; errors are one line."""

import os
import pathlib

import av
import numpy as np
import pytest
import soundfile

from sepmodels import audio
from sepmodels.audio import writing

RATE = 16000


def tone(length=3 * RATE, channels=1, level=0.5, frequency=440.0, rate=RATE):
    """A sine; each channel half as loud as the one before."""
    wave = level * np.sin(2 * np.pi * frequency * np.arange(length) / rate)
    return np.stack([wave * 0.5**channel for channel in range(channels)], axis=1).astype("float32")


def write_m4a(path, samples, codec, rate=44100):
    """An m4a file; `aac` is lossy, `alac` is not."""
    # without the noise that each decoder draws for itself
    options = {"aac_pns": "0", "b": "256k"} if codec == "aac" else {}
    with av.open(os.fspath(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout="stereo", options=options)
        frame = av.AudioFrame.from_ndarray(samples.T.copy(), format="fltp", layout="stereo")
        frame.sample_rate, frame.pts = rate, 0
        kind = {"aac": "fltp", "alac": "s32p"}[codec]
        for piece in av.AudioResampler(format=kind, layout="stereo", rate=rate).resample(frame):
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The same two seconds in every format that can be read, and how exact each must be."""
    folder = tmp_path_factory.mktemp("audio")
    samples = tone(88323, channels=2, rate=44100)
    exact = {"wav": 0.0, "flac": 1e-6, "ogg": 0.03, "mp3": 0.03}
    for suffix in exact:
        audio.write(folder / f"tone.{suffix}", samples, 44100)
    write_m4a(folder / "alac.m4a", samples, "alac")
    write_m4a(folder / "aac.m4a", samples, "aac")
    tolerances = {f"tone.{suffix}": tolerance for suffix, tolerance in exact.items()}
    return folder, samples, tolerances | {"alac.m4a": 1e-6, "aac.m4a": 0.05}


FORMATS = ["tone.wav", "tone.flac", "tone.ogg", "tone.mp3", "alac.m4a", "aac.m4a"]


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_tone_back(files, name):
    folder, samples, tolerances = files
    header = audio.info(folder / name)
    got, rate = audio.read(folder / name)
    assert header.sample_rate == rate == 44100
    assert header.channels == 2
    assert got.dtype == np.float32
    assert len(got) == header.length
    assert abs(header.length - len(samples)) <= 44  # m4a headers count in milliseconds
    inner = slice(2000, 86000)  # a lossy codec may smear the ends
    assert np.abs(got[inner] - samples[inner]).max() <= tolerances[name]


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(("start", "stop"), [(0, 1), (1, 777), (33333, 44444), (80000, None)])
def test_a_piece_is_a_slice_of_the_whole(files, name, start, stop):
    path = files[0] / name
    piece, _ = audio.read(path, start, stop)
    np.testing.assert_allclose(piece, audio.read(path)[0][start:stop], atol=1e-4)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("size", [1, 4099, 10**6])
def test_blocks_join_to_the_whole(files, name, size):
    path = files[0] / name
    whole, _ = audio.read(path)
    pieces = []
    for block in audio.read_blocks(path, size):
        pieces.append(block)
        if len(pieces) == 300:
            break
    joined = np.concatenate(pieces)
    assert {len(piece) for piece in pieces[:-1]} <= {size}
    np.testing.assert_allclose(joined, whole[: len(joined)], atol=1e-6)
    assert len(joined) == min(len(whole), 300 * size)


CONTAINERS = {"mkv": "flac", "webm": "libopus", "mov": "pcm_s16le", "mp4": "aac", "aac": "aac"}


@pytest.mark.parametrize("suffix", CONTAINERS)
def test_containers_of_films(tmp_path, suffix):
    path, samples = tmp_path / f"film.{suffix}", tone(90000, channels=2, rate=48000)
    format = {"mkv": "matroska", "aac": "adts"}.get(suffix)
    with av.open(os.fspath(path), "w", format=format) as container:
        stream = container.add_stream(CONTAINERS[suffix], rate=48000, layout="stereo")
        frame = av.AudioFrame.from_ndarray(samples.T.copy(), format="fltp", layout="stereo")
        frame.sample_rate, frame.pts = 48000, 0
        kind = stream.codec_context.format.name
        size = stream.codec_context.frame_size or 1024
        resampler = av.AudioResampler(format=kind, layout="stereo", rate=48000, frame_size=size)
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    header = audio.info(path)
    assert header.sample_rate == 48000 and header.channels == 2
    assert 0 <= header.length - 90000 < 4096 or abs(header.length - 90000) <= 48
    read = np.concatenate(list(audio.read_blocks(path, 10000)))
    assert len(read) == header.length
    # The codecs differ in the silence before the sound, so the tone is told by its level.
    level = np.sqrt(np.mean(np.square(read[10000:80000]), axis=0))
    np.testing.assert_allclose(level, [0.5 / 2**0.5, 0.25 / 2**0.5], rtol=0.02)


@pytest.mark.parametrize("format, suffix", [("RF64", "wav"), ("RF64", "rf64"), ("W64", "w64")])
def test_large_wav_formats_are_read(tmp_path, format, suffix):
    path = tmp_path / f"tone.{suffix}"
    soundfile.write(path, tone(), RATE, subtype="FLOAT", format=format)
    np.testing.assert_array_equal(audio.read(path)[0], tone())


def test_a_wav_becomes_rf64_where_a_wav_cannot_count_that_far(tmp_path, monkeypatch):
    path, frame = tmp_path / "tone.wav", 4
    monkeypatch.setattr(writing, "_LARGEST", frame * len(tone()))
    audio.write(path, tone(), RATE)
    assert path.read_bytes()[:4] == b"RIFF"
    monkeypatch.setattr(writing, "_LARGEST", frame * len(tone()) - 1)
    audio.write(path, tone(), RATE)
    assert path.read_bytes()[:4] == b"RF64"
    np.testing.assert_array_equal(audio.read(path)[0], tone())
    with pytest.raises(audio.AudioError, match="4 GB"), audio.Writer(path, RATE, 1) as writer:
        writer.write(tone())


@pytest.mark.parametrize(
    "suffix, subtype, step",
    [("wav", "int16", 2**-15), ("wav", "int24", 2**-23), ("flac", "int16", 2**-15)],
)
def test_subtypes_keep_their_bits(tmp_path, suffix, subtype, step):
    path = tmp_path / f"tone.{suffix}"
    audio.write(path, tone(), RATE, subtype=subtype)
    assert soundfile.info(path).subtype == f"PCM_{subtype[3:]}"
    assert np.abs(audio.read(path)[0] - tone()).max() <= step
    with pytest.warns(UserWarning, match="clipped"):
        audio.write(path, 3 * tone(), RATE, subtype=subtype)


@pytest.mark.parametrize(
    "name, subtype", [("a.flac", "float32"), ("a.mp3", "int16"), ("a.wav", "")]
)
def test_subtypes_that_a_format_has_not(tmp_path, name, subtype):
    with pytest.raises(audio.AudioError, match=f"subtype='{subtype}'"):
        audio.write(tmp_path / name, tone(), RATE, subtype=subtype)


def test_stop_beyond_the_end_means_the_end_and_start_beyond_it_raises(files):
    path = files[0] / "tone.wav"
    assert len(audio.read(path, 88000, 10**9)[0]) == 323
    for start, stop in [(-1, None), (88324, None), (5, 4)]:
        with pytest.raises(audio.AudioError, match=rf"Received: start={start}, stop="):
            audio.read(path, start, stop)
    with pytest.raises(ValueError, match="size=0"):
        next(audio.read_blocks(path, 0))


def test_wav_keeps_samples_beyond_full_scale(tmp_path):
    loud = tone(level=3.7)
    audio.write(tmp_path / "loud.wav", loud, RATE)
    np.testing.assert_array_equal(audio.read(tmp_path / "loud.wav")[0], loud)


def test_flac_says_what_it_clips(tmp_path):
    loud = tone(level=1.5)
    count = np.count_nonzero(np.abs(loud) > 1)
    with pytest.warns(UserWarning, match=rf"loud.flac: {count} samples"):
        audio.write(tmp_path / "loud.flac", loud, RATE)
    np.testing.assert_allclose(
        audio.read(tmp_path / "loud.flac")[0], np.clip(loud, -1, 1), atol=1e-6
    )


def test_minutes_of_ogg_at_once(tmp_path):
    path = tmp_path / "long.ogg"
    audio.write(path, np.zeros((200 * 8000, 1)), 8000)
    assert audio.info(path).length == 200 * 8000


@pytest.mark.parametrize(
    ("suffix", "tolerance"), [("wav", 0), ("flac", 0), ("mp3", 0.01), ("ogg", 0.03)]
)
def test_written_in_blocks_equals_written_at_once(tmp_path, suffix, tolerance):
    samples = tone(channels=2)
    whole, blocks = tmp_path / f"whole.{suffix}", tmp_path / f"blocks.{suffix}"
    audio.write(whole, samples, RATE)
    with audio.Writer(blocks, RATE, 2) as writer:
        for start in range(0, len(samples), 7919):
            writer.write(samples[start : start + 7919])
    np.testing.assert_allclose(audio.read(blocks)[0], audio.read(whole)[0], atol=tolerance)


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "song.wav"
    audio.write(path, tone(), RATE)
    with pytest.raises(KeyboardInterrupt), audio.Writer(path, RATE, 1) as writer:
        writer.write(np.zeros((5, 1)))
        assert len(list(tmp_path.iterdir())) == 2
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == [path]
    np.testing.assert_array_equal(audio.read(path)[0], tone())


def bad_files(folder):
    """Name, bytes and the words that the error must have."""
    whole = folder / "whole.flac"
    audio.write(whole, np.random.default_rng(0).normal(0, 0.1, (RATE, 1)), RATE)
    soundfile.write(folder / "none.wav", np.zeros((0, 1)), RATE)
    broken = tone()
    broken[RATE * 2] = np.nan
    soundfile.write(folder / "nan.wav", broken, RATE, subtype="FLOAT")
    return {
        "text.wav": (b"not a sound\n" * 50, "cannot be read as audio"),
        "text.m4a": (b"not a sound\n" * 50, "cannot be read as audio"),
        "empty.wav": (b"", "0 bytes"),
        "empty.mp4": (b"", "0 bytes"),
        "none.wav": (None, "0 samples"),
        "nan.wav": (None, "NaN or infinite samples, the first at 2.000 s"),
        "half.flac": (whole.read_bytes()[: whole.stat().st_size // 2], ""),
    }


def test_bad_files_say_what_is_wrong_in_one_line(tmp_path):
    for name, (content, words) in bad_files(tmp_path).items():
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)
        for attempt in (audio.read, lambda path: list(audio.read_blocks(path, 1000))):
            with pytest.raises(audio.AudioError) as raised:
                attempt(path)
            message = str(raised.value)
            assert words in message
            assert message.startswith(str(path))
            assert "\n" not in message


@pytest.mark.parametrize("function", [audio.info, audio.read])
@pytest.mark.parametrize("suffix", ["wav", "m4a"])
def test_missing_file_and_folder(tmp_path, function, suffix):
    with pytest.raises(FileNotFoundError, match="gone"):
        function(tmp_path / f"gone.{suffix}")
    (tmp_path / f"folder.{suffix}").mkdir()
    with pytest.raises(audio.AudioError, match="is a folder"):
        function(tmp_path / f"folder.{suffix}")


def test_a_stream_that_is_not_there(files):
    with pytest.raises(audio.AudioError, match=r"1 audio streams.*index=3"):
        audio.read(files[0] / "aac.m4a", index=3)


@pytest.mark.parametrize(
    ("name", "rate", "samples", "words"),
    [
        ("song.xyz", RATE, tone(), "unknown format"),
        ("song.mp3", 96000, tone(), "song.mp3: cannot write .mp3 with 1 channels at 96000 Hz"),
        ("song.flac", RATE, tone(channels=9), "9 channels"),
        ("song.wav", RATE, np.zeros((0, 2)), "0 samples"),
        (".", RATE, tone(), "unknown format"),
    ],
)
def test_what_cannot_be_written_leaves_nothing(tmp_path, name, rate, samples, words):
    with pytest.raises(audio.AudioError, match=words) as raised:
        audio.write(tmp_path / name, samples, rate)
    assert "\n" not in str(raised.value)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_full_at_the_end_leaves_nothing(tmp_path, monkeypatch):
    close = soundfile.SoundFile.close

    def full(self):
        if not self.closed:  # it is called again when Python throws the object away
            close(self)
            raise soundfile.LibsndfileError(2)

    with monkeypatch.context() as patch, pytest.raises(audio.AudioError, match="writing failed"):
        patch.setattr(soundfile.SoundFile, "close", full)
        audio.write(tmp_path / "song.flac", tone(), RATE)
    assert list(tmp_path.iterdir()) == []


def test_folders_that_cannot_be_written(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match="create it first"):
        audio.write(tmp_path / "gone" / "song.wav", tone(), RATE)
    (tmp_path / "song.wav").mkdir()
    with pytest.raises(audio.AudioError, match="is a folder"):
        audio.write(tmp_path / "song.wav", tone(), RATE)
    # root may write anywhere, so the question is answered here
    monkeypatch.setattr(os, "access", lambda folder, mode: False)
    with pytest.raises(audio.AudioError, match="cannot be written"):
        audio.write(tmp_path / "other.wav", tone(), RATE)


def test_the_shape_of_a_block_must_fit(tmp_path):
    path = tmp_path / "song.wav"
    with pytest.raises(ValueError, match=r"\(time, 2\)"), audio.Writer(path, RATE, 2) as out:
        out.write(tone(channels=1))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("old", "new"), [(44100, 16000), (16000, 44100), (48000, 44100)])
def test_a_tone_stays_the_same_tone(old, new):
    second = audio.resample(tone(old, channels=2, rate=old), old, new)
    assert second.shape == (new, 2)
    inner = slice(new // 10, -new // 10)
    np.testing.assert_allclose(second[inner], tone(new, 2, rate=new)[inner], atol=1e-4)


def test_what_the_new_rate_cannot_hold_vanishes():
    high = tone(44100, frequency=12000, rate=44100)
    assert np.abs(audio.resample(high, 44100, 16000)[1000:-1000]).max() < 1e-5


@pytest.mark.parametrize("length", [1, 2, 441, 50001])
@pytest.mark.parametrize(("old", "new"), [(44100, 16000), (16000, 44100), (8000, 8000)])
@pytest.mark.parametrize("size", [1, 777, 10**6])
def test_resampling_in_blocks_changes_nothing(length, old, new, size):
    if size == 1 and length > 1000:
        size = 101
    noise = np.random.default_rng(0).normal(0, 0.3, (length, 2)).astype("float32")
    resampler = audio.Resampler(old, new, 2)
    starts = range(0, length, size)
    pieces = [resampler.push(noise[i : i + size], last=i == starts[-1]) for i in starts]
    whole = audio.resample(noise, old, new)
    assert len(whole) == audio.compute_resampled_length(length, old, new) == -(-length * new // old)
    np.testing.assert_allclose(np.concatenate(pieces), whole, atol=1e-6)


def test_an_empty_last_block_flushes():
    noise = np.random.default_rng(0).normal(0, 0.3, (5000, 1)).astype("float32")
    resampler = audio.Resampler(44100, 16000, 1)
    pieces = [resampler.push(noise), resampler.push(noise[:0], last=True)]
    np.testing.assert_allclose(
        np.concatenate(pieces), audio.resample(noise, 44100, 16000), atol=1e-6
    )


@pytest.mark.parametrize("rate", [0, -1, 16000.5])
def test_rates_are_whole_and_positive(rate):
    with pytest.raises(ValueError, match="to_rate"):
        audio.resample(tone(), RATE, rate)
    with pytest.raises(ValueError, match="from_rate"):
        audio.Resampler(rate, RATE, 1)


def test_paths_may_be_str_or_path(tmp_path):
    audio.write(str(tmp_path / "a b ü.wav"), tone(10), RATE)
    path = pathlib.Path(tmp_path / "a b ü.wav")
    assert audio.info(str(path)) == audio.info(path) == audio.Info(RATE, 1, 10)
