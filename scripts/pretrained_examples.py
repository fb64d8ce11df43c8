"""Examples for the weights that ship: a voice and a band in stereo, changed as studios change them.

Every voice is meant to become many voices, and every studio many studios. Both sources are
resampled, each by its own factor, which moves pitch, formants and tempo; a random equaliser,
reverberation, compression and clipping follow; voices are doubled and mixed with other voices;
levels, the place in the stereo image and its width are drawn; either source may be silent. A share
of the examples stays as it was recorded, and a share is karaoke in mono, changed in rate and level
alone, so that plain recordings are not forgotten.
"""

import numpy as np
import soxr
from scipy import fft

import sepmodels as sm

SAMPLE_RATE = 16000
HELD_OUT = ("lithium", "lithium_30s", "potassium")  # of the studio songs, for validation
_PIECE = round(4.2 * SAMPLE_RATE)  # what an example takes, resampled by the largest factor
_FULL = {
    "resample": 0.8,
    "equalise": 0.6,
    "reverberate_voice": 0.4,
    "reverberate_band": 0.1,
    "compress": 0.3,
    "clip": 0.15,
    "double": 0.2,
    "two_voices": 0.1,
    "two_bands": 0.1,
}
_PLAIN = dict.fromkeys(_FULL, 0.0)


class Corpora:
    """Where voices and bands come from.

    Args:
        karaoke: list of `Track`. Clips of MIR-1K: mono, a dry voice beside a karaoke track.
        studio: list of `Track`. Songs with a produced voice.
        music: list of `Track`. Instrumental music.
        sung: list of `Track`. Voices of speech synthesisers that sing, without a band.
    """

    def __init__(self, karaoke, studio, music, sung=()):
        self.karaoke, self.studio, self.music, self.sung = karaoke, studio, music, sung
        self.voiced = [find_voiced(track, _PIECE) for track in studio]
        self.shares = {
            "karaoke": _shares([track.length for track in karaoke]),
            "studio": _shares([len(starts) for starts in self.voiced]),
            "music": _shares([track.length**0.5 for track in music]),
        }


