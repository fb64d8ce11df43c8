"""Any container and any codec, decoded by the FFmpeg that PyAV contains.

The sound of a file is the sequence of all frames that its stream decodes to. Time stamps and
headers are too coarse or wrong in many files (milliseconds, estimates, joined streams), so the
samples are counted, once for each file. The exception is an mp4 file whose table gives every frame
the same length: it is exact and allows seeking.
"""

import bisect
import contextlib
import itertools
import os
import re
import warnings
from typing import NamedTuple

import av
import numpy as np
from av.codec.context import Flags2

from sepmodels.audio import file

# FFmpeg also supports playlists, scripts and network protocols; none of them is opened.
_FORMATS = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,dts,dtshd,eac3,flac,flv,loas,matroska,mlp,mov,mp3,mpc,mpc8,"
    "mpeg,mpegts,mxf,nut,ogg,tak,truehd,tta,voc,w64,wav,wv"
)
# Frames depend on those before them (up to 23 in mp3), so decoding starts 32 packets early.
_STRIDE = 32
_PREROLL = _STRIDE * 1024  # samples
_TAG = 1500  # bytes: the longest frame of an mp3 file, and so of its tag
# Containers whose headers count samples; others estimate by the bit rate.
_COUNTING = {"flac", "caf", "wv", "tta", "ape", "wav", "w64", "aiff", "au"}
_COARSE = 0.005  # s: the possible rounding error of an edit list
_LATE = 0.1  # s by which a stream may end before the length in its header


class Sound(NamedTuple):
    """A stream that FFmpeg decodes, and the positions of its samples.

    Attributes:
        path: str.
        number: int. Which of the audio streams of the file.
        info: Info.
        marks: list of int. How many samples come before packet 0, 32, 64 ...; empty where the
            time stamps are exact.
        origin: int. Time stamp of the first sample, where they are exact.
    """

    path: str
    number: int
    info: file.Info
    marks: list
    origin: int = 0

    def decode(self, start, stop, size):
        """Yield the samples from `start` to `stop` as float32, a frame of the codec at a time."""
        end, (sample_rate, channels, _) = start, self.info
        with open_stream(self.path, self.number) as stream:
            place = _place_counted if self.marks else _place_stamped
            for first, frame in place(stream, self, start) if start < stop else ():
                if (frame.sample_rate, frame.layout.nb_channels) != (sample_rate, channels):
                    raise file.AudioError(
                        f"{self.path} changes its sample rate or channels at "
                        f"{first / sample_rate:.3f} s; export it again"
                    )
                if first > end:  # by the time stamps of an mp4 file
                    raise file.AudioError(
                        f"{self.path} is damaged at {end / sample_rate:.3f} s; copy or export it "
                        "again"
                    )
                if first + frame.samples > end:
                    yield _convert(frame)[end - first : stop - first]
                    end = min(stop, first + frame.samples)
                if end == stop:
                    break
        file.check_whole(self.path, stop - end)


@contextlib.contextmanager
def open_stream(path, index):
    """Open audio stream number `index`."""
    settings = {"options": {"format_whitelist": _FORMATS}, "metadata_errors": "replace"}
    name = f"file:{os.path.abspath(path)}"
    with file.explain_errors(path), av.open(name, **settings) as opened:
        streams = opened.streams.audio
        if not 0 <= index < len(streams):
            raise file.AudioError(
                f"{path} has {len(streams)} audio streams, counted from 0. Received: index={index}"
            )
        stream = streams[index]
        if stream.codec_context.name == "alac":  # FFmpeg would trim the last frame twice
            stream.codec_context.flags2 |= Flags2.skip_manual
        yield stream


def measure(path, index):
    """Return the `Sound` of a stream."""
    for find in (_read_table, _count):
        with open_stream(path, index) as stream:
            if found := find(path, stream):
                return Sound(path, index, *found)


