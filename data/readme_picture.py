"""Draw the picture of the README: the real clip, taken apart by the weights that ship.

python data/readme_picture.py data/readme_picture.png
"""

import sys

import sepmodels as sm


def main(path):
    song = sm.datasets.sample.load()
    stems = sm.separate(sm.load_pretrained(), song.mixture, song.sample_rate)
    shown = {
        "mixture": song.mixture,
        "vocals, as the network hears them": stems["vocals"],
        "vocals, as they were recorded": song.stems["vocals"],
    }
    floor = sm.metrics.sdr(song.stems["vocals"], song.mixture)
    gain = sm.metrics.sdr(song.stems["vocals"], stems["vocals"]) - floor
    title = f"The voice out of a rock band, {gain:.1f} dB above the mixture; guitars still leak"
    figure = sm.display.spectrograms(shown, song.sample_rate, title=title)
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main(sys.argv[1])
