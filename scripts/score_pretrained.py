"""Score weights for their model card, on songs and singers that were held out.

    python scripts/score_pretrained.py MIR-1K STUDIO [runs/pretrained/average.keras] [--every 5]

Prints means over the excerpts for each corpus, level of the voice and source, in dB: SDR of the
mixture (floor), of the mixture at its best gain (volume alone), of the model and of the ideal
ratio mask (ceiling), and the improvement of SI-SDR. STUDIO is the album *Everything is Free*, of
which five excerpts of eight seconds of each held-out song are scored.
"""

import argparse

import numpy as np
import pandas as pd
from pretrained_examples import SAMPLE_RATE, find_voiced

import sepmodels as sm

STUDIO = ("lithium", "potassium")
LEVELS = (0, -5, -10)  # of the voice, in dB above the band
SECONDS, EXCERPTS = 8, 5


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mir1k", help="root of MIR-1K")
    parser.add_argument("studio", help="the songs of Everything is Free")
    parser.add_argument("weights", nargs="?", help="default: the weights that ship")
    parser.add_argument("--every", type=int, default=1, help="score every n-th clip of MIR-1K")
    arguments = parser.parse_args()
    model = sm.models.load(arguments.weights) if arguments.weights else sm.load_pretrained()

    clips = sm.datasets.mir1k.load(arguments.mir1k, "valid", protocol="disjoint")
    songs = [s for s in sm.datasets.wav_folder.load(arguments.studio) if s.name in STUDIO]
    corpora = {
        "studio": [excerpt for song in songs for excerpt in cut_excerpts(song)],
        "MIR-1K": clips[:: arguments.every],
    }
    boards = [
        score(model, [set_level(track, level) for track in tracks], corpus, level)
        for corpus, tracks in corpora.items()
        for level in LEVELS
    ]
    boards.append(score(model, [sm.datasets.sample.load()], "sample song", "as it is"))
    print(pd.concat(boards).round(2).to_string())


def cut_excerpts(song):
    song = song.resample(SAMPLE_RATE)
    length = SECONDS * SAMPLE_RATE
    starts = find_voiced(song, length)
    starts = starts[starts + length < song.length]
    for start in starts[np.linspace(0, len(starts) - 1, EXCERPTS).astype(int)]:
        stems = song.read(start, start + length)
        yield sm.datasets.Track.from_arrays(f"{song.name} {start}", stems, SAMPLE_RATE)


def set_level(track, level):
    """The track with its voice at a level in dB above its band, RMS over the track."""
    voice, band = (np.asarray(track.stems[source]) for source in ("vocals", "accompaniment"))
    ratio = np.sqrt(np.mean(band**2) / np.mean(voice**2))
    voice = voice * np.float32(ratio * 10 ** (level / 20))
    gain = min(1.0, 0.9 / np.abs(voice + band).max())
    stems = {"vocals": gain * voice, "accompaniment": gain * band}
    return sm.datasets.Track.from_arrays(track.name, stems, track.sample_rate)


def score(model, tracks, corpus, level):
    board = sm.evaluation.evaluate_tracks(model, tracks)
    columns = ["mixture", "gain", "estimate", "oracle", "SI-SDRi"]
    means = board.groupby("source", sort=False)[columns].mean().reset_index()
    means.insert(0, "level", level)
    means.insert(0, "corpus", corpus)
    return means


if __name__ == "__main__":
    main()
