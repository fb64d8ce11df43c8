"""The checks of the course: an open exercise, the library's own answer, and wrong ones."""

import asyncio
import math

import keras
import numpy as np
import pandas as pd
import pytest

import sepmodels as sm
from sepmodels.course import EXERCISES, check, judge
from sepmodels.evaluation import statistics

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


def my_reach(dilations, n_fft, hop_length):
    return hop_length * (1 + sum(dilations) + 1) + n_fft - 1


def my_sum_of_three(x, kernel, bias, dilation, forward, backward):
    padded = np.pad(x, ((0, 0), (dilation, dilation), (0, 0)))
    taps = [padded[:, dilation * tap : dilation * tap + x.shape[1]] for tap in range(3)]
    c = sum(tap @ weights for tap, weights in zip(taps, kernel, strict=True)) + bias
    c = np.where(c > 0, c, 0.01 * c)
    return x + c + forward(c) + np.array(backward(c[:, ::-1]))[:, ::-1]


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


def my_states(z, n):
    h, states = np.zeros(z.shape[1]), []
    for gate, candidate in zip(z, n, strict=True):
        h = (1 - gate) * h + gate * candidate
        states.append(h)
    return states


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


def my_cell(levels):
    return 1 + 4 * (2**levels - 1)


def my_doubling(x, kernel):
    total = np.zeros(2 * len(x) + 3)
    for step, value in enumerate(x):
        total[2 * step : 2 * step + 5] += value * kernel
    return total[1:-2]


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
    "04.1": my_states,
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
    "24.2": my_sum_of_three,
    "24.3": my_reach,
    "25.1": my_costs,
    "26.1": my_cell,
    "26.2": my_doubling,
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
def test_the_librarys_own_answer_is_right_and_recognised(number):
    verdict = judge(number, EXERCISES[number].key)
    assert verdict.state == "library" and verdict.text.startswith("right, but that is the library")
    assert verdict.text.endswith("write it yourself")


@pytest.mark.parametrize(
    ("number", "answer", "name"),
    [
        ("00.1", lambda s, e: sm.metrics.sdr(s, e) + 0, "sdr"),
        ("02.1", lambda x, classes: sm.signal.mu_law_encode(x, classes), "mu_law_encode"),
        ("11.2", lambda skip, x: sm.layers.CropConcat()((skip, x)), "CropConcat"),
        ("12.1", sm.layers.fold_time, "fold_time"),
        ("10.3", lambda x, block: block(x), "GatedResidualBlock.call"),
        ("13.1", EXERCISES["13.1"].key, "_there_and_back"),
    ],
)
def test_a_copied_answer_is_named(number, answer, name):
    verdict = judge(number, answer)
    assert verdict.state == "library"
    assert f"`{name}" in verdict.text


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


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid value", "ignore:divide by zero")
@each_exercise
def test_every_trap_is_a_mistake_that_is_recognised(number):
    for text, trap in EXERCISES[number].traps.items():
        verdict = judge(number, trap)
        assert verdict.state == "wrong"
        assert verdict.text.endswith(text)


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid value")
def test_masks_must_stand_large_scores():
    naive = judge("24.1", lambda scores: np.exp(scores) / np.exp(scores).sum(-1, keepdims=True))
    assert "nan instead of" in naive.text and "exp overflows" in naive.text


def encode_without_clipping(samples, classes):
    companded = np.sign(samples) * np.log1p((classes - 1) * np.abs(samples)) / np.log(classes)
    return np.floor((companded + 1) / 2 * (classes - 1) + 0.5).astype(int)


def count_windows_by_their_sum(references, estimates, size):
    count = references.shape[1] // size
    return [
        all(stem[size * i : size * (i + 1)].sum() != 0 for stem in (*references, *estimates))
        for i in range(count)
    ]


def concat_with_a_crop_rounded_up(skip, x):
    start = math.ceil((skip.shape[1] - x.shape[1]) / 2)
    return np.concatenate([skip[:, start : start + x.shape[1]], x], axis=-1)


