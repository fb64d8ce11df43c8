"""`lock_folder`: one training at a time in a folder."""

import contextlib

from sepmodels import _files

try:
    import fcntl
except ImportError:  # Windows
    import msvcrt


@contextlib.contextmanager
def lock_folder(folder):
    """Hold a folder for one training. The lock ends with the process, however that ends.

    Args:
        folder: Path. Created if missing.

    Raises:
        BlockingIOError: another training holds the folder.
    """
    with _files.explain_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / "lock").open("a")
    with file:
        try:
            _acquire(file)
        except OSError as error:
            raise BlockingIOError(
                f"another training is running in {folder}; wait until it ends, or pass another "
                "folder"
            ) from error
        yield


def _acquire(file):
    if "fcntl" in globals():
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    else:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
