"""Recipes for an evening on a laptop; `quick` makes minutes of them."""

from sepmodels.training.recipe import Recipe

# The network whose weights ship. What is not known of the authors' network was chosen for voice
# and band: masks that sum to one, and a loss that is the SDR itself.
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

# M3 at 16 kHz with eight levels for twelve, and narrower.
WAVE_U_NET = Recipe(
    model="WaveUNet",
    arguments={"sample_rate": 16000, "channels": 1, "levels": 8, "filters": 16},
    segment=2.0,
    batch_size=8,
    gains=(0.7, 1.0),
)

# The network for four sources, here for two at 16 kHz; a segment is one window of frames.
DEEP_CONV_SEP = Recipe(
    model="DeepConvSep",
    arguments={"sources": ("vocals", "accompaniment"), "sample_rate": 16000, "hop_length": 256},
    segment=29 * 256 / 16000,
    batch_size=16,
    loss="deep_conv_sep",
    loss_on="magnitude",
)

# The gated sibling `wavenet`, smaller; it estimates the companded wave, with a head per source.
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

# Its variants: what the encoder hears reaches the decoder as 20 vectors a second ...
NC_WAVENET_POOLED = NC_WAVENET.vary(model="BottleneckNCWaveNet", stacks=(1, 2), pooling=800)

# ... and, with domain confusion, without telling who sings. These are the domains of the songs
# of `datasets.synthetic`; for MUSDB18 name its genres. Voice and band come from one song, or one
# of them would have another domain ...
NC_WAVENET_CONFUSED = NC_WAVENET_POOLED.vary(domains=("female", "male", "child"), cross_songs=0.0)

# ... half the rate, scale after scale, and back ...
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

# ... and the frames of a complex spectrogram.
NC_WAVENET_SPECTRAL = Recipe(
    model="SpectralNCWaveNet",
    arguments={"filters": 64, "depth": 8},
    segment=2.0,
    batch_size=4,
    loss="mse",
    loss_on="spectrum",
)

# The WaveNet of Lluís, Pons and Serra, less than half as deep and as wide.
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

# The translation network, narrow and shallow, from voice to band and back. The paper's weight of
# the confusion, a hundredth of this, needs days to tell.
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

# A WaveNet that learns to sing. It hears 192 ms, which a quarter of a second fills.
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

# The U-Net of Jansson et al. at 16 kHz, half as wide; a segment is one patch of a second.
U_NET = Recipe(
    model="UNet",
    arguments={
        "sample_rate": 16000,
        "hop_length": 256,
        "frames": 64,
        "filters": (8, 16, 32, 64, 128, 256),
    },
    segment=63 * 256 / 16000,
    batch_size=8,
    loss_on="magnitude",
)
