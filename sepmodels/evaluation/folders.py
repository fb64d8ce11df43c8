"""Scores of folders of songs: in parallel, on one machine or a cluster, and resumable."""

import concurrent.futures
import contextlib
import hashlib
import json
import multiprocessing
import os
import pathlib
from collections.abc import Mapping
from functools import partial

import numpy as np
import pandas as pd
import threadpoolctl

from sepmodels import _checks, _files, audio
from sepmodels.datasets.corpora import song_folders
from sepmodels.datasets.stem_readers import FileReader, check_agreement
from sepmodels.evaluation import metrics, museval_json
from sepmodels.evaluation.song import evaluate

_PAIR = ("vocals", "accompaniment")


def evaluate_folders(
    estimates: str | os.PathLike,
    references: str | os.PathLike,
    output: str | os.PathLike,
    *,
    fit: bool = False,
    workers: int | None = None,
    executor: concurrent.futures.Executor | None = None,
    **options,
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Score the separated songs of one folder against the true stems in another.

    Both hold a folder for each song, at any depth and under the same name, with a file for each
    source (`vocals.wav`, ...). A file called mixture in `references` gives the floor, the score of
    the mixture as it is; without one, the sum of the stems does. A missing accompaniment in
    `references` is the sum of all stems except the vocals. If vocals, accompaniment and other stems
    are estimated, the first two are scored as a pair and all but the accompaniment as a set, as
    museval does. `output` receives

    - `tracks/<song>.csv`: the table of `evaluate` for each song,
    - `museval/test/<song>.json`: the same in the format of museval, which its `EvalStore` reads,
    - `finished.json`: the songs that are scored. Only those whose files changed are scored again.

    Args:
        estimates: str or Path. Folder of songs, or of one song's stems.
        references: str or Path. The same for the true stems.
        output: str or Path. Where the scores go.
        fit: bool. Whether an estimate of another length is cut or padded with silence, as museval
            does; else it is an error. Defaults to `False`.
        workers: int. Songs at a time, each in a process. Defaults to the number of processors.
        executor: `concurrent.futures.Executor`. Computes instead of local processes, such as
            Dask's `Client.get_executor()`; it must see the same files. Defaults to `None`.
        **options: Of `evaluate`: `full` (here `True` by default), `method`, `window`, `ceiling`.

    Returns:
        tuple. A pandas.DataFrame with the rows of `evaluate` for all songs under `track`, and a
        dict with the name of every song that could not be scored, and why.

    Raises:
        FileNotFoundError: if there is no song in one of the folders.
        ValueError: if `workers` is below 1.

    Example:

    >>> import pathlib
    >>> for folder, error in (("truth", 0.0), ("guess", 0.1)):
    ...     pathlib.Path(folder, "song").mkdir(parents=True)
    ...     for i, source in enumerate(("vocals", "accompaniment")):
    ...         sound = np.random.default_rng(i).uniform(-0.5, 0.5, (16000, 1)) * (1 - error)
    ...         sm.audio.write(f"{folder}/song/{source}.wav", sound.astype("float32"), 8000)
    >>> table, errors = sm.evaluate_folders("guess", "truth", "scores")
    >>> medians = sm.evaluation.statistics.aggregate(table)["SDR"]
    >>> medians.xs("estimate", level="system").round().tolist()
    [20.0, 20.0, 20.0, 20.0]
    """
    if workers is not None:
        _checks.positive(workers=workers)
    output, guesses, truths = pathlib.Path(output), find_songs(estimates), find_songs(references)
    options = {"full": True, **options}
    state = output / "finished.json"
    finished = _files.read_json(state) or {}
    errors: dict[str, str] = {}
    jobs = {}
    for name, song in guesses.items():
        with _note_errors(errors, name):
            rule = f"references must name the songs as estimates does, and has no song {name}"
            _checks.require(name in truths, rule, references=str(references))
            stems = song.files, truths[name].files
            mark = _fingerprint(*stems, options, fit)
            if finished.get(name) != mark or not _locate(output, "tracks", name, "csv").is_file():
                jobs[name] = (mark, stems)
    with contextlib.ExitStack() as stack:
        pool = executor or stack.enter_context(_make_executor(workers, max(1, len(jobs))))
        futures = {
            pool.submit(_score, stems, fit, options): (name, mark)
            for name, (mark, stems) in jobs.items()
        }
        # An interruption waits for the songs in progress only; finished ones are kept.
        stack.callback(lambda: [future.cancel() for future in futures])
        for future in concurrent.futures.as_completed(futures):
            name, mark = futures[future]
            with _note_errors(errors, name):
                _write(output, name, future.result(), options)
                finished[name] = mark
                text = json.dumps(finished, indent=1)
                _files.write_atomically(state, lambda part, text=text: part.write_text(text))
    done = [name for name in guesses if name not in errors]
    if not done:
        return pd.DataFrame(columns=["track", "system", "source", "scope", "second", "SDR"]), errors
    tables = {name: pd.read_csv(_locate(output, "tracks", name, "csv")) for name in done}
    return pd.concat(tables, names=["track"]).reset_index("track").reset_index(drop=True), errors


@contextlib.contextmanager
def _note_errors(errors, name):
    """Note an error that concerns one song, so that the other songs are scored."""
    try:
        yield
    except (OSError, ValueError, ImportError) as error:
        errors[name] = " ".join(str(error).split())


def find_songs(folder: str | os.PathLike) -> dict[str, song_folders.SongFolder]:
    """Find the songs in a folder, at any depth: every folder that holds audio files, or itself.

    Args:
        folder: str or Path. Folder of songs, or of one song's stems.

    Returns:
        dict. The name of each song, its path below `folder`, to a
        `datasets.corpora.song_folders.SongFolder`, whose `files` is a dict of source to path. A
        song in `folder` itself is called `song`.

    Raises:
        FileNotFoundError: there is no such folder, or no audio file in it.
    """
    songs = song_folders.find_songs(folder)
    if not songs:
        exists = os.path.isdir(folder)
        found = f"{folder} holds no stems" if exists else f"there is no such folder: {folder}"
        raise FileNotFoundError(f"{found}; give a folder with stems such as vocals.wav")
    return songs


def read_song(
    estimates: Mapping[str, str | os.PathLike],
    references: Mapping[str, str | os.PathLike],
    fit: bool = False,
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], np.ndarray, int]:
    """Read one song as `evaluate_folders` scores it, with its mixture and its accompaniment.

    Args:
        estimates: dict. Source to path, the `files` of a song of `find_songs`.
        references: dict. The same for the true stems.
        fit: bool. As of `evaluate_folders`. Defaults to `False`.

    Returns:
        tuple. Two dicts of source to array `(time, channels)`, the estimates and the true stems;
        the mixture, such an array; and the sample rate in Hz.

    Raises:
        ValueError: if the files do not have one sample rate, the true stems differ in length or
            channels, or one cannot be read.
    """
    rates = {path: audio.info(path)[0] for path in (*estimates.values(), *references.values())}
    one = len(set(rates.values())) == 1
    _checks.require(one, "the files of a song must have one sample rate", rates=rates)
    check_agreement("the true stems", [FileReader(os.fspath(path)) for path in references.values()])
    truths = {name: audio.read(path)[0] for name, path in references.items()}
    guesses = {name: audio.read(path)[0] for name, path in estimates.items() if name != "mixture"}
    mixture = truths.pop("mixture", None)
    band = [stem for name, stem in truths.items() if name not in _PAIR]
    if band and "accompaniment" in guesses:
        truths.setdefault("accompaniment", np.asarray(sum(band)))
    if mixture is None:
        parts = [stem for name, stem in truths.items() if name != "accompaniment" or not band]
        mixture = np.asarray(sum(parts))
    if fit:
        guesses = {name: metrics.fit(stem, len(mixture)) for name, stem in guesses.items()}
    truths = {name: truths[name] for name in guesses if name in truths}
    return guesses, truths, mixture, next(iter(rates.values()))


def _score(stems, fit, options):
    """The table of one song, whose files are in `stems`; runs in another process."""
    guesses, truths, mixture, sample_rate = read_song(*stems, fit)
    tables = []
    for names in _divide_sources(guesses):
        sides = [
            {name: stems[name] for name in names if name in stems} for stems in (guesses, truths)
        ]
        full = options["full"] and len(names) > 1
        tables.append(evaluate(*sides, sample_rate, mixture=mixture, **{**options, "full": full}))
    if len(tables) > 1:  # the scores of the vocals are those in the pair
        tables[1] = tables[1][tables[1]["source"] != "vocals"]
    return pd.concat(tables, ignore_index=True)


def _divide_sources(names):
    """The sources that are scored together: an accompaniment overlaps the stems in it."""
    pair = [name for name in names if name in _PAIR]
    stems = [name for name in names if name != "accompaniment"]
    return [pair, stems] if "accompaniment" in names and set(stems) - {"vocals"} else [[*names]]


def _fingerprint(estimates, references, options, fit):
    """A hash that changes with the files and the options."""
    stats = [(path, os.stat(path)) for path in (*estimates.values(), *references.values())]
    marks = [(path, stat.st_size, stat.st_mtime_ns) for path, stat in stats]
    text = json.dumps([marks, sorted(options.items()), fit])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _locate(output, folder, name, suffix):
    """The path of a song's scores; its name has slashes if it lies deeper than the others."""
    return _files.join_names(output / folder, *f"{name}.{suffix}".split("/"))


def _write(output, name, table, options):
    path = _locate(output, "tracks", name, "csv")
    _files.write_atomically(path, partial(table.to_csv, index=False))
    if "SAR" in table:
        subset = name if name.startswith(("test/", "train/")) else f"test/{name}"
        path = _locate(output, "museval", subset, "json")
        museval_json.write(path, table, options.get("window", 1.0))


def _make_executor(workers, songs):
    count = min(workers or os.cpu_count(), songs)
    if count == 1:
        return concurrent.futures.ThreadPoolExecutor(1)
    # Spawned, not forked: a process in which TensorFlow or threads run cannot be forked safely.
    spawn = multiprocessing.get_context("spawn")
    return concurrent.futures.ProcessPoolExecutor(count, spawn, initializer=_use_one_thread)


def _use_one_thread():
    """Compute with one thread in each process: more would wait for one another."""
    threadpoolctl.threadpool_limits(1)
