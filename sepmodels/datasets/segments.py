"""Songs to training examples: pieces of songs, remixed, as a `tf.data` pipeline."""

import numpy as np
import tensorflow as tf

from sepmodels.datasets import native_wav
from sepmodels.datasets.augment import Augment, Draw, columns


def draw_segments(
    tracks,
    length,
    batch_size,
    *,
    sources=("vocals", "accompaniment"),
    sample_rate=None,
    channels=None,
    augment=None,
    seed=0,
    start=0,
):
    """Draw random segments of songs, without end, for training.

    Example number `i` depends on `seed` and `i` alone, whatever the machine and the number of
    its cores: a training that stopped after `n` examples goes on with `start=n` as if it never had.

    Songs are drawn in proportion to their duration. The mixture is always the sum of the sources
    as they are given, never one that the corpus ships. A track that lacks some of the sources,
    such as music without a voice, takes part in the examples that mix songs
    (`Augment.cross_songs`). A track shorter than a segment is followed by silence.

    Args:
        tracks: list of `Track`, all at one sample rate.
        length: int. Length of a segment, in samples.
        batch_size: int. Examples in a batch.
        sources: sequence of str. Defaults to `("vocals", "accompaniment")`.
        sample_rate: int. The rate that the tracks must have, in Hz. Defaults to `None`: theirs.
        channels: int. `1` averages the channels of a song; more doubles mono songs.
            Defaults to `None`: as many as the tracks have.
        augment: `Augment`. Defaults to `None`: no change.
        seed: int. Defaults to `0`.
        start: int. Number of the first example. Defaults to `0`.

    Returns:
        An endless `tf.data.Dataset` of `(mixture, stems)`: float32 `(batch_size, length, channels)`
        and a dict of source to such.

    Raises:
        ValueError: no tracks, tracks of another rate, or a source that no track has.

    Example:

    >>> songs = [sm.datasets.sample.load()]
    >>> batches = sm.datasets.draw_segments(songs, length=44100, batch_size=3, seed=1)
    >>> mixture, stems = next(iter(batches))
    >>> tuple(mixture.shape), sorted(stems)
    ((3, 44100, 2), ['accompaniment', 'vocals'])
    """
    sources = tuple(sources)
    channels = _checked(tracks, length, batch_size, sample_rate, channels)
    for name, value in (("seed", seed), ("start", start)):
        if value < 0:
            raise ValueError(f"`{name}` must not be negative. Received: {name}={value}")
    draw = Draw(tracks, length, sources, augment or Augment(), seed)
    numbers = tf.data.Dataset.counter(start)
    examples = _examples(numbers, draw, tracks, length, sources, channels)
    return examples.batch(batch_size, drop_remainder=True).prefetch(tf.data.AUTOTUNE)


def cut_excerpts(
    tracks,
    length,
    batch_size,
    *,
    sources=("vocals", "accompaniment"),
    sample_rate=None,
    channels=None,
    step=None,
):
    """Cut songs into consecutive segments, each once and in order, for validation.

    The last segment of a song is followed by silence, and the last batch may be smaller.

    Args:
        tracks: list of `Track`, all at one sample rate and with all sources.
        length: int. Length of a segment, in samples.
        batch_size: int. Examples in a batch.
        sources: sequence of str. Defaults to `("vocals", "accompaniment")`.
        sample_rate: int. As in `draw_segments`. Defaults to `None`.
        channels: int. As in `draw_segments`. Defaults to `None`.
        step: int. From the start of a segment to that of the next, in samples; less than
            `length` where only the centre of a segment is scored. Defaults to `None`: `length`.

    Returns:
        A finite `tf.data.Dataset` of `(mixture, stems)`, as of `draw_segments`.

    Raises:
        ValueError: no tracks, tracks of another rate, or one that lacks a source.
    """
    sources = tuple(sources)
    channels = _checked(tracks, length, batch_size, sample_rate, channels)
    for track in tracks:
        if not set(sources) <= set(track.sources):
            raise ValueError(f"{track} lacks some of the sources {sources}")
    places = [
        (number, begin)
        for number, track in enumerate(tracks)
        for begin in range(0, track.length, step or length)
    ]

    def cut(number):
        return columns([(*places[number], 1.0, False)] * len(sources))

    numbers = tf.data.Dataset.range(len(places))
    examples = _examples(numbers, cut, tracks, length, sources, channels)
    count = -(-len(places) // batch_size)
    batches = examples.batch(batch_size).apply(tf.data.experimental.assert_cardinality(count))
    return batches.prefetch(tf.data.AUTOTUNE)


def _examples(numbers, plan, tracks, length, sources, channels):
    """Map example numbers to `(mixture, stems)`, in order."""
    native = native_wav.reader(tracks, sources)
    lengths = np.array([track.length for track in tracks], "int64")

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
        types = (tf.int64, tf.int64, tf.float32, tf.bool)
        made_of = tf.numpy_function(plan, [number], types)
        chosen, starts, gains, swaps = (tf.ensure_shape(pick, [len(sources)]) for pick in made_of)
        stops = tf.minimum(starts + length, tf.gather(lengths, chosen))
        if native is None:
            pieces = tf.numpy_function(read, [chosen, starts, stops], [tf.float32] * len(sources))
        else:
            pieces = [native(chosen[s], s, starts[s], stops[s]) for s in range(len(sources))]
        stems = {
            source: _shaped(piece, length, channels, swaps[s]) * gains[s]
            for s, (source, piece) in enumerate(zip(sources, pieces, strict=True))
        }
        return tf.add_n(list(stems.values())), stems

    return numbers.map(example, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)


def _shaped(piece, length, channels, swap):
    """Silence behind a short piece; the channels wanted, perhaps in reverse order."""
    piece = tf.ensure_shape(piece, [None, None])
    if channels == 1:
        piece = tf.reduce_mean(piece, axis=1, keepdims=True)
    missing = length - tf.shape(piece)[0]
    piece = tf.pad(piece, [[0, missing], [0, 0]])
    piece = tf.broadcast_to(piece, [length, channels])
    return tf.where(swap, piece[:, ::-1], piece) if channels > 1 else piece


def _checked(tracks, length, batch_size, sample_rate, channels):
    """Refuse what cannot be cut into segments; return the number of channels."""
    if not tracks:
        raise ValueError("`tracks` is empty; is the folder of the songs right?")
    for name, value in (("length", length), ("batch_size", batch_size)):
        if value < 1:
            raise ValueError(f"`{name}` must be at least 1. Received: {name}={value}")
    sample_rate = sample_rate or tracks[0].sample_rate
    for track in tracks:
        if track.sample_rate != sample_rate:
            raise ValueError(f"{track} is not at {sample_rate} Hz; use track.resampled(rate)")
    channels = channels or max(track.channels for track in tracks)
    for track in tracks:
        if channels > 1 and track.channels not in (1, channels):
            raise ValueError(f"{track} cannot be given as channels={channels}")
    return channels
