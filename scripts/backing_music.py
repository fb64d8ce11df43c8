"""Fetch free instrumental music from Debian packages, to mix with training voices.

The music is under the GPL or CC BY-SA; the packages name the authors. Needs Debian or Ubuntu
with `apt-get` and `dpkg-deb`, but no root. Writes 16 kHz WAV files, stereo where the music
is.

    python scripts/backing_music.py data/backing_music
"""

import argparse
import subprocess
import tempfile
from pathlib import Path

from sepmodels import audio

PACKAGES = (
    "asc-music",
    "fretsonfire-songs-sectoid",
    "hyperrogue-music",
    "planetblupi-music-ogg",
    "singularity-music",
    "warzone2100-music",
    "wesnoth-1.16-music",
)
# With choirs and voices, which a separator must not learn as accompaniment.
SUNG = ("love_theme", "armygeddon", "chaos_god")
SAMPLE_RATE = 16000
SHORTEST = 20.0  # seconds; shorter files are effects, not music


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where to write the WAV files")
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as workspace:
        subprocess.run(["apt-get", "download", *PACKAGES], cwd=workspace, check=True)
        for package in Path(workspace).glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", package, workspace], check=True)
        for path in sorted(Path(workspace).rglob("*")):
            if path.suffix in (".mp3", ".ogg", ".opus") and path.stem not in SUNG:
                convert(path, folder / f"{path.parent.name}-{path.stem}.wav")


def convert(path, target):
    info = audio.info(path)
    if info.length < SHORTEST * info.sample_rate:
        return
    samples, sample_rate = audio.read(path)
    audio.write(target, audio.resample(samples[:, :2], sample_rate, SAMPLE_RATE), SAMPLE_RATE)
    print(target.name)


if __name__ == "__main__":
    main()
