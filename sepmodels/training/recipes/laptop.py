"""Recipes for an evening on a laptop; `quick` shortens them to minutes."""

from sepmodels.training.recipe import Recipe

# The network whose weights ship. Where the authors' choice is not known, it was made for vocals
# and accompaniment: masks that sum to one, and the SDR itself as the loss.
DILATED_CONV_GRU = Recipe(
    model="DilatedConvGRU",
    arguments={
        "filters": 176,
        "dilations": (1, 2, 4, 8),
        "gru_dilation": (1, 2, 4, 8),
        "groups": 4,
        "head": "softmax",
    },
    loss="negative_snr",
)

# Its second form, whose examples and loss `scripts/train_pretrained.py` adds: two channels
# as mid and side, because the voice is in the centre of most songs, and masks refined bin by bin.
DILATED_CONV_GRU_STEREO = DILATED_CONV_GRU.vary(
    channels=2, mid_side=True, refine_filters=16, batch_size=8, learning_rate=6e-4
)

# The published protocol of MIR-1K: 175 clips of two singers, which `scripts/train_mir1k_175.py`
# turns into more voices. Most examples mix a voice with the band of another song.
DILATED_CONV_GRU_MIR1K = DILATED_CONV_GRU.vary(
    filters=128, epochs=20, cross_songs=0.8, augment={"flip_polarity": 0.5}
)

# M3 at 16 kHz, with eight levels instead of twelve and fewer filters.
WAVE_U_NET = Recipe(
    model="WaveUNet",
    arguments={"sample_rate": 16000, "channels": 1, "levels": 8, "filters": 16},
    segment=2.0,
    batch_size=8,
    gains=(0.7, 1.0),
)

# The network for four sources, here for two at 16 kHz. A segment is one window of frames.
DEEP_CONV_SEP = Recipe(
    model="DeepConvSep",
    arguments={"sources": ("vocals", "accompaniment"), "sample_rate": 16000, "hop_length": 256},
    segment=29 * 256 / 16000,
    batch_size=16,
    loss="deep_conv_sep",
    loss_on="magnitude",
)

# The variant `wavenet` with gates, smaller. It estimates the companded waveform, with one head for
# each source.
NC_WAVENET = Recipe(
    model="NCWaveNet",
    arguments={
        "target": None,
        "head": "regression",
        "activation": "gated",
        "filters": 32,
        "skip_filters": 64,
        "stacks": (0, 3),
        "padding": "valid",
    },
    segment=0.5,
    batch_size=4,
    loss_on="companded",
)

# Its variants. The encoder passes 20 vectors per second to the decoder.
NC_WAVENET_POOLED = NC_WAVENET.vary(model="BottleneckNCWaveNet", stacks=(1, 2), pooling=800)

# With domain confusion, the vectors should not reveal the singer. These are the domains of
# `datasets.synthetic`; for MUSDB18, use its genres. Vocals and accompaniment come from one song,
# because two songs could be of different domains.
NC_WAVENET_CONFUSED = NC_WAVENET_POOLED.vary(domains=("female", "male", "child"), cross_songs=0.0)

# Each scale halves the rate; the decoder doubles it again.
NC_WAVENET_STRIDED = Recipe(
    model="StridedNCWaveNet",
    arguments={
        "target": None,
        "head": "regression",
        "filters": 24,
        "scales": 4,
        "layers_per_scale": 2,
    },
    segment=1.0,
    batch_size=4,
    loss_on="companded",
)

# The network runs over the frames of a complex spectrogram.
NC_WAVENET_SPECTRAL = Recipe(
    model="SpectralNCWaveNet",
    arguments={"filters": 64, "depth": 8},
    segment=2.0,
    batch_size=4,
    loss="mse",
    loss_on="spectrum",
)

# The WaveNet of Lluís, Pons and Serra, with less than half the depth and width.
LLUIS_WAVENET = Recipe(
    model="LluisWaveNet",
    arguments={
        "filters": 24,
        "dilations": (1, 2, 4, 8, 16, 32, 64, 128, 256),
        "stacks": 2,
        "head_filters": (128, 64),
        "padding": "valid",
    },
    segment=0.5,
    batch_size=4,
    loss="discriminative_l1",
)

# The translation network, narrow and shallow, between vocals and accompaniment. The confusion
# weight of the paper, a hundredth of this one, has an effect only after days.
MUSIC_TRANSLATION = Recipe(
    model="MusicTranslation",
    arguments={
        "filters": 32,
        "latent_filters": 16,
        "depths": (8, 8),
        "stacks": (1, 2),
        "confusion_weight": 1.0,
    },
    segment=0.5,
    batch_size=4,
    steps_per_epoch=100,
    epochs=4,
    learning_rate=2e-3,
    loss="mu_law_cross_entropy",
    loss_on="classes",
    gains=(0.7, 1.0),
)

# A WaveNet that generates vocals. Its receptive field is 192 ms, less than a segment.
WAVENET = Recipe(
    model="WaveNet",
    arguments={
        "source": "vocals",
        "skip_filters": 128,
        "dilations": tuple(2**layer for layer in range(10)) * 3,
    },
    segment=0.25,
    batch_size=4,
    loss="mu_law_cross_entropy",
    loss_on="classes",
    cross_songs=0.0,
)

# The U-Net of Jansson et al. at 16 kHz, half as wide, with a level less; a segment is one patch of
# a second.
U_NET = Recipe(
    model="UNet",
    arguments={
        "sample_rate": 16000,
        "hop_length": 256,
        "frames": 64,
        "filters": (8, 16, 32, 64, 128),
    },
    segment=63 * 256 / 16000,
    batch_size=8,
    learning_rate=2e-3,
    loss_on="magnitude",
)