def _read_table(path, stream):
    """Find the `Sound` by the table of an mp4 file, or `None` if its frames differ in length."""
    container = stream.container
    stamps = np.array([entry.timestamp for entry in stream.index_entries])
    steps = np.diff(stamps)
    is_table = "mp4" in container.format.name and stream.frames == len(stamps) > 2
    if not is_table or (steps != steps[0]).any():
        return None
    first, second = itertools.islice(container.decode(stream), 2)
    sample_rate, scale = second.sample_rate, second.sample_rate * stream.time_base
    if scale.denominator != 1 or steps[0] * scale != second.samples:
        return None
    origin = second.pts - int(first.samples / scale)  # after the padding of the encoder
    container.seek(int(stamps[-2]), stream=stream)
    table_end, decoded_end = int(stamps[-1] + steps[0]), origin
    for packet in container.demux(stream):
        if packet.pts == stamps[-1]:  # the last one may be shorter
            table_end = packet.pts + packet.duration
        for frame in packet.decode():
            decoded_end = frame.pts + int(frame.samples / scale)
    ends, header_end = [table_end], stream.start_time + stream.duration
    if table_end - header_end > _COARSE * sample_rate / scale:
        ends.append(header_end)
    if encoder := container.metadata.get("iTunSMPB"):  # padding before and after, and length
        ends.append(origin + int(int(encoder.split()[3], 16) / scale))
    file.check_whole(path, int((min(ends) - decoded_end) * scale), tolerance=second.samples)
    length = int((min(*ends, decoded_end) - origin) * scale)
    return file.Info(sample_rate, second.layout.nb_channels, length), [], origin


def _count(path, stream):
    """Decode a stream from start to end; damaged packets are left out, with a warning."""
    marks, length, damaged, first, position = [], 0, 0, None, 0
    for number, packet in enumerate(stream.container.demux(stream)):
        if number % _STRIDE == 0:
            marks.append(length)
        if number == 0:
            position = packet.pos or 0
        frames = _decode_packet(packet)
        damaged += frames is None
        for frame in frames or ():
            first = first or frame
            length += frame.samples
    if length == 0:
        raise file.AudioError(f"{path} contains 0 samples; export it again")
    if damaged * 2 > number:
        raise file.AudioError(f"{path} is damaged almost everywhere; copy or export it again")
    declared = _find_declared_length(path, stream, position) * first.sample_rate
    missing = round(declared) - length
    file.check_whole(path, missing, tolerance=round(_LATE * first.sample_rate))
    if damaged:
        warnings.warn(
            f"{path}: {damaged} of {number} packets are damaged and left out", stacklevel=2
        )
    return file.Info(first.sample_rate, first.layout.nb_channels, length), marks


def _find_declared_length(path, stream, position):
    """Return the length in seconds that the header states, or 0 if it is missing or estimated."""
    kind = stream.container.format.name
    if "matroska" in kind:
        clock = re.fullmatch(r"(\d+):(\d+):([\d.]+)", stream.metadata.get("DURATION", ""))
        hours, minutes, seconds = map(float, clock.groups() if clock else (0, 0, 0))
        return 3600 * hours + 60 * minutes + seconds
    if kind == "mp3":  # the header is exact only with a tag before the first packet
        with open(path, "rb") as opened:
            opened.seek(max(0, position - _TAG))
            tag = opened.read(min(position, _TAG))
        return stream.duration * stream.time_base if re.search(b"Xing|Info|VBRI", tag) else 0
    return (stream.duration or 0) * stream.time_base if kind in _COUNTING else 0


def _place_counted(stream, sound, start):
    """Yield `(first sample, frame)` by counting from the last mark before `start`."""
    mark = bisect.bisect_right(sound.marks, start) - 1
    first = sound.marks[mark]
    packets = stream.container.demux(stream)
    for number, packet in enumerate(packets):
        if number >= (mark - 1) * _STRIDE:
            frames = _decode_packet(packet) or ()
            for frame in frames if number >= mark * _STRIDE else ():
                yield first, frame
                first += frame.samples


def _place_stamped(stream, sound, start):
    """Yield `(first sample, frame)` by the exact time stamps of an mp4 file."""
    scale = int(sound.info.sample_rate * stream.time_base)
    if start > _PREROLL:
        ticks = sound.origin + (start - _PREROLL) // scale
        stream.container.seek(ticks, stream=stream)
    for frame in stream.container.decode(stream):
        yield max(0, (frame.pts - sound.origin) * scale), frame


def _decode_packet(packet):
    """Return the frames of a packet, or `None` if it is damaged."""
    try:
        return packet.decode()
    except av.InvalidDataError:
        return None


def _convert(frame):
    """Return the samples of a frame as float32 `(time, channels)`."""
    samples = frame.to_ndarray()
    if not frame.format.is_planar:
        samples = samples.reshape(-1, frame.layout.nb_channels).T
    if samples.dtype.kind == "u":
        samples = samples.astype("float32") - 128
    if samples.dtype.kind != "f" or frame.format.name.startswith("u8"):
        samples = samples / 2.0 ** (8 * frame.format.bytes - 1)
    return samples.T.astype("float32")
