"""Composition of the synthetic songs.

Key, mode, tempo, chords, drum pattern, instruments and singer are drawn for every song, so that a
separator can generalise from a dozen of them. NumPy is the only requirement.
"""

import math
import numbers
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from sepmodels import _checks
from sepmodels.datasets.synthetic.band import (
    level,
    pick,
    play_bass,
    play_chords,
    play_drums,
    reverb,
)
from sepmodels.datasets.synthetic.voice import Note, Singer, sing
from sepmodels.datasets.track import Track

STEMS = ("drums", "bass", "other", "vocals")
MODES = {  # the scale in semitones, and progressions of four chords as degrees of it
    "major": ((0, 2, 4, 5, 7, 9, 11), ((0, 4, 5, 3), (0, 5, 3, 4), (5, 3, 0, 4), (0, 3, 1, 4))),
    "minor": ((0, 2, 3, 5, 7, 8, 10), ((0, 5, 2, 6), (0, 6, 5, 6), (0, 3, 6, 2), (5, 6, 0, 4))),
    "dorian": ((0, 2, 3, 5, 7, 9, 10), ((0, 3, 0, 3), (0, 2, 3, 6), (0, 6, 3, 0))),
    "mixolydian": ((0, 2, 4, 5, 7, 9, 10), ((0, 6, 3, 0), (0, 4, 3, 6), (0, 1, 6, 3))),
}
RHYTHMS = (  # cells of two beats for the melody
    (1, 1), (0.5, 0.5, 1), (1.5, 0.5), (2,), (0.5, 0.5, 0.5, 0.5), (0.75, 0.75, 0.5), (1, 0.5, 0.5),
)  # fmt: skip


@dataclass(frozen=True)
class Score:
    """The score of a song.

    `key` is the tonic (0 is C), `mode` a key of `MODES`, `tempo` in beats per minute, `swing` the
    delay of every second step, `chords` has one chord for each bar (pitch classes, root first),
    `notes` is the melody, `singer` the voice.
    """

    key: int
    mode: str
    tempo: float
    swing: float
    chords: tuple[tuple[int, ...], ...]
    notes: tuple[Note, ...]
    singer: Singer

    def seconds(self, bar: int, step: int) -> float:
        """The time of a step (a sixteenth of a bar) of a bar."""
        return (16 * bar + step + self.swing * (step % 2)) * 15 / self.tempo

    def hits(self, pattern: str) -> Iterator[tuple]:
        """`(bar, step, seconds, symbol)` of a pattern of 16 steps, repeated in every bar."""
        for bar in range(len(self.chords)):
            for step, symbol in enumerate(pattern):
                if symbol != ".":
                    yield bar, step, self.seconds(bar, step), symbol


def load(
    n: int = 8,
    seed: int = 0,
    *,
    seconds: float = 10.0,
    sample_rate: int = 16000,
    channels: int = 1,
    sources: Sequence[str] = ("vocals", "accompaniment"),
    vocals_db: float = 0.0,
) -> list[Track]:
    """Compose songs with a sung voice and a band; the same seed gives the same songs.

    They are for tests, first lessons and quick experiments: nothing is downloaded, and the true
    stems are known. Song `i` depends on `seed` and `i`, not on `n`; neighbouring songs differ in
    key, tempo and singer. The voice enters on the first beat and rests between phrases. The
    mixture is the sum of the stems, and no peak exceeds 0.9.

    Args:
        n: int. Number of songs. Defaults to `8`.
        seed: int. Not negative. Defaults to `0`.
        seconds: float. Length of each song, from 0.1 to 3600. Defaults to `10.0`.
        sample_rate: int. In Hz, from 8000 to 192000. Defaults to `16000`.
        channels: int. 1, or 2 for instruments left and right of a centred voice. Defaults to `1`.
        sources: tuple of str. `("vocals", "accompaniment")`, the default, or
            `("drums", "bass", "other", "vocals")`, in any order.
        vocals_db: float. Level of the vocals relative to the accompaniment (RMS of the whole
            song), in dB, from -60 to 60. Defaults to `0.0`.

    Returns:
        A list of `Track`. The `domain` of a track is its singer: `"female"`, `"male"` and
        `"child"` in turn.

    Raises:
        TypeError: an argument that should be a number is not.
        ValueError: an argument is out of its range, or the sources are unknown.

    Example:

    >>> tracks = sm.datasets.synthetic.load(2, seconds=1.0)
    >>> tracks[0].sources, tracks[0].mixture.shape
    (('vocals', 'accompaniment'), (16000, 1))
    """
    sources = (sources,) if isinstance(sources, str) else tuple(sources)
    known = sorted(sources) in (["accompaniment", "vocals"], sorted(STEMS))
    rule = f"sources must be ('vocals', 'accompaniment') or {STEMS}"
    _checks.require(known, rule, sources=sources)
    _check("n", n, 1, 100_000, numbers.Integral)
    _check("seed", seed, 0, 2**63, numbers.Integral)
    _check("seconds", seconds, 0.1, 3600, numbers.Real)
    _check("sample_rate", sample_rate, 8000, 192_000, numbers.Integral)
    _check("channels", channels, 1, 2, numbers.Integral)
    _check("vocals_db", vocals_db, -60, 60, numbers.Real)
    length = round(seconds * sample_rate)
    tracks = []
    for index in range(n):
        score = compose(seed, index, length / sample_rate)
        stems = _render(score, seed, index, length, sample_rate, channels, vocals_db)
        name = f"synthetic_{seed}_{index:03d}"
        stems = {source: stems[source] for source in sources}
        domain = score.singer.kind
        tracks.append(Track.from_arrays(name, stems, sample_rate, group=name, domain=domain))
    return tracks


