"""Let speech synthesisers sing random melodies, as more voices to train on.

Each of some thirty voices of Debian's synthesisers speaks random syllables. The vocoder WORLD takes
the speech apart; notes, vibrato and longer vowels replace its pitch and its rhythm, and WORLD
synthesises the result. Writes a mono WAV file of about a minute for each voice, 16 kHz. Run again,
it makes the voices that are missing.

    apt-get install espeak-ng flite festival festvox-{hi-nsk,itapc16k,italp16k,mr-nsk,te-nsk} \\
        festvox-{ca-ona-hts,czech-dita,czech-krb,czech-machac,czech-ph,kallpc16k,kdlpc16k,ru} \\
        festvox-{suopuhe-common,suopuhe-lj,suopuhe-mv,us-slt-hts}
    pip install pyworld
    python scripts/sung_voices.py data/sung_voices
"""

import argparse
import itertools
import subprocess
import tempfile
import zlib
from pathlib import Path

import numpy as np
import pyworld

from sepmodels import audio

SAMPLE_RATE = 16000
SPOKEN = 45.0  # seconds of speech, at most
PERIOD = 0.005  # seconds from one frame of WORLD to the next
PAUSE = 60  # frames: the longest sound without pitch
VOICED = 200  # frames: fewer are too few to sing
FESTIVAL = [
    *("upc_ca_ona_hts", "czech_dita", "czech_krb", "czech_machac", "czech_ph", "kal_diphone"),
    *("ked_diphone", "hy_fi_mv_diphone", "suo_fi_lj_diphone", "hindi_NSK_diphone", "lp_diphone"),
    *("pc_diphone", "marathi_NSK_diphone", "telugu_NSK_diphone", "cmu_us_slt_arctic_hts"),
    "msu_ru_nsh_clunits",
]
FLITE = ("awb", "rms", "slt")
ESPEAK = ("en-us+f2", "it+f4", "es+m3", "de+f5", "fr+m1", "pt+f1", "ja+f3", "cmn+f2")
ONSETS = (*"bdfghjklmnprstvwz", "sh", "ch", "th", "br", "tr", "pl", "st", "sl")
NUCLEI = (*"aeiou", "ai", "ou", "ee", "oo")
CODAS = ("n", "m", "l", "r", "s", "", "")
SCALES = ((-5, -3, 0, 2, 4, 7, 9, 12), (-5, -2, 0, 2, 3, 5, 7, 10, 12))  # in semitones


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where to write the WAV files")
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    for name, command in list_voices():
        target = folder / f"{name}.wav"
        if target.exists():
            continue
        random = np.random.default_rng(zlib.crc32(name.encode()))
        sung = sing(speak(command, write_text(random)), random)
        audio.write(target, (0.7 * sung / np.abs(sung).max())[:, None], SAMPLE_RATE)
        print(target.name, flush=True)


def list_voices():
    """The names of all voices, and the commands that read text and write `{path}`."""
    for voice in FESTIVAL:
        yield f"festival-{voice}", ["text2wave", "-o", "{path}", "-eval", f"(voice_{voice})"]
    for voice in FLITE:
        yield f"flite-{voice}", ["flite", "-voice", voice, "-f", "/dev/stdin", "-o", "{path}"]
    for voice in ESPEAK:
        yield f"espeak-{voice}", ["espeak-ng", "-v", voice, "-s", "130", "-w", "{path}"]


def write_text(random, words=60):
    """Sentences of six words of one to three random syllables."""
    spoken = [
        "".join(
            random.choice(ONSETS) + random.choice(NUCLEI) + random.choice(CODAS)
            for _ in range(random.integers(1, 4))
        )
        for _ in range(words)
    ]
    return " ".join(f"{' '.join(spoken[i : i + 6])}." for i in range(0, words, 6))


def speak(command, text):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        command = [word.format(path=path) for word in command]
        subprocess.run(command, input=text.encode(), check=True, stderr=subprocess.DEVNULL)
        samples, sample_rate = audio.read(path)
    samples = audio.resample(samples, sample_rate, SAMPLE_RATE).mean(axis=1)
    return samples[: round(SPOKEN * SAMPLE_RATE)].astype("float64")


def sing(speech, random):
    """Replace pitch and rhythm of speech by those of a random melody."""
    period = 1000 * PERIOD
    pitch, times = pyworld.dio(speech, SAMPLE_RATE, frame_period=period)
    pitch = pyworld.stonemask(speech, pitch, times, SAMPLE_RATE)
    envelope = np.log(pyworld.cheaptrick(speech, pitch, times, SAMPLE_RATE) + 1e-16)
    noise = pyworld.d4c(speech, pitch, times, SAMPLE_RATE)
    voiced = pitch > 0
    if voiced.sum() < VOICED:
        raise ValueError(f"the synthesiser spoke only {voiced.sum()} voiced frames")
    frames, semitones = compose(voiced, random)
    tonic = np.median(pitch[voiced]) * 2 ** (random.uniform(-3, 7) / 12)
    sung = np.where(np.isnan(semitones), 0.0, tonic * 2 ** (glide(semitones) / 12))
    envelope, noise = (interpolate(values, frames) for values in (envelope, noise))
    return pyworld.synthesize(sung, np.exp(envelope), noise, SAMPLE_RATE, period)


def compose(voiced, random):
    """The frame of the speech for each frame of the song, and its pitch: NaN without a voice."""
    scale, note = SCALES[random.integers(len(SCALES))], 2
    frames, semitones = [], []
    edges = np.flatnonzero(np.diff(voiced, prepend=~voiced[0], append=~voiced[-1]))
    for start, end in itertools.pairwise(edges):
        if not voiced[start]:
            end = min(end, start + PAUSE)
            frames.append(np.arange(start, end))
            semitones.append(np.full(end - start, np.nan))
            continue
        while start < end:  # notes of 0.1 to 0.35 s of speech, up to three times as long when sung
            stop = min(end, start + random.integers(20, 70))
            stop = end if end - stop < 12 else stop
            length = int((stop - start) * random.uniform(1.2, 3.2))
            note = np.clip(note + random.integers(-2, 3), 0, len(scale) - 1)
            frames.append(np.linspace(start, stop - 1, length))
            semitones.append(scale[note] + make_vibrato(length, random))
            start = stop
    return np.concatenate(frames), np.concatenate(semitones)


def make_vibrato(length, random):
    time = PERIOD * np.arange(length)
    depth = random.uniform(0, 0.6) * np.clip((time - 0.15) / 0.2, 0, 1)  # semitones
    rate, phase = random.uniform(4.8, 6.3), random.uniform(0, 2 * np.pi)
    return depth * np.sin(2 * np.pi * rate * time + phase) + 0.005 * np.cumsum(
        random.normal(size=length)
    )


def glide(semitones):
    """Pitch without steps, also across pauses."""
    sung = np.flatnonzero(~np.isnan(semitones))
    whole = np.interp(np.arange(len(semitones)), sung, semitones[sung])
    window = np.hanning(13) / np.hanning(13).sum()
    return np.convolve(np.pad(whole, 6, "edge"), window, "valid")


def interpolate(values, frames):
    before = np.floor(frames).astype(int)
    share = (frames - before)[:, None]
    return (1 - share) * values[before] + share * values[np.minimum(before + 1, len(values) - 1)]


if __name__ == "__main__":
    main()
