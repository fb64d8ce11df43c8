"""Separation of songs of any length.

The song is processed in blocks: they are read, resampled to the model's rate, cut into windows,
separated a few windows at a time, cross-faded, resampled back and written. No step holds more than
a few windows, so an hour of music needs the memory of a minute.
"""

import contextlib
import math
import os
import pathlib
import sys
from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from tqdm.auto import tqdm

from sepmodels import _checks, _files, audio
from sepmodels.models.base import Separator
from sepmodels.separation.prediction import predict_stream
from sepmodels.separation.windows import Windows

_BLOCK = 65536  # samples that are read at once, at least
_LONG = 120  # seconds of a song that repay a graph for windows of one shape


def separate(
    model: Separator,
    mixture: str | os.PathLike | np.ndarray,
    sample_rate: int | None = None,
    *,
    output: str | os.PathLike | None = None,
    format: str = "wav",
    subtype: str | None = None,
    stems: Sequence[str] | None = None,
    two_stems: str | None = None,
    residual: str | None = "auto",
    segment: float = 10.0,
    overlap: float = 0.1,
    batch_size: int | None = None,
    shifts: int = 1,
    wiener: int = 0,
    linked: bool = False,
    device: str | None = None,
    progress: bool | None = None,
) -> dict[str, np.ndarray] | dict[str, pathlib.Path]:
    """Separate a song of any length and sample rate into named stems.

    The song is cut into overlapping windows, and the estimates are cross-faded with weights that
    sum to one, so that no seam is audible. A model without padding (one whose `valid_length` gives
    a shorter output than input) takes each window with its context instead, and its estimates
    equal those of the whole song. A mono model is applied to each channel of a stereo song. A
    stereo model takes a mono song on both channels, and the mean of both estimates is returned.

    Args:
        model: `models.Separator`. The network, of any sample rate.
        mixture: path or float array. An audio file, or samples in [-1, 1] of shape `(time,)` or
            `(time, channels)`; mono or stereo.
        sample_rate: int. Sample rate of the array, in Hz. A file contains its own.
        output: path. A folder. The stems are written to `output/<song>/<source>.<format>` while
            the song is read, in constant memory; `<song>` is the file's name, or `mixture` for an
            array. Defaults to `None`: the stems are returned.
        format: str. Format of files: `"wav"`, `"flac"`, `"ogg"` or `"mp3"`. Defaults to `"wav"`.
        subtype: str. Sample format of wav and flac files: `"float32"`, `"int24"` or `"int16"`.
            Defaults to `None`: float32 for wav, int24 for flac.
        stems: sequence of str. The sources to return or write. Defaults to `None`: all.
        two_stems: str. The only source to separate; what is returned beside it is the mixture
            minus it, as `"accompaniment"` of vocals and `"no_<source>"` of other sources. Excludes
            `stems`. Defaults to `None`.
        residual: str. The source that is the mixture minus all other estimates, so that the stems
            sum to the mixture and nothing above the model's bandwidth is lost. `None`: every
            source as the model estimates it. Defaults to `"auto"`: `"accompaniment"` if the model
            has it beside another source.
        segment: float. Length of a window, in seconds. Longer windows need more memory, and give
            recurrent models a longer context. Defaults to `10.0`.
        overlap: float. Share of a window that is cross-faded with the next, at least 0 and less
            than 1. Models without padding ignore it. Defaults to `0.1`.
        batch_size: int. Windows that go through the network at once. Defaults to `None`: a
            number estimated from the width of the model, and fewer if the memory is too small.
        shifts: int. How often the song is separated, each time with another start of the windows;
            the average is slightly better, and takes `shifts` times as long. Defaults to `1`.
        wiener: int. Iterations of a multichannel Wiener filter on the estimates of each window,
            for models of magnitudes: `1` reduces leakage. Defaults to `0`.
        linked: bool. Whether a mono model takes the mean of both channels, and both are filtered
            with the same masks. Every source keeps its position between left and right, in half
            the time. Defaults to `False`: each channel is separated by itself.
        device: str. Where the network runs, such as `"CPU:0"` or `"GPU:1"`. Defaults to `None`:
            on a GPU if there is one.
        progress: bool. Whether to show a progress bar. Defaults to `None`: on a terminal or in a
            notebook.

    Returns:
        dict from source to float32 array `(time, channels)` of the mixture's length, channels and
        sample rate; with `output`, to the path of the file. The same call gives the same stems.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the mixture is no audio, empty, not finite or of more than two channels; the
            folder cannot be written; an argument is out of range.
        MemoryError: the device is too small for a batch.

    Example:

    >>> model = sm.models.DilatedConvGRU(filters=8)
    >>> mixture = np.random.default_rng(0).normal(0, 0.1, (11025, 2)).astype("float32")
    >>> stems = sm.separate(model, mixture, sample_rate=44100)
    >>> {source: stem.shape for source, stem in stems.items()}
    {'vocals': (11025, 2), 'accompaniment': (11025, 2)}
    >>> bool(np.allclose(stems["vocals"] + stems["accompaniment"], mixture, atol=1e-6))
    True
    """
    _check_model(model)
    estimated, wanted, residual = _choose_sources(model.sources, stems, two_stems, residual)
    options: dict[str, object] = {"batch_size": batch_size, "shifts": shifts, "wiener": wiener}
    _check_options(model, linked, device, **options)
    song = audio.BlockStream(mixture, sample_rate)
    windows = _make_windows(model, song, segment, overlap)

    with contextlib.ExitStack() as stack:
        enter = stack.enter_context
        blocks: dict[str, list[np.ndarray]] = {source: [] for source in wanted}
        write = {source: blocks[source].append for source in wanted}
        if output is not None:
            folder = _files.join_names(output, song.name)
            like = song.sample_rate, song.channels, subtype, song.length
            files = {s: _files.join_names(folder, f"{s}.{format}") for s in wanted}
            if isinstance(mixture, str | os.PathLike):
                _files.refuse_overwriting(files.values(), [mixture])
            _make_folder(folder)
            write = {s: enter(audio.Writer(f, *like)).write for s, f in files.items()}
        hidden = not (_is_interactive() if progress is None else progress)
        bar = enter(
            tqdm(desc=song.name, total=song.length, disable=hidden, leave=False, unit_scale=True)
        )
        long = song.length >= _LONG * song.sample_rate
        options |= {"linked": linked, "device": device, "fixed": long}
        separated = _separate_blocks(model, song, windows, estimated, wanted, residual, **options)
        for block in enter(contextlib.closing(separated)):
            for source, samples in block.items():
                write[source](samples)
            bar.update(len(samples))
    return files if output is not None else {s: np.concatenate(blocks[s]) for s in wanted}