def compose(seed: int, index: int, seconds: float) -> Score:
    """Compose the score of song `index`, which `load` plays.

    It is the ground truth for a test of pitch or tempo.

    Args:
        seed: int. As in `load`.
        index: int. Number of the song.
        seconds: float. Length of the song.

    Returns:
        A `Score`.

    Example:

    >>> score = sm.datasets.synthetic.compose(seed=0, index=0, seconds=10.0)
    >>> 70 <= score.tempo <= 150 and score.notes[0].pitch >= score.singer.low
    True
    """
    shift = np.random.default_rng(seed).random(3)
    rng = np.random.default_rng([seed, index, 0])
    key = int(12 * shift[0] + 7 * index) % 12  # twelve consecutive songs have all twelve keys
    tempo = 72 + 76 * float((shift[1] + 0.618034 * index) % 1)
    singer = Singer.draw(("female", "male", "child")[int(3 * shift[2] + index) % 3], rng)
    mode = pick(rng, tuple(MODES))
    scale, progressions = MODES[mode]
    progression, sevenths = pick(rng, progressions), rng.random() < 0.3
    swing = float(rng.uniform(0.1, 0.35)) if rng.random() < 0.3 else 0.0
    bars = math.ceil(seconds * tempo / 240)
    tones = (0, 2, 4, 6) if sevenths else (0, 2, 4)
    chords = tuple(
        tuple((key + scale[(progression[bar % 4] + third) % 7]) % 12 for third in tones)
        for bar in range(bars)
    )
    notes = _melody(rng, {(key + s) % 12 for s in scale}, chords, singer.low, 60 / tempo)
    return Score(key, mode, tempo, swing, chords, notes, singer)


def _check(name, value, least, most, kind):
    if not isinstance(value, kind) or isinstance(value, bool):
        word = "an integer" if kind is numbers.Integral else "a number"
        raise TypeError(f"{name} must be {word}. Received: {name}={value!r}")
    rule = f"{name} must be between {least} and {most}"
    _checks.require(least <= value <= most, rule, **{name: value})


def _melody(rng, scale, chords, low, beat):
    """Phrases of two bars that move along the scale and reach chord tones on the beats."""
    pitches = [pitch for pitch in range(low, low + 15) if pitch % 12 in scale]
    words = [[pick(rng, RHYTHMS) for _ in range(pick(rng, (2, 2, 3)))] for _ in range(2)]
    pickups = 0, pick(rng, (0, 0.5, 1))
    at, notes = len(pitches) // 2, []
    for phrase in range(math.ceil(len(chords) / 2)):
        if phrase % 8 > 5:  # the band plays alone
            continue
        time = 8 * phrase + pickups[phrase % 2]
        lengths = [length for cell in words[phrase % 2] for length in cell]
        for length in [*lengths, 0.75]:
            at += pick(rng, (-2, -1, -1, 0, 1, 1, 2)) + (len(pitches) // 2 - at) // 3
            at = min(max(at, 0), len(pitches) - 1)
            if time % 1 == 0:
                chord = chords[min(int(time / 4), len(chords) - 1)]
                fitting = [k for k, pitch in enumerate(pitches) if pitch % 12 in chord]
                at = min(fitting, key=lambda k: abs(k - at))
            notes.append(Note(time * beat, (time + length) * beat, pitches[at], phrase))
            time += length
    return tuple(notes)


def _render(score, seed, index, length, sample_rate, channels, vocals_db):
    """All stems of one song, at their levels in the mixture."""
    rngs = [np.random.default_rng([seed, index, part]) for part in range(1, 5)]
    size = (length, sample_rate, channels)
    stems = {
        "drums": play_drums(score, rngs[0], *size) * rngs[3].uniform(0.5, 1.0),
        "bass": play_bass(score, rngs[1], *size) * rngs[3].uniform(0.5, 1.0),
        "other": play_chords(score, rngs[2], *size) * rngs[3].uniform(0.8, 1.3),
    }
    room, wet = rngs[3].uniform(0.4, 1.4), rngs[3].uniform(0.06, 0.22)
    voice = sing(score.notes, score.singer, length, sample_rate, rngs[3])
    voice = np.repeat(voice[:, None], channels, axis=1)
    voice = level(reverb(voice, room, wet, rngs[3], sample_rate))
    band = stems["drums"] + stems["bass"] + stems["other"]
    stems["vocals"] = voice * np.float32(np.sqrt(np.mean(band**2)) * 10 ** (vocals_db / 20))
    sounds = (*stems.values(), band, band + stems["vocals"])
    gain = np.float32(0.9 / max(np.abs(sound).max() for sound in sounds))
    stems = {name: stem * gain for name, stem in stems.items()}
    stems["accompaniment"] = band * gain
    return stems
