"""The command line: `python -m sepmodels demo | separate | train | evaluate | doctor`."""

import argparse
import itertools
import sys
import warnings
from pathlib import Path

import sepmodels as sm
from sepmodels._startup import load_tensorflow
from sepmodels.cli import doctor as examination

# What a user can cause and repair: told in one line. Everything else is a fault of ours.
EXPECTED = (ValueError, OSError, ImportError, MemoryError, ArithmeticError)


def demo(options):
    """Separates the real clip that every installation has, and scores the stems."""
    song = sm.datasets.sample.load()
    folder = Path(options.output)
    folder.mkdir(parents=True, exist_ok=True)
    stems = sm.separate(sm.load_pretrained(), song.mixture, song.sample_rate)
    for name, samples in {"mixture": song.mixture, **stems}.items():
        sm.audio.write(folder / f"{name}.wav", samples, song.sample_rate)
        print(folder / f"{name}.wav")
    show(sm.evaluate(stems, song.stems, song.sample_rate))


def separate(options):
    """Separates every song that it can, and tells which it cannot."""
    own = options.model.endswith(".keras")
    model = sm.models.load(options.model) if own else sm.load_pretrained(options.model)
    names = "output format subtype stems segment batch_size shifts wiener linked device"
    how = {name: getattr(options, name) for name in names.split()}
    how["residual"] = None if options.residual == "none" else options.residual
    errors = []
    for song in options.songs:
        try:
            files = sm.separate(model, song, **how)
        except EXPECTED as error:
            if options.debug:
                raise
            errors.append(error)
            complain(error)
        else:
            print(*files.values(), sep="\n", flush=True)
    return 2 if errors else 0


def train(options):
    """Trains a recipe; the same command again goes on where it stopped."""
    known = {name: value for name, value in vars(sm.recipes).items() if name.isupper()}
    name = options.recipe.upper().replace("-", "_")
    if name not in known:
        raise ValueError(f"--recipe must be one of {', '.join(known)}, got {options.recipe}")
    recipe = sm.recipes.quick(known[name]) if options.quick else known[name]
    songs, validation = load_songs(options.songs)
    run = sm.train(recipe, songs, options.output, validation=validation or None)
    print(run.history.to_string(index=False))
    print(f"weights: {run.folder / 'best.keras'}")


def evaluate(options):
    """Scores the stems of one song against the true ones, or a folder of songs."""
    many = options.output is not None and not options.output.endswith(".csv")
    if options.report is not None and options.report.endswith(".html") == many:
        raise ValueError(
            "--report takes a FILE.html for one song; with -o FOLDER it takes a folder, where "
            f"every song gets a page. Received: --report {options.report}"
        )
    return evaluate_folders(options) if many else evaluate_song(options)


def evaluate_song(options):
    """Two lines for each source; where asked for, the table and a page to listen to."""
    places = the_song(options.estimates), the_song(options.references)
    sounds = sm.evaluation.folders.read_song(*places, options.fit)
    estimates, references, mixture, rate = sounds
    table = sm.evaluate(estimates, references, rate, mixture=mixture)
    show(table)
    if options.output is not None:
        table.to_csv(options.output, index=False)
    if options.report is not None:
        write_page(options.report, sounds, table, Path(options.references).name)


def evaluate_folders(options):
    """Tables, museval's json and a picture for all songs that can be scored."""
    places, folder = (options.estimates, options.references), Path(options.output)
    table, errors = sm.evaluate_folders(*places, folder, fit=options.fit, workers=options.workers)
    if len(table):
        lines = sm.evaluation.statistics.aggregate(table)
        print(lines.round(2).to_string())
        lines.to_csv(folder / "medians.csv")
        sm.display.plot_sisec_comparison(table).savefig(folder / "scores.png", dpi=150)
    files = [sm.evaluation.folders.find_songs(place) for place in places]
    for song, rows in table.groupby("track", sort=False) if options.report else ():
        try:
            sounds = sm.evaluation.folders.read_song(*(of[song].files for of in files), options.fit)
            write_page(Path(options.report, f"{song}.html"), sounds, rows, song)
        except EXPECTED as error:  # such as a song too long for a page
            errors[song] = error
    for song, why in errors.items():
        complain(f"{song}: {why}")
    return 2 if errors else 0


def write_page(path, sounds, table, title):
    """A page to listen to one song, with its scores."""
    estimates, references, mixture, rate = sounds
    scores = sm.evaluation.summarize(table)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    sm.display.write_report(path, mixture, references, estimates, rate, scores=scores, title=title)


def doctor(options):
    """Says whether this machine can separate, and what to do if it cannot."""
    findings = examination.examine()
    print(examination.format_report(findings))
    return 2 if any(finding.state == "fault" for finding in findings) else 0


