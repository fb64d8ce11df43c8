"""The singer of the synthetic songs: glottal pulses, moving formants, consonants and breath.

The voice follows the source-filter model. A source with vibrato, jitter and glides (`tone`) and a
little breath noise pass through the resonances of the vocal tract, which move from vowel to vowel;
consonants are bursts of coloured noise between the vowels. Pitch, loudness and formants are curves
with 250 points a second; only the sound itself is computed at the sample rate.
"""

from dataclasses import dataclass

import numpy as np

from sepmodels.datasets.synthetic.band import pick, tone

RATE = 250  # control points per second
LEAD, TAIL = 0.6, 0.4  # seconds before the first note (breath, consonant) and after the last

# First three formants of a male voice in Hz, after the averages of Peterson and Barney (1952).
VOWELS = np.array(
    [
        (730, 1090, 2440),  # father
        (660, 1720, 2410),  # bat
        (530, 1840, 2480),  # bet
        (300, 2250, 2950),  # beet
        (570, 840, 2410),  # bought
        (330, 900, 2240),  # boot
        (500, 1400, 2300),  # bird
    ]
)
UPPER = np.array([3400, 4400, 5500, 6600, 7700, 8800, 9900])  # formants that hardly move

# seconds, silent part of it, voicing, hiss, centre and width of the hiss in Hz, formants
CONSONANTS = (
    (0.07, 0.0, 0.40, 0.00, 2000, 900, (250, 1100, 2200)),  # m
    (0.06, 0.0, 0.40, 0.00, 2000, 900, (250, 1650, 2550)),  # n
    (0.06, 0.0, 0.55, 0.00, 2000, 900, (350, 1150, 2800)),  # l
    (0.08, 0.0, 0.50, 0.00, 2000, 900, (300, 650, 2250)),  # w
    (0.08, 0.0, 0.40, 0.20, 6000, 1800, (280, 1600, 2500)),  # z
    (0.12, 0.0, 0.00, 0.55, 6300, 1600, None),  # s
    (0.12, 0.0, 0.00, 0.55, 3300, 1000, None),  # sh
    (0.10, 0.0, 0.00, 0.20, 5500, 3000, None),  # f
    (0.08, 0.0, 0.00, 0.25, 1500, 1000, None),  # h
    (0.08, 0.6, 0.00, 0.75, 4500, 1800, None),  # t
    (0.08, 0.6, 0.00, 0.65, 2000, 600, None),  # k
    (0.00, 0.0, 0.00, 0.00, 2000, 900, None),  # no consonant
)


@dataclass(frozen=True)
class Note:
    """One sung syllable: `start` and `stop` in seconds, `pitch` as a MIDI number, its `phrase`."""

    start: float
    stop: float
    pitch: int
    phrase: int


@dataclass(frozen=True)
class Singer:
    """The constant properties of a voice.

    `kind` is "male", "female" or "child"; `low` the lowest note (MIDI number); `tract` scales the
    formants; `brightness` is the frequency in Hz at which the source has fallen by a factor e;
    `vibrato` is (Hz, cents); `glide` the seconds from note to note; `breath` the noise in a vowel.
    """

    kind: str
    low: int
    tract: float
    brightness: float
    vibrato: tuple[float, float]
    glide: float
    breath: float

    @classmethod
    def draw(cls, kind, rng):
        """Draw a singer of a kind."""
        low, tract, depth = {
            "male": (45, 1.0, 50), "female": (55, 1.16, 55), "child": (60, 1.32, 25)
        }[kind]  # fmt: skip
        return cls(
            kind=kind,
            low=low + int(rng.integers(5)),
            tract=tract * rng.uniform(0.95, 1.05),
            brightness=rng.uniform(450, 1000),
            vibrato=(rng.uniform(4.8, 6.6), depth * rng.uniform(0.4, 1.0)),
            glide=rng.uniform(0.05, 0.13),
            breath=rng.uniform(0.02, 0.12),
        )


