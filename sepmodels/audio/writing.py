"""Write audio files: a file appears under its name only when it is complete."""

import os
import pathlib
import uuid
import warnings

import numpy as np
import soundfile

from sepmodels import _checks
from sepmodels.audio import file

# The subtypes of each format, the default first; `None` where the codec decides.
_SUBTYPES = {
    ".wav": ("float32", "int24", "int16"),
    ".flac": ("int24", "int16"),
    ".ogg": (None,),
    ".mp3": (None,),
}
_CODES = {"float32": "FLOAT", "int24": "PCM_24", "int16": "PCM_16", None: None}
_WIDTHS = {"float32": 4, "int24": 3, "int16": 2}  # bytes
_LARGEST = 2**32 - 2**16  # bytes that a RIFF header can count, with room for the header


class Writer:
    """Write an audio file block by block; it appears under its name only when it is complete.

    Formats are wav as 32-bit float (stems may exceed 1.0 without loss), flac as 24-bit integers,
    ogg (Vorbis) and mp3. Integers cannot exceed full scale: a warning counts the samples that were
    clipped. A wav file that will exceed 4 GB becomes an RF64 file, which most programs read as wav.

    Args:
        path: str or path. The suffix chooses the format. An existing file is replaced.
        sample_rate: int. In Hz.
        channels: int. Number of channels.
        subtype: str. `"float32"`, `"int24"` or `"int16"`; flac holds integers only, ogg and mp3
            have no choice. Defaults to `None`: the first of these that the format holds.
        length: int. Number of samples to be written, if known; it decides whether a wav file needs
            RF64. Defaults to `None`: less than 4 GB.

    Raises:
        AudioError: unknown suffix, a folder that cannot be written, a format that cannot hold
            this rate, subtype or number of channels, or no samples at all.
        TypeError, ValueError: integers, another shape, or NaN among the samples.

    Example:

    >>> import tempfile
    >>> path = tempfile.mkdtemp() + "/silence.flac"
    >>> with sm.audio.Writer(path, sample_rate=16000, channels=2) as writer:
    ...     for _ in range(3):
    ...         writer.write(np.zeros((1000, 2)))
    >>> sm.audio.info(path)
    Info(sample_rate=16000, channels=2, length=3000)
    """

    def __init__(
        self,
        path: str | os.PathLike,
        sample_rate: int,
        channels: int,
        subtype: str | None = None,
        length: int | None = None,
    ):
        self.path = pathlib.Path(path)
        self.sample_rate = sample_rate
        self.channels = channels
        self.length = 0
        self.clipped = 0
        suffix = file.get_suffix(path)
        if suffix not in _SUBTYPES:
            raise file.AudioError(f"{path}: unknown format; write one of {' '.join(_SUBTYPES)}")
        self.subtype = _SUBTYPES[suffix][0] if subtype is None else subtype
        if self.subtype not in _SUBTYPES[suffix]:
            raise file.AudioError(
                f"{path}: subtype must be one of {(*filter(None, _SUBTYPES[suffix]), None)} for "
                f"{suffix}. Received: subtype={subtype!r}"
            )
        self._frame = channels * _WIDTHS.get(str(self.subtype), 0)  # bytes
        is_large = suffix == ".wav" and (length or 0) * self._frame > _LARGEST
        self._format = "RF64" if is_large else suffix[1:].upper()
        folder = self.path.parent
        if not folder.is_dir():
            raise FileNotFoundError(f"{path}: there is no folder {folder}; create it first")
        if self.path.is_dir():
            raise file.AudioError(f"{path} is a folder; give the name of a file in it")
        if not os.access(folder, os.W_OK):
            raise file.AudioError(f"{path}: folder {folder} cannot be written; choose another")
        self._part = folder / f".{self.path.name}.{uuid.uuid4().hex[:8]}.part"

    def __enter__(self):
        try:
            self._sound = soundfile.SoundFile(
                os.fsencode(self._part) if os.name == "posix" else self._part,
                "w",
                self.sample_rate,
                self.channels,
                subtype=_CODES[self.subtype],
                format=self._format,
            )
        except (soundfile.LibsndfileError, TypeError, ValueError) as error:
            self._part.unlink(missing_ok=True)
            raise file.AudioError(
                f"{self.path}: cannot write {file.get_suffix(self.path)} with {self.channels} "
                f"channels at {self.sample_rate} Hz ({file.get_reason(error)}); try .wav, or "
                "another sample rate"
            ) from None
        return self

    def write(self, block: np.ndarray) -> None:
        """Append samples `(time, channels)`."""
        name = f"{self.path}: samples"
        block = _checks.sound(name, block, self.channels, empty=True).astype("float32", copy=False)
        if self._format == "WAV" and (self.length + len(block)) * self._frame > _LARGEST:
            raise file.AudioError(
                f"{self.path}: a wav file holds at most 4 GB; pass the length in samples, or "
                "write .flac"
            )
        if self.subtype in ("int16", "int24"):
            self.clipped += int(np.count_nonzero(np.abs(block) > 1.0))
        try:
            # libsndfile's Vorbis encoder overflows its stack if given minutes at once.
            for start in range(0, len(block), 65536):
                self._sound.write(block[start : start + 65536])
        except soundfile.LibsndfileError as error:
            raise self._fail(error) from None
        self.length += len(block)

    def __exit__(self, kind, error, traceback):
        try:
            self._sound.close()
        except soundfile.LibsndfileError as failed:  # the last samples did not fit on the disk
            self._part.unlink()
            raise self._fail(failed) from error
        if kind is not None or self.length == 0:
            self._part.unlink()
            if kind is None:
                raise file.AudioError(f"{self.path}: 0 samples were written, so there is no file")
            return
        os.replace(self._part, self.path)
        if self.clipped:
            warnings.warn(
                f"{self.path}: {self.clipped} samples beyond full scale were clipped; "
                "lower the volume, or write .wav as float32, which holds them",
                stacklevel=2,
            )

    def _fail(self, error):
        return file.AudioError(f"{self.path}: writing failed ({file.get_reason(error)})")


def write(
    path: str | os.PathLike, samples: np.ndarray, sample_rate: int, subtype: str | None = None
) -> None:
    """Write samples `(time, channels)` to an audio file.

    Args:
        path: str or path. The suffix chooses the format, see `Writer`.
        samples: array `(time, channels)`. Full scale is 1.0.
        sample_rate: int. In Hz.
        subtype: str. As for `Writer`.

    Raises:
        AudioError, TypeError, ValueError: as `Writer`.
    """
    samples = _checks.sound(f"{path}: samples", samples, empty=True)
    with Writer(path, sample_rate, samples.shape[1], subtype, len(samples)) as writer:
        writer.write(samples)
