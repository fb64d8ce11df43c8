"""Files: written completely or not at all; and those that ship with the library."""

import contextlib
import hashlib
import json
import os
import pathlib
import warnings

from sepmodels import _checks

_PACKAGE = pathlib.Path(__file__).resolve().parent
_CAUSES = (
    "No space left on device",
    "Disk quota exceeded",
    "File too large",
    "Read-only file system",
    "Permission denied",
)


def write_atomically(path, write):
    """Write a file beside its place, then move it there, whatever interrupts in between.

    Args:
        path: str or Path. The file; its folder is made if missing.
        write: function of a path. Writes the file there; the suffix is that of `path`.

    Example:

    >>> import pathlib
    >>> sm._files.write_atomically("runs/note.txt", lambda path: path.write_text("whole"))
    >>> [path.name for path in pathlib.Path("runs").iterdir()]
    ['note.txt']
    """
    path = pathlib.Path(path)
    with explain_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"part-{path.name}")
        try:
            write(part)
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise


@contextlib.contextmanager
def explain_errors(path):
    """Turn the errors of a full disk or a read-only folder into one line that names the path.

    Args:
        path: str or Path. The file that is written.

    Raises:
        OSError: the file cannot be written.
    """
    try:
        yield
    except (OSError, RuntimeError) as error:  # HDF5 raises RuntimeError
        known = (cause for cause in _CAUSES if cause in str(error))
        cause = next(known, getattr(error, "strerror", None))
        if cause is None:
            raise
        raise OSError(
            f"{path} cannot be written ({cause}); make room or choose another folder, then call "
            "again"
        ) from error


def join_names(folder, *names):
    """Join a folder and names that come from outside, such as those of songs and sources.

    Args:
        folder: str or Path.
        *names: str. Each becomes one component of the path.

    Returns:
        Path below `folder`.

    Raises:
        ValueError: a name is empty, leaves its folder, or cannot be that of a file.

    Example:

    >>> sm._files.join_names("out", "song", "vocals.wav").as_posix()
    'out/song/vocals.wav'
    >>> sm._files.join_names("out", "../vocals.wav")
    Traceback (most recent call last):
    ...
    ValueError: name must be one component of a path, ... Received: name='../vocals.wav'
    """
    rule = "name must be one component of a path, without separators and reserved names; rename it"
    for name in names:
        _checks.require(_checks.is_component(name), rule, name=name)
    return pathlib.Path(folder, *names)


def read_json(path):
    """Return the dict that a JSON file holds, or `None` where there is none.

    Args:
        path: Path. A damaged file, or one that holds something else, gives a warning and `None`.
    """
    if not path.is_file():
        return None
    with contextlib.suppress(ValueError, RecursionError):
        if isinstance(content := json.loads(path.read_bytes()), dict):
            return content
    warnings.warn(f"{path} is damaged and is not used", stacklevel=2)
    return None


def refuse_overwriting(targets, sources):
    """Raise `ValueError` if a file to be written is one that is read, by whatever name.

    Args:
        targets: iterable of paths. The files to be written.
        sources: iterable of paths. The files that are read.
    """
    read = {_identify(path): path for path in sources if os.path.exists(path)}
    for path in targets:
        if os.path.exists(path) and _identify(path) in read:
            raise ValueError(
                f"{path} would overwrite {read[_identify(path)]}, which is read; choose another "
                "output folder"
            )


def _identify(path):
    stat = os.stat(path)
    return stat.st_dev, stat.st_ino


def find_shipped(name):
    """Find a file or folder that ships with the library.

    Args:
        name: str. Its path below `data/`, such as `"splits/mir1k.csv"`, or `"notebooks"`.

    Returns:
        Path.

    Raises:
        FileNotFoundError: the installation lacks it.
    """
    # In an installed wheel the data are inside the package, in a checkout beside it.
    for folder in (_PACKAGE, _PACKAGE.parent / "data", _PACKAGE.parent):
        if (folder / name).exists():
            return folder / name
    raise FileNotFoundError(f"{name} is missing in {_PACKAGE}; reinstall sepmodels")


def compute_digest(path, kind="sha256"):
    """Compute the digest of a file as hexadecimal digits; `kind` is a name in `hashlib`."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, kind).hexdigest()


def check_digest(path):
    """Raise `ValueError` unless a file is, byte by byte, the one that was published.

    Args:
        path: Path. Its folder holds a file `SHA256SUMS`, as the command `sha256sum` writes it.
    """
    lines = (path.parent / "SHA256SUMS").read_text().splitlines()
    digests = {name: digest for digest, name in map(str.split, lines)}
    found = compute_digest(path)
    if found != digests.get(path.name):
        raise ValueError(
            f"{path.name} is damaged or not the published file; install sepmodels again. "
            f"Received: a file with the SHA-256 {found}"
        )
