"""From the plan of an example to its samples: read pieces of songs, remix them, add them up."""

import tensorflow as tf

from sepmodels import audio
from sepmodels.datasets.segments import tfio_reader
from sepmodels.datasets.segments.augment import flip_polarity, mix, scale, silence, swap_channels
from sepmodels.datasets.segments.sampler import TYPES, Parts


def make_examples(numbers, plan, tracks, length, sources, channels, domains, stretches=False):
    """Map example numbers to `(mixture, stems)` or `(mixture, stems, domain)`, in order.

    Args:
        numbers: `tf.data.Dataset` of int64.
        plan: function of a number to the `Parts` of that example.
        tracks, length, sources, channels, domains: as of `draw_segments`, and checked.
        stretches: bool. Whether tempo or pitch may change. Defaults to `False`.
    """
    native = tfio_reader.reader(tracks, sources)
    marks = _marks(tracks, domains)

    def plan_checked(number):
        parts = plan(number)
        if native is not None:
            native.check(parts.tracks)
        return parts

    def read(chosen, starts, stops):
        places = {}
        for source, *place in zip(sources, chosen, starts, stops, strict=True):
            places.setdefault(tuple(map(int, place)), []).append(source)
        pieces = {}
        for (track, start, stop), wanted in places.items():
            pieces.update(tracks[track].read(start, stop, wanted))
        return [pieces[source] for source in sources]

    @tf.autograph.experimental.do_not_convert  # plain tensor code, nothing to convert
    def example(number):
        parts = Parts(*tf.numpy_function(plan_checked, [number], TYPES))
        parts = Parts(*(tf.ensure_shape(part, [len(sources)]) for part in parts))
        if native is None:
            place = [parts.tracks, parts.starts, parts.stops]
            pieces = tf.numpy_function(read, place, [tf.float32] * len(sources))
        else:
            pieces = [
                native(parts.tracks[s], s, parts.starts[s], parts.stops[s])
                for s in range(len(sources))
            ]
        stems = {}
        for s, source in enumerate(sources):
            part = Parts(*(column[s] for column in parts))
            stems[source] = _remixed(pieces[s], part, length, channels, stretches)
        mixture = mix(stems)
        if domains is None:
            return mixture, stems
        return mixture, stems, tf.gather(marks, parts.tracks[0])

    # In order, unless `Dataset.with_options` allows otherwise.
    return numbers.map(example, num_parallel_calls=tf.data.AUTOTUNE)


def _remixed(piece, part, length, channels, stretches):
    """Make a stem `(length, channels)` of the piece of a song."""
    piece = tf.ensure_shape(piece, [None, None])
    if channels == 1:
        piece = tf.reduce_mean(piece, axis=1, keepdims=True)
    if stretches:
        speed = [piece, part.tempi, part.semitones]
        piece = tf.ensure_shape(tf.numpy_function(audio.stretch, speed, tf.float32), [None, None])
    piece = piece[:length]
    silent = length - tf.shape(piece)[0]  # behind the end of a short song
    piece = tf.pad(piece, [[0, silent], [0, 0]])
    stem = tf.broadcast_to(piece, [length, channels])
    if channels > 1:
        stem = tf.where(part.swaps, swap_channels(stem), stem)
    stem = tf.where(part.flips, flip_polarity(stem), stem)
    stem = tf.where(part.mutes, silence(stem), stem)
    return scale(stem, part.gains)


def _marks(tracks, domains):
    """The place in `domains` of the domain of each track."""
    if domains is None:
        return None
    for track in tracks:
        if track.domain not in domains:
            raise ValueError(
                f"{track} is of domain {track.domain!r}, which `domains` lacks. "
                f"Received: domains={domains}"
            )
    return tf.constant([domains.index(track.domain) for track in tracks], tf.int32)
