"""Training states: files from which a training resumes, of which the newest two are kept.

The name of a file holds the number of steps and a checksum of its content.
"""

import collections
import json
import warnings

import numpy as np

from sepmodels import _files

_KEPT = 2
_PATTERN = "state-*.npz"


def write_state(folder, steps, groups, note):
    """Write a state, then delete all states but the newest two.

    Args:
        folder: Path.
        steps: int. Number of training steps so far.
        groups: dict of str to list of arrays.
        note: dict of what json can hold.
    """
    arrays = {
        f"{name}-{index}": np.asarray(array)
        for name, group in groups.items()
        for index, array in enumerate(group)
    }
    part = folder / "part-state.npz"
    with _files.explain_errors(part):
        np.savez(part, note=np.array(json.dumps(note)), **arrays)
    part.replace(folder / f"state-{steps:09d}-{_files.compute_digest(part)[:16]}.npz")
    for path in sorted(folder.glob(_PATTERN))[:-_KEPT]:
        path.unlink()


def read_state(folder):
    """Read the newest state that is as it was written. Damaged ones are deleted, with a warning.

    Args:
        folder: Path.

    Returns:
        `(groups, note)` as of `write_state`, where a missing group is empty, or `None`.
    """
    for path in sorted(folder.glob(_PATTERN), reverse=True):
        if path.stem.split("-")[-1] == _files.compute_digest(path)[:16]:
            groups = collections.defaultdict(list)
            with np.load(path) as file:
                note = json.loads(str(file["note"]))
                for name in file.files[1:]:  # in the order in which they were written
                    groups[name.split("-")[0]].append(file[name])
            return groups, note
        warnings.warn(f"{path} is damaged; the training resumes from before it", stacklevel=2)
        path.unlink()
    return None
