"""Kill trainings again and again, and count those that end as if they had never been disturbed.

    python scripts/soak.py                   # 50 kills at random moments, 50 at file operations
    python scripts/soak.py --kills 10        # fewer of each

Every training is a process that is killed with SIGKILL, either after a random time or immediately
before a random file operation in its folder (opening for writing, renaming, deleting), and then
called again until it ends. Weights and history must equal, bit for bit, those of a training that
was not disturbed.
"""

import argparse
import collections
import multiprocessing
import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

import sepmodels as sm

KILLS_PER_TRAINING = 5
PROCESSES = multiprocessing.get_context("spawn")
COLUMNS = ["epoch", "loss", "val_loss", "learning_rate"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50, help="of each kind; default: %(default)s")
    parser.add_argument("--folder", type=Path, default=Path("runs/soak"), help="is emptied first")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    shutil.rmtree(arguments.folder, ignore_errors=True)
    random.seed(arguments.seed)
    began, whole = time.monotonic(), arguments.folder / "undisturbed"
    call(whole)
    duration = time.monotonic() - began
    expected = read_result(whole)
    endings = collections.Counter()
    folder = arguments.folder / "disturbed"
    for kind in ("moment", "file operation"):
        kills = 0
        while kills < arguments.kills:
            killed = disturb(
                folder, kind, duration, min(KILLS_PER_TRAINING, arguments.kills - kills)
            )
            kills += len(killed)
            same = all(map(np.array_equal, expected, read_result(folder)))
            endings["identical" if same else "different"] += 1
            print(
                f"{kind}: {', '.join(killed)}: {'identical' if same else 'DIFFERENT'}", flush=True
            )
            shutil.rmtree(folder)
    print(f"{endings['identical']} of {endings.total()} trainings ended identically")
    return endings["different"] > 0


def disturb(folder, kind, duration, kills):
    """Kill one training some times, then let it end; return when it was killed."""
    killed = []
    for _ in range(kills):
        if kind == "moment":
            moment = random.uniform(0.3, 0.9) * duration
            if call(folder, timeout=moment) is None:
                killed.append(f"{moment:.1f} s")
        else:
            operation = random.randint(1, 20)
            if call(folder, operation) == -signal.SIGKILL:
                killed.append(f"no. {operation}")
    call(folder)
    return killed


def call(folder, operation=0, timeout=None):
    """Run the training in a process; return its exit status, or `None` if its time was over."""
    process = PROCESSES.Process(target=train, args=(folder, operation))
    process.start()
    process.join(timeout)
    if process.exitcode is None:
        process.kill()
        process.join()
        return None
    if process.exitcode not in (0, -signal.SIGKILL):
        raise RuntimeError(f"the training in {folder} ended with status {process.exitcode}")
    return process.exitcode


def read_result(folder):
    """Arrays that two equal trainings have in common: the history and the newest state."""
    history = pd.read_csv(folder / "log.csv", float_precision="round_trip")[COLUMNS].to_numpy()
    with np.load(max(folder.glob("state-*.npz"))) as state:
        return [history, *(state[name] for name in sorted(state.files) if name != "note")]


def train(folder, operation):
    """Train a small network; kill the process before a file operation of this number."""
    recipe = sm.recipes.quick(sm.recipes.DILATED_CONV_GRU).vary(
        filters=8, dilations=(1, 2), gru_dilation=2, n_fft=128, hop_length=64, sample_rate=8000,
        segment=0.5, batch_size=2, steps_per_epoch=8, epochs=4,
    )  # fmt: skip
    tracks = sm.datasets.synthetic.load(3, seconds=1.0, sample_rate=8000)
    sm.training.checkpoint._PAUSE = 0.2  # many states within an epoch
    if operation:
        kill_before(operation, str(folder.resolve()))
    sm.train(recipe, tracks, folder, progress=False)


def kill_before(operation, folder):
    """Kill this process before the file operation of this number in a folder."""
    left = operation

    def count(event, arguments):
        nonlocal left
        if event not in ("open", "os.rename", "os.remove") or isinstance(arguments[0], int):
            return
        if event == "open" and not (arguments[2] & (os.O_WRONLY | os.O_RDWR)):
            return
        if str(Path(os.fsdecode(arguments[0])).resolve()).startswith(folder):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)


if __name__ == "__main__":
    sys.exit(main())