class Examples:
    """An endless stream of examples, each `(length, 2, 2)`: time, mid and side, voice and band.

    Args:
        corpora: `Corpora`.
        seconds: float. Length of an example.
        seed: int.
        karaoke: float. Share of the examples that are karaoke in mono. Defaults to `0.0`.
        plain: float. Share of the others that are neither resampled nor produced. Defaults to
            `0.3`.
        studio_voices: float. Share of the voices that come from a studio. Defaults to `0.33`.
        mono: float. Share of the examples without a side. Defaults to `0.4`.
        sung: float. Share of the voices that are synthetic, where voice and band are of different
            songs, and seven tenths of it in karaoke. Defaults to `0.0`.
        mixed: float. Share of the karaoke whose voice and band are of different songs. Defaults to
            `0.5`.
        resampled: float. Share of the voices and of the bands of karaoke that are resampled.
            Defaults to `0.32`.
    """

    def __init__(
        self,
        corpora,
        seconds,
        seed,
        karaoke=0.0,
        plain=0.3,
        studio_voices=0.33,
        mono=0.4,
        sung=0.0,
        mixed=0.5,
        resampled=0.32,
    ):
        self.corpora, self.length = corpora, round(seconds * SAMPLE_RATE)
        self.random = np.random.default_rng(seed)
        self.karaoke, self.plain, self.studio_voices = karaoke, plain, studio_voices
        self.mono, self.sung, self.mixed = mono, sung, mixed
        self.chance, self.in_karaoke = _FULL, {**_PLAIN, "resample": resampled}

    def __iter__(self):
        return self

    def __next__(self):
        if self._happens(self.karaoke):
            return self._karaoke_example()
        self.chance = _PLAIN if self._happens(self.plain) else _FULL
        voice, band = self._song() if self._happens(0.4) else self._mix()
        if self._happens(self.chance["double"]):
            voice = self._double(voice)
        if self._happens(self.chance["two_voices"]):
            voice = self._add(voice, self._voice(), 0.8)
        voice = self._pan(self._produce(voice, "reverberate_voice"))
        band = self._widen(self._produce(band, "reverberate_band"))
        voice, band = self._set_levels(voice, band, (-32, -12), (-13, 6))
        silent = self.random.random()
        if silent < 0.06:
            voice = np.zeros_like(voice)
        elif silent < 0.096:
            band = np.zeros_like(band)
        pair = np.stack([voice, band], axis=-1)
        if self._happens(self.mono):
            pair = np.repeat(pair.mean(axis=1, keepdims=True), 2, axis=1)
        pair = pair / max(1.0, np.abs(pair.sum(axis=-1)).max())
        left, right = pair[:, 0], pair[:, 1]
        return (np.stack([left + right, left - right], axis=1) / 2).astype("float32")

    # === Pieces of songs ===

    def _song(self):
        """Voice and band of one song, in time with each other."""
        rate = self._rate()
        if self._happens(self.studio_voices):
            return self._studio(rate)
        return self._clip(rate)

    def _mix(self):
        """A voice, and a band of another song."""
        voice, rate, kind = self._voice(), self._rate(), self.random.random()
        if kind < 0.5:
            band = self._music(rate)
        elif kind < 0.75:
            track = self.corpora.studio[self.random.integers(len(self.corpora.studio))]
            (band,) = self._piece(track, rate, ("accompaniment",))
        else:
            band = self._clip(rate)[1]
        if self._happens(self.chance["two_bands"]):
            band = self._add(band, self._music(self._rate()), 1.0)
        return voice, band

    def _voice(self):
        return self._sung(self._rate()) if self._happens(self.sung) else self._song()[0]

    def _sung(self, rate):
        track = self.corpora.sung[self.random.integers(len(self.corpora.sung))]
        return self._piece(track, rate, ("vocals",))[0]

    def _clip(self, rate):
        track = self._choose("karaoke")
        return self._piece(track, rate, ("vocals", "accompaniment"))

    def _studio(self, rate):
        index = self.random.choice(len(self.corpora.studio), p=self.corpora.shares["studio"])
        starts = self.corpora.voiced[index]
        start = int(self.random.choice(starts) + self.random.uniform(0, SAMPLE_RATE / 4))
        track = self.corpora.studio[index]
        return self._piece(track, rate, ("vocals", "accompaniment"), start)

    def _music(self, rate):
        track = self._choose("music")
        for _ in range(3):  # a piece may be silent
            (piece,) = self._piece(track, rate, ("accompaniment",))
            if _rms(piece) > 3e-3:
                break
        return piece

    def _choose(self, name):
        tracks = getattr(self.corpora, name)
        return tracks[self.random.choice(len(tracks), p=self.corpora.shares[name])]

    def _piece(self, track, rate, sources, start=None):
        """Stereo pieces of some sources of a track, from one place."""
        need = int(np.ceil(self.length * rate)) + 64
        if start is None:
            start = int(self.random.uniform(0, max(1, track.length - need)))
        stems = track.read(start, min(start + need, track.length), sources)
        return [self._resample(_to_stereo(stems[source]), rate) for source in sources]

    def _resample(self, samples, rate):
        """Faster and higher by a factor, and cut to the length of an example."""
        if rate != 1.0:
            samples = soxr.resample(samples, rate, 1.0, quality="LQ")
        samples = samples[: self.length]
        return np.pad(samples, ((0, self.length - len(samples)), (0, 0)))

    # === Changes of one source ===

    def _double(self, voice):
        """Add a copy, a little later and out of tune, somewhere in the stereo image."""
        gain, place = self.random.uniform(0.2, 0.8), self.random.uniform(-1, 1)
        copy = self._resample(
            np.pad(voice, ((0, 1024), (0, 0))), 1 + self.random.uniform(-0.01, 0.01)
        )
        delay = int(self.random.uniform(0.01, 0.04) * SAMPLE_RATE)
        copy = np.pad(copy, ((delay, 0), (0, 0)))[: self.length]
        return voice + gain * copy * _pan_gains(place)

    def _add(self, first, second, loudest):
        gain = self.random.uniform(0.2, loudest)
        return first / _rms(first) + second / _rms(second) * gain

    def _produce(self, samples, reverberation):
        equalise = self._happens(self.chance["equalise"])
        reverberate = self._happens(self.chance[reverberation])
        if equalise or reverberate:
            samples = self._filter(samples, equalise, reverberate)
        if self._happens(self.chance["compress"]):
            samples = self._compress(samples)
        if self._happens(self.chance["clip"]):
            drive = 1.5 * self.random.uniform(0.3, 2.0) / (np.abs(samples).max() + 1e-6)
            samples = np.tanh(samples * drive) / drive
        return samples * self.random.choice([-1, 1])

    def _filter(self, samples, equalise, reverberate):
        tail = SAMPLE_RATE // 2 if reverberate else 0
        size = fft.next_fast_len(self.length + tail, real=True)
        spectrum = fft.rfft(samples, size, axis=0)
        if equalise:
            knots = np.log2([40, 120, 300, 750, 1800, 4000, 8000])
            slope = np.linspace(-1, 1, len(knots)) * self.random.normal(0, 3)
            decibels = self.random.normal(0, 3, len(knots)) + slope
            frequencies = np.log2(fft.rfftfreq(size, 1 / SAMPLE_RATE) + 20)
            spectrum *= _gain(np.interp(frequencies, knots, decibels))[:, None]
        if reverberate:
            spectrum *= fft.rfft(self._room(tail), size, axis=0)
        return fft.irfft(spectrum, size, axis=0)[: self.length].astype("float32")

    def _room(self, length):
        """The direct sound, and noise that decays: an impulse response of two channels."""
        time = np.arange(length) / SAMPLE_RATE
        decay = 10 ** (-3 * time / self.random.uniform(0.15, 1.2))
        response = self.random.normal(size=(length, 2)) * decay[:, None]
        if self._happens(0.3):
            response[:, 1] = response[:, 0]
        response[: int(self.random.uniform(0, 0.03) * SAMPLE_RATE)] = 0
        level = _gain(self.random.uniform(-22, -6))
        response *= level / np.sqrt((response**2).sum(axis=0).mean())
        response[0] += 1
        return response.astype("float32")

    def _compress(self, samples, block=256):
        count = len(samples) // block
        blocks = samples[: count * block].reshape(count, block, 2)
        envelope = np.sqrt((blocks**2).mean(axis=(1, 2))) + 1e-4
        envelope = np.convolve(np.pad(envelope, 2, "edge"), np.ones(5) / 5, "valid")
        gains = np.minimum((envelope / envelope.max()) ** -self.random.uniform(0.1, 0.55), 12)
        places = np.arange(count) * block + block / 2
        return samples * np.interp(np.arange(len(samples)), places, gains)[:, None]

    def _pan(self, voice):
        if self.chance is _FULL and self._happens(0.25):
            voice = voice * _pan_gains(self.random.uniform(-0.5, 0.5))
        return voice[:, ::-1] if self._happens(0.5) else voice

    def _widen(self, band):
        width = self.random.uniform(0, 1.6) if self._happens(0.5) else 1.0
        mid, side = band.mean(axis=1), (band[:, 0] - band[:, 1]) / 2
        if np.abs(side).max() < 1e-4 and self._happens(0.6):  # mono: a delayed copy as its side
            delay = int(self.random.uniform(0.004, 0.03) * SAMPLE_RATE)
            gain = self.random.uniform(0.1, 0.6) * self.random.choice([-1, 1])
            side = gain * np.pad(mid, (delay, 0))[: len(mid)]
        band = np.stack([mid + width * side, mid - width * side], axis=1)
        return band[:, ::-1] if self._happens(0.5) else band

    # === Levels ===

    def _karaoke_example(self):
        self.chance = self.in_karaoke
        voice, band = self._clip(self._rate())
        if self._happens(self.mixed):
            rate = self._rate()
            band = self._music(rate) if self._happens(0.4) else self._clip(rate)[1]
        if self._happens(0.7 * self.sung):
            voice = self._sung(self._rate())
        voice, band = self._set_levels(voice.mean(axis=1), band.mean(axis=1), (-32, -14), (-12, 5))
        pair = np.zeros((self.length, 2, 2), "float32")
        pair[:, 0] = np.stack([voice, band], axis=-1)
        return pair / max(1.0, np.abs(voice + band).max())

    def _set_levels(self, voice, band, levels, ratios):
        """RMS levels in decibels: that of the band, and that of the voice above it."""
        level = _gain(self.random.uniform(*levels))
        ratio = _gain(self.random.uniform(*ratios))
        band = band / max(_rms(band), 1e-3) * level
        return voice / max(_rms(voice), 1e-3) * level * ratio, band

    def _rate(self):
        if not self._happens(self.chance["resample"]):
            return 1.0
        return float(np.exp(self.random.uniform(np.log(0.8), np.log(1.25))))

    def _happens(self, chance):
        return self.random.random() < chance


