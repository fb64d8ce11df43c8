"""Train the weights `mir1k-175`, on the 175 training clips of MIR-1K's published protocol alone.

    python scripts/train_mir1k_175.py MIR-1K runs/mir1k_175

MIR-1K is its root. The weights are written to `mir1k-175.keras` in the folder. Run it again after
an interruption to resume it.

The clips are of two amateurs, a man and a woman, and every other singer is for testing. So each
voice and each band is also read faster and slower, which moves pitch and formants: a clip becomes
several, of other singers. Three whole songs are held out, on which the best epoch is chosen.
"""

import argparse
from pathlib import Path

from pretrained_examples import change_rate
from train_pretrained import save_rounded

import sepmodels as sm

HELD_OUT = ("abjones_4", "amy_1", "amy_14")  # groups: songs, with all songs of the same backing
RATES = (0.8, 0.86, 0.93, 1.0, 1.08, 1.16, 1.25)  # at which the training clips are read


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mir1k", type=Path, help="root of MIR-1K")
    parser.add_argument("folder", type=Path, help="folder of the training")
    arguments = parser.parse_args()

    clips = sm.datasets.mir1k.load(arguments.mir1k, "train", protocol="published")
    validation = [clip for clip in clips if clip.group in HELD_OUT]
    tracks = [
        change_rate(clip, rate) for clip in clips if clip.group not in HELD_OUT for rate in RATES
    ]
    recipe = sm.recipes.DILATED_CONV_GRU_MIR1K
    run = sm.train(recipe, tracks, arguments.folder, validation)
    save_rounded(run.model, arguments.folder / "mir1k-175.keras")
    print(sm.evaluation.evaluate_clips(run.model, validation))


if __name__ == "__main__":
    main()
