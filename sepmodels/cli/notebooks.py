"""The notebooks of the course: copied out of the installation, and opened in JupyterLab."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from sepmodels import _files


def copy_notebooks(folder):
    """Copy the notebooks that ship with the library to a folder; files that exist are kept.

    Args:
        folder: str or path. It is made if missing.

    Returns:
        Two lists of Path: the notebooks in the folder, and those of them that were kept.

    Raises:
        OSError: the folder cannot be written.
    """
    copies, kept = [], []
    with _files.explain_errors(folder):
        Path(folder).mkdir(parents=True, exist_ok=True)
        for notebook in sorted(_files.find_shipped("notebooks").glob("*.ipynb")):
            copy = Path(folder, notebook.name)
            if copy.exists():
                kept.append(copy)
            else:
                shutil.copyfile(notebook, copy)
            copies.append(copy)
    return copies, kept


def open_notebook(path):
    """Open a notebook in JupyterLab where it is installed and a person sits at the terminal.

    Args:
        path: path. The notebook.

    Returns:
        bool. Whether JupyterLab was started; it has ended by then.
    """
    watched = sys.stdin.isatty() and sys.stdout.isatty()
    if not watched or importlib.util.find_spec("jupyterlab") is None:
        return False
    # The notebooks run on this environment, whatever kernels the user has elsewhere.
    environment = {**os.environ, "JUPYTER_PREFER_ENV_PATH": "1"}
    subprocess.run([sys.executable, "-m", "jupyterlab", str(path)], env=environment, check=True)
    return True
