"""The band of the synthetic songs: drums, bass and chords, drawn at random for every song.

Pitched instruments are one formula (`tone`) with different brightness, envelope, detuning and
overdrive; drums are decaying noise and falling sines. All are played from a `Score`.
"""

from dataclasses import dataclass

import numpy as np

# A bar is 16 steps: x loud, o soft; for the bass 0 root, 5 fifth, 8 octave.
GROOVES = (  # kick, snare, hats
    ("x.......x.x.....", "....x.......x...", "x.x.x.x.x.x.x.x."),
    ("x...x...x...x...", "....x.......x...", "..x...x...x...x."),
    ("x..x..x...x..o..", "....x..o.o..x..o", "xoxoxoxoxoxoxoxo"),
    ("x.....x.........", "........x.......", "x.x.x.xox.x.x.xo"),
    ("x.........x.....", "....x.......x...", "x...x...x...x..."),
    ("x..x....x..x....", "...x..x...x..x..", "xoxxxoxxxoxxxoxx"),
)
BASS_LINES = (
    "0.......0.....5.",
    "0.0.0.0.0.0.0.0.",
    "0...5...8...5...",
    "0..0..0.5..5..8.",
    "0...8.0...8.0.8.",
)
COMPS = (  # the first is held through the bar
    "x...............",
    "x...x...x...x...",
    "..x...x...x...x.",
    "x..x..x.x..x..x.",
    "xoxoxoxoxoxoxoxo",
)


@dataclass(frozen=True)
class Timbre:
    """The timbre of an instrument.

    `brightness` in Hz at the start of a note and `later`; `attack` and `decay` in seconds;
    `detune` between two strings and `vibrato` in cents; `drive` into an amplifier that clips;
    `odd` for odd harmonics only.
    """

    brightness: float
    later: float
    attack: float
    decay: float
    detune: float = 0
    vibrato: float = 0
    drive: float = 0
    odd: bool = False


TIMBRES = (
    Timbre(900, 900, attack=0.01, decay=30, detune=2, vibrato=6),  # organ
    Timbre(1500, 1500, attack=0.12, decay=30, detune=7, vibrato=14),  # strings
    Timbre(3500, 1200, attack=0.03, decay=4, detune=9),  # synthesiser
    Timbre(1100, 1100, attack=0.05, decay=30, detune=3, vibrato=8, odd=True),  # reeds
    Timbre(2200, 500, attack=0.004, decay=0.9, detune=2),  # piano
    Timbre(3000, 350, attack=0.003, decay=0.6),  # guitar
    Timbre(1500, 900, attack=0.005, decay=2.5, detune=3, drive=2),  # overdriven guitar
    Timbre(700, 200, attack=0.002, decay=0.35, odd=True),  # marimba
)


def tone(frequency, brightness, sample_rate, odd=False):
    """A band-limited harmonic tone of RMS 1, as one formula for all its harmonics.

    Harmonic `k` has the amplitude `r**k`, `r = exp(-frequency / brightness)`, so the spectral
    envelope is the same at every pitch. The harmonics below the Nyquist frequency are a finite
    geometric series in `z = r * exp(1j * phase)`, so there is no loop over harmonics and no
    aliasing.

    Args:
        frequency: array `(time,)`. Fundamental at every sample, in Hz, below `sample_rate / 2`.
        brightness: float or array `(time,)`. Frequency at which the spectrum has fallen by a factor
            e, in Hz.
        sample_rate: int. In Hz.
        odd: bool. Whether there are odd harmonics only, as in a clarinet. Defaults to `False`.

    Output shape:
        `(time,)`, float32.

    Example:

    >>> a4 = sm.datasets.synthetic.band.tone(np.full(16000, 440.0), 900.0, 16000)
    >>> int(np.abs(np.fft.rfft(a4)).argmax())
    440
    """
    step = 2 if odd else 1
    cycles = np.cumsum(frequency, dtype=np.float64) / sample_rate
    terms = step * np.maximum(np.floor((0.48 * sample_rate / frequency - 1) / step) + 1, 1)
    slope = (-frequency / brightness).astype(np.float32)
    last = terms.astype(np.float32) * slope
    z = _polar(slope, cycles)
    series = z * (1 - _polar(last, terms * cycles)) / (1 - (z if step == 1 else z * z))
    power = np.exp(2 * slope) * np.expm1(2 * last) / np.expm1(2 * step * slope) / 2
    return series.imag / np.sqrt(power)


