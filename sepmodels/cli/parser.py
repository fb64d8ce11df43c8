"""The arguments of the command line, apart from TensorFlow, so that `--help` answers at once."""

import argparse
import re

import sepmodels as sm

SONGS = (
    "folders of songs with a file for each stem, musdb:FOLDER, ccmixter:FOLDER, mir1k:FOLDER, "
    "everything_is_free:FOLDER, or synthetic; corpora with splits are divided into training and "
    "validation songs by them"
)


def build_parser(functions):
    """Build the parser; each command calls the function of its name.

    Args:
        functions: dict of str to function of the parsed arguments.

    Returns:
        argparse.ArgumentParser.
    """
    parser = argparse.ArgumentParser("sepmodels", description=sm.__doc__)
    parser.add_argument("--version", action="version", version=f"sepmodels {sm.__version__}")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--debug", action="store_true", help="show where an error comes from")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, function in functions.items():
        description = function.__doc__
        command = commands.add_parser(
            name, parents=[common], help=description.splitlines()[0], description=description
        )
        command.set_defaults(run=function)
        command.register("type", None, parse_text)
        _ARGUMENTS.get(name, lambda add: None)(command.add_argument)
    return parser


def parse_text(text):
    """Refuse an empty argument, which as a path would be the current folder."""
    if not text:
        raise argparse.ArgumentTypeError("must not be empty; the current folder is .")
    return text


def parse_duration(text):
    """Convert a duration, such as `20ms` or `0.5s`, to seconds."""
    match = re.fullmatch(r"([0-9.]+)(ms|s)", text)
    if match is None or not float(match[1]) > 0:
        raise argparse.ArgumentTypeError(f"must be a duration such as 20ms or 0.5s, not {text!r}")
    return float(match[1]) / (1000 if match[2] == "ms" else 1)


def _add_model(add):
    add(
        "--model",
        default="dilated_conv_gru",
        metavar="NAME|FILE",
        help="weights by name (see `sepmodels models`) or a .keras file; default: %(default)s",
    )


def _add_demo(add):
    add("-o", "--output", default="runs/demo", metavar="FOLDER", help="default: %(default)s")


def _add_separate(add):
    add("songs", nargs="+", metavar="SONG", help="audio files, or folders of them, of any length")
    add(
        "-o",
        "--output",
        default="separated",
        metavar="FOLDER",
        help="a folder for each song, with a file for each source; default: %(default)s",
    )
    _add_model(add)
    add(
        "--two-stems",
        nargs="?",
        const="vocals",
        metavar="SOURCE",
        help="only this source (default: vocals) and the mixture without it",
    )
    add("--format", default="wav", choices=("wav", "flac", "ogg", "mp3"))
    add("--subtype", choices=("int16", "int24", "float32"), help="default: the most precise")
    add("--stems", metavar="S,S", type=lambda names: names.split(","), help="default: all sources")
    add("--segment", default=10.0, type=float, metavar="SECONDS", help="default: %(default)s")
    for name, value in (("batch-size", None), ("shifts", 1), ("wiener", 0)):
        add(f"--{name}", default=value, type=int, metavar="N", help="as in sepmodels.separate")
    add("--linked", action="store_true", help="filter both channels with the same masks")
    add("--device", metavar="NAME", help="such as CPU:0 or GPU:1")
    add("--residual", default="auto", metavar="SOURCE", help="mixture minus the others, or none")


def _add_stream(add):
    add("input", metavar="IN", help="an audio file, or - for raw samples on standard input")
    add("output", metavar="OUT", help="a .wav or .flac file, or - for raw samples")
    _add_model(add)
    add("--source", default="vocals", help="which source; default: %(default)s")
    add("--block", default="20ms", type=parse_duration, metavar="TIME", help="default: %(default)s")
    add("--rate", type=int, metavar="HZ", help="of raw input; default: that of the model")
    add("--channels", type=int, metavar="N", help="of raw input; default: 1")


def _add_train(add):
    add("--recipe", required=True, metavar="NAME", help="such as dilated_conv_gru")
    add("--quick", action="store_true", help="a minute or two instead of hours")
    add("--songs", nargs="+", required=True, metavar="SONGS", help=SONGS)
    add("-o", "--output", required=True, metavar="FOLDER", help="logs and weights")


def _add_evaluate(add):
    add(
        "estimates",
        help="folder with a file for each source, or with such a folder for each song; or mir1k, "
        "to score a model on the clips of that corpus",
    )
    add("references", help="folder with the true stems under the same names; the root of MIR-1K")
    add(
        "-o",
        "--output",
        metavar="FOLDER",
        help="tables, museval's json and a picture; finished songs are not scored again. A "
        "FILE.csv receives the scores of a single song",
    )
    add("--fit", action="store_true", help="cut or pad estimates of another length, as museval")
    add("--workers", type=int, metavar="N", help="songs at a time; default: one per processor")
    add("--split", choices=("published", "disjoint"), help="of mir1k; default: published")
    _add_model(add)
    add("--report", metavar="FILE.html", help="a page to listen to; for many songs, a FOLDER")


def _add_course(add):
    add("folder", metavar="FOLDER", help="receives the notebooks; those that exist are kept")


_ARGUMENTS = {
    "course": _add_course,
    "demo": _add_demo,
    "separate": _add_separate,
    "stream": _add_stream,
    "train": _add_train,
    "evaluate": _add_evaluate,
}
