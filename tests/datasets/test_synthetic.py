"""The synthetic songs are valid, reproducible and varied, and follow their scores."""

import itertools

import numpy as np
import pytest

from sepmodels.datasets import synthetic
from sepmodels.datasets.synthetic import band
from sepmodels.datasets.synthetic import voice as voices

SECONDS = 8.0
RATE = 16000


@pytest.fixture(scope="module")
def songs():
    return synthetic.load(6, seed=0, seconds=SECONDS)


@pytest.fixture(scope="module")
def scores():
    return [synthetic.compose(0, index, SECONDS) for index in range(6)]


def rms(sound):
    return np.sqrt(np.mean(np.square(sound, dtype=np.float64)))


def band_db(sound, low, high):
    """Energy between two frequencies over the whole energy, in dB."""
    power = np.abs(np.fft.rfft(sound[:, 0])) ** 2
    bins = np.fft.rfftfreq(len(sound), 1 / RATE)
    return 10 * np.log10(power[(bins >= low) & (bins < high)].sum() / power.sum() + 1e-12)


def pitch_of(frame):
    """Fundamental in Hz: the first high peak of the autocorrelation, from 75 to 800 Hz."""
    spectrum = np.fft.rfft(frame * np.hanning(len(frame)), 2 * len(frame))
    window = np.fft.rfft(np.hanning(len(frame)), 2 * len(frame))
    auto = np.fft.irfft(np.abs(spectrum) ** 2) / np.fft.irfft(np.abs(window) ** 2).clip(1e-3)
    lags = np.arange(RATE // 800, RATE // 75)
    peaks = [lag for lag in lags if auto[lag] >= max(auto[lag - 1], auto[lag + 1])]
    lag = next(lag for lag in peaks if auto[lag] > 0.95 * auto[peaks].max())
    left, mid, right = auto[lag - 1 : lag + 2]
    return RATE / (lag + 0.5 * (left - right) / (left - 2 * mid + right))


def test_stems_are_finite_bounded_and_sum_to_the_mixture(songs):
    for song in songs:
        stems = [song.stems[source] for source in song.sources]
        assert song.sources == ("vocals", "accompaniment")
        assert all(stem.shape == (SECONDS * RATE, 1) for stem in stems)
        assert all(stem.dtype == np.float32 and np.isfinite(stem).all() for stem in stems)
        np.testing.assert_allclose(song.mixture, sum(stems), atol=1e-6)
        peak = max(np.abs(sound).max() for sound in (*stems, song.mixture))
        assert 0.6 < peak <= 0.9 + 1e-6


def test_four_stems_are_the_two_in_more_detail(songs):
    stems = synthetic.load(1, seconds=SECONDS, sources=synthetic.STEMS)[0].stems
    np.testing.assert_array_equal(stems["vocals"], songs[0].stems["vocals"])
    band = stems["drums"] + stems["bass"] + stems["other"]
    np.testing.assert_allclose(band, songs[0].stems["accompaniment"], atol=1e-6)
    assert min(rms(stem) for stem in stems.values()) > 0.01


@pytest.mark.parametrize("level", [0.0, -6.0])
def test_the_ratio_of_voice_to_band_is_the_requested_one(level):
    for song in synthetic.load(2, seconds=3.0, vocals_db=level):
        ratio = rms(song.stems["vocals"]) / rms(song.stems["accompaniment"])
        assert 20 * np.log10(ratio) == pytest.approx(level, abs=0.01)


def test_voice_rests_but_not_for_long(songs):
    for song in songs:
        frames = song.stems["vocals"].reshape(-1, RATE // 20)
        loud = np.sqrt(np.mean(frames**2, axis=1))
        resting = loud < 0.03 * loud.max()
        assert 0.03 < resting.mean() < 0.5
        assert not resting[:20].all()


def test_pitch_of_the_voice_follows_the_melody(songs, scores):
    errors = []
    for song, score in zip(songs, scores, strict=True):
        voice = song.stems["vocals"][:, 0]
        for note in score.notes:
            if note.stop - note.start > 0.4 and note.stop < SECONDS:
                starts = np.linspace(note.start + 0.2, note.stop - 0.14, 6) * RATE
                pitches = [pitch_of(voice[at : at + 800]) for at in starts.astype(int)]
                semitones = 69 + 12 * np.log2(np.median(pitches) / 440)
                errors.append(100 * (semitones - note.pitch))
    assert len(errors) > 30
    assert np.mean(np.abs(errors) < 60) > 0.95  # the vibrato goes up to 55 cents
    assert np.median(np.abs(errors)) < 20


def test_melody_fits_key_and_chords(scores):
    for score in scores:
        scale = {(score.key + step) % 12 for step in synthetic.MODES[score.mode][0]}
        assert all(note.pitch % 12 in scale for note in score.notes)
        assert all(set(chord) <= scale for chord in score.chords)
        leaps = [abs(b.pitch - a.pitch) for a, b in itertools.pairwise(score.notes)]
        assert np.mean(leaps) < 4
        first = score.notes[0]
        assert first.pitch % 12 in score.chords[0]


def test_voice_and_band_occupy_their_frequency_ranges(songs):
    for song in songs:
        voice, band = song.stems["vocals"], song.stems["accompaniment"]
        assert band_db(voice, 0, 75) < -30
        assert band_db(band, 0, 150) > -12
        assert band_db(band, 4000, 8000) > -30
        assert -45 < band_db(voice, 4000, 8000) < -8  # consonants


def test_vibrato_moves_the_pitch():
    rng = np.random.default_rng(0)
    singer = voices.Singer("female", 60, 1.15, 700, vibrato=(6.0, 50.0), glide=0.1, breath=0.02)
    note = voices.Note(0.5, 3.5, 69, 0)
    voice = voices.sing([note], singer, 4 * RATE, RATE, rng)
    starts = np.arange(1.2, 3.2, 0.02) * RATE
    cents = 1200 * np.log2([pitch_of(voice[int(at) : int(at) + 640]) / 440 for at in starts])
    spectrum = np.abs(np.fft.rfft((cents - cents.mean()) * np.hanning(len(cents))))
    assert np.fft.rfftfreq(len(cents), 0.02)[spectrum.argmax()] == pytest.approx(6.0, abs=0.6)
    assert 20 < np.sqrt(2) * cents.std() < 70


def test_songs_depend_on_the_seed_and_not_on_their_number(songs):
    again = synthetic.load(2, seconds=SECONDS)
    for first, second in zip(songs, again, strict=False):
        assert first.name == second.name
        np.testing.assert_array_equal(first.mixture, second.mixture)
    other = synthetic.load(1, seed=1, seconds=SECONDS)[0]
    assert np.abs(other.mixture - songs[0].mixture).max() > 0.1


def test_songs_are_the_same_on_every_numpy(songs):
    expected = {
        "vocals": [0.1046, 0.2270, 0.1612, 0.0930, 0.0633, 0.0496, 0.1109, 0.0755],
        "accompaniment": [0.1424, 0.1088, 0.1259, 0.1213, 0.1016, 0.1255, 0.1251, 0.1309],
    }
    for source, values in expected.items():
        blocks = songs[0].stems[source].reshape(8, -1)
        np.testing.assert_allclose(np.sqrt(np.mean(blocks**2, axis=1)), values, atol=2e-4)


def test_songs_differ(songs, scores):
    assert len({score.key for score in scores}) == len(scores)
    assert np.diff(sorted(score.tempo for score in scores)).min() > 4
    assert {score.singer.kind for score in scores} == {"female", "male", "child"}
    assert [song.domain for song in songs] == [score.singer.kind for score in scores]
    assert len({song.group for song in songs}) == len(songs)
    for a, b in itertools.combinations(songs, 2):
        product = np.sum(a.mixture * b.mixture) / (rms(a.mixture) * rms(b.mixture) * a.length)
        assert abs(product) < 0.2


def test_stereo_centres_the_voice_and_spreads_the_band():
    song = synthetic.load(1, seconds=3.0, channels=2)[0]
    voice, band = song.stems["vocals"], song.stems["accompaniment"]
    assert song.channels == 2
    assert rms(voice[:, 0] - voice[:, 1]) < 0.35 * rms(voice)  # the room alone
    assert rms(band[:, 0] - band[:, 1]) > 0.1 * rms(band)


def test_a_higher_sample_rate_plays_the_same_song(songs):
    high = synthetic.load(1, seconds=SECONDS, sample_rate=2 * RATE)[0]
    for source in high.sources:
        coarse = [
            np.sqrt(np.mean(track.stems[source].reshape(80, -1) ** 2, axis=1))
            for track in (songs[0], high)
        ]
        assert np.corrcoef(coarse)[0, 1] > 0.95


def test_tone_has_the_promised_harmonics():
    sound = band.tone(np.full(RATE, 500.0), 1000.0, RATE)
    spectrum = np.abs(np.fft.rfft(sound))
    harmonics = spectrum[500:7600:500]
    np.testing.assert_allclose(harmonics[1:] / harmonics[:-1], np.exp(-0.5), rtol=1e-3)
    others = np.delete(spectrum, np.arange(500, 7600, 500))
    assert others.max() < 1e-3 * harmonics.max()
    assert rms(sound) == pytest.approx(1.0, rel=1e-3)
    odd = np.abs(np.fft.rfft(band.tone(np.full(RATE, 500.0), 1000.0, RATE, odd=True)))
    assert odd[1000] < 1e-3 * odd[500] and odd[1500] == pytest.approx(odd[500] * np.exp(-1), 1e-3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": 0}, "n must be between 1"),
        ({"seed": -1}, "seed must be between 0"),
        ({"seconds": -2.0}, "seconds must be .*=-2.0"),
        ({"seconds": float("nan")}, "seconds must be .*=nan"),
        ({"sample_rate": 4000}, "sample_rate must be .*=4000"),
        ({"channels": 3}, "channels must be .*=3"),
        ({"sources": ("vocals", "drums")}, "sources must be .*drums"),
        ({"sources": "vocals"}, "sources must be .*vocals"),
        ({"vocals_db": float("inf")}, "vocals_db must be .*=inf"),
    ],
)
def test_bad_values_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        synthetic.load(**arguments)


@pytest.mark.parametrize("arguments", [{"n": 2.5}, {"n": True}, {"seconds": "10"}])
def test_bad_types_are_named(arguments):
    with pytest.raises(TypeError, match=next(iter(arguments))):
        synthetic.load(**arguments)
