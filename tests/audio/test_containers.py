"""Every container and codec: the whole, its blocks and its pieces are one sound."""

import itertools
import os
import re
import shutil
import struct
import subprocess
import sys
import warnings
from pathlib import Path

import audio_encoding as encoding
import av
import hypothesis
import numpy as np
import pytest
import soundfile
from hypothesis import strategies

from sepmodels import audio

LENGTH = 40123  # no multiple of any frame
CLICKS = (9011, 30007)
BURST = 0.8 * np.sin(2 * np.pi * 0.11 * np.arange(-60, 61) + 1) * np.hanning(121)
FORMS = encoding.LOSSLESS + encoding.LOSSY
# For these FFmpeg has no encoder, or one that is not in PyAV.
UNWRITTEN = {".amr", ".ape", ".dts", ".mlp", ".mpc", ".tak", ".thd", ".spx", ".bw64"}
# Other names of what is written under one of the others.
SYNONYMS = {".aifc", ".m4b", ".mpeg", ".mts", ".mxf", ".ogv", ".rf64", ".snd", ".vob", ".wmv"}


def sound(rate=44100, length=LENGTH):
    """Two channels of a tone with a short burst about two samples."""
    time = np.arange(length) / rate
    samples = 0.1 * np.sin(2 * np.pi * 440 * time)[:, None] * [1, 0.5]
    for click in CLICKS:
        samples[click - 60 : click + 61] += BURST[:, None]
    return samples.astype("float32")


@pytest.fixture(scope="module")
def encoded(tmp_path_factory):
    """A function of a form that returns the path of the sound in it, and its samples as read."""
    folder, made = tmp_path_factory.mktemp("forms"), {}

    def make(form):
        if form not in made:
            path = folder / f"{len(made)}.{form.suffix}"
            encoding.encode(path, sound(form.rate), form)
            made[form] = path, audio.read(path)[0]
        return made[form]

    return make


def test_every_suffix_is_tried():
    tried = {f".{form.suffix}" for form in FORMS}
    assert tried <= audio.SUFFIXES
    assert tried | UNWRITTEN | SYNONYMS == audio.SUFFIXES
    assert len({(form.codec, form.suffix) for form in FORMS}) > 50


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_length_whole_and_blocks_agree(encoded, form):
    path, whole = encoded(form)
    assert audio.info(path) == (form.rate, 2, len(whole))
    assert whole.dtype == "float32"
    for size in (1000, 4096, 10**6):
        blocks = list(audio.read_blocks(path, size))
        assert {len(block) for block in blocks[:-1]} <= {size}
        np.testing.assert_array_equal(np.concatenate(blocks), whole)


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_a_click_is_found_where_it_is(encoded, form):
    _, whole = encoded(form)
    for click in CLICKS:
        first = click - 3000
        likeness = np.correlate(whole[first : click + 3000, 0], BURST, "same")
        assert first + np.argmax(likeness) - click == form.delay
    frame = 4608  # the longest of all, and the last one may be filled up
    assert abs(len(whole) - LENGTH - form.delay) < frame


@pytest.mark.parametrize("form", encoding.LOSSLESS, ids=str)
def test_nothing_is_lost(encoded, form):
    _, whole = encoded(form)
    bits = {"pcm_u8": 8, "pcm_mulaw": 6}.get(form.codec, 16)
    assert 0 <= len(whole) - LENGTH <= 1  # W64 as FFmpeg writes it counts its padding
    np.testing.assert_allclose(whole[:LENGTH], sound(form.rate), atol=2.0 ** (1 - bits))


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_a_piece_is_that_slice_of_the_whole(encoded, form):
    path, whole = encoded(form)
    # AC-3 and MPEG layer 2 decoders add a noise of their own.
    atol = {"ac3": 1e-3, "eac3": 1e-3, "mp2": 1e-3}.get(form.codec, 1e-6)

    @hypothesis.settings(max_examples=15, deadline=None, derandomize=True)
    @hypothesis.given(strategies.data())
    def check(data):
        start = data.draw(strategies.integers(0, len(whole)))
        stop = data.draw(strategies.one_of(strategies.none(), strategies.integers(start, 50000)))
        piece, rate = audio.read(path, start, stop)
        assert rate == form.rate and piece.shape == whole[start:stop].shape
        np.testing.assert_allclose(piece, whole[start:stop], atol=atol)

    check()