def load_corpora(mir1k, studio, music, sung):
    """Load the training songs: MIR-1K's disjoint split, most studio songs, music and sung voices.

    Args:
        mir1k: path. Root of MIR-1K.
        studio: path. A folder with a folder of stems for each song.
        music: path. What `backing_music.py` wrote.
        sung: path. What `sung_voices.py` wrote.
    """
    clips = sm.datasets.mir1k.load(mir1k, "train", protocol="disjoint")
    songs = [song for song in sm.datasets.wav_folder.load(studio) if song.name not in HELD_OUT]
    return Corpora(
        [clip.resample(SAMPLE_RATE) for clip in clips],
        [song.resample(SAMPLE_RATE) for song in songs],
        _load_files(music, "accompaniment"),
        _load_files(sung, "vocals"),
    )


def _load_files(folder, source):
    """Tracks of one source, each a file of the folder."""
    files = sorted(folder.glob("*.wav"))
    return [sm.datasets.Track.from_files(path.stem, {source: path}) for path in files]


def find_voiced(track, length):
    """Find pieces in which a voice sounds for more than half of the time.

    Args:
        track: `Track`, at `SAMPLE_RATE`.
        length: int. Of a piece, in samples.

    Returns:
        Array of starts, a quarter of a second apart.
    """
    hop = SAMPLE_RATE // 4
    voice = track.stems["vocals"].mean(axis=1)
    count = len(voice) // hop
    level = np.sqrt((voice[: count * hop].reshape(count, hop) ** 2).mean(axis=1))
    sounds = level > max(level.max() * _gain(-30), 1e-3)
    width = length // hop
    share = np.convolve(sounds, np.ones(width), "valid") / width
    return np.flatnonzero(share > 0.5) * hop


def change_rate(clip, rate):
    """The clip as it sounds when it is read at another rate, 1.25 times as fast or 0.8 times."""
    stems = {
        source: soxr.resample(stem, rate * clip.sample_rate, clip.sample_rate)
        for source, stem in clip.stems.items()
    }
    name = f"{clip.name} at {rate}"
    return sm.datasets.Track.from_arrays(name, stems, clip.sample_rate, **clip.labels)


def _to_stereo(samples):
    return np.repeat(samples, 2, axis=1) if samples.shape[1] == 1 else samples


def _pan_gains(place):
    return np.array([1 - max(place, 0), 1 + min(place, 0)], "float32")


def _gain(decibels):
    return np.asarray(10 ** (np.asarray(decibels) / 20), "float32")


def _rms(samples):
    return float(np.sqrt(np.mean(np.square(samples)) + 1e-12))


def _shares(weights):
    return np.asarray(weights, float) / np.sum(weights)
