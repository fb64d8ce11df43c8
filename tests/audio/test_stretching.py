import numpy as np
import pytest

import sepmodels as sm


@pytest.mark.parametrize("semitones", [-0.5, 3.0, 12.0])
def test_a_tone_moves_by_semitones_and_keeps_its_time(semitones):
    tone = np.sin(2 * np.pi * 440 * np.arange(8000) / 16000)
    shifted = sm.audio.stretch(np.stack([tone, 0 * tone], axis=1), semitones=semitones)
    assert shifted.shape == (8000, 2) and shifted.dtype == np.float32
    assert not shifted[:, 1].any()
    loudness = np.abs(np.fft.rfft(shifted[:, 0] * np.hanning(8000)))
    assert 2 * np.argmax(loudness) == pytest.approx(440 * 2 ** (semitones / 12), abs=3)  # Hz


@pytest.mark.parametrize("length", [0, 1, 3, 4, 7, 100])
def test_any_length_stays(length):
    assert sm.audio.stretch(np.ones((length, 1)), semitones=0.3).shape == (length, 1)