# === Headers that do not tell the truth ===


def write_wav(path, size):
    """A second of 16-bit sound whose header gives another size in bytes."""
    samples = sound()[:20000]
    soundfile.write(path, samples, 44100, subtype="PCM_16")
    content = bytearray(path.read_bytes())
    content[40:44] = struct.pack("<I", size)
    path.write_bytes(content)
    return samples


@pytest.mark.parametrize("size", [0, 0x7FFFF000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])
def test_a_wav_from_a_pipe_is_read_to_its_end(tmp_path, size):
    path = tmp_path / "piped.wav"
    samples = write_wav(path, size)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_allclose(audio.read(path)[0], samples, atol=2**-15)
    assert audio.info(path).length == len(samples)


@pytest.mark.parametrize("kind", ["WAV", "WAVEX", "RF64", "W64", "AIFF", "AU", "FLAC"])
def test_a_file_cut_short_is_refused(tmp_path, kind):
    path = tmp_path / "song"
    noise = np.random.default_rng(0).normal(0, 0.1, (20000, 2))
    soundfile.write(path, noise, 44100, format=kind)
    assert audio.info(path).length == 20000
    path.write_bytes(path.read_bytes()[:50000])
    for function in (audio.info, audio.read, lambda path: list(audio.read_blocks(path, 99))):
        with pytest.raises(audio.AudioError, match=r"song ends \d+ samples too early"):
            function(path)


def test_chunks_after_the_samples_are_no_samples(tmp_path):
    path = tmp_path / "song.wav"
    soundfile.write(path, sound()[:999], 44100)
    with open(path, "ab") as file:
        file.write(b"LIST" + struct.pack("<I", 5000) + b"INFO" * 1250)
    assert audio.info(path).length == len(audio.read(path)[0]) == 999


def write_mp3(path, samples=None, strip_tag=False, **options):
    """An mp3 file, on demand without the frame that tells how many frames there are."""
    form = encoding.Form("mp3", "libmp3lame", options=tuple(options.items()))
    encoding.encode(path, sound() if samples is None else samples, form)
    content = path.read_bytes()
    if strip_tag:
        with av.open(str(path)) as container:
            first = next(container.demux(audio=0)).pos
        path.write_bytes(content[first:])
    return path


@pytest.mark.parametrize("options", [{"b": "64k"}, {"q": "0"}, {"q": "9"}])
def test_an_mp3_without_a_tag_is_read_whole(tmp_path, options):
    quiet = np.concatenate([sound() * 1e-3, sound(), sound() * 1e-3])  # no mean is its rate
    path = write_mp3(tmp_path / "song.mp3", quiet, strip_tag=True, **options)
    length = audio.info(path).length
    assert 0 <= length - len(quiet) <= 2 * 1152 + 1105
    assert len(audio.read(path)[0]) == length == sum(map(len, audio.read_blocks(path, 999)))


@pytest.mark.filterwarnings("ignore:.*are damaged and left out")  # the tag between them
def test_joined_mp3_files_are_both_read(tmp_path):
    one, two = (write_mp3(tmp_path / f"{name}.mp3") for name in "ab")
    both = tmp_path / "both.mp3"
    both.write_bytes(one.read_bytes() + two.read_bytes())
    assert 2 * LENGTH <= audio.info(both).length <= 2 * LENGTH + 4 * 1152


def test_an_mp3_that_ends_before_its_tag_says_is_refused(tmp_path):
    path = write_mp3(tmp_path / "song.mp3")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(audio.AudioError, match="samples too early"):
        audio.read(path)


@pytest.mark.parametrize("codec, rate", [("vorbis", 44100), ("opus", 48000)])
def test_chained_ogg_files_are_all_read(tmp_path, codec, rate):
    path = tmp_path / "one.ogg"
    subtype = {"vorbis": "VORBIS", "opus": "OPUS"}[codec]
    soundfile.write(path, sound(), rate, format="OGG", subtype=subtype)
    chained = tmp_path / "chained.ogg"
    content = path.read_bytes()
    # Every link has a number of its own, under a checksum: a second writing draws another.
    while (other := path.read_bytes())[14:18] == content[14:18]:
        soundfile.write(path, sound(), rate, format="OGG", subtype=subtype)
    chained.write_bytes(content + other)
    length = audio.info(chained).length
    assert length == 2 * LENGTH
    whole = audio.read(chained)[0]
    assert len(whole) == length
    one = audio.read(path)[0]
    np.testing.assert_allclose(whole, np.concatenate([one, one]), atol=1e-6)
    np.testing.assert_allclose(audio.read(chained, 39000, 42000)[0], whole[39000:42000], atol=1e-4)


