"""The rate of examples by the kind of files, and whether training waits for them.

    python tests/benchmarks/data.py

makes songs in a temporary folder and prints three tables. Nothing here is a
test: the figures are of the machine that runs it. The memory has a test of its own.
"""

import argparse
import contextlib
import itertools
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
sys.path.insert(0, str(pathlib.Path(__file__).parents[2]))

import av
import numpy as np
import pandas as pd
import soundfile

import sepmodels as sm
from sepmodels.datasets.segments import tfio_reader

SOURCES = ("vocals", "accompaniment")
STREAMS = ("mixture", "drums", "bass", "other", "vocals")
REMIX = sm.datasets.Augment(gains=(0.7, 1.0), cross_songs=0.5, swap_channels=0.5)
WARP = sm.datasets.Augment(semitones=(-2, 2), tempi=(0.9, 1.1))
RATE = 44100


def make_songs(folder, count=4, seconds=40):
    """The same songs as WAV of 16 bits, as FLAC, and as stem.mp4."""
    songs = sm.datasets.synthetic.load(
        count, seconds=seconds, sample_rate=RATE, channels=2, sources=STREAMS[1:]
    )
    trees = {"wav": [], "flac": []}
    for song in songs:
        stems = dict(song.stems)
        pair = {"vocals": stems["vocals"], "accompaniment": song.mixture - stems["vocals"]}
        for kind, tracks in trees.items():
            places = {source: folder / f"{song.name} {source}.{kind}" for source in pair}
            for source, samples in pair.items():
                soundfile.write(places[source], samples, RATE, subtype="PCM_16")
            tracks.append(sm.datasets.Track.from_files(song.name, places))
        path = folder / "musdb" / "train" / f"{song.name}.stem.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_stem_mp4(path, [song.mixture, *(stems[name] for name in STREAMS[1:])])
    return trees


def write_stem_mp4(path, waves):
    """Write waves `(time, channels)` as the AAC streams of one file, as MUSDB18 has them."""
    with av.open(str(path), "w", format="mp4") as container:
        streams = [container.add_stream("aac", rate=RATE, layout="stereo") for _ in waves]
        for stream, wave in zip(streams, waves, strict=True):
            stream.bit_rate = 256000
            for start in range(0, len(wave), 1024):
                planes = np.ascontiguousarray(wave[start : start + 1024].T, "float32")
                frame = av.AudioFrame.from_ndarray(planes, format="fltp", layout="stereo")
                frame.sample_rate, frame.pts = RATE, start
                container.mux(stream.encode(frame))
            container.mux(stream.encode())


@contextlib.contextmanager
def without_tensorflow_io():
    found, tfio_reader._load_core_ops = tfio_reader._load_core_ops, lambda: None
    try:
        yield
    finally:
        tfio_reader._load_core_ops = found


def batches(tracks, native=True, augment=REMIX, length=2 * RATE, **form):
    """An iterator of batches of eight; soundfile reads unless `native`."""
    with contextlib.nullcontext() if native else without_tensorflow_io():
        examples = sm.datasets.draw_segments(tracks, length, 8, augment=augment, **form)
    return iter(examples)


def speeds(readers, seconds=3.0, rounds=3):
    """Segments per second of each reader, and the CPU time of one, which depends less on the load.

    The median of three rounds, in which the readers take turns.
    """
    found = {name: [] for name in readers}
    for _, name in itertools.product(range(rounds), readers):
        iterator = readers[name]()
        for _ in range(3):
            next(iterator)
        begin, worked, count = time.perf_counter(), time.process_time(), 0
        while time.perf_counter() - begin < seconds:
            next(iterator)
            count += 8
        rate = count / (time.perf_counter() - begin)
        found[name].append((rate, 1000 * (time.process_time() - worked) / count))
        del iterator
    columns = ["segments/s", "CPU ms each"]
    rows = {name: np.median(rates, axis=0) for name, rates in found.items()}
    return pd.DataFrame.from_dict(rows, "index", columns=columns).round(1)