def _polar(log_radius, cycles):
    angle = (2 * np.pi * (cycles - np.floor(cycles))).astype(np.float32)
    radius = np.exp(log_radius)
    z = np.empty(angle.shape, np.complex64)
    np.multiply(radius, np.cos(angle), out=z.real)
    np.multiply(radius, np.sin(angle), out=z.imag)
    return z


def play_drums(score, rng, length, sample_rate, channels):
    """The drums of a song, `(length, channels)`, with an RMS of 1."""
    out = np.zeros((length, channels), np.float32)
    rng, noise = rng.spawn(2)  # separate: the groove must not depend on the sample rate
    t = np.arange(round(1.2 * sample_rate), dtype=np.float32) / sample_rate
    deep, punch, body, ring = rng.uniform((45, 90, 150, 0.05), (60, 260, 220, 0.14)).tolist()
    fall = np.exp(-t / 0.025)
    kick = np.sin(2 * np.pi * np.cumsum(deep + punch * fall) / sample_rate) * np.exp(-t / 0.12)
    skin = np.sin(2 * np.pi * body * t) + 0.6 * np.sin(2 * np.pi * 1.78 * body * t)
    wires = _hiss(noise, 2 * len(t), 1000, sample_rate)
    metal = _hiss(noise, 2 * len(t), rng.uniform(3500, 6000), sample_rate)
    hat_ring = rng.uniform(0.02, 0.06)

    def strike(sound, decay, seconds, loud, pan):
        sound = sound[: round(min(7 * decay, 1.2) * sample_rate)]
        _add(out, loud * sound * np.exp(-t[: len(sound)] / decay), seconds, sample_rate, pan)

    for part, pattern in enumerate(pick(rng, GROOVES)):
        for bar, step, seconds, symbol in score.hits(pattern):
            loud = (0.35 if symbol == "o" else 1.0) * rng.uniform(0.8, 1.1)
            start = int(rng.random() * len(t))  # each hit has its own noise
            if part == 0:
                strike(kick, 0.3, seconds, loud, 0)
                strike(wires[start:], 0.004, seconds, 0.3 * loud, 0)
            elif part == 1:
                strike(skin, 0.07, seconds, 0.4 * loud, 0.1)
                strike(wires[start:], ring, seconds, 0.4 * loud, 0.1)
            else:
                opened = 6 if step == 14 and bar % 2 else 1
                strike(metal[start:], hat_ring * opened, seconds, 0.3 * loud, 0.4)
    for bar in range(0, len(score.chords), 4):  # a crash cymbal opens every fourth bar
        strike(metal, 0.4, score.seconds(bar, 0), 0.4, -0.4)
    out = level(reverb(out, 0.25, 0.06, noise, sample_rate))
    return level(np.tanh(out / 3))  # a limiter, as usual for drums


def play_bass(score, rng, length, sample_rate, channels):
    """The bass line of a song, `(length, channels)`, with an RMS of 1."""
    out = np.zeros((length, channels), np.float32)
    bright, decay = rng.uniform((150, 0.3), (600, 2.0)).tolist()
    line = pick(rng, BASS_LINES)
    steps = [step for step, symbol in enumerate(line) if symbol != "."]
    held = dict(zip(steps, np.diff([*steps, 16]).tolist(), strict=True))
    timbre = Timbre(3 * bright, bright, attack=0.008, decay=decay)
    sounds = {}  # a repeated note sounds the same
    for bar, step, seconds, symbol in score.hits(line):
        root = 28 + (score.chords[bar][0] - 28) % 12
        note = root + {"0": 0, "5": 7, "8": 12}[symbol], held[step]
        if note not in sounds:
            sounds[note] = _strum(note[:1], held[step] * 14 / score.tempo, timbre, sample_rate)
        _add(out, rng.uniform(0.8, 1.1) * sounds[note], seconds, sample_rate, 0)
    return level(out)