def sing(notes, singer, length, sample_rate, rng):
    """Sing `notes` with random syllables, dry.

    Args:
        notes: sequence of `Note`. In order of time.
        singer: `Singer`.
        length: int. Number of samples to return; later notes are cut.
        sample_rate: int. In Hz.
        rng: `numpy.random.Generator`.

    Output shape:
        `(length,)`, float32. A sung vowel has an RMS near 1.

    Example:

    >>> voices = sm.datasets.synthetic.voice
    >>> singer = voices.Singer.draw("female", np.random.default_rng(0))
    >>> note = voices.Note(start=0.5, stop=1.5, pitch=69, phrase=0)
    >>> voices.sing([note], singer, 32000, 16000, np.random.default_rng(1)).shape
    (32000,)
    """
    voice = np.zeros(length, np.float32)
    control, hiss = rng.spawn(2)  # separate: the syllables must not depend on the sample rate
    for phrase in sorted({note.phrase for note in notes}):
        part = [note for note in notes if note.phrase == phrase]
        curves = _perform(part, singer, control)
        sound = _voice(curves, singer, sample_rate, hiss)
        start = round((part[0].start - LEAD) * sample_rate)
        sound = sound[max(-start, 0) : max(length - start, 0)]
        start = max(start, 0)
        voice[start : start + len(sound)] += sound
    return voice


def _perform(notes, singer, rng):
    """The control curves of one phrase, `RATE` points a second."""
    begin = notes[0].start - LEAD
    points = round((notes[-1].stop + TAIL - begin) * RATE)
    pitch = np.full(points, notes[0].pitch * 100.0)  # cents
    swell, voicing, hiss = np.zeros((3, points))
    colour = np.full((points, 2), (2000.0, 1500.0))  # of the hiss: centre and width
    mouth = np.full((points, 3), VOWELS[6] * singer.tract)
    seconds = np.arange(points) / RATE

    inhale = slice(round(0.08 * RATE), round((LEAD - 0.14) * RATE))
    size = inhale.stop - inhale.start
    hiss[inhale] = rng.uniform(0.02, 0.09) * np.hanning(size) * np.linspace(0.4, 1, size)
    for note in notes:
        on, off = (round((time - begin) * RATE) for time in (note.start, note.stop))
        length, closed, voiced, noise, centre, width, shape = pick(rng, CONSONANTS)
        head = on - round(min(length, 0.4 * (note.stop - note.start)) * RATE)
        burst = head + round(closed * (on - head))
        voicing[head:off] = voiced
        hiss[burst:on] = noise * rng.uniform(0.7, 1.2)
        colour[head:on] = centre, width
        vowel, glide_to = pick(rng, VOWELS), pick(rng, VOWELS)
        turn = off - round(0.35 * (off - on)) if rng.random() < 0.3 else off
        mouth[head:turn] = vowel * singer.tract
        mouth[turn:] = glide_to * singer.tract if turn < off else vowel * singer.tract
        if shape is not None:
            mouth[head:on] = np.multiply(shape, singer.tract)
        age = seconds[: off - on]
        voicing[on:off] = rng.uniform(0.5, 1.2) * (0.75 + 0.25 * np.hanning(off - on))
        swell[on:off] = np.clip((age - 0.12) / 0.3, 0.1, 1.0)
        pitch[on:] = note.pitch * 100.0
        if rng.random() < 0.25:  # a scoop: the note begins below its pitch
            pitch[on:off] -= rng.uniform(60, 180) * np.exp(-age / 0.05)

    rate, depth = singer.vibrato
    wobble = 1 + 0.05 * _wander(rng, points, 0.4)
    vibrato = np.sin(2 * np.pi * (np.cumsum(rate * wobble) / RATE + rng.random()))
    drift = 10 * _wander(rng, points, 0.3)
    jitter = 4 * _wander(rng, points, 0.02)
    pitch = _smooth(pitch, singer.glide) + depth * _smooth(swell, 0.1) * vibrato + drift + jitter
    f0 = 440 * 2 ** ((pitch - 6900) / 1200)
    shimmer = 1 + 0.05 * _wander(rng, points, 0.02)
    mouth = _smooth(mouth, 0.09)
    mouth[:, 0] = np.maximum(mouth[:, 0], f0)  # singers open the mouth for high notes
    return f0, _smooth(voicing, 0.05) * shimmer, _smooth(hiss, 0.016), colour, mouth


