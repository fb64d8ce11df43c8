"""Files whose length libsndfile knows to the sample: PCM in any header, and FLAC."""

import contextlib
import os
import re

import soundfile

from sepmodels.audio import file

_WIDTHS = {"PCM_S8": 1, "PCM_U8": 1, "PCM_16": 2, "PCM_24": 3, "PCM_32": 4, "FLOAT": 4, "DOUBLE": 8}
_WIDTHS |= {"ULAW": 1, "ALAW": 1}  # bytes of a sample
# Bytes that the size in the header counts besides the samples.
_HEADERS = {"W64": 24, "AIFF": 8, "CAF": 4}
# What writers leave in a header that they cannot go back to, as in a pipe.
_UNKNOWN_SIZES = {0, 0x7FFFF000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF}
# The log of libsndfile has the size of the samples as the header gives it, in bytes.
_SIZE = re.compile(r"^ *(?:data|SSND|Data [Ss]ize) *: (\d+)\b", re.MULTILINE)


@contextlib.contextmanager
def open_sound(path):
    """Open a file for reading by its content, whatever its name."""
    with (
        file.explain_errors(path),
        open(path, "rb") as stream,
        soundfile.SoundFile(stream.fileno(), closefd=False) as sound,
    ):
        yield sound


def measure(path):
    """Return the `Info` of a file, or `None` if libsndfile does not know its exact length."""
    try:
        with open_sound(path) as sound:
            is_exact = sound.format == "FLAC" or sound.subtype in _WIDTHS
            if not is_exact or sound.format == "VOC":  # whose samples are in several blocks
                return None
            sound.seek(sound.frames - 1)
            if not len(sound.read(1)):
                return None
            frame = _WIDTHS.get(sound.subtype, 0) * sound.channels
            if sound.frames * frame > os.path.getsize(path):
                return None
            declared = [int(size) for size in _SIZE.findall(sound.extra_info)]
    except file.AudioError:
        return None
    length = sound.frames
    if frame and declared and declared[-1] not in _UNKNOWN_SIZES:
        count = (declared[-1] - _HEADERS.get(sound.format, 0)) // frame
        file.check_whole(path, count - length)
        length = min(length, count)  # what follows the samples of W64 pads them to whole words
    return file.Info(sound.samplerate, sound.channels, length)


def decode(path, start, stop, size):
    """Yield the samples from `start` to `stop`, `size` at a time, as float32."""
    with open_sound(path) as sound:
        sound.seek(start)
        for at in range(start, stop, size):
            samples = sound.read(min(size, stop - at), dtype="float32", always_2d=True)
            file.check_whole(path, min(at + size, stop) - at - len(samples))
            yield samples
