"""Draw the picture of the README: the sample song, separated with the weights that ship.

python scripts/readme_picture.py data/readme_picture.png
"""

import sys

import numpy as np

import sepmodels as sm


def main(path):
    song = sm.datasets.sample.load()
    stems = sm.separate(sm.load_pretrained(), song.mixture, song.sample_rate)
    shown = {
        "mixture": song.mixture,
        "vocals, as the network estimates them": stems["vocals"],
        "vocals, as they were recorded": song.stems["vocals"],
    }
    truth = song.stems["vocals"]
    softer = song.mixture * np.vdot(truth, song.mixture) / np.vdot(song.mixture, song.mixture)
    floor, volume, score = (
        sm.metrics.sdr(truth, estimate) for estimate in (song.mixture, softer, stems["vocals"])
    )
    title = f"SDR of the voice: {score:.1f} dB (mixture {floor:.1f}, volume alone {volume:.1f})"
    figure = sm.display.plot_spectrograms(shown, song.sample_rate, title=title)
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main(sys.argv[1])
