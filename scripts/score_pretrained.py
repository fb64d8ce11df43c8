"""Score weights for their model card, on the validation clips of MIR-1K and on the sample song.

    python scripts/score_pretrained.py MIR-1K-FOLDER [runs/pretrained/best.keras]

Prints the mean over the clips for each source in dB: the mixture (floor), the untrained model, the
trained model, the ideal ratio mask (ceiling), and the improvement over the mixture.
"""

import argparse

import pandas as pd

import sepmodels as sm


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mir1k", help="root of MIR-1K")
    parser.add_argument("weights", nargs="?", help="default: the weights that ship")
    arguments = parser.parse_args()
    trained = sm.models.load(arguments.weights) if arguments.weights else sm.load_pretrained()
    untrained = type(trained)(**trained.get_config())

    clips = sm.datasets.mir1k.load(arguments.mir1k, "valid", protocol="disjoint")
    print(f"{len(clips)} validation clips of MIR-1K, mean over the clips, whole clip, dB")
    print(compare(trained, untrained, clips).round(2).to_string())
    song = sm.datasets.sample.load()
    print(f"\n{song.name}, whole song, dB")
    print(compare(trained, untrained, [song]).round(2).to_string())


def compare(trained, untrained, tracks):
    boards = {
        name: sm.evaluation.evaluate_tracks(model, tracks).groupby("source", sort=False)
        for name, model in (("untrained", untrained), ("trained", trained))
    }
    known = boards["trained"]
    return pd.DataFrame(
        {
            "mixture": known["mixture"].mean(),
            "untrained": boards["untrained"]["estimate"].mean(),
            "trained": known["estimate"].mean(),
            "oracle": known["oracle"].mean(),
            "SDRi": known["SDRi"].mean(),
            "SI-SDRi": known["SI-SDRi"].mean(),
        }
    )


if __name__ == "__main__":
    main()
