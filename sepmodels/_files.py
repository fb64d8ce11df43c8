"""`write_atomically`: a file that is there in whole or not at all."""

import pathlib


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