def waiting(readers, steps=30):
    """Share of the time of training steps that goes by before the next batch is there."""
    recipe = sm.recipes.quick(sm.recipes.DILATED_CONV_GRU)
    model = recipe.build()
    training_model = model.training_model(recipe.loss_on)
    training_model.compile("adam", loss=sm.losses.get(recipe.loss), jit_compile=False)
    length = round(recipe.segment * model.sample_rate)
    rows = {}
    for name, (tracks, native) in readers.items():
        form = {"sources": model.sources, "channels": model.channels}
        with contextlib.nullcontext() if native else without_tensorflow_io():
            examples = sm.datasets.draw_segments(tracks, length, recipe.batch_size, **form)
        iterator = iter(
            examples.map(lambda mixture, stems: model.training_pair(mixture, stems, recipe.loss_on))
        )
        waited = worked = 0.0
        for step in range(steps + 3):
            begin = time.perf_counter()
            batch = next(iterator)
            arrived = time.perf_counter()
            training_model.train_on_batch(*batch)
            if step >= 3:  # the first ones compile
                waited += arrived - begin
                worked += time.perf_counter() - arrived
        rows[name] = {
            "step (ms)": 1000 * (waited + worked) / steps,
            "waits (ms)": 1000 * waited / steps,
            "waits (%)": 100 * waited / (waited + worked),
        }
    return pd.DataFrame(rows).T.round(2)


def peak():
    """The most memory that this process has held, in MB."""
    status = pathlib.Path("/proc/self/status")
    if status.exists():  # `getrusage` on Linux begins with what the parent process held
        return int(status.read_text().split("VmHWM:")[1].split()[0]) / 1e3
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1e6 if sys.platform == "darwin" else 1e3)


def memory(native, songs=150, segments=2000, seconds=240):
    """MB above the bare import after drawing segments of long songs: hard links of one file."""
    draw_segments, bare = sm.datasets.draw_segments, peak()
    with tempfile.TemporaryDirectory() as folder:
        one = os.path.join(folder, "one.wav")
        with soundfile.SoundFile(one, "w", RATE, 2, subtype="PCM_16") as file:
            noise = np.random.default_rng(0).uniform(-0.5, 0.5, (RATE, 2))
            for _ in range(seconds):
                file.write(noise)
        tracks = []
        for number in range(songs):
            places = {source: os.path.join(folder, f"{source} {number}.wav") for source in SOURCES}
            for place in places.values():
                os.link(one, place)
            tracks.append(sm.datasets.Track.from_files(f"song {number}", places))
        with contextlib.nullcontext() if native else without_tensorflow_io():
            examples = draw_segments(tracks, 3 * RATE, 12, augment=REMIX)
        for _ in itertools.islice(examples, -(-segments // 12)):
            pass
    return round(peak() - bare)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--memory", choices=("native", "soundfile"), help="this part alone")
    arguments.add_argument("--segments", type=int, default=2000, help="of --memory")
    chosen = arguments.parse_args()
    if chosen.memory:
        print(memory(chosen.memory == "native", segments=chosen.segments))
        return
    has_native = tfio_reader._load_core_ops() is not None
    fast = "tensorflow-io" if has_native else "soundfile, no tensorflow-io here"
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        print("making songs ...", flush=True)
        trees = make_songs(folder)
        stems = sm.datasets.musdb.load(folder / "musdb", "train", reader="pyav")
        cache = sm.datasets.cache_as_wav(stems, folder / "cache", progress=False)
        low = sm.datasets.cache_as_wav(stems, folder / "16 kHz", 16000, progress=False)
        found = speeds(
            {
                f"WAV, {fast}": lambda: batches(trees["wav"]),
                "WAV, soundfile": lambda: batches(trees["wav"], native=False),
                "FLAC, soundfile": lambda: batches(trees["flac"]),
                "stem.mp4, PyAV": lambda: batches(stems),
                f"WAV cache of it, {fast}": lambda: batches(cache),
                "WAV cache of it, soundfile": lambda: batches(cache, native=False),
                "the same at 16 kHz, mono": lambda: batches(low, length=32000, channels=1),
                "the same, tempo and pitch changed": lambda: batches(
                    low, augment=WARP, length=32000, channels=1
                ),
            }
        )
        print(f"\nSegments of 2 s per second, stereo, 44.1 kHz, {os.cpu_count()} cores")
        print(found.to_string(), flush=True)
        print("\nA training step of quick(DILATED_CONV_GRU), mono, 16 kHz")
        print(waiting({f"WAV, {fast}": (low, True), "WAV, soundfile": (low, False)}))
    print("\nMemory above the bare import, 150 songs of 4 minutes, 2,000 segments")
    for reader in ("native", "soundfile")[not has_native :]:
        command = [sys.executable, __file__, "--memory", reader]
        print(f"{reader:10}", subprocess.check_output(command, text=True).strip(), "MB", flush=True)


if __name__ == "__main__":
    main()
