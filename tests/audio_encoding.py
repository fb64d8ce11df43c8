"""Sound in any container and codec that PyAV can write, for the tests of reading."""

import fractions
import os
from typing import NamedTuple

import av
import numpy as np


class Form(NamedTuple):
    """A container and a codec, and what they do to the sound.

    Attributes:
        suffix: str. Of the file.
        codec: str. As FFmpeg calls it.
        format: str. The container. `None`: as the suffix says.
        rate: int. Sample rate, in Hz.
        options: tuple of pairs of str. Of the codec.
        delay: int. Samples that the encoder puts before the sound without a word of it in the
            container; negative where the decoder leaves the first ones out.
        excess: int. Samples that the encoder puts after the sound without a word of it.
    """

    suffix: str
    codec: str
    format: str | None = None
    rate: int = 44100
    options: tuple = ()
    delay: int = 0
    excess: int = 0

    def __str__(self):
        return f"{self.codec}.{self.suffix}"


# Of AAC without the noise that each decoder draws for itself.
AAC = (("aac_pns", "0"), ("b", "256k"))
_KINDS = {"tta": "s16", "wavpack": "fltp"}  # instead of the first that the codec takes: 8 bits
LOSSLESS = (
    Form("wav", "pcm_s16le"),
    Form("wav", "pcm_s24le"),
    Form("wav", "pcm_f32le"),
    Form("wav", "pcm_u8"),
    Form("wav", "pcm_mulaw"),
    Form("w64", "pcm_s16le", excess=1),
    Form("aiff", "pcm_s16be"),
    Form("aif", "pcm_s24be", "aiff"),
    Form("au", "pcm_s16be"),
    Form("caf", "pcm_s16le"),
    Form("caf", "alac"),
    Form("voc", "pcm_s16le"),
    Form("flac", "flac"),
    Form("oga", "flac", "ogg"),
    Form("mka", "flac", "matroska"),
    Form("mkv", "pcm_s16le", "matroska"),
    Form("mkv", "pcm_f32le", "matroska"),
    Form("mkv", "alac", "matroska"),
    Form("mkv", "wavpack", "matroska"),
    Form("m4a", "alac", "ipod"),
    Form("mp4", "flac"),
    Form("mov", "pcm_s16le"),
    Form("mov", "pcm_s24be"),
    Form("mov", "pcm_f32le"),
    Form("avi", "pcm_s16le"),
    Form("avi", "pcm_u8"),
    Form("nut", "pcm_s16le"),
    Form("tta", "tta"),
    Form("wv", "wavpack"),
)
LOSSY = (
    Form("mp3", "libmp3lame"),
    Form("mp3", "libmp3lame", options=(("q", "2"),)),
    Form("ogg", "vorbis", excess=61),
    Form("ogg", "libopus", rate=48000),
    Form("opus", "libopus", rate=48000),
    Form("webm", "libopus", rate=48000),
    Form("mka", "libopus", "matroska", rate=48000),
    Form("mkv", "vorbis", "matroska", excess=61),
    Form("mkv", "libmp3lame", "matroska"),
    Form("mp4", "libopus", rate=48000),
    Form("m4a", "aac", "ipod", options=AAC),
    Form("mp4", "aac", options=AAC),
    Form("m4v", "aac", "mp4", options=AAC),
    Form("mov", "aac", options=AAC),
    Form("3gp", "aac", options=AAC),
    Form("mp4", "libmp3lame", excess=-35),
    Form("mp4", "ac3", rate=48000, excess=509),
    Form("mkv", "aac", "matroska", options=AAC, excess=765),
    Form("aac", "aac", "adts", options=AAC, delay=1024, excess=765),
    Form("ts", "aac", "mpegts", options=AAC, delay=1024, excess=765),
    Form("flv", "aac", options=AAC, delay=1024, excess=765),
    Form("flv", "libmp3lame", delay=1105, excess=428),
    Form("avi", "libmp3lame", delay=1105, excess=428),
    Form("mp2", "mp2", options=(("b", "384k"),), delay=481, excess=-100),
    Form("mpg", "mp2", "mpeg", options=(("b", "384k"),), delay=481, excess=-100),
    Form("ac3", "ac3", rate=48000, delay=256, excess=509),
    Form("eac3", "eac3", rate=48000, delay=256, excess=509),
    Form("wma", "wmav2", "asf", delay=-2048, excess=1789),
    Form("asf", "wmav1", "asf", delay=-2048, excess=1789),
    Form("wav", "libmp3lame", delay=1105, excess=428),
    Form("wav", "adpcm_ima_wav", excess=156),
    Form("wav", "adpcm_ms", excess=733),
)


def encode(path, samples, form, **options):
    """Write samples `(time, 2)` in one form, with options of the container."""
    with av.open(os.fspath(path), "w", format=form.format, container_options=options) as container:
        stream = container.add_stream(form.codec, rate=form.rate, layout="stereo")
        stream.codec_context.options = {"strict": "-2", **dict(form.options)}
        if "b" not in dict(form.options):
            stream.codec_context.bit_rate = 128000
        if form.codec in _KINDS:
            stream.codec_context.format = _KINDS[form.codec]
        stream.codec_context.open()
        size = stream.codec_context.frame_size or 1024
        kind = stream.codec_context.format.name
        resampler = av.AudioResampler(format=kind, layout="stereo", rate=form.rate, frame_size=size)
        planes = np.ascontiguousarray(samples.T, "float32")
        frame = av.AudioFrame.from_ndarray(planes, format="fltp", layout="stereo")
        frame.sample_rate, frame.pts = form.rate, 0
        frame.time_base = fractions.Fraction(1, form.rate)
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
