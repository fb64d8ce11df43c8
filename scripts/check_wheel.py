"""Install a wheel into empty environments and use it there as a stranger does.

    make dist          or: python scripts/check_wheel.py dist/sepmodels-*.whl python3.11 python3.13

For each Python, in a temporary folder without this checkout: `sepmodels demo` in an environment
with the wheel alone, `sepmodels separate` of a song with an odd name, the quick start of the README
that the wheel carries, `sepmodels course`, and one of the notebooks that it copied. The first step
that fails ends the check. Times are printed; those of the installation depend on the cache of the
installer.
"""

import argparse
import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

ODD_NAME = "-Café 'n' \"Øl\"; 100% [live] #1 歌.stem.flac"
NOTEBOOK = "00_start_here.ipynb"
SONG = f"""
import sepmodels as sm
song = sm.datasets.sample.load()
sm.audio.write({ODD_NAME!r}, 0.5 * song.mixture, song.sample_rate)
print("imported from", sm.__file__)
"""
QUICK_START = """
import importlib.metadata, re
page = importlib.metadata.metadata("sepmodels").get_payload()
code = re.search("```python\\n(import sepmodels.*?)```", page, re.S)[1]
code = code if {training} else code.rpartition("\\n\\n")[0]
print(code)
exec(code)
print(table.groupby(["system", "source"]).SDR.median())
"""


class Environment:
    """An empty environment in a folder of its own, and the commands run in it."""

    def __init__(self, python, folder):
        self.folder = folder
        self.bin = folder / "env" / "bin"
        # Neither the checkout nor packages of the user may be found.
        hidden = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "JUPYTER_PATH")
        self.variables = {n: value for n, value in os.environ.items() if n not in hidden}
        self.variables |= {"PYTHONNOUSERSITE": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
        self.variables |= {"JUPYTER_PREFER_ENV_PATH": "1"}
        self.uv = shutil.which("uv")
        uv = [self.uv, "venv", "--quiet", "--python", python, "env"]
        self.run(*(uv if self.uv else [python, "-m", "venv", "env"]))

    def install(self, requirement):
        python = self.bin / "python"
        uv = [self.uv, "pip", "install", "--quiet", "--python", python]
        self.run(*(uv if self.uv else [python, "-m", "pip", "install", "--quiet"]), requirement)

    def run(self, *command):
        """Run a command in the folder; say which one, and how long it took."""
        start = time.perf_counter()
        subprocess.run(command, cwd=self.folder, env=self.variables, check=True)
        name = " ".join(re.sub(r"\s+", " ", str(word))[:50] for word in command)
        print(f"--- {time.perf_counter() - start:.1f} s: {name}", flush=True)


def check(wheel, python, training=True):
    """Use the wheel in a new environment of one Python.

    Args:
        wheel: Path.
        python: str. A name or path of an interpreter.
        training: bool. Whether the quick start trains as well. Defaults to `True`.

    Raises:
        CalledProcessError: a command failed.
    """
    with tempfile.TemporaryDirectory() as place:
        environment = Environment(python, Path(place))
        sepmodels = environment.bin / "sepmodels"
        environment.install(str(wheel))
        environment.run(sepmodels, "demo")
        environment.run(environment.bin / "python", "-c", SONG)
        environment.run(sepmodels, "separate", "--", ODD_NAME)
        stems = [path.name for path in Path(place, "separated").rglob("*.wav")]
        assert sorted(stems) == ["accompaniment.wav", "vocals.wav"], stems
        environment.run(environment.bin / "python", "-c", QUICK_START.format(training=training))
        environment.install(f"{wheel}[course]")
        environment.run(sepmodels, "course", "x")
        convert = [environment.bin / "jupyter", "nbconvert", "--log-level=ERROR"]
        environment.run(*convert, "--execute", "--to", "html", f"x/{NOTEBOOK}")
        assert Path(place, "x", NOTEBOOK).with_suffix(".html").stat().st_size > 100_000
    print(f"{wheel.name} is complete for {python}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wheel", type=Path)
    parser.add_argument("pythons", nargs="+", help="names or paths of interpreters")
    parser.add_argument(
        "--no-training", action="store_true", help="leave it out of the quick start"
    )
    options = parser.parse_args()
    for python in options.pythons:  # a shim of pyenv is found and does not run
        if not shutil.which(python) or subprocess.run([python, "-c", ""]).returncode:
            parser.error(f"{python} does not run: make dist PYTHONS='/path/to/python3.11 ...'")
    for python in options.pythons:
        check(options.wheel.resolve(), python, not options.no_training)


if __name__ == "__main__":
    main()
