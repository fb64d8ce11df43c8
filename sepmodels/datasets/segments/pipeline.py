"""Songs to batches of examples: random segments for training, consecutive ones for validation."""

from collections.abc import Sequence

import tensorflow as tf

from sepmodels import _checks
from sepmodels.datasets.segments.assembly import assemble_examples
from sepmodels.datasets.segments.augmentation import Augment
from sepmodels.datasets.segments.sampler import SegmentPlan, SegmentSampler
from sepmodels.datasets.track import Track


def draw_segments(
    tracks: Sequence[Track],
    length: int,
    batch_size: int,
    *,
    sources: Sequence[str] = ("vocals", "accompaniment"),
    sample_rate: int | None = None,
    channels: int | None = None,
    augment: Augment | None = None,
    seed: int = 0,
    start: int = 0,
    domains: Sequence[str] | None = None,
) -> tf.data.Dataset:
    """Draw random segments of songs, endlessly, for training.

    Example number `i` depends on `seed` and `i` alone, whatever the machine and the number of
    its cores. Example number `i` of an epoch of `n` examples is number `epoch * n + i`, so a
    training that stopped after `n` examples resumes with `start=n` as if it had never stopped.
    As many examples are prepared in parallel as the machine has cores, and two batches in advance.

    Songs are drawn with a probability proportional to their duration. The mixture is always the
    sum of the sources as they are returned, never the one that a corpus ships. A track that lacks
    some of the sources, such as music without a voice, is used in the examples that mix songs
    (`Augment.cross_songs`). A track shorter than a segment is padded with silence.

    A file that is deleted, shortened, or contains NaN ends the training with an error that names
    it.

    Args:
        tracks: list of `Track`, all at one sample rate.
        length: int. Length of a segment, in samples.
        batch_size: int. Examples in a batch.
        sources: sequence of str. Defaults to `("vocals", "accompaniment")`.
        sample_rate: int. The rate that the tracks must have, in Hz. Defaults to `None`: theirs.
        channels: int. `1` averages the channels of a song; a larger number duplicates the channel
            of mono songs. Defaults to `None`: as many as the tracks have.
        augment: `Augment`. Defaults to `None`: no change.
        seed: int. Defaults to `0`.
        start: int. Number of the first example. Defaults to `0`.
        domains: tuple of str. Return the domain of each example too. Defaults to `None`: no.

    Returns:
        An endless `tf.data.Dataset` of `(mixture, stems)`: float32 `(batch_size, length, channels)`
        and a dict of source to such. With `domains`, of `(mixture, stems, domain)`: int32
        `(batch_size,)`, the index in `domains` of the domain of the track from which the first of
        the `sources` comes.

    Raises:
        ValueError: no tracks, tracks of another rate, a source that no track has, or a track
            whose domain is not in `domains`.

    Example:

    >>> tracks = [sm.datasets.sample.load()]
    >>> batches = sm.datasets.draw_segments(tracks, length=44100, batch_size=3, seed=1)
    >>> mixture, stems = next(iter(batches))
    >>> tuple(mixture.shape), sorted(stems)
    ((3, 44100, 2), ['accompaniment', 'vocals'])
    """
    channels = _check(tracks, length, batch_size, sample_rate, channels)
    _checks.at_least(0, seed=seed, start=start)
    augment = augment or Augment()
    sampler = SegmentSampler(tracks, length, sources, augment, seed)
    numbers = tf.data.Dataset.counter(start)
    form = (tracks, length, sources, channels, domains)
    examples = assemble_examples(numbers, sampler, *form, stretches=augment.stretches)
    return examples.batch(batch_size, drop_remainder=True).prefetch(2)


def cut_excerpts(
    tracks: Sequence[Track],
    length: int,
    batch_size: int,
    *,
    sources: Sequence[str] = ("vocals", "accompaniment"),
    sample_rate: int | None = None,
    channels: int | None = None,
    step: int | None = None,
    domains: Sequence[str] | None = None,
) -> tf.data.Dataset:
    """Cut songs into consecutive segments, each once and in order, for validation.

    The last segment of a song is padded with silence, and the last batch may be smaller.

    Args:
        tracks: list of `Track`, all at one sample rate and with all sources.
        length: int. Length of a segment, in samples.
        batch_size: int. Examples in a batch.
        sources: sequence of str. Defaults to `("vocals", "accompaniment")`.
        sample_rate: int. As in `draw_segments`. Defaults to `None`.
        channels: int. As in `draw_segments`. Defaults to `None`.
        step: int. From the start of a segment to that of the next, in samples; less than
            `length` where only the centre of a segment counts. Defaults to `None`: `length`.
        domains: tuple of str. As in `draw_segments`. Defaults to `None`.

    Returns:
        A finite `tf.data.Dataset` of `(mixture, stems)` or `(mixture, stems, domain)`, as of
        `draw_segments`.

    Raises:
        ValueError: no tracks, tracks of another rate, one that lacks a source, or one whose
            domain is not in `domains`.
    """
    channels = _check(tracks, length, batch_size, sample_rate, channels)
    for track in tracks:
        complete = set(sources) <= set(track.sources)
        _checks.require(complete, f"{track} lacks some of the sources", sources=sources)
    pieces = [
        (index, start, min(start + length, track.length))
        for index, track in enumerate(tracks)
        for start in range(0, track.length, step or length)
    ]

    def plan(number):
        return SegmentPlan.unchanged(*pieces[number], len(sources))

    numbers = tf.data.Dataset.range(len(pieces))
    examples = assemble_examples(numbers, plan, tracks, length, sources, channels, domains)
    count = -(-len(pieces) // batch_size)
    batches = examples.batch(batch_size).apply(tf.data.experimental.assert_cardinality(count))
    return batches.prefetch(2)


def _check(tracks, length, batch_size, sample_rate, channels):
    """Refuse what cannot be cut into segments; return the number of channels."""
    _checks.positive(length=length, batch_size=batch_size)
    _checks.require(tracks, "tracks is empty; check the folder of the songs", tracks=tracks)
    rate = sample_rate or tracks[0].sample_rate
    channels = channels or max(track.channels for track in tracks)
    for track in tracks:
        remedy = f"use track.resample({rate}), or datasets.cache_as_wav(tracks, folder, {rate})"
        rule = f"{track} is not at {rate} Hz; {remedy}"
        _checks.require(track.sample_rate == rate, rule, sample_rate=sample_rate)
        fits = channels == 1 or track.channels in (1, channels)
        _checks.require(fits, f"channels must be 1 or fit {track}", channels=channels)
    return channels
