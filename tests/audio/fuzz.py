"""Damaged audio files by the thousand: every one is read, or refused with one `AudioError`.

    python tests/audio/fuzz.py --mutants 100000

makes its own files, damages copies of them in eight ways, reads each, and prints what came out. A
mutant is told by its number, so `--first 1234 --mutants 1` repeats one. Exit status 1 if anything
but a sound or an `AudioError` came out, or a mutant took more memory than its size explains.
"""

import argparse
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import pandas as pd

sys.path[:0] = [str(folder) for folder in pathlib.Path(__file__).parents[1:3]]

import audio_encoding as encoding  # noqa: E402

from sepmodels import audio  # noqa: E402

BATCH = 500  # mutants of a process
PATIENCE = 300  # seconds for a batch
MOST = 200  # MB above the bare process
FORMS = [form for form in encoding.LOSSLESS + encoding.LOSSY if form.codec != "wmav1"]
WORDS = [bytes(4), b"\xff" * 4, b"\x7f" + b"\xff" * 3, b"\xff" * 3 + b"\x7f", b"\0\0\0\x01"]
WORDS += [b"\x01\0\0\0", b"\x80\0\0\0", b"\0\0\0\x80", b"\0\xff\xf0\0"]


def make_corpus(folder):
    """A third of a second in every form."""
    time = np.arange(15000)
    samples = 0.3 * np.sin(0.05 * time + 1e-5 * time**2)[:, None] * [1, 0.5]
    for number, form in enumerate(FORMS):
        encoding.encode(folder / f"{number:02d}.{form.suffix}", samples, form)


def damage(content, random):
    """One of eight kinds of damage, and its name."""
    content, size = bytearray(content), len(content)
    kind = str(random.choice(KINDS))
    start = int(size * random.random() ** 3)  # headers stand at the start of most files
    if kind == "bits":
        for place in random.integers(start, size, random.integers(1, 9)):
            content[place] ^= 1 << random.integers(8)
    elif kind == "bytes":
        for place in random.integers(start, size, random.integers(1, 33)):
            content[place] = random.integers(256)
    elif kind == "word":
        for _ in range(random.integers(1, 4)):
            place = int(size * random.random() ** 3)
            content[place : place + 4] = WORDS[random.integers(len(WORDS))]
    elif kind == "cut":
        del content[max(1, start) :]
    elif kind == "hole":
        del content[start : start + random.integers(1, 2000)]
    elif kind == "zeros":
        length = random.integers(1, 2000)
        content[start : start + length] = bytes(len(content[start : start + length]))
    elif kind == "twice":
        content[start:start] = content[start : start + random.integers(1, 5000)]
    elif kind == "noise":
        content[start:] = random.bytes(size - start)
    return bytes(content), kind


KINDS = ("bits", "bytes", "word", "cut", "hole", "zeros", "twice", "noise")


def run_batch(folder, first, count):
    """Read the mutants of one process; the number of each is said before it is read."""
    corpus = sorted(folder.glob("[0-9]*.*"))
    warnings.simplefilter("ignore")
    for number in range(first, first + count):
        random = np.random.default_rng(number)
        seed = corpus[random.integers(len(corpus))]
        content, kind = damage(seed.read_bytes(), random)
        path = folder / f"mutant-{os.getpid()}{seed.suffix}"
        path.write_bytes(content)
        print(json.dumps([number, seed.name, kind]), flush=True)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        try:
            samples, _ = audio.read(path)
            length = audio.info(path).length
            blocks = sum(map(len, audio.read_blocks(path, 5000)))
            outcome = "sound" if len(samples) == length == blocks else "lengths differ"
        except audio.AudioError as error:
            outcome = "AudioError" if str(path) in str(error) else "file not named"
        except Exception as error:
            outcome = f"{type(error).__name__}: {error}"
        memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        if memory > MOST:
            outcome = f"{memory:.0f} MB"
        print(json.dumps(outcome), flush=True)
    path.unlink()


def fuzz(folder, first, mutants):
    """Run all batches; returns a row `(file, damage, outcome)` for each mutant."""
    rows, stop = [], first + mutants
    while first < stop:
        count = min(BATCH, stop - first)
        command = [sys.executable, __file__, "--batch", folder, str(first), str(count)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
            lines, end = done.stdout.splitlines(), f"crash ({done.returncode})"
        except subprocess.TimeoutExpired as error:
            lines, end = (error.stdout or b"").decode().splitlines(), "hangs"
        for told, outcome in zip(lines[::2], [*lines[1::2], json.dumps(end)], strict=False):
            number, file, kind = json.loads(told)
            rows.append((number, file, kind, json.loads(outcome)))
        first = rows[-1][0] + 1 if lines else stop
        print(f"{len(rows)} of {mutants}", end="\r", file=sys.stderr, flush=True)
    return pd.DataFrame(rows, columns=["number", "file", "damage", "outcome"])


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--mutants", type=int, default=100_000)
    arguments.add_argument("--first", type=int, default=0, help="number of the first mutant")
    arguments.add_argument("--batch", nargs=3, help=argparse.SUPPRESS)
    chosen = arguments.parse_args()
    if chosen.batch:
        folder, first, count = chosen.batch
        return run_batch(pathlib.Path(folder), int(first), int(count))
    with tempfile.TemporaryDirectory() as folder:
        make_corpus(pathlib.Path(folder))
        table = fuzz(folder, chosen.first, chosen.mutants)
    is_fine = table["outcome"].isin(["sound", "AudioError"])
    print(table[~is_fine].to_string(index=False) if not is_fine.all() else "no fault", "\n")
    table["outcome"] = table["outcome"].where(is_fine, "fault")
    print(table.groupby(["damage", "outcome"]).size().unstack(fill_value=0).to_string(), "\n")
    table["file"] = table["file"].map(lambda name: str(FORMS[int(name[:2])]))
    print(table.groupby(["file", "outcome"]).size().unstack(fill_value=0).to_string())
    return 0 if is_fine.all() else 1


if __name__ == "__main__":
    sys.exit(main())
