"""Train the weights that ship with the project, and score them for their model card.

    python scripts/backing_music.py data/backing_music
    python scripts/train_pretrained.py MIR-1K-FOLDER data/backing_music runs/pretrained

Run it again after an interruption to resume it.
"""

import argparse
from pathlib import Path

import sepmodels as sm


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mir1k", type=Path, help="root of MIR-1K")
    parser.add_argument("backing", type=Path, help="the folder that backing_music.py wrote")
    parser.add_argument("folder", type=Path, help="folder of the training")
    parser.add_argument("--epochs", type=int, default=sm.recipes.DILATED_CONV_GRU.epochs)
    arguments = parser.parse_args()

    tracks = load(arguments.mir1k, "train")
    validation = load(arguments.mir1k, "valid")
    backing = [
        sm.datasets.Track.from_files(path.stem, {"accompaniment": path})
        for path in sorted(arguments.backing.glob("*.wav"))
    ]
    recipe = sm.recipes.DILATED_CONV_GRU.vary(epochs=arguments.epochs)
    sm.train(recipe, tracks, arguments.folder, validation, backing=backing)


def load(root, split):
    """Load the clips, which are short, into memory."""
    tracks = sm.datasets.mir1k.load(root, split, protocol="disjoint")
    return [track.resample(track.sample_rate) for track in tracks]


if __name__ == "__main__":
    main()