def _voice(curves, singer, sample_rate, rng):
    """Synthesise the sound of one phrase from its control curves."""
    f0, voicing, hiss, colour, mouth = curves
    times = np.arange(round(len(f0) * sample_rate / RATE)) * (RATE / sample_rate)
    grid = np.arange(len(f0))
    f0, loud, hiss = (np.interp(times, grid, curve) for curve in (f0, voicing, hiss))
    noise = rng.standard_normal((2, len(times)), dtype=np.float32)

    edge = singer.brightness * (0.5 + 0.6 * loud)  # a louder voice is a brighter one
    source = tone(f0, edge, sample_rate) + 0.25 * tone(f0, 5 * edge, sample_rate)
    source = loud * (source + singer.breath * noise[0])

    hop = 2 ** round(np.log2(0.016 * sample_rate))
    at = np.minimum(np.arange(-(-len(times) // hop) + 1) * hop * RATE / sample_rate, grid[-1])
    at = at.astype(int)
    bins = np.fft.rfftfreq(4 * hop, 1 / sample_rate)
    bend = np.exp(-0.5 * ((bins - colour[at, :1]) / colour[at, 1:]) ** 2)
    return _filter(source, _throat(mouth[at], singer, bins), hop) + _filter(
        hiss * noise[1], bend / np.sqrt(np.mean(bend**2, axis=1, keepdims=True)), hop
    )


def _throat(mouth, singer, bins):
    """Response of the resonances in series, `(frames, bins)`, of about equal loudness."""
    upper = np.broadcast_to(UPPER * singer.tract, (len(mouth), len(UPPER)))
    response = np.ones((len(mouth), len(bins)), np.complex64)
    for formant in np.concatenate([mouth, upper], axis=1).T:
        width = 50 + 0.03 * formant[:, None] + 1e-6 * formant[:, None] ** 2
        square = formant[:, None] ** 2
        response *= square / (square - bins**2 + 1j * width * bins)
    response *= bins / (bins + 200) / (1 + (70 / np.maximum(bins, 1)) ** 8)  # lips; no rumble
    source = np.exp(-bins / singer.brightness) + 0.25 * np.exp(-bins / singer.brightness / 5)
    loudness = np.sum((np.abs(response) * source) ** 2, axis=1) / np.sum(source**2)
    return response / loudness[:, None] ** 0.4


def _filter(sound, response, hop):
    """Filter with a response that changes every `hop` samples, in overlapping Hann windows."""
    frames = len(response)
    padded = np.zeros((frames + 1) * hop, np.float32)
    padded[hop : hop + len(sound)] = sound
    rows = np.lib.stride_tricks.sliding_window_view(padded, 2 * hop)[::hop]
    rows = rows * np.hanning(2 * hop + 1)[:-1].astype(np.float32)
    rows = np.fft.irfft(np.fft.rfft(rows, 4 * hop) * response, 4 * hop)
    out = np.zeros((frames + 3, hop), np.float32)
    for k in range(4):
        out[k : k + frames] += rows[:, k * hop : (k + 1) * hop]
    return out.reshape(-1)[hop : hop + len(sound)]


def _smooth(curve, seconds):
    """Moving average with a Hann window of some seconds along the first axis."""
    size = 2 * round(seconds * RATE / 2) + 1
    window = np.hanning(size + 2)[1:-1]
    curve = np.pad(curve, [(size // 2, size // 2)] + [(0, 0)] * (curve.ndim - 1), mode="edge")
    rows = np.lib.stride_tricks.sliding_window_view(curve, size, axis=0)
    return rows @ (window / window.sum())


def _wander(rng, points, seconds):
    """Smooth noise of standard deviation 1 with a correlation time of about `seconds`."""
    noise = _smooth(rng.standard_normal(points), seconds)
    return noise * np.sqrt(seconds * RATE / 1.5)
