"""A stream in blocks of any size is the whole pass."""

import numpy as np
import pytest

from sepmodels.models import DilatedConvGRU, NCWaveNet, UNet, WaveUNet
from sepmodels.separation.live import stream

CAUSAL = {
    "n_fft": 64,
    "hop_length": 16,
    "filters": 8,
    "dilations": (1, 2),
    "bidirectional": False,
    "causal": True,
}
SMALL = {"filters": 4, "skip_filters": 8, "dilations": (1, 2), "stacks": (1, 1)}
MODELS = {
    "dilated GRUs": lambda: DilatedConvGRU(**CAUSAL, gru_dilation=(1, 3)),
    "other order": lambda: DilatedConvGRU(**CAUSAL, order="gru_conv", head="softmax"),
    "convolutions": lambda: DilatedConvGRU(**CAUSAL, gru_dilation=None, weight_norm=False),
    "minimal GRUs": lambda: DilatedConvGRU(**CAUSAL, gru_dilation=(1, 3), recurrence="min_gru"),
    "waveforms": lambda: NCWaveNet(**SMALL, head="regression"),
}


def noise(time, channels=1):
    return np.random.default_rng(0).normal(0, 0.1, (time, channels)).astype("float32")


def pushed(running, song, size):
    """All that comes out, and the largest delay on the way."""
    pieces, delay, out = [], 0, 0
    for start in range(0, len(song), size):
        block = song[start : start + size]
        pieces.append(running.push(block, last=start + size >= len(song)))
        out += len(pieces[-1]["vocals"])
        delay = max(delay, min(start + size, len(song)) - out)
    return {s: np.concatenate([piece[s] for piece in pieces]) for s in pieces[0]}, delay


@pytest.mark.parametrize(
    "name, lengths",
    [
        ("dilated GRUs", {1: 101, 37: 900, 4096: 9000}),
        ("waveforms", {1: 101, 37: 900, 4096: 9000}),
        ("minimal GRUs", {37: 500}),
        ("other order", {37: 500}),
        ("convolutions", {37: 500, 4096: 10}),
    ],
)
def test_blocks_are_the_whole_pass(name, lengths):
    model = MODELS[name]()
    for size, time in lengths.items():
        song = noise(time)
        running = stream(model)
        stems, delay = pushed(running, song, size)
        whole = model(song[None])
        for source in model.sources:
            np.testing.assert_allclose(stems[source], whole[source][0], rtol=0, atol=1e-5)
        assert delay <= running.latency


def test_silence_surrounds_the_stream_of_a_model_without_padding():
    model = NCWaveNet(**SMALL, head="regression", padding="valid")
    song = noise(500)
    whole = model(np.pad(song, ((model.context[0],) * 2, (0, 0)))[None])
    for size in (37, 4096):
        stems, _ = pushed(stream(model), song, size)
        np.testing.assert_allclose(stems["vocals"], whole["vocals"][0], atol=1e-5)


def test_a_mono_model_takes_each_channel_by_itself():
    model, song = MODELS["dilated GRUs"](), noise(700, 2) * np.float32([1, 5])
    stems, _ = pushed(stream(model, channels=2), song, 100)
    for channel in (0, 1):
        alone = model(song[None, :, channel : channel + 1])["vocals"][0, :, 0]
        np.testing.assert_allclose(stems["vocals"][:, channel], alone, atol=1e-5)


def test_a_stereo_model_takes_both_channels():
    model, song = DilatedConvGRU(**CAUSAL, channels=2), noise(700, 2)
    stems, _ = pushed(stream(model), song, 100)
    np.testing.assert_allclose(stems["vocals"], model(song[None])["vocals"][0], atol=1e-5)


def test_streams_of_one_model_are_independent():
    model, song = MODELS["dilated GRUs"](), noise(400)
    first, second = stream(model), stream(model)
    second.push(noise(300)[::-1])
    stems, _ = pushed(first, song, 100)
    np.testing.assert_allclose(stems["vocals"], model(song[None])["vocals"][0], atol=1e-5)


def test_latency_is_the_future_context():
    """Input after the latency does not change an output, and some input within it does."""
    model = MODELS["dilated GRUs"]()
    song = noise(400)
    whole = np.asarray(model(song[None])["vocals"][0])
    latency = stream(model).latency
    assert latency == 63 == model.context[1]
    changed = song.copy()
    changed[200:] += 1.0
    moved = np.flatnonzero(np.asarray(model(changed[None])["vocals"][0]) - whole)
    assert 200 - latency <= moved.min() < 200 - 32


@pytest.mark.parametrize(
    "model",
    [
        lambda: DilatedConvGRU(n_fft=64, hop_length=16, filters=8),
        lambda: WaveUNet(levels=2, filters=4, padding="same"),
        lambda: UNet(filters=(2, 3)),
    ],
)
def test_models_that_cannot_stream_raise(model):
    with pytest.raises(ValueError, match=r"so it cannot run as a stream.*causal=True"):
        stream(model())


def test_bad_blocks_raise():
    running = stream(MODELS["convolutions"]())
    with pytest.raises(ValueError, match=r"\(time, 1\)"):
        running.push(noise(10, 2))
    with pytest.raises(TypeError, match="block must be float"):
        running.push(np.full((10, 1), 9000, "int16"))
    with pytest.raises(ValueError, match="NaN"):
        running.push(noise(10) * np.nan)
    assert np.isfinite(running.push(noise(200))["vocals"]).all()  # the bad blocks left no trace
    running.push(noise(10), last=True)
    with pytest.raises(ValueError, match="ended"):
        running.push(noise(10))
    with pytest.raises(ValueError, match="channels=3"):
        stream(DilatedConvGRU(**CAUSAL, channels=2), channels=3)