def test_a_change_of_channels_within_a_file_is_refused(tmp_path):
    parts = []
    for channels in (2, 1):
        path = tmp_path / f"{channels}.ogg"
        soundfile.write(path, sound()[:, :channels], 44100)
        parts.append(path.read_bytes())
    (tmp_path / "chained.ogg").write_bytes(b"".join(parts))
    with pytest.raises(audio.AudioError, match="chained.ogg"):
        audio.read(tmp_path / "chained.ogg")


def test_a_flac_from_a_pipe_is_counted(tmp_path):
    path = tmp_path / "song.flac"
    soundfile.write(path, sound(), 44100)
    content = bytearray(path.read_bytes())
    content[21] &= 0xF0
    content[22:26] = bytes(4)  # the number of samples in STREAMINFO
    path.write_bytes(content)
    assert audio.info(path).length == LENGTH
    np.testing.assert_allclose(audio.read(path, 20000)[0], sound()[20000:], atol=2**-15)


def box(kind, content):
    return struct.pack(">I4s", len(content) + 8, kind) + content


def write_apple(path, priming=2112):
    """AAC as iTunes writes it: no edit list; a comment tells of the padding before and after."""
    silence = np.zeros((priming - 1024, 2), "float32")  # FFmpeg's own encoder puts 1024 before
    samples = np.concatenate([silence, sound()])
    encoding.encode(path, samples, encoding.Form("m4a", "aac", "ipod", options=encoding.AAC))
    rest = (priming + LENGTH) % 1024  # of the last frame, to which FFmpeg shortens its table
    content = path.read_bytes().replace(b"edts", b"free")
    for first, short, whole in ((1, rest, 1024), (44100, priming + LENGTH, 43008)):
        assert content.count(struct.pack(">II", first, short)) == 1
        content = content.replace(
            struct.pack(">II", first, short), struct.pack(">II", first, whole)
        )
    numbers = f" 00000000 {priming:08X} {1024 - rest:08X} {LENGTH:016X}" + " 00000000" * 8
    comment = box(
        b"----",
        box(b"mean", bytes(4) + b"com.apple.iTunes")
        + box(b"name", bytes(4) + b"iTunSMPB")
        + box(b"data", struct.pack(">II", 1, 0) + numbers.encode()),
    )
    handler = box(b"hdlr", bytes(8) + b"mdirappl" + bytes(9))
    meta = box(b"udta", box(b"meta", bytes(4) + handler + box(b"ilst", comment)))
    start = content.rindex(b"moov") - 4
    moov = content[start + 8 :].replace(b"udta", b"free")
    path.write_bytes(content[:start] + box(b"moov", moov + meta))


def test_the_padding_that_itunes_tells_is_left_out(tmp_path):
    path = tmp_path / "song.m4a"
    write_apple(path)
    whole, _ = audio.read(path)
    assert len(whole) == audio.info(path).length == LENGTH
    for click in CLICKS:
        likeness = np.correlate(whole[click - 500 : click + 500, 0], BURST, "same")
        assert np.argmax(likeness) == 500
    np.testing.assert_allclose(audio.read(path, 35000, 39000)[0], whole[35000:39000], atol=1e-6)


def test_an_m4a_cut_short_is_refused(tmp_path):
    path = tmp_path / "song.m4a"
    form = encoding.Form("m4a", "aac", "ipod", options=encoding.AAC)
    encoding.encode(path, sound(), form, movflags="faststart")
    assert audio.info(path).length == LENGTH
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 3 // 4])
    with pytest.raises(audio.AudioError, match="samples too early"):
        audio.read(path)


def test_a_fragmented_mp4_is_counted(tmp_path):
    path = tmp_path / "song.mp4"
    form = encoding.Form("mp4", "aac", options=encoding.AAC)
    encoding.encode(path, sound(), form, movflags="frag_keyframe+empty_moov")
    whole, _ = audio.read(path)
    assert len(whole) == audio.info(path).length >= LENGTH
    np.testing.assert_allclose(audio.read(path, 35000, 39000)[0], whole[35000:39000], atol=1e-6)


