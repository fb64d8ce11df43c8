"""The checks of the course: an open exercise, the library's own answer, and wrong ones."""

import math

import keras
import numpy as np
import pytest

import sepmodels as sm
from sepmodels.course.checking import EXERCISES, check, judge

each_exercise = pytest.mark.parametrize("number", EXERCISES)


def printed(capsys, number, answer):
    check(number, answer)
    return capsys.readouterr().out.strip()


def my_masks(scores):
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def my_sdr(reference, estimate):
    error = estimate - reference
    return 10 * np.log10((reference**2).sum() / (error**2).sum())


def my_fold(x, k):
    batch, time, channels = x.shape
    rows = x.reshape(batch, time // k, k, channels).transpose(0, 2, 1, 3)
    return rows.reshape(batch * k, time // k, channels)


def my_frames(t, j, k):
    first = {t - k * n for n in range(t // k + 1)}
    return sorted({f - j * n for f in first for n in range(f // j + 1)})


def my_backward(x, k, gru):
    rows = sm.layers.fold_time(np.flip(x, axis=1), k)
    return keras.ops.flip(sm.layers.unfold_time(gru(rows), k, x.shape[1]), axis=1)


def my_accompaniment(stems):
    return sum(stems[name] for name in stems if name != "vocals")


def my_remix(stems, gains):
    scaled = stems * gains[:, None, None]
    return np.concatenate([scaled.sum(axis=0, keepdims=True), scaled])


def my_validation(groups, count):
    held = sorted(set(groups))[:count]
    return [i for i, group in enumerate(groups) if group in held]


def my_encode(samples, classes):
    mu = classes - 1
    clipped = np.clip(samples, -1, 1)
    companded = np.sign(clipped) * np.log(1 + mu * np.abs(clipped)) / np.log(1 + mu)
    return np.floor((companded + 1) / 2 * mu + 0.5).astype(int)


def my_mask(vocals, accompaniment):
    total = vocals**2 + accompaniment**2
    return np.where(total > 0, vocals**2 / np.where(total > 0, total, 1), 0)


def my_overlap_add(frames, hop):
    signal = np.zeros((len(frames) - 1) * hop + frames.shape[1])
    for i, frame in enumerate(frames):
        signal[i * hop : i * hop + len(frame)] += frame
    return signal


def my_receptive_field(kernel_size, dilations):
    return 1 + sum((kernel_size - 1) * dilation for dilation in dilations)


def my_context(kernel_size, dilations, causal):
    total = sum((kernel_size - 1) * dilation for dilation in dilations)
    right = 0 if causal else sum(-((kernel_size - 1) * d // -2) for d in dilations)
    return total - right, right


def my_piece(start, stop, length, left, right):
    first, last = start - left, stop + right
    return max(0, first), min(length, last), max(0, -first), max(0, last - length)


def my_input_length(n, levels):
    for _ in range(levels):
        n = (n + 4 + 1) // 2
    n += 14
    for _ in range(levels):
        n = 2 * n - 1 + 14
    return n


def my_interpolate(x, w):
    batch, time, channels = x.shape
    y = np.empty((batch, 2 * time - 1, channels))
    y[:, ::2] = x
    y[:, 1::2] = w * x[:, :-1] + (1 - w) * x[:, 1:]
    return y


def my_transpose(features, kernel):
    length, inputs, _ = kernel.shape
    x = np.zeros((len(features) + length - 1, inputs))
    for k in range(length):
        x[k : k + len(features)] += features @ kernel[k].T
    return x


def my_two_source_loss(target, estimate):
    v, a = target[..., 0], target[..., 1]
    v_hat, a_hat = estimate[..., 0], estimate[..., 1]
    own = np.sum((v_hat - v) ** 2) + 0.9 * np.sum((a_hat - a) ** 2)
    return abs(own - 0.02 * np.sum((v_hat - a) ** 2))


def my_bits(logits, classes):
    top = logits.max(axis=-1)
    area = np.log(np.exp(logits - top[:, None]).sum(axis=-1))
    return np.mean(area + top - logits[np.arange(len(classes)), classes]) / np.log(2)


def my_queue(x, kernel, dilation):
    queue, out = [np.zeros_like(x[0])] * dilation, []
    for new in x:
        out.append(queue.pop(0) @ kernel[0] + new @ kernel[1])
        queue.append(new)
    return np.stack(out)


def my_costs(reconstruction, domains, weight):
    chances = np.exp(domains) / np.exp(domains).sum(axis=-1, keepdims=True)
    right = chances[:, range(domains.shape[1]), range(domains.shape[1])]
    telling = -weight * np.log(right).mean()
    return [telling, reconstruction - telling]


def my_side(front, kernel_size, dilations, stacks):
    return front // 2 + kernel_size // 2 * sum(dilations) * stacks


def my_mean(logits):
    shares = np.array(keras.ops.softmax(logits))
    samples = np.array(sm.signal.mu_law_decode(np.arange(256)))
    return (shares * samples).sum(axis=-1)


def my_p_value(right, trials):
    return sum(math.comb(trials, k) for k in range(right, trials + 1)) / 2**trials


def my_needed(trials, level):
    right = 0
    while right <= trials and my_p_value(right, trials) >= level:
        right += 1
    return right


def my_gate(x):
    filters, gate = np.split(x, 2, axis=-1)
    return np.tanh(filters) / (1 + np.exp(-gate))


def my_span(t, kernel_size, dilations, causal):
    reach = (kernel_size - 1) * sum(dilations)
    return (t - reach, t) if causal else (t - reach // 2, t + reach // 2)


def my_block(x, block):
    kernel, bias = block.dilated.get_weights()
    before = np.pad(x, ((0, 0), (block.dilation, 0), (0, 0)))[:, : x.shape[1]]
    z = my_gate(before @ kernel[0] + x @ kernel[1] + bias)
    kernel, bias = block.to_residual.get_weights()
    return x + z @ kernel[0] + bias


def my_upsample(x):
    y = np.zeros((len(x), 2 * x.shape[1] - 1, x.shape[2]))
    y[:, ::2] = x
    y[:, 1::2] = (x[:, :-1] + x[:, 1:]) / 2
    return y


def my_crop_concat(skip, x):
    start = (skip.shape[1] - x.shape[1]) // 2
    return np.concatenate([skip[:, start : start + x.shape[1]], x], axis=-1)


def my_lengths(n, levels):
    bottom = 5
    while True:
        size, output = bottom + 14, bottom
        for _ in range(levels):
            size, output = 2 * size - 1 + 14, 2 * output - 1 - 4
        if output >= n:
            return size, output
        bottom += 1


def my_reversal(x, upstream, scale):
    return np.stack([x, -scale * upstream])


def my_push(z, w, domain, scale):
    slope = 1 / (1 + np.exp(-z @ w)) - domain
    return -scale * np.outer(slope, w) / len(z)


def my_alternating_push(z, w, domain, scale, rate):
    slope = 1 / (1 + np.exp(-z @ w)) - domain
    return my_push(z, w - rate * slope @ z / len(z), domain, scale)


def my_score(tracks):
    return float(np.median([np.nanmedian(windows) for windows in tracks]))


def my_windows(references, estimates, size):
    pieces = [slice(i, i + size) for i in range(0, references.shape[1] - size + 1, size)]
    stems = [*references, *estimates]
    return [all(np.any(stem[piece].sum(axis=1)) for stem in stems) for piece in pieces]


def my_gain(scores):
    return scores.mean(), scores.mean(axis=1).std(ddof=1)


def my_weights(channels, units, dilation):
    return 3 * (channels * units + units * units + 2 * units)


def my_leak(train, test):
    return sum(backing in train for backing in test) / len(test)


BY_HAND = {
    "00.1": my_sdr,
    "01.1": my_accompaniment,
    "01.2": my_remix,
    "01.3": my_validation,
    "02.1": my_encode,
    "02.2": my_overlap_add,
    "02.3": my_mask,
    "03.1": my_receptive_field,
    "03.2": my_context,
    "03.3": my_piece,
    "10.1": my_gate,
    "10.2": my_span,
    "10.3": my_block,
    "11.1": my_upsample,
    "11.2": my_crop_concat,
    "11.3": my_lengths,
    "12.1": my_fold,
    "12.2": my_frames,
    "12.3": my_backward,
    "20.1": my_bits,
    "20.2": my_queue,
    "21.1": my_side,
    "21.2": my_mean,
    "22.1": my_input_length,
    "22.2": my_interpolate,
    "23.1": my_transpose,
    "23.2": my_two_source_loss,
    "13.1": my_reversal,
    "13.2": my_push,
    "13.3": my_alternating_push,
    "24.1": my_masks,
    "25.1": my_costs,
    "30.1": my_p_value,
    "30.2": my_needed,
    "31.1": my_score,
    "31.2": my_windows,
    "40.1": my_gain,
    "40.2": my_weights,
    "41.1": my_leak,
}


@each_exercise
def test_the_untouched_stub_is_open(number, capsys):
    assert printed(capsys, number, lambda *arguments: ...) == f"{number}: not attempted yet"
    assert printed(capsys, number, ...) == f"{number}: not attempted yet"


@each_exercise
def test_the_librarys_own_answer_is_correct(number, capsys):
    assert printed(capsys, number, EXERCISES[number].key) == f"{number}: correct"


@each_exercise
def test_an_answer_by_hand_is_correct(number, capsys):
    assert printed(capsys, number, BY_HAND[number]) == f"{number}: correct"


@each_exercise
def test_a_wrong_value_is_named(number, capsys):
    def off(*arguments):
        answer = np.array(EXERCISES[number].key(*arguments), "float64")
        answer.flat[-1] += 7.5
        return answer

    expected = np.asarray(EXERCISES[number].key(*EXERCISES[number].arguments()[0]))
    said = printed(capsys, number, off)
    pair = f"{expected.flat[-1] + 7.5:.6g} instead of {expected.flat[-1]:.6g}"
    assert said.startswith(f"{number}: runs, but the values differ: {pair}")


@each_exercise
def test_every_trap_is_a_mistake_that_is_recognised(number):
    for text, trap in EXERCISES[number].traps.items():
        verdict = judge(number, trap)
        assert verdict.state == "wrong"
        assert verdict.text.endswith(text)


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid value")
def test_masks_must_stand_large_scores():
    naive = judge("24.1", lambda scores: np.exp(scores) / np.exp(scores).sum(-1, keepdims=True))
    assert "nan instead of" in naive.text


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda x, k: None, "runs, but returns nothing: is the `return` missing?"),
        (lambda x, k: x[:, ::k], "the shape differs: (2, 3, 3) instead of (8, 3, 3)."),
        (lambda x, k: x * float("nan"), "the shape differs: (2, 12, 3) instead of (8, 3, 3)."),
        (lambda x, k: my_fold(x, k) * float("nan"), "nan instead of 0 at [0, 0, 0] (100% of them"),
        (lambda x, k: "rows", "numbers were asked for"),
        (lambda x, k: [[1], [2, 3]], "stops with ValueError: "),
        (lambda x: x, "stops with TypeError: "),
        (lambda x, k: 1 / 0, "stops with ZeroDivisionError: division by zero"),
        ([1, 2], "pass the function itself, not [1, 2]"),
        (None, "pass the function itself, not None"),
    ],
)
def test_whatever_comes_is_answered_in_one_line(answer, said, capsys):
    text = printed(capsys, "12.1", answer)
    assert said in text
    assert "\n" not in text


def test_an_unknown_exercise_names_the_known(capsys):
    assert printed(capsys, 12.9, my_fold).startswith("12.9: no such exercise; there are 00.1, 01.1")


def test_an_answer_may_spoil_its_arguments(capsys):
    def spoiling(x, k):
        rows = my_fold(x, k).copy()
        x[:] = 0
        return rows

    assert printed(capsys, "12.1", spoiling) == "12.1: correct"


@pytest.mark.parametrize("dilations", [(1,), (4,), (5, 3), (2, 4), (2, 2, 2)])
def test_the_frames_that_are_measured_are_those_of_arithmetic(dilations):
    heard = {13}
    for dilation in dilations:
        heard = {frame - dilation * n for frame in heard for n in range(frame // dilation + 1)}
    assert EXERCISES["12.2"].key(13, *dilations) == sorted(heard)


def test_backward_hears_later_frames_only():
    x, k, gru = EXERCISES["12.3"].arguments()[0]
    backward = EXERCISES["12.3"].key
    before = np.array(backward(x, k, gru))
    x[:, 6] += 1
    moved = np.abs(np.array(backward(x, k, gru)) - before).max(axis=(0, 2)) > 1e-6
    assert (k, np.flatnonzero(moved).tolist()) == (4, [2, 6])
