"""Draw the picture of the README: the real clip, taken apart by the weights that ship.

python data/readme_picture.py data/readme_picture.png
"""

import sys

import sepmodels as sm


def main(path):
    song = sm.datasets.sample.load()
    stems = sm.separate(sm.load_pretrained(), song.mixture, song.sample_rate)
    shown = {"mixture": song.mixture}
    for source in song.sources:
        shown[f"{source}, separated"] = stems[source]
        shown[f"{source}, true"] = song.stems[source]
    figure = sm.display.spectrograms(shown, song.sample_rate)
    figure.savefig(path, dpi=100, bbox_inches="tight")


if __name__ == "__main__":
    main(sys.argv[1])