def block_with_swapped_taps(x, block):
    kernel, bias = block.dilated.get_weights()
    block.dilated.set_weights([kernel[::-1], bias])
    return my_block(x, block)


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid value", "ignore:divide by zero")
@pytest.mark.parametrize(
    ("number", "answer", "said"),
    [
        ("02.1", encode_without_clipping, "clip to [-1, 1] first."),
        ("31.2", count_windows_by_their_sum, "positive and negative samples cancel."),
        ("11.2", concat_with_a_crop_rounded_up, "start at (8 - 5) // 2 = 1."),
        ("10.3", block_with_swapped_taps, "kernel[0] belongs to the older sample"),
        ("13.1", lambda x, g, scale: np.stack([-x, -scale * g]), "the output does not."),
        (
            "20.1",
            lambda z, c: (
                -np.log2(
                    (np.exp(z) / np.exp(z).sum(-1, keepdims=True))[np.arange(len(c)), c]
                ).mean()
            ),
            "subtract the largest logit",
        ),
    ],
)
def test_a_classic_mistake_is_wrong_and_gets_its_hint(number, answer, said):
    verdict = judge(number, answer)
    assert verdict.state == "wrong" and said in verdict.text


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda x, k: None, "runs, but returns nothing: is the `return` missing?"),
        (lambda x, k: x[:, ::k], "the shape differs: (2, 3, 3) instead of (8, 3, 3)."),
        (lambda x, k: x * float("nan"), "the shape differs: (2, 12, 3) instead of (8, 3, 3)."),
        (lambda x, k: my_fold(x, k) * float("nan"), "nan instead of 0 at [0, 0, 0] (100% of them"),
        (lambda x, k: "rows", "returns 'rows' of type str; a number, or a list"),
        (lambda x, k: [[1], [2, 3]], "returns [[1], [2, 3]] of type list; a number, or a list"),
        (lambda x, k: {3, 1}, "returns {1, 3} of type set; a number, or a list"),
        (lambda x, k: (row for row in x), "of type generator; a number, or a list"),
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


def test_an_answer_may_empty_a_dict_and_change_a_layer():
    def emptying(stems):
        rest = my_accompaniment(stems)
        stems.clear()
        return rest

    def retraining(x, block):
        y = my_block(x, block)
        block.set_weights([0 * w for w in block.get_weights()])
        return y

    assert judge("01.1", emptying).state == judge("10.3", retraining).state == "correct"


class Hostile(Exception):
    """Fails at whatever is asked of it."""

    def _fail(self, *arguments, **names):
        raise Hostile

    __str__ = __repr__ = __array__ = __len__ = __iter__ = __eq__ = __bool__ = _fail
    __hash__ = None


def raising(error):
    def answer(*arguments):
        raise error

    return answer


def endless():
    nested = []
    nested.append(nested)
    return nested


def spoil(value):
    """Empties or overwrites an argument in place."""
    if isinstance(value, np.ndarray):
        value[...] = 0
    elif isinstance(value, (dict, list)):
        value.clear()
    elif isinstance(value, keras.Layer):
        value.set_weights([0 * w for w in value.get_weights()])


async def coroutine(*arguments):
    return 0


RESULTS = [
    None,
    "text",
    b"bytes",
    ["drums", "vocals"],
    [],
    [[]],
    {},
    {"vocals": 1.0},
    {1, 2},
    1j,
    2**70,
    -1,
    True,
    float("nan"),
    float("inf"),
    np.zeros(0),
    np.zeros((3, 1, 4)),
    np.full((2, 12, 3), np.nan),
    np.array(["a"]),
    np.array([None, 1]),
    np.datetime64("2018-01-01"),
    object(),
    Hostile,
    Hostile(),
    [Hostile()],
    [[1], [2, 3]],
    (x for x in [1]),
    iter([]),
    lambda: 0,
    range(3),
    slice(3),
    endless(),
    keras.KerasTensor((2,)),
    keras.layers.GRU,
    np.ma.masked,
    NotImplemented,
]
ERRORS = [
    ValueError(),
    ValueError("two\nlines"),
    SystemExit(1),
    GeneratorExit(),
    StopIteration(),
    Hostile(),
    MemoryError(),
    RecursionError(),
    Warning("w"),
    BaseException("b"),
    AssertionError(),
    asyncio.CancelledError(),
    KeyError("vocals"),
    UnicodeDecodeError("utf8", b"a", 0, 1, "\n"),
]


@pytest.mark.filterwarnings("ignore")
@each_exercise
def test_nothing_that_an_answer_is_or_does_raises(number, capsys):
    def spoiling(*arguments):
        right = EXERCISES[number].key(*arguments)
        for argument in arguments:
            spoil(argument)
        return right

    def strict(*arguments):
        np.seterr(all="raise")
        print("12.1: correct", end="")

    def recursive(*arguments):
        return recursive(*arguments)

    answers = [None, 3, "my_fold", [my_fold], Hostile(), Hostile, print, coroutine, lambda: 0]
    answers += [lambda *arguments, result=result: result for result in RESULTS]
    answers += [raising(error) for error in ERRORS] + [strict, recursive]
    for answer in answers:
        with np.errstate():  # restores what `strict` sets
            lines = printed(capsys, number, answer).splitlines()
        assert lines[0].startswith(f"{number}: "), answer
        assert "correct" not in lines[0], answer
        assert all(line.startswith("  (your function printed: ") for line in lines[1:])
    assert judge(number, spoiling).state == "library"


def test_what_an_answer_prints_cannot_be_taken_for_a_verdict(capsys):
    def boasting(x, k):
        print("12.1: correct")
        return x

    first, second = printed(capsys, "12.1", boasting).splitlines()
    assert first.startswith("12.1: runs, but the shape differs")
    assert second == "  (your function printed: 12.1: correct)"