def check_names(songs):
    """A wrong name is told at once, before a model is loaded or an hour computed."""
    seen = {}
    for song in songs:
        sm.audio.info(song)
        if Path(song).stem in seen:
            raise ValueError(
                f"{seen[Path(song).stem]} and {song} would be written to the same folder; "
                "rename one, or separate them into different folders"
            )
        seen[Path(song).stem] = song


def the_song(folder):
    """The files of the one song in a folder, by source."""
    songs = sm.evaluation.folders.find_songs(folder)
    if len(songs) > 1 and "song" not in songs:
        raise ValueError(f"{folder} holds {len(songs)} songs; pass -o FOLDER to score them all")
    return songs.get("song", next(iter(songs.values()))).files


def load_songs(places):
    """Songs to train on, and those to validate on where a corpus says which."""
    loaded = [sm.datasets.load_location(place) for place in places]
    songs, validation = (list(itertools.chain(*part)) for part in zip(*loaded, strict=True))
    return songs, validation


def show(table):
    """Prints the scores, two lines for each source."""
    print(sm.evaluation.summarize(table).round(2).to_string())


def complain(error):
    """One line, whatever the message."""
    text = " ".join(str(error).split()) or type(error).__name__
    print(f"sepmodels: {text}", file=sys.stderr)


def parser():
    """The arguments of all commands."""
    main_parser = argparse.ArgumentParser("sepmodels", description=sm.__doc__)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--debug", action="store_true", help="show where an error comes from")
    commands = main_parser.add_subparsers(dest="command", required=True)

    def command(function, help):
        sub = commands.add_parser(
            function.__name__, parents=[common], help=help, description=function.__doc__
        )
        sub.set_defaults(run=function)
        return sub.add_argument

    add = command(demo, "separate and score the real clip that comes with the installation")
    add("-o", "--output", default="runs/demo", metavar="FOLDER", help="default: %(default)s")

    add = command(separate, "take songs apart: one folder per song, one file per source")
    add("songs", nargs="+", metavar="SONG", help="audio files, of any length and sample rate")
    add("-o", "--output", required=True, metavar="FOLDER", help="where the stems go")
    trained = "a FILE.keras, or published weights: %(default)s, spleeter-2stems"
    add("--model", default="dilated_conv_gru", metavar="MODEL", help=trained)
    add("--format", default="wav", choices=("wav", "flac", "ogg", "mp3"))
    add("--subtype", choices=("int16", "int24", "float32"), help="default: what keeps most")
    add("--stems", metavar="S,S", type=lambda names: names.split(","), help="default: all sources")
    add("--segment", default=10.0, type=float, metavar="SECONDS", help="default: %(default)s")
    for name, value in (("batch-size", None), ("shifts", 1), ("wiener", 0)):
        add(f"--{name}", default=value, type=int, metavar="N", help="as of sepmodels.separate")
    add("--linked", action="store_true", help="filter both channels alike")
    add("--device", metavar="NAME", help="such as CPU:0 or GPU:1")
    add("--residual", default="auto", metavar="SOURCE", help="the mixture less the others, or none")

    add = command(train, "train a recipe; run the same command again to go on")
    add("--recipe", required=True, metavar="NAME", help="such as dilated_conv_gru")
    add("--quick", action="store_true", help="a minute or two instead of hours")
    kinds = (
        "folders of songs with a file per stem; musdb:FOLDER, ccmixter:FOLDER, mir1k:FOLDER or "
        "everything_is_free:FOLDER; or synthetic"
    )
    add("--songs", nargs="+", required=True, metavar="SONGS", help=kinds)
    add("-o", "--output", required=True, metavar="FOLDER", help="logs and weights")

    add = command(evaluate, "score stems against the true ones")
    add("estimates", help="folder with a file per source, or with such a folder for each song")
    add("references", help="folder with the true stems under the same names")
    add(
        "-o",
        "--output",
        metavar="FOLDER",
        help="tables, museval's json and a picture; songs done are not done again. A FILE.csv "
        "takes the scores of one song alone",
    )
    add("--fit", action="store_true", help="cut or pad estimates of another length, as museval")
    add("--workers", type=int, metavar="N", help="songs at a time; default: one per processor")
    add("--report", metavar="FILE.html", help="a page to listen to; of many songs, a FOLDER")

    command(doctor, "examine this machine and say what is missing")
    return main_parser


def run(options):
    """Runs the command; what a user can repair is told in one line."""
    try:
        if options.command == "separate":
            check_names(options.songs)
        if not options.debug:
            load_tensorflow()
        return options.run(options) or 0
    except EXPECTED as error:
        if options.debug:
            raise
        complain(error)
        return 2
    except KeyboardInterrupt:
        print("sepmodels: stopped; what was finished is kept", file=sys.stderr)
        return 130


def main(arguments=None):
    """Runs one command; returns the exit status."""
    options = parser().parse_args(arguments)
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_: print(f"note: {message}", file=sys.stderr)
        return run(options)
