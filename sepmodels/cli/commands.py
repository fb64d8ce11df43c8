"""The commands: `sepmodels demo`, `sepmodels separate` and the others in `COMMANDS`."""

import itertools
import sys
import warnings
from functools import partial
from pathlib import Path

from tqdm.auto import tqdm

import sepmodels as sm
from sepmodels import _checks, _files
from sepmodels._startup import load_tensorflow
from sepmodels.cli import doctor as examination
from sepmodels.cli import live, notebooks
from sepmodels.cli.parser import build_parser
from sepmodels.datasets import corpora

# Errors that a user can cause and correct are reported in one line; all others are bugs.
EXPECTED = (ValueError, TypeError, OSError, ImportError, MemoryError, ArithmeticError)
# Options of `sepmodels separate` that `sm.separate` takes under the same names.
SEPARATION = "format subtype stems segment batch_size shifts wiener linked device two_stems"


def demo(options):
    """Separate and score the real clip that comes with the installation."""
    song = sm.datasets.sample.load()
    folder = Path(options.output)
    with _files.explain_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    stems = sm.separate(sm.load_pretrained(), song.mixture, song.sample_rate)
    for name, samples in {"mixture": song.mixture, **stems}.items():
        path = _files.join_names(folder, f"{name}.wav")
        sm.audio.write(path, samples, song.sample_rate)
        print(path)
    print_scores(sm.evaluate(stems, song.stems, song.sample_rate))


def separate(options):
    """Separate songs: one folder for each song, one file for each source."""
    songs = find_songs(options.songs, options.output)
    model = load_model(options.model)
    arguments = {name: getattr(options, name) for name in SEPARATION.split()}
    arguments["residual"] = None if options.residual == "none" else options.residual
    failed = False
    hidden = len(songs) < 2 or not sys.stderr.isatty()
    for song, output in tqdm(songs.items(), "all songs", disable=hidden, unit="song"):
        try:
            folder = _files.join_names(output, song.stem)
            names = {*model.sources, "accompaniment", f"no_{options.two_stems}"}
            targets = [_files.join_names(folder, f"{name}.{options.format}") for name in names]
            _files.refuse_overwriting(targets, songs)
            files = sm.separate(model, song, output=output, **arguments)
        except EXPECTED as error:
            if options.debug:
                raise
            failed = True
            complain(error if song.name in str(error) else f"{song}: {error}")
        else:
            tqdm.write("\n".join(map(str, files.values())), file=sys.stdout)
    return 2 if failed else 0


def stream(options):
    """Separate a file or standard input block by block, as live sound arrives."""
    live.separate_live(load_model(options.model), options)


def models(options):
    """List the weights that can be loaded by name, with their scores and sizes."""
    table = sm.models.list_pretrained()
    print(table.to_string(index=False, na_rep="-"))
    print("vocals, accompaniment: SDR in dB on the sample song, which none was trained on")


def train(options):
    """Train a recipe; the same command resumes a training that was interrupted."""
    name = options.recipe.upper().replace("-", "_")
    _checks.one_of(recipe=(name, [name for name in sm.recipes.__all__ if name.isupper()]))
    recipe = getattr(sm.recipes, name)
    recipe = sm.recipes.quick(recipe) if options.quick else recipe
    parts = zip(*map(sm.datasets.load_location, options.songs), strict=True)
    tracks, validation = (list(itertools.chain(*part)) for part in parts)
    run = sm.train(recipe, tracks, options.output, validation=validation or None)
    print(run.history.to_string(index=False))
    print(f"weights: {run.folder / 'best.keras'}")


def evaluate(options):
    """Score stems against the true ones, or a model on the test clips of MIR-1K."""
    if options.estimates == "mir1k":
        return evaluate_mir1k(options)
    many = options.output is not None and not options.output.endswith(".csv")
    fits = options.report is None or options.report.endswith(".html") != many
    rule = "--report takes a FILE.html for one song; with -o FOLDER, a folder for a page per song"
    _checks.require(fits, rule, report=options.report)
    return evaluate_folders(options) if many else evaluate_song(options)


def evaluate_mir1k(options):
    """Print GNSDR, GSIR and GSAR (BSSEval v3) of a model on the test clips of a protocol."""
    protocol = options.split or "published"
    part = {"published": "test", "disjoint": "valid"}[protocol]
    clips = sm.datasets.mir1k.load(options.references, part, protocol=protocol)
    print(f"MIR-1K, {protocol} protocol: {len(clips)} clips")
    table = sm.evaluation.evaluate_clips(load_model(options.model), tqdm(clips, unit="clip"))
    print(table.round(2).to_string())
    if options.output is not None:
        table.to_csv(options.output)


def evaluate_song(options):
    """Print two lines for each source; write the table and a page where requested."""
    files = find_song(options.estimates), find_song(options.references)
    sounds = sm.evaluation.folders.read_song(*files, options.fit)
    estimates, references, mixture, rate = sounds
    table = sm.evaluate(estimates, references, rate, mixture=mixture)
    print_scores(table)
    if options.output is not None:
        _files.write_atomically(options.output, partial(table.to_csv, index=False))
    if options.report is not None:
        write_page(options.report, sounds, table, Path(options.references).name)


