"""Files: written completely or not at all; and those that ship with the library."""

import hashlib
import pathlib

_PACKAGE = pathlib.Path(__file__).resolve().parent


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
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"part-{path.name}")
    write(part)
    part.replace(path)


def find_shipped(name):
    """Find a file or folder that ships with the library.

    Args:
        name: str. Its path below `data/`, such as `"splits/mir1k.csv"`.

    Returns:
        Path.

    Raises:
        FileNotFoundError: the installation lacks it.
    """
    # In an installed wheel the data are inside the package, in a checkout beside it.
    for folder in (_PACKAGE, _PACKAGE.parent / "data"):
        if (folder / name).exists():
            return folder / name
    raise FileNotFoundError(f"{name} is missing in {_PACKAGE}; reinstall sepmodels")


def check_digest(path):
    """Raise `ValueError` unless a file is, byte by byte, the one that was published.

    Args:
        path: Path. Its folder holds a file `SHA256SUMS`, as the command `sha256sum` writes it.
    """
    lines = (path.parent / "SHA256SUMS").read_text().splitlines()
    digests = {name: digest for digest, name in map(str.split, lines)}
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != digests.get(path.name):
        raise ValueError(
            f"{path.name} is damaged or not the published file; install sepmodels again. "
            f"Received: a file with the SHA-256 {found}"
        )
