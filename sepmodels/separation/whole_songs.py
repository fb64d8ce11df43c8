"""Take a song apart, whatever its length.

The song flows through in blocks: read, resampled to the model's rate, cut into windows, estimated
a few windows at a time, cross-faded, resampled back, written. No step holds more than a few
windows, so an hour of music needs the memory of a minute.
"""

import contextlib
import math
import sys
from pathlib import Path

import numpy as np
import tensorflow as tf
from tqdm.auto import tqdm

from sepmodels import audio
from sepmodels.separation.prediction import predict_stream
from sepmodels.separation.windows import Windows

_BLOCK = 65536  # fewest samples read at once


def separate(
    model,
    mixture,
    sample_rate=None,
    *,
    output=None,
    format="wav",
    subtype=None,
    stems=None,
    residual="auto",
    segment=10.0,
    overlap=0.25,
    batch_size=None,
    shifts=1,
    wiener=0,
    linked=False,
    device=None,
    progress=None,
):
    """Separate a song of any length and sample rate into named stems.

    The song is cut into windows that overlap, and the estimates are cross-faded with weights that
    sum to one, so that no join is heard. A model without padding (one whose `valid_length` gives
    less out than in) hears the context of every window instead, and its estimates are exactly
    those of the whole song. A mono model is applied to each channel of a stereo song; a stereo
    model hears a mono song on both channels, and the mean of the two is returned.

    Args:
        model: `models.Separator`. The network, at whatever sample rate it was trained.
        mixture: path or float array. An audio file, or samples in [-1, 1] of shape `(time,)` or
            `(time, channels)`; mono or stereo.
        sample_rate: int. Of the array, in Hz. A file knows its own.
        output: path. A folder: stems are written to `output/<song>/<source>.<format>` while the
            song is read, in constant memory; `<song>` is the file's name, or `mixture` for an
            array. Defaults to `None`: stems are returned.
        format: str. Of the files: `"wav"`, `"flac"`, `"ogg"` or `"mp3"`. Defaults to `"wav"`.
        subtype: str. Of wav and flac files: `"float32"`, `"int24"` or `"int16"`. Defaults to
            `None`: float32 for wav, int24 for flac.
        stems: sequence of str. The sources that are wanted. Defaults to `None`: all.
        residual: str. The source that is the mixture minus all other estimates, so that the stems
            sum to the mixture and nothing above the model's band is lost. `None`: every source as
            the model estimates it. Defaults to `"auto"`: `"accompaniment"` where the model has it
            beside another source.
        segment: float. Length of a window, in seconds. Longer ones need more memory, and let
            recurrent models hear further. Defaults to `10.0`.
        overlap: float. Share of a window that is cross-faded with the next, at least 0 and less
            than 1. Models without padding need none and ignore it. Defaults to `0.25`.
        batch_size: int. Windows that go through the network at once. Defaults to `None`: as many
            as fit by the width of the model, and fewer where the memory turns out too small.
        shifts: int. Times the song is separated, with windows that start elsewhere each time;
            the average is a little better, and takes as many times longer. Defaults to `1`.
        wiener: int. Iterations of a multichannel Wiener filter on the estimates of each window,
            for models of magnitudes: `1` removes some of what leaks. Defaults to `0`.
        linked: bool. Whether a mono model hears the mean of both channels, and filters both with
            the same masks: every source keeps its place between left and right, in half the
            time. Defaults to `False`: each channel by itself.
        device: str. Where the network runs, such as `"CPU:0"` or `"GPU:1"`. Defaults to `None`:
            on a GPU if there is one.
        progress: bool. Whether to draw a bar. Defaults to `None`: on a terminal or in a notebook.

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
    residual = _checked_residual(model.sources, residual)
    wanted = _checked_stems(model.sources, stems)
    how = {"batch_size": batch_size, "shifts": shifts, "wiener": wiener}
    _check_how(model, linked, device, **how)
    song = audio.BlockStream(mixture, sample_rate)
    windows = _windows(model, song, segment, overlap)

    with contextlib.ExitStack() as stack:
        if output is None:
            takers = {source: _Collector() for source in wanted}
        else:
            folder = _made_folder(Path(output) / song.name)
            like = song.sample_rate, song.channels, subtype, song.length
            files = {source: folder / f"{source}.{format}" for source in wanted}
            takers = {s: stack.enter_context(audio.Writer(f, *like)) for s, f in files.items()}
        hidden = not (_is_watched() if progress is None else progress)
        bar = stack.enter_context(
            tqdm(desc=song.name, total=song.length, disable=hidden, leave=False, unit_scale=True)
        )
        blocks = _separated(
            model, song, windows, wanted, residual, linked=linked, device=device, **how
        )
        for block in stack.enter_context(contextlib.closing(blocks)):
            for source, samples in block.items():
                takers[source].write(samples)
            bar.update(len(samples))
    return files if output is not None else {s: taker.samples() for s, taker in takers.items()}


class _Collector:
    """Takes blocks as `audio.Writer` does, and keeps them."""

    def __init__(self):
        self.blocks = []

    def write(self, block):
        self.blocks.append(block)

    def samples(self):
        return np.concatenate(self.blocks)


def _separated(model, song, windows, wanted, residual, **how):
    """Blocks of the wanted stems, together exactly as long as the song.

    One thread reads and resamples, one computes, and this one resamples back.
    """
    all_needed = residual in wanted
    sources = [s for s in model.sources if s != residual and (all_needed or s in wanted)]
    rates = song.sample_rate, model.sample_rate
    blocks = song.blocks(max(_BLOCK, math.ceil(windows.step * rates[0] / rates[1])))
    heard = audio.prefetch(audio.resample_blocks(blocks, *rates))
    estimates = audio.prefetch(
        predict_stream(model, heard, song.channels, windows, sources=sources, **how)
    )
    for estimate in audio.resample_blocks(audio.prefetch(estimates), *reversed(rates)):
        mixture = song.take(len(estimate))
        estimate = estimate[: len(mixture)]  # what lies behind the song's end is padding
        stems = {source: estimate[:, index] for index, source in enumerate(sources)}
        if all_needed:
            stems[residual] = mixture - estimate.sum(axis=1)
        if len(mixture):
            yield {source: stems[source] for source in wanted}


def _check_model(model):
    for name in ("sources", "sample_rate", "channels", "valid_length"):
        if not hasattr(model, name):
            raise TypeError(
                f"model must be a sm.models.Separator, but {type(model).__name__} has no {name}; "
                "load one with sm.load_pretrained()"
            )


def _windows(model, song, segment, overlap):
    wanted = round(segment * model.sample_rate)
    if wanted < 1:
        raise ValueError(
            f"segment must hold a sample at {model.sample_rate} Hz. Received: segment={segment}"
        )
    if not 0 <= overlap < 1:
        raise ValueError(f"overlap must be at least 0 and less than 1. Received: overlap={overlap}")
    whole = audio.resampled_length(song.length, song.sample_rate, model.sample_rate)
    size, output = model.valid_length(min(wanted, whole))
    if size == output:
        fade = round(overlap * output)
    else:
        # Windows with their context around them join exactly, if they start on the grid of the
        # lengths that fit: a model that decimates drops other samples between its points.
        grid = model.valid_length(output + 1)[1] - output
        size, output = model.valid_length(max(grid, output))
        fade = output % grid
    return Windows(size, output, max(1, output - fade))


def _checked_residual(sources, residual):
    if residual == "auto":
        return "accompaniment" if "accompaniment" in sources and len(sources) > 1 else None
    if residual is not None and (residual not in sources or len(sources) == 1):
        raise ValueError(
            f"residual must be 'auto', None or one of several sources; the model has {sources}. "
            f"Received: residual={residual!r}"
        )
    return residual


def _checked_stems(sources, stems):
    if isinstance(stems, str) or not set(stems or sources) <= set(sources):
        raise ValueError(f"stems must be some of {sources}, in a list. Received: stems={stems!r}")
    return [source for source in sources if source in (stems or sources)]


def _check_how(model, linked, device, **numbers):
    for name, least in (("batch_size", 1), ("shifts", 1), ("wiener", 0)):
        if numbers[name] is not None and numbers[name] < least:
            raise ValueError(f"{name} must be at least {least}. Received: {name}={numbers[name]}")
    if (numbers["wiener"] or linked) and len(model.sources) == 1:
        raise ValueError(f"wiener and linked need two sources; the model has {model.sources}")
    if linked and model.channels != 1:
        raise ValueError(f"linked needs a mono model; this one hears {model.channels} channels")
    known = [device.name.partition("device:")[2] for device in tf.config.list_logical_devices()]
    if device not in (None, *known):
        raise ValueError(f"device must be one of {known}. Received: device={device!r}")


def _made_folder(folder):
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise audio.AudioError(
            f"{folder} cannot be created ({error.strerror}); choose another output folder"
        ) from None
    return folder


def _is_watched():
    ipython = sys.modules.get("IPython")  # other programs load it too, but have no shell in it
    return sys.stderr.isatty() or (ipython is not None and ipython.get_ipython() is not None)
