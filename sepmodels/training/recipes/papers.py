"""Recipes at the scale of the papers, for a GPU. This project has trained none of them."""

from sepmodels.models import spleeter
from sepmodels.training.recipe import Recipe

# What most publications have in common: a constant learning rate, and songs as they are.
_PUBLISHED: dict = {"schedule": "constant", "gains": (1.0, 1.0), "cross_songs": 0.0}

# A reconstruction for MUSDB18 on a GPU. Filters, groups and kernels are those of the first author's
# later code; those of the paper are not known to us.
DILATED_CONV_GRU_PAPER = Recipe(
    model="DilatedConvGRU",
    arguments={
        "sources": ("vocals", "drums", "bass", "other"),
        "sample_rate": 44100,
        "channels": 2,
        "n_fft": 2048,
        "hop_length": 1024,
        "filters": 512,
        "dilations": (1, 2, 4, 8, 16, 32),
        "groups": 4,
    },
    segment=6.0,
    batch_size=16,
    steps_per_epoch=500,
    epochs=200,
    loss_on="magnitude",
)

# M4 by Stoller, Ewert and Dixon in two stages, for MUSDB18 on a GPU. They state no maximum number
# of epochs; the patience ends a stage.
WAVE_U_NET_PAPER = Recipe(
    model="WaveUNet",
    segment=16384 / 22050,
    batch_size=16,
    steps_per_epoch=2000,
    epochs=1000,
    patience=20,
    learning_rate=1e-4,
    schedule="constant",
    loss="mse",
    gains=(0.7, 1.0),
    cross_songs=0.0,
)
WAVE_U_NET_PAPER = WAVE_U_NET_PAPER.vary(
    then=WAVE_U_NET_PAPER.vary(batch_size=32, learning_rate=1e-5)
)

# Chandna et al. on DSD100, after their code; the number of steps in an epoch is our choice.
DEEP_CONV_SEP_PAPER = Recipe(
    model="DeepConvSep",
    segment=29 * 512 / 44100,
    batch_size=32,
    epochs=40,
    optimizer="adadelta",
    learning_rate=1.0,
    loss="deep_conv_sep",
    loss_on="magnitude",
    **_PUBLISHED,
)

# Structure A after its author's code: 25 segments of each of 45 songs in an epoch, with the gains
# of the author's readme. The number of epochs is not known.
NC_WAVENET_PAPER = Recipe(
    model="NCWaveNet",
    arguments={"padding": "valid"},
    segment=1.0,
    batch_size=1,
    steps_per_epoch=1125,
    schedule=(0.98, 10_000),
    weight_decay=1e-5,
    loss="mu_law_cross_entropy",
    loss_on="classes",
    gains=(0.7, 1.0),
    cross_songs=0.0,
)

# Lluís, Pons and Serra, the network for vocals. Two things differ: their patience of 16 epochs
# refers to the training loss, and half of their examples are chosen to contain a voice.
LLUIS_WAVENET_PAPER = Recipe(
    model="LluisWaveNet",
    arguments={"padding": "valid"},
    segment=1601 / 16000,
    batch_size=10,
    steps_per_epoch=2000,
    epochs=250,
    loss="discriminative_l1",
    **_PUBLISHED,
)

# Mor et al. on MusicNet, after their training script. The domain of a track is the name of its
# only stem.
MUSIC_TRANSLATION_PAPER = Recipe(
    model="MusicTranslation",
    arguments={
        "sources": (
            "bach_cello",
            "beethoven_piano",
            "cambini_wind",
            "bach_piano",
            "beethoven_violin",
            "beethoven_quartet",
        ),
        "depths": (10, 14),
    },
    segment=0.75,
    batch_size=32,
    steps_per_epoch=1000,
    epochs=10_000,
    schedule=(0.995, 1000),
    loss="mu_law_cross_entropy",
    loss_on="classes",
    gains=(1.0, 1.0),
    cross_songs=1.0,
)

# WaveNet as the most widely used open implementation trains it, except for that one's epsilon of
# Adam, 1e-4. The paper states no sizes.
WAVENET_PAPER = Recipe(
    model="WaveNet",
    segment=100_000 / 16000,
    batch_size=1,
    steps_per_epoch=1000,
    epochs=100,
    loss="mu_law_cross_entropy",
    loss_on="classes",
    **_PUBLISHED,
)

# Jansson et al. on pairs of a song and its instrumental version; a segment is one patch. The
# batch and the steps are not known here.
U_NET_PAPER = Recipe(
    model="UNet",
    segment=127 * 768 / 8192,
    batch_size=16,
    steps_per_epoch=500,
    epochs=100,
    loss_on="magnitude",
    **_PUBLISHED,
)

# Spleeter for two stems by its configuration file, whose million steps began with random weights.
# `train(..., initial=load_pretrained("spleeter-2stems"))` continues from the published ones.
U_NET_SPLEETER = Recipe(
    model="UNet",
    arguments=spleeter.NETWORKS["spleeter-2stems"],
    segment=511 * 1024 / 44100,
    batch_size=4,
    steps_per_epoch=1000,
    epochs=1000,
    learning_rate=1e-4,
    schedule="constant",
    loss_on="magnitude",
    cross_songs=0.0,
)