def _separate_blocks(model, song, windows, sources, wanted, residual, **options):
    """Yield blocks of the wanted stems, together exactly as long as the song.

    One thread reads and resamples, one applies the network, one joins its estimates, and this one
    resamples back.
    """
    rates = song.sample_rate, model.sample_rate
    blocks = song.blocks(max(_BLOCK, math.ceil(windows.step * rates[0] / rates[1])))
    inputs = audio.prefetch(audio.resample_blocks(blocks, *rates))
    estimates = predict_stream(model, inputs, song.channels, windows, sources=sources, **options)
    for estimate in audio.resample_blocks(audio.prefetch(estimates), *reversed(rates)):
        mixture = song.take(len(estimate))
        estimate = estimate[: len(mixture)]  # the rest is padding
        stems = {source: estimate[:, index] for index, source in enumerate(sources)}
        if residual in wanted:
            stems[residual] = mixture - estimate.sum(axis=1)
        if len(mixture):
            yield {source: stems[source] for source in wanted}


def _check_model(model):
    missing = ["sources", "sample_rate", "channels", "valid_length"]
    missing = [name for name in missing if not hasattr(model, name)]
    if missing:
        raise TypeError(
            f"model must be a sm.models.Separator, but {type(model).__name__} has no {missing[0]}; "
            "load one with sm.load_pretrained()"
        )


def _make_windows(model, song, segment, overlap):
    known = 0.5 < segment * model.sample_rate < np.inf
    rule = f"segment must hold a sample at {model.sample_rate} Hz"
    _checks.require(known, rule, segment=segment)
    wanted = round(segment * model.sample_rate)
    rule = "overlap must be at least 0 and less than 1"
    _checks.require(0 <= overlap < 1, rule, overlap=overlap)
    whole = audio.compute_resampled_length(song.length, song.sample_rate, model.sample_rate)
    size, output = model.valid_length(min(wanted, whole))
    if size == output:
        fade = round(overlap * output)
    else:
        # Windows with their context join exactly if they start on the grid of the valid lengths:
        # elsewhere a model that decimates would keep other samples.
        grid = model.valid_length(output + 1)[1] - output
        size, output = model.valid_length(max(grid, output))
        fade = output % grid
    return Windows(size, output, max(1, output - fade))


def _choose_sources(sources, stems, two_stems, residual):
    """Choose the sources to estimate, those to return, and the mixture minus the others."""
    if two_stems is not None:
        _checks.require(
            stems is None and two_stems in sources,
            f"two_stems must be one of {sources}, without stems",
            two_stems=two_stems,
            stems=stems,
        )
        rest = "accompaniment" if two_stems == "vocals" else f"no_{two_stems}"
        return [two_stems], [two_stems, rest], rest
    several = sources if len(sources) > 1 else ()
    if residual == "auto":
        residual = "accompaniment" if "accompaniment" in several else None
    rule = f"residual must be 'auto', None or one of several sources; the model has {sources}"
    _checks.require(residual is None or residual in several, rule, residual=residual)
    _checks.require(
        not isinstance(stems, str) and set(stems or sources) <= set(sources),
        f"stems must be some of {sources}, in a list",
        stems=stems,
    )
    wanted = [source for source in sources if source in (stems or sources)]
    needed = sources if residual in wanted else wanted
    return [source for source in needed if source != residual], wanted, residual


def _check_options(model, linked, device, **numbers):
    for name, least in (("batch_size", 1), ("shifts", 1), ("wiener", 0)):
        if numbers[name] is not None:
            _checks.at_least(least, **{name: numbers[name]})
    _checks.require(
        len(model.sources) > 1 or not (numbers["wiener"] or linked),
        f"wiener and linked need two sources; the model has {model.sources}",
        wiener=numbers["wiener"],
        linked=linked,
    )
    rule = f"linked needs a mono model; this one has {model.channels} channels"
    _checks.require(model.channels == 1 or not linked, rule, linked=linked)
    known = [device.name.partition("device:")[2] for device in tf.config.list_logical_devices()]
    _checks.one_of(device=(device, [None, *known]))


def _make_folder(folder):
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise audio.AudioError(
            f"{folder} cannot be created ({error.strerror}); choose another output folder"
        ) from None


def _is_interactive():
    ipython = sys.modules.get("IPython")  # other programs import it too, but without a shell
    return sys.stderr.isatty() or (ipython is not None and ipython.get_ipython() is not None)
