import numpy as np
import pytest

import sepmodels as sm


def test_convolutions_and_recurrences_are_counted_step_by_step():
    arguments = {"n_fft": 64, "hop_length": 16, "sample_rate": 1600, "filters": 6}
    arguments |= {"dilations": (1,), "groups": 2, "head": "sigmoid"}
    model = sm.models.DilatedConvGRU(gru_dilation=1, **arguments)
    frames, bins = 1600 // 16 + 1, 33
    stem, head = bins * 6 * 3, 6 * 2 * bins * 3
    grouped = 2 * 3 * 3 * 3
    gru = 2 * (6 * 18 + 6 * 18)  # two directions; the input and the state, for three gates
    once_more = gru  # Keras runs the first step of a recurrence again, to see its form
    assert sm.ablation.count_macs(model) == frames * (stem + grouped + gru + head) + once_more


def test_twice_the_duration_takes_twice_the_operations():
    model = sm.models.NCWaveNet(filters=4, skip_filters=8, dilations=(1, 2), stacks=(1, 1))
    once, twice = (sm.ablation.count_macs(model, seconds) for seconds in (0.1, 0.2))
    assert twice == 2 * once
    assert sm.ablation.count_macs(model, 0.1) == once, "and counting ends with the call"
    per_sample = np.sum([np.prod(w.shape) for w in model.trainable_weights if len(w.shape) > 1])
    assert once == pytest.approx(1600 * per_sample)