def test_only_the_keyboard_interrupts_a_check():
    with pytest.raises(KeyboardInterrupt):
        check("12.1", raising(KeyboardInterrupt()))


def test_the_number_may_be_anything(capsys):
    for number in (None, 3, Hostile(), [], "12.1\n"):
        check(number, my_fold)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5 and lines[0].startswith("None: no such exercise; there are 00.1")


@pytest.mark.parametrize("dilations", [(1,), (4,), (5, 3), (2, 4), (2, 2, 2)])
def test_the_frames_of_12_2_are_those_that_change_the_output(dilations):
    t = 13
    x = np.zeros((t + 2, t + 1, 1), "float32")  # the last row stays as it is
    x[np.arange(t + 1), np.arange(t + 1)] = 1.0
    for seed, dilation in enumerate(dilations):
        kernel = keras.initializers.RandomNormal(seed=seed)
        x = sm.layers.DilatedGRU(8, dilation, return_sequences=True, kernel_initializer=kernel)(x)
    moved = np.abs(np.asarray(x)[:-1, t] - np.asarray(x)[-1, t]).max(axis=1)
    measured = np.flatnonzero(moved > 1e-4 * moved.max()).tolist()
    assert EXERCISES["12.2"].key(t, *dilations) == measured


def test_keys_written_by_hand_agree_with_the_library():
    scores = EXERCISES["40.1"].arguments()[0][0]
    seeds, tracks = np.indices(scores.shape)
    columns = {"variant": "a", "seed": seeds.ravel(), "track": tracks.ravel()}
    costs = dict.fromkeys(("parameters", "multiply_adds", "receptive_field", "seconds"), 0)
    table = pd.DataFrame({**columns, "SDRi": scores.ravel(), **costs})
    line = sm.ablation.summarize_variants(table).iloc[0]
    gain = EXERCISES["40.1"].key(scores)
    np.testing.assert_allclose(gain, (line["SDRi"], line["seed_deviation"]), rtol=1e-6)

    (tracks,) = EXERCISES["31.1"].arguments()[0]
    rows = [(i, "vocals", value) for i, values in enumerate(tracks) for value in values]
    lines = statistics.aggregate(pd.DataFrame(rows, columns=["track", "source", "SDR"]))
    score = lines["SDR"].xs(statistics.TRACKS, level="aggregate").item()
    assert EXERCISES["31.1"].key(tracks) == pytest.approx(score)

    (stems,) = EXERCISES["01.1"].arguments()[0]
    rest = {name: stem for name, stem in stems.items() if name != "vocals"}
    mixture = sm.datasets.Track.from_arrays("rest", rest, sample_rate=1).mixture
    np.testing.assert_allclose(EXERCISES["01.1"].key(stems), mixture, atol=1e-6)


def test_the_gate_is_that_of_a_block_whose_convolutions_are_identities():
    (x,) = EXERCISES["10.1"].arguments()[0]
    filters = x.shape[-1] // 2
    block = sm.layers.GatedResidualBlock(filters, 1, skip_filters=filters, residual=False)
    block.build(x.shape)
    block.dilated.set_weights([np.eye(2 * filters)[None], np.zeros(2 * filters)])
    block.to_skip.set_weights([np.eye(filters)[None], np.zeros(filters)])
    np.testing.assert_allclose(EXERCISES["10.1"].key(x), block(x), atol=1e-6)


def test_the_block_of_24_2_is_that_of_the_network():
    _, kernel, bias, dilation, forward, backward = EXERCISES["24.2"].arguments()[0]
    sizes = {"n_fft": 16, "hop_length": 8, "filters": 4, "groups": 1, "weight_norm": False}
    model = sm.models.DilatedConvGRU(dilations=(dilation,), gru_dilation=1, **sizes)
    model.get_layer("conv_0").set_weights([kernel, bias])
    model.get_layer("gru_0_forward").set_weights(forward.get_weights())
    model.get_layer("gru_0_backward").set_weights(backward.get_weights())
    inside = [model.get_layer(name).input for name in ("conv_0", "head")]
    x, y = keras.Model(model.input, inside)(np.random.default_rng(0).normal(size=(1, 80, 1)))
    expected = EXERCISES["24.2"].key(x, kernel, bias, dilation, forward, backward)
    np.testing.assert_allclose(y, expected, atol=1e-5)


def test_backward_depends_on_later_frames_only():
    x, k, gru = EXERCISES["12.3"].arguments()[0]
    backward = EXERCISES["12.3"].key
    before = np.array(backward(x, k, gru))
    x[:, 6] += 1
    moved = np.abs(np.array(backward(x, k, gru)) - before).max(axis=(0, 2)) > 1e-6
    assert (k, np.flatnonzero(moved).tolist()) == (4, [2, 6])
