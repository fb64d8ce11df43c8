"""Take a song apart, whatever its length.

The song flows through in blocks: read, resampled to the model's rate, cut into windows, estimated
a few windows at a time, cross-faded, resampled back, written. No step holds more than a few
windows, so an hour of music needs the memory of a minute.
"""

import contextlib
import itertools
import math
import sys
import weakref
from pathlib import Path

import numpy as np
import tensorflow as tf
from tqdm.auto import tqdm

from sepmodels import audio
from sepmodels.streams import Song, Windows, resampled

_BLOCK = 65536  # fewest samples read at once
_GRAPHS = weakref.WeakKeyDictionary()  # of models that separated before


def separate(
    model,
    mixture,
    sample_rate=None,
    *,
    output=None,
    format="wav",
    residual="auto",
    segment=10.0,
    overlap=0.25,
    batch_size=4,
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
        residual: str. The source that is the mixture minus all other estimates, so that the stems
            sum to the mixture and nothing above the model's band is lost. `None`: every source as
            the model estimates it. Defaults to `"auto"`: `"accompaniment"` where the model has it
            beside another source.
        segment: float. Length of a window, in seconds. Longer ones need more memory, and let
            recurrent models hear further. Defaults to `10.0`.
        overlap: float. Share of a window that is cross-faded with the next, at least 0 and less
            than 1. Models without padding need none and ignore it. Defaults to `0.25`.
        batch_size: int. Windows that go through the network at once. Defaults to `4`.
        progress: bool. Whether to draw a bar. Defaults to `None`: on a terminal or in a notebook.

    Returns:
        dict from source to float32 array `(time, channels)` of the mixture's length, channels and
        sample rate; with `output`, to the path of the file.

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
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1. Received: batch_size={batch_size}")
    song = Song(mixture, sample_rate)
    windows = _windows(model, song, segment, overlap)

    with contextlib.ExitStack() as stack:
        if output is None:
            stems = {source: _Collector() for source in model.sources}
        else:
            folder = _made_folder(Path(output) / song.name)
            like = song.sample_rate, song.channels
            files = {source: folder / f"{source}.{format}" for source in model.sources}
            stems = {s: stack.enter_context(audio.Writer(f, *like)) for s, f in files.items()}
        hidden = not (_is_watched() if progress is None else progress)
        bar = stack.enter_context(
            tqdm(desc=song.name, total=song.length, disable=hidden, leave=False, unit_scale=True)
        )
        for block in _separated(model, song, windows, residual, batch_size):
            for source, samples in block.items():
                stems[source].write(samples)
            bar.update(len(samples))
    return files if output is not None else {s: stem.samples() for s, stem in stems.items()}


class _Collector:
    """Takes blocks as `audio.Writer` does, and keeps them."""

    def __init__(self):
        self.blocks = []

    def write(self, block):
        self.blocks.append(block)

    def samples(self):
        return np.concatenate(self.blocks)


def _separated(model, song, windows, residual, batch_size):
    """Blocks of all stems, together exactly as long as the song."""
    sources = [source for source in model.sources if source != residual]
    rates = song.sample_rate, model.sample_rate
    blocks = song.blocks(max(_BLOCK, math.ceil(windows.step * rates[0] / rates[1])))
    heard = windows.cut(resampled(blocks, *rates), song.channels)
    estimates = _predicted(model, heard, windows.output, sources, batch_size)
    for estimate in resampled(windows.join(estimates), *reversed(rates)):
        mixture = song.take(len(estimate))
        estimate = estimate[: len(mixture)]  # what lies behind the song's end is padding
        stems = {source: estimate[:, index] for index, source in enumerate(sources)}
        if residual is not None:
            stems[residual] = mixture - estimate.sum(axis=1)
        if len(mixture):
            yield {source: stems[source] for source in model.sources}


def _predicted(model, windows, length, sources, batch_size):
    """The model's estimate of each window, `(length, sources, channels)`."""
    windows = iter(windows)
    graph = _graph(model)
    while batch := list(itertools.islice(windows, batch_size)):
        mixture = np.stack(batch)
        count, time, channels = mixture.shape
        if model.channels == 1:  # every channel is a row of the batch
            mixture = mixture.swapaxes(1, 2).reshape(-1, time, 1)
        elif channels == 1:
            mixture = np.repeat(mixture, model.channels, axis=2)
        try:
            outputs = graph(mixture)
        except tf.errors.ResourceExhaustedError as error:
            raise MemoryError(
                f"the device has too little memory for {len(mixture)} windows of "
                f"{time / model.sample_rate:.1f} s; lower batch_size or segment"
            ) from error
        stems = np.stack([outputs[source].numpy() for source in sources], axis=2).astype("float32")
        if stems.shape[1] != length:
            raise ValueError(
                f"{type(model).__name__}.valid_length promises {length} samples for {time}, but "
                f"the model returned {stems.shape[1]}; correct its valid_length"
            )
        if model.channels == 1:
            stems = stems.reshape(count, channels, length, -1).transpose(0, 2, 3, 1)
        elif channels == 1:
            stems = stems.mean(axis=3, keepdims=True)
        yield from stems


def _graph(model):
    """The model as one TensorFlow graph for every batch and length, so the next song is not traced.

    `predict_on_batch` would trace again for the last, smaller batch, which takes seconds.
    """
    if model not in _GRAPHS:
        owner = weakref.ref(model)  # a strong one would keep the model in the dictionary for ever
        _GRAPHS[model] = tf.function(
            lambda mixture: owner()(mixture, training=False),
            input_signature=[tf.TensorSpec((None, None, model.channels), "float32")],
            autograph=False,  # as in Keras's own `predict`; it also warns on new Pythons
        )
    return _GRAPHS[model]


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
