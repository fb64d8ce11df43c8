"""The least-squares problem of BSSEval: the filters of the references that fit an estimate best.

BSSEval allows a separator 512 taps of filtering. The filters solve the normal equations `G f = d`,
where `G` holds the correlations of all delayed references with one another, and `d` those with the
estimate. Correlations are summed over short blocks by FFT, `G` is factorised once for all
estimates, and the filters are applied, and energies summed, without leaving the frequency domain.
"""

import numpy as np
from scipy import fft, linalg

from sepmodels.evaluation.metrics.signals import to_decibels

TAPS = 512
_BLOCK, _BLOCKS = 4096, 8  # samples of an FFT, and how many at once: these fit into a cache


def stack_channels(stems, piece):
    """Stack the channels of all stems, one in each row, for a piece of the song."""
    return np.concatenate([np.atleast_2d(stem[piece].T) for stem in stems]).astype("float64")


def correlate(references, estimates, taps=TAPS):
    """Correlate: `r[lag, i, k]` of reference channel `i` and channel `k` of all, `lag` later."""
    hop = _BLOCK - taps + 1
    stems, rows = [*references, *estimates], len(stack_channels(references, slice(1)))
    spectrum = 0
    for start in range(0, len(references[0]), _BLOCKS * hop):
        piece = stack_channels(stems, slice(start, start + _BLOCKS * hop + taps - 1))
        piece = np.pad(piece, ((0, 0), (0, _BLOCKS * hop + taps - 1 - piece.shape[1])))
        blocks = np.lib.stride_tricks.sliding_window_view(piece, _BLOCK, axis=1)[:, ::hop]
        late, early = fft.rfft(blocks), fft.rfft(blocks[:rows, :, :hop], _BLOCK)
        spectrum = spectrum + early.conj().transpose(2, 0, 1) @ late.transpose(2, 1, 0)
    return fft.irfft(spectrum, _BLOCK, axis=0)[:taps]


def find_filters(correlation, rows, columns):
    """Find the filters from the reference channels `rows` to the channels `columns`.

    Args:
        correlation: array. From `correlate`.
        rows: slice. Which references may be filtered.
        columns: slice. Which of all channels are to be matched.

    Returns:
        array `(references, taps, estimates)`.
    """
    forward, wanted = correlation[:, rows, rows], correlation[:, rows, columns]
    taps, count = forward.shape[:2]
    right = wanted.transpose(1, 0, 2).reshape(count * taps, -1)
    return _solve(forward, right).reshape(count, taps, -1)


def _solve(forward, right):
    """Solve the normal equations, or where a channel depends on others, equations close to them.

    Pure tones, equal channels and long silences leave the filters undetermined, though not what
    they make of the references. A small multiple of the identity then determines them, in a
    hundredth of the time of a singular value decomposition.
    """
    try:
        return _factorise(forward, right)
    except linalg.LinAlgError:
        power = np.diagonal(forward[0])
        scale = 1 / np.sqrt(np.where(power > 0, power, 1))  # equal weight, quiet or loud
        scaled = forward * scale[:, None] * scale
        scaled[0] += len(forward) * len(scale) * np.finfo("float64").eps * np.eye(len(scale))
        scales = np.repeat(scale, len(forward))[:, None]
        return scales * _factorise(scaled, scales * right)


def _factorise(forward, right):
    # In place: LAPACK reads by columns, and a symmetric matrix is its own transpose.
    gram = _gram(forward).T
    factor = linalg.cho_factor(gram, lower=True, overwrite_a=True, check_finite=False)
    return linalg.cho_solve(factor, right, check_finite=False)


def _gram(forward):
    taps, count = forward.shape[:2]
    gram = np.empty((count, taps, count, taps))
    for i, k in np.ndindex(count, count):
        gram[i, :, k] = linalg.toeplitz(forward[:, i, k], forward[:, k, i])
    return gram.reshape(count * taps, count * taps)


def project(references, estimates, pieces):
    """Project the estimates of a song on the filtered references, in pieces.

    The filters are those of the whole song.

    Args:
        references: list of arrays, `(time, channels)` or `(time,)`. The true stems.
        estimates: list of arrays of the same shape.
        pieces: list of slices.

    Yields:
        For each piece four spectra `(channels of all sources, bins)`: of the references, of the
        estimates, of the projections on the references of each source alone, and of those on all
        references. By Parseval's theorem, energies can be summed over the bins.
    """
    sources, each = len(references), references[0][0].size
    # An even, fast size in which a piece and the tail of its filters do not wrap.
    longest = max((piece.stop - piece.start for piece in pieces), default=1)
    size = 2 * fft.next_fast_len((longest + TAPS) // 2, real=True)
    correlation = correlate(references, estimates)

    def find_responses(first, last):
        rows, columns = (slice(o + first * each, o + last * each) for o in (0, sources * each))
        return fft.rfft(find_filters(correlation, rows, columns), size, axis=1).transpose(0, 2, 1)

    by_all = find_responses(0, sources)
    by_own = np.stack([find_responses(i, i + 1) for i in range(sources)])
    for piece in pieces:
        truth, guess = (_compute_spectra(stems, piece, size) for stems in (references, estimates))
        own = np.einsum("srcf,srf->scf", by_own, truth.reshape(sources, each, -1))
        yield truth, guess, own.reshape(truth.shape), np.einsum("rcf,rf->cf", by_all, truth)


def _compute_spectra(stems, piece, size):
    """Compute the spectrum of every channel, with half the energy of the samples."""
    spectrum = fft.rfft(stack_channels(stems, piece), size)
    spectrum[:, [0, -1]] *= np.sqrt(0.5)  # the two bins that have no mirror image
    return spectrum


def compute_ratios(pairs, sources):
    """Compute ratios of energies, in dB, of pairs of spectra: an array `(pairs, sources)`."""
    return np.array(
        [to_decibels(*(_sum_energies(part, sources) for part in pair)) for pair in pairs]
    )


def _sum_energies(spectrum, sources):
    """Sum the energy of each source over its channels."""
    parts = np.ascontiguousarray(spectrum).view("float64").reshape(sources, -1)
    return np.einsum("sf,sf->s", parts, parts)