# === Names and contents ===


@pytest.mark.parametrize("name", ["song.mp3", "song.wav", "song", "song.raw", "song.txt", "a.flac"])
def test_the_content_tells_the_format(tmp_path, encoded, name):
    for form in (FORMS[0], encoding.Form("m4a", "aac", "ipod", options=encoding.AAC)):
        path, whole = encoded(form)
        shutil.copy(path, tmp_path / name)
        np.testing.assert_array_equal(audio.read(tmp_path / name)[0], whole)


def test_a_name_that_is_no_unicode(tmp_path, encoded):
    for form in (FORMS[0], encoding.Form("mp3", "libmp3lame")):
        path, whole = encoded(form)
        odd = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.sound")
        shutil.copy(path, odd)
        np.testing.assert_array_equal(audio.read(odd)[0], whole)


@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{path}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile {path}\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\n",
    ],
)
def test_a_file_that_names_others_opens_none_of_them(tmp_path, encoded, text):
    path, _ = encoded(FORMS[0])
    for name in ("list.m3u8", "list.wav", "list.sdp"):
        (tmp_path / name).write_text(text.format(path=path))
        with pytest.raises(audio.AudioError, match=re.escape(name)):
            audio.read(tmp_path / name)


def test_a_damaged_packet_is_left_out_with_a_note(tmp_path):
    path = write_mp3(tmp_path / "song.mp3", b="128k")
    with av.open(str(path)) as container:
        places = [packet.pos for packet in container.demux(audio=0)]
    content = bytearray(path.read_bytes())
    content[places[20] : places[21]] = b"\xff\xfb\x90\x64" + b"\xff" * (places[21] - places[20] - 4)
    path.write_bytes(content)
    with pytest.warns(UserWarning, match=r"song.mp3: \d of \d+ packets are damaged"):
        length = audio.info(path).length
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # it is said once
        assert len(audio.read(path)[0]) == length


def test_a_file_is_counted_again_after_it_has_changed(tmp_path):
    path = write_mp3(tmp_path / "song.mp3")
    before = audio.info(path).length
    write_mp3(path, np.concatenate([sound(), sound()]))
    assert audio.info(path).length == 2 * before == len(audio.read(path)[0])


def test_no_samples_are_allocated_by_the_word_of_a_header(tmp_path):
    """A header that promises gigabytes costs nothing."""
    import tracemalloc

    path = tmp_path / "song.wav"
    soundfile.write(path, sound(), 44100, subtype="PCM_16")
    content = path.read_bytes()
    tracemalloc.start()
    for place, word in itertools.product(
        (4, 16, 22, 24, 28, 32, 40), (b"\xff" * 4, b"\xff\xff\0\0")
    ):
        (tmp_path / "lie.wav").write_bytes(content[:place] + word + content[place + 4 :])
        try:
            audio.read(tmp_path / "lie.wav")
        except audio.AudioError as error:
            assert "lie.wav" in str(error)
    assert tracemalloc.get_traced_memory()[1] < 20 * len(content)
    tracemalloc.stop()


def test_comments_in_latin_1_are_no_hindrance(tmp_path):
    path = write_mp3(tmp_path / "song.mp3")
    title = b"\x03caf\xe9"  # declared as UTF-8
    frame = b"TIT2" + struct.pack(">IH", len(title), 0) + title
    path.write_bytes(b"ID3\3\0\0\0\0\0" + bytes([len(frame)]) + frame + path.read_bytes())
    assert len(audio.read(path)[0]) == LENGTH


def test_a_hole_in_an_mp4_is_refused(tmp_path):
    """A packet that decodes to another length than the table gives it."""
    path = tmp_path / "song.mp4"
    encoding.encode(path, sound(48000), encoding.Form("mp4", "libopus", rate=48000))
    with av.open(str(path)) as container:
        packet = list(container.demux(audio=0))[20]
    content = bytearray(path.read_bytes())
    content[packet.pos : packet.pos + packet.size] = bytes(packet.size)
    path.write_bytes(content)
    with pytest.raises(audio.AudioError, match=r"song.mp4.*(damaged at|cannot be read)"):
        audio.read(path)


def test_some_damaged_files_of_every_kind():
    """The first few of `make fuzz`."""
    command = [sys.executable, str(Path(__file__).with_name("fuzz.py")), "--mutants", "200"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "no fault" in done.stdout
