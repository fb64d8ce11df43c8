"""m4a, mp4, mkv, webm and the like through PyAV, which brings its own FFmpeg."""

import contextlib
import os

import av
import numpy as np

from sepmodels.audio import file

SUFFIXES = {".m4a", ".m4b", ".mp4", ".mov", ".mkv", ".mka", ".webm", ".aac", ".wma"}
# AAC frames lean on those before them, so decoding starts eight frames early.
_PREROLL = 8 * 1024


@contextlib.contextmanager
def opened(path, index):
    """Open audio stream number `index`; yield it with its header."""
    file.check_exists(path)
    try:
        with av.open(os.fspath(path)) as container:
            streams = container.streams.audio
            if not 0 <= index < len(streams):
                raise file.AudioError(
                    f"{path} has {len(streams)} audio streams, counted from 0. "
                    f"Received: index={index}"
                )
            stream = streams[index]
            length = round(_duration(stream) * stream.time_base * stream.rate)
            file.check_length(path, length)
            yield stream, file.Info(stream.rate, stream.channels, length)
    except av.FFmpegError as error:
        raise file.unreadable(path, error) from None


def _duration(stream):
    """In ticks of the stream; where its header has none, up to the end of the last packet."""
    if stream.duration is not None and stream.container.format.name != "aac":  # which guesses
        return stream.duration
    packets = (packet for packet in stream.container.demux(stream) if packet.pts is not None)
    ends = [packet.pts + (packet.duration or 0) for packet in packets]
    stream.container.seek(0)
    return max(ends, default=0) - (stream.start_time or 0)


def decoded(stream, start, stop):
    """Yield the samples from `start` to `stop`, one frame of the codec at a time."""
    origin = stream.start_time or 0
    if start > _PREROLL:  # to seek to the very start would lose its first frame
        ticks = int((start - _PREROLL) / (stream.rate * stream.time_base))
        stream.container.seek(origin + ticks, stream=stream)
    end, next_first = start, None
    for frame in stream.container.decode(stream):
        first = round((frame.pts - origin) * frame.time_base * stream.rate)
        if next_first is not None and abs(first - next_first) <= stream.rate // 500:
            first = next_first  # some files count in milliseconds, but frames follow gaplessly
        next_first = first + frame.samples
        if first >= stop:
            return
        if first + frame.samples > start:
            end = min(stop, first + frame.samples)
            yield _samples(frame)[max(0, start - first) : stop - first]
    # Headers count in milliseconds at times, so the last of them may not be there.
    file.check_whole(stream.container.name, stop - end, tolerance=stream.rate // 100)
    yield np.zeros((stop - end, stream.channels), "float32")


def regroup_blocks(pieces, size):
    """Yield the same samples in blocks of `size`."""
    rest = []
    for piece in pieces:
        rest.append(piece)
        while sum(map(len, rest)) >= size:
            joined = np.concatenate(rest)
            yield joined[:size]
            rest = [joined[size:]]
    if sum(map(len, rest)):
        yield np.concatenate(rest)


def _samples(frame):
    samples = frame.to_ndarray()
    if not frame.format.is_planar:
        samples = samples.reshape(-1, frame.layout.nb_channels).T
    if samples.dtype.kind == "i":
        samples = samples / -float(np.iinfo(samples.dtype).min)
    return samples.T.astype("float32")