def evaluate_folders(options):
    """Write tables, museval's json and a picture of all songs that can be scored."""
    sides, folder = (options.estimates, options.references), Path(options.output)
    table, errors = sm.evaluate_folders(*sides, folder, fit=options.fit, workers=options.workers)
    if len(table):
        lines = sm.evaluation.statistics.aggregate(table)
        print(lines.round(2).to_string())
        _files.write_atomically(folder / "medians.csv", lines.to_csv)
        picture = sm.display.plot_sisec_comparison(table)
        _files.write_atomically(folder / "scores.png", partial(picture.savefig, dpi=150))
    songs = [sm.evaluation.folders.find_songs(side) for side in sides]
    for name, rows in table.groupby("track", sort=False) if options.report else ():
        try:
            files = (found[name].files for found in songs)
            sounds = sm.evaluation.folders.read_song(*files, options.fit)
            path = _files.join_names(options.report, *f"{name}.html".split("/"))
            write_page(path, sounds, rows, name)
        except EXPECTED as error:  # such as a song too long for a page
            errors[name] = error
    for name, reason in errors.items():
        complain(f"{name}: {reason}")
    return 2 if errors else 0


def course(options):
    """Copy the notebooks of the course to a folder, and open them in JupyterLab."""
    copies, kept = notebooks.copy_notebooks(options.folder)
    print(f"{options.folder}: {len(copies)} notebooks, {len(kept)} of which existed and were kept")
    if not notebooks.open_notebook(copies[0]):
        print(f"open them: pip install jupyterlab, then jupyter lab {copies[0]}")


def doctor(options):
    """Examine this machine and name the remedy for what is missing."""
    findings = examination.examine()
    print(examination.format_report(findings))
    return 2 if any(finding.state == "fault" for finding in findings) else 0


COMMANDS = {
    function.__name__: function
    for function in (demo, separate, stream, models, train, evaluate, course, doctor)
}


def find_songs(paths, output):
    """Map each song to the folder of its stems; a folder stands for all songs below it.

    What would share a folder is refused before a model is loaded or an hour computed.
    """
    songs, taken = {}, {}
    for path in map(Path, paths):
        root = path if path.is_dir() else path.parent
        found = corpora.song_folders.find_audio(path)
        # The stems of an earlier run may lie in the same folder.
        found = [song for song in found if Path(output).resolve() not in song.resolve().parents]
        rule = f"{path} is a folder without audio files; name one with songs"
        _checks.require(found or not path.is_dir(), rule, songs=str(path))
        for song in found or [path]:
            songs[song] = Path(output, song.parent.relative_to(root))
            other = taken.setdefault(str(songs[song] / song.stem).casefold(), song)
            rule = (
                "two songs would be written to the same folder; rename one, or separate them apart"
            )
            _checks.require(other == song, rule, songs=(str(other), str(song)))
    return songs


def load_model(name):
    """Load weights by name, or a file."""
    is_file = Path(name).suffix or len(Path(name).parts) > 1
    return sm.models.load(name) if is_file else sm.load_pretrained(name)


def find_song(folder):
    """Find the files of the only song in a folder, by source."""
    songs = sm.evaluation.folders.find_songs(folder)
    rule = f"{folder} holds {len(songs)} songs; pass -o FOLDER to score them all"
    _checks.require(len(songs) == 1 or "song" in songs, rule, folder=folder)
    return songs.get("song", next(iter(songs.values()))).files


def write_page(path, sounds, table, title):
    """Write a page to listen to one song, with its scores."""
    estimates, references, mixture, rate = sounds
    scores = sm.evaluation.summarize(table)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    sm.display.write_report(path, mixture, references, estimates, rate, scores=scores, title=title)


def print_scores(table):
    """Print two lines for each source."""
    print(sm.evaluation.summarize(table).round(2).to_string())


def complain(error):
    """Print one line, whatever the message."""
    text = " ".join(str(error).split()) or type(error).__name__
    print(f"sepmodels: {text}", file=sys.stderr)


def run(options):
    """Run the command; report in one line what a user can repair."""
    try:
        backend = examination.find_backend()
        computes = options.command not in ("course", "doctor")
        fits = backend == "tensorflow" or not computes
        _checks.require(fits, examination.BACKEND, KERAS_BACKEND=backend)
        if computes and not options.debug:
            load_tensorflow()
        return options.run(options) or 0
    except EXPECTED as error:
        if options.debug:
            raise
        complain(error)
        return 2
    except KeyboardInterrupt:
        print("sepmodels: stopped; finished songs are kept", file=sys.stderr)
        return 130


def main(arguments=None):
    """Run one command; return the exit status."""
    for output in (sys.stdout, sys.stderr):  # a file name need not be valid Unicode
        if hasattr(output, "reconfigure"):
            output.reconfigure(errors="backslashreplace")
    options = build_parser(COMMANDS).parse_args(arguments)
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_: print(f"note: {message}", file=sys.stderr)
        return run(options)