def play_chords(score, rng, length, sample_rate, channels):
    """Two or three instruments on the chords, `(length, channels)`, with an RMS of 1."""
    out = np.zeros((length, channels), np.float32)
    for layer in range(2 + int(rng.integers(2))):
        timbre = pick(rng, TIMBRES)
        comp = COMPS[0] if layer == 0 else pick(rng, COMPS[1:])
        broken = layer > 0 and rng.random() < 0.4
        low = 50 + int(rng.integers(14))
        loud = rng.uniform(0.5, 1.0)
        pan = rng.uniform(0.2, 0.7) * (-1) ** layer
        seconds_held = (15.0 if layer == 0 else rng.uniform(1.5, 4)) * 15 / score.tempo
        sounds = {}  # a repeated chord sounds the same
        for count, (bar, _, seconds, symbol) in enumerate(score.hits(comp)):
            voicing = sorted(low + (note - low) % 12 for note in score.chords[bar])
            pitches = (voicing[count % len(voicing)],) if broken else tuple(voicing)
            if pitches not in sounds:
                sounds[pitches] = _strum(pitches, seconds_held, timbre, sample_rate)
            gain = loud * (0.5 if symbol == "o" else 1.0) * rng.uniform(0.85, 1.1)
            _add(out, gain * sounds[pitches], seconds, sample_rate, pan)
    return level(reverb(out, rng.uniform(0.3, 1.2), rng.uniform(0.05, 0.2), rng, sample_rate))


def _strum(pitches, seconds, timbre, sample_rate):
    """The sound of some MIDI pitches played together."""
    t = np.arange(round(seconds * sample_rate)) / sample_rate
    bright = timbre.later + (timbre.brightness - timbre.later) * np.exp(-t / 0.15)
    sound = np.zeros(len(t), np.float32)
    for number, pitch in enumerate(pitches):
        for side in (-1, 1) if timbre.detune else (0,):
            wave = timbre.vibrato * np.sin(2 * np.pi * (5.6 + 0.3 * side) * t + number)
            cents = 100 * (pitch - 69) + timbre.detune * side + wave
            sound += tone(440 * 2 ** (cents / 1200), bright, sample_rate, timbre.odd)
    if timbre.drive:
        sound = np.tanh(timbre.drive * sound / len(pitches))
    rise = np.minimum(t / timbre.attack, 1) * np.minimum((seconds - t) / 0.03, 1)
    return sound * (np.exp(-t / timbre.decay) * rise).astype(np.float32)


def reverb(dry, seconds, wet, rng, sample_rate):
    """Add reverberation: decaying noise, different in each channel, down 60 dB after `seconds`."""
    tail = rng.standard_normal((round(seconds * sample_rate), dry.shape[1]), dtype=np.float32)
    tail *= np.exp(-6.9 * np.linspace(0, 1, len(tail), dtype=np.float32))[:, None]
    tail *= wet / np.sqrt(np.sum(tail**2, axis=0))
    size = 2 ** (len(dry) + len(tail)).bit_length()
    spectrum = np.fft.rfft(dry, size, axis=0) * np.fft.rfft(tail, size, axis=0)
    return dry + np.fft.irfft(spectrum, size, axis=0)[: len(dry)].astype(np.float32)


def level(sound):
    """Scale to an RMS of 1; silence remains silence."""
    rms = np.sqrt(np.mean(np.square(sound, dtype=np.float64)))
    return (sound / rms if rms > 0 else sound).astype(np.float32)


def pick(rng, options):
    """Draw one of a sequence of options."""
    return options[int(rng.integers(len(options)))]


def _hiss(rng, length, low, sample_rate):
    """Noise above `low` Hz, falling by 3 dB an octave."""
    spectrum = np.fft.rfft(rng.standard_normal(length))
    ratio = np.fft.rfftfreq(length, 1 / sample_rate) / low
    return np.fft.irfft(spectrum * ratio**3.5 / (1 + ratio**4), length).astype(np.float32)


def _add(out, sound, seconds, sample_rate, pan):
    """Mix a sound in, beginning at `seconds`, panned between left (-1) and right (1)."""
    start = round(seconds * sample_rate)
    part = out[start : start + len(sound)]
    sides = np.array([1 - pan, 1 + pan] if out.shape[1] == 2 else [1], np.float32)
    part += sound[: len(part), None] * sides
