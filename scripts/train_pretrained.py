"""Train the weights that ship with the project, and score them for their model card.

    python scripts/backing_music.py data/backing_music
    python scripts/train_pretrained.py MIR-1K-FOLDER data/backing_music runs/pretrained

Run it again to go on after an interruption.
"""

import argparse
from pathlib import Path

import sepmodels as sm


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mir1k", type=Path, help="root of MIR-1K")
    parser.add_argument("backing", type=Path, help="what backing_music.py wrote")
    parser.add_argument("folder", type=Path, help="where to keep the training")
    parser.add_argument("--epochs", type=int, default=sm.recipes.DILATED_CONV_GRU.epochs)
    arguments = parser.parse_args()

    songs = load(arguments.mir1k, "train")
    validation = load(arguments.mir1k, "valid")
    backing = [
        sm.datasets.Track.from_files(path.stem, {"accompaniment": path})
        for path in sorted(arguments.backing.glob("*.wav"))
    ]
    recipe = sm.recipes.DILATED_CONV_GRU.vary(epochs=arguments.epochs)
    sm.train(recipe, songs, arguments.folder, validation, backing=backing)


def load(root, split):
    """Clips in memory: they are short, and compressed files are slow to seek in."""
    return [
        sm.datasets.Track.from_arrays(
            track.name, dict(track.stems), track.sample_rate, group=track.group
        )
        for track in sm.datasets.mir1k.load(root, split, protocol="disjoint")
    ]


if __name__ == "__main__":
    main()
