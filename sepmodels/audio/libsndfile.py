"""Files whose exact length libsndfile reports: PCM with any header, FLAC and Ogg."""

import contextlib
import io
import itertools
import os
import re
from typing import NamedTuple

import soundfile

from sepmodels.audio import file

_WIDTHS = {"PCM_S8": 1, "PCM_U8": 1, "PCM_16": 2, "PCM_24": 3, "PCM_32": 4, "FLOAT": 4, "DOUBLE": 8}
_WIDTHS |= {"ULAW": 1, "ALAW": 1}  # bytes of a sample
# Bytes that the size in the header counts besides the samples.
_HEADERS = {"W64": 24, "AIFF": 8, "CAF": 4}
# Sizes written by programs that cannot return to the header, as in a pipe.
_UNKNOWN_SIZES = {0, 0x7FFFF000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF}
# libsndfile logs the size of the samples that the header states, in bytes.
_SIZE = re.compile(r"^ *(?:data|SSND|Data [Ss]ize) *: (\d+)\b", re.MULTILINE)
_BOS = 2  # the flag of an Ogg page that begins a stream


class Section(NamedTuple):
    """A part of a file: all of it, or one link of a chained Ogg file.

    A chain is several Ogg files one after another, such as a recording of an internet radio. Of
    such a file libsndfile reads the first link alone.
    """

    first: int  # number of its first sample in the whole file
    length: int  # in samples
    begin: int = 0  # byte at which it begins
    end: int | None = None  # byte after its last one; `None` for the end of the file


class Sound(NamedTuple):
    """A file that libsndfile decodes."""

    path: str
    info: file.Info
    sections: list

    def decode(self, start, stop, size):
        """Yield the samples from `start` to `stop`, at most `size` at a time, as float32."""
        for first, length, begin, end in self.sections:
            at, until = max(0, start - first), min(length, stop - first)
            if at < until:
                with _open_sound(self.path, begin, end) as sound:
                    if sound.format == "OGG":  # an Opus decoder needs time to converge
                        sound.seek(max(0, at - sound.samplerate))
                        sound.read(at - sound.tell(), dtype="float32")
                    else:
                        sound.seek(at)
                    for position in range(at, until, size):
                        count = min(size, until - position)
                        samples = sound.read(count, dtype="float32", always_2d=True)
                        file.check_whole(self.path, count - len(samples))
                        yield samples


def measure(path):
    """Return the `Sound` of a file, or `None` if no exact length is known."""
    try:
        with _open_sound(path) as sound:
            kind, is_coded = sound.format, sound.format in ("FLAC", "OGG")
            frame = 0 if is_coded else _WIDTHS.get(sound.subtype, 0) * sound.channels
            declared = [int(size) for size in _SIZE.findall(sound.extra_info)]
            info = file.Info(sound.samplerate, sound.channels, sound.frames)
            # VOC keeps its samples in several blocks, whose headers libsndfile reads as samples.
            if kind == "VOC" or not (frame or is_coded) or not _holds_end(sound):
                return None
        if kind == "OGG":
            return _measure_links(path, info)
    except file.AudioError:
        return None
    if info.length * frame > os.path.getsize(path):
        return None
    if frame and declared and declared[-1] not in _UNKNOWN_SIZES:
        count = (declared[-1] - _HEADERS.get(kind, 0)) // frame
        file.check_whole(path, count - info.length)
        # W64 pads its samples to whole words.
        info = info._replace(length=min(info.length, count))
    return Sound(path, info, [Section(0, info.length)])


@contextlib.contextmanager
def _open_sound(path, begin=0, end=None):
    """Open a file for reading by its content, whatever its name."""
    with file.explain_errors(path), open(path, "rb") as stream:
        opened = stream.fileno()
        if begin or end:
            stream.seek(begin)
            opened = io.BytesIO(stream.read(end - begin))
        with soundfile.SoundFile(opened, closefd=False) as sound:
            yield sound


def _holds_end(sound):
    sound.seek(sound.frames - 1)
    return len(sound.read(1)) == 1


def _measure_links(path, info):
    with open(path, "rb") as stream:
        offsets = _find_links(stream.read())
    sections, first = [], 0
    for begin, end in itertools.pairwise(offsets):
        with _open_sound(path, begin, end) as sound:
            if (sound.samplerate, sound.channels) != info[:2] or not _holds_end(sound):
                return None
            sections.append(Section(first, sound.frames, begin, end))
            first += sound.frames
    return Sound(path, info._replace(length=first), sections) if sections else None


def _find_links(content):
    """Return the bytes where the links of an Ogg file begin and the last one ends."""
    offsets, at, was_first = [], 0, False
    while content[at : at + 4] == b"OggS" and at + 27 <= len(content):
        is_first = bool(content[at + 5] & _BOS)
        if is_first and not was_first:
            offsets.append(at)
        was_first, table = is_first, content[at + 27 : at + 27 + content[at + 26]]
        at += 27 + content[at + 26] + sum(table)
    return [*offsets, at] if at == len(content) else []
