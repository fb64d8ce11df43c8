"""The samples of an example: pieces of songs, read and changed as planned, and their mixture."""

import tensorflow as tf

from sepmodels import _checks, audio
from sepmodels.datasets.segments import tfio_reader
from sepmodels.datasets.segments.sampler import PLAN_TYPES, SegmentPlan


def assemble_examples(numbers, plan, tracks, length, sources, channels, domains, stretches=False):
    """Map example numbers to `(mixture, stems)` or `(mixture, stems, domain)`, in order.

    Args:
        numbers: `tf.data.Dataset` of int64.
        plan: function of a number to the `SegmentPlan` of that example.
        tracks, length, sources, channels, domains: as of `draw_segments`, and checked.
        stretches: bool. Whether tempo or pitch may change. Defaults to `False`.
    """
    native = tfio_reader.open_native(tracks, sources)
    labels = _index_domains(tracks, domains)

    def plan_and_check(number):
        planned = plan(number)
        if native is not None:
            native.check(planned.tracks)
        return planned

    def read(*columns):
        sources_of = {}
        for source, *piece in zip(sources, *columns, strict=True):
            sources_of.setdefault(tuple(map(int, piece)), []).append(source)
        stems = {}
        for (track, start, stop), wanted in sources_of.items():
            stems.update(tracks[track].read(start, stop, wanted))
        return [stems[source] for source in sources]

    @tf.autograph.experimental.do_not_convert  # plain tensor code, nothing to convert
    def assemble(number):
        planned = SegmentPlan(*tf.numpy_function(plan_and_check, [number], PLAN_TYPES))
        planned = SegmentPlan(*(tf.ensure_shape(column, [len(sources)]) for column in planned))
        if native is None:
            pieces = tf.numpy_function(read, planned[:3], [tf.float32] * len(sources))
        else:
            rows = zip(*map(tf.unstack, planned[:3]), strict=True)
            pieces = [native(source, *row) for source, row in enumerate(rows)]
        stems = {}
        for index, source in enumerate(sources):
            own = SegmentPlan(*(column[index] for column in planned))
            stems[source] = _change(pieces[index], own, length, channels, stretches)
        mixture = sum(stems.values())
        if domains is None:
            return mixture, stems
        return mixture, stems, tf.gather(labels, planned.tracks[0])

    options = tf.data.Options()
    options.autotune.enabled = False  # its thread sleeps, and the end of an iterator waits for it
    # In order, unless `Dataset.with_options` allows otherwise; as many at once as there are cores.
    return numbers.map(assemble, num_parallel_calls=tf.data.AUTOTUNE).with_options(options)


def _change(piece, plan, length, channels, stretches):
    """Make a stem `(length, channels)` of a piece of a song."""
    piece = tf.ensure_shape(piece, [None, None])
    if channels == 1:
        piece = tf.reduce_mean(piece, axis=1, keepdims=True)
    if stretches:
        speed = [piece, plan.tempi, plan.semitones]
        piece = tf.ensure_shape(tf.numpy_function(audio.stretch, speed, tf.float32), [None, None])
    piece = piece[:length]
    missing = length - tf.shape(piece)[0]  # after the end of a short song
    stem = tf.broadcast_to(tf.pad(piece, [[0, missing], [0, 0]]), [length, channels])
    if channels > 1:
        stem = tf.where(plan.swaps, stem[:, ::-1], stem)
    stem = tf.where(plan.flips, -stem, stem)
    return tf.where(plan.mutes, 0 * stem, stem) * plan.gains


def _index_domains(tracks, domains):
    """The index in `domains` of the domain of each track."""
    if domains is None:
        return None
    for track in tracks:
        rule = f"{track} is of domain {track.domain!r}, which `domains` lacks"
        _checks.require(track.domain in domains, rule, domains=domains)
    return tf.constant([domains.index(track.domain) for track in tracks], tf.int32)
