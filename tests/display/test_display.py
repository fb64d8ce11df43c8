"""Players and pictures: what is heard keeps its level, what is drawn is where it should be."""

import base64
import io
import re
import subprocess
import sys
from html.parser import HTMLParser

import librosa
import numpy as np
import pandas as pd
import pytest
import soundfile
from matplotlib import colors, pyplot
from matplotlib_inline import backend_inline

import sepmodels as sm
from sepmodels import display
from sepmodels.display import mel_spectrogram, theme
from sepmodels.display.players import match_loudness

RATE = 16000
TIME = np.arange(2 * RATE) / RATE


def sine(frequency, amplitude=0.5, time=TIME):
    return (amplitude * np.sin(2 * np.pi * frequency * time)).astype("float32")


@pytest.fixture
def stems():
    return {"mixture": sine(440) + sine(880, 0.01), "vocals": sine(440), "other": sine(880, 0.01)}


class Tags(HTMLParser):
    """All tags with their attributes, as a browser would read them, and the captions."""

    def __init__(self, page):
        super().__init__()
        self.found, self.captions, self.inside = [], [], ""
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        self.inside = tag

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_data(self, data):
        if self.inside == "figcaption":
            self.captions.append(data)

    def all(self, name):
        return [attributes for tag, attributes in self.found if tag == name]


def sounds(page):
    """What a browser plays: the decoded sounds times the gain of the player."""
    tags = Tags(page.html)
    gain = float(tags.all("div")[0]["data-gain"])
    files = [base64.b64decode(audio["src"].split(",")[1]) for audio in tags.all("audio")]
    return [gain * soundfile.read(io.BytesIO(file), always_2d=True)[0] for file in files]


def decibels(samples):
    return 20 * np.log10(np.sqrt(np.mean(np.square(samples, dtype="float64"))))


def test_short_stems_are_embedded_exactly(stems):
    for samples, heard in zip(stems.values(), sounds(display.Player(stems, RATE)), strict=True):
        np.testing.assert_allclose(heard[:, 0], samples, atol=2**-15)


def test_silence_stays_silent_and_loudness_beyond_full_scale_is_kept():
    stems = {"loud": sine(440, 1.6), "quiet": sine(440, 0.001), "none": 0 * TIME}
    loud, quiet, none = sounds(display.Player(stems, RATE))
    assert decibels(loud) == pytest.approx(decibels(stems["loud"]), abs=0.01)
    assert decibels(quiet) == pytest.approx(decibels(stems["quiet"]), abs=0.2)
    assert not none.any()


@pytest.mark.parametrize("rate", [RATE, 16384, 96000])
def test_within_a_small_budget_stems_keep_level_and_length(rate):
    time = np.arange(2 * rate) / rate
    stems = {
        "vocals": np.stack([sine(440, 0.5, time), sine(660, 0.05, time)], axis=1),
        "other": np.stack([sine(880, 0.01, time), sine(880, 0.2, time)], axis=1),
    }
    page = display.Player(stems, rate, budget=60_000)
    audio = Tags(page.html).all("audio")
    assert all(tag["src"].startswith("data:audio/mpeg;base64,") for tag in audio)
    assert sum(len(tag["src"]) for tag in audio) <= 60_000
    for samples, heard in zip(stems.values(), sounds(page), strict=True):
        seconds = len(heard) / (rate if rate == RATE else {16384: 22050, 96000: 48000}[rate])
        assert seconds == pytest.approx(2, abs=1e-4)
        for channel in range(2):
            expected = decibels(samples[:, channel])
            assert decibels(heard[:, channel]) == pytest.approx(expected, abs=0.1)


def test_a_song_beyond_the_budget_is_refused():
    noise = np.random.default_rng(0).normal(0, 0.1, 4 * RATE)
    with pytest.raises(ValueError, match=r"1 stems of 4 s take \d+ bytes.*10000 bytes.*excerpt"):
        display.Player({"noise": noise}, RATE, budget=10_000)


def test_a_player_is_small_and_asks_for_nothing(stems):
    page = display.Player(stems, RATE)
    assert len(page.html) < 200_000
    for attributes in (a for _, a in Tags(page.html).found):
        assert not re.match("https?:|//", attributes.get("src", "") + attributes.get("href", ""))
    assert page._repr_html_() == page.html
    assert repr(page) == "<Player of 3 stems, 0.1 MB>"


def test_names_cannot_break_out_of_the_page(stems):
    evil = "</figcaption><script>alert('1')</script><b title=\"x\">{{gain}}"
    page = display.Player({evil: stems["vocals"]}, RATE, title=evil)
    tags = Tags(page.html)
    assert len(tags.all("script")) == 1 and not tags.all("b")
    assert "".join(tags.captions) == evil
    assert tags.all("div")[0]["data-title"] == evil


def test_hidden_names_are_nowhere_on_the_page(stems):
    page = display.Player(stems, RATE, hide_names=True)
    tags = Tags(page.html)
    body = page.html[: page.html.index("<script>")]
    assert tags.captions == ["A", "B", "C"]
    assert not tags.all("img")  # a spectrogram would tell
    assert not any(name in body for name in stems)
    assert sorted(page.key.values()) == sorted(stems)
    for label, heard in zip("ABC", sounds(page), strict=True):
        np.testing.assert_allclose(heard[:, 0], stems[page.key[label]], atol=2**-15)


def test_the_hidden_order_follows_the_sounds_alone(stems):
    orders = set()
    for gain in np.linspace(0.1, 1, 12):
        changed = {name: gain * samples for name, samples in stems.items()}
        first, again = (
            tuple(display.Player(changed, RATE, hide_names=True).key.values()) for _ in range(2)
        )
        assert first == again
        orders.add(first)
    assert len(orders) > 2


def test_small_pictures_show_the_tone_at_one_scale():
    high = {"low": sine(440, 0.001), "loud": sine(440)}
    images = Tags(display.Player(high, RATE).html).all("img")
    quiet, loud = (
        pyplot.imread(io.BytesIO(base64.b64decode(image["src"].split(",")[1])))[..., 3]
        for image in images
    )
    assert loud.shape[0] == 80
    row = 79 - 79 * mel_spectrogram.hz_to_mel(440) / mel_spectrogram.hz_to_mel(RATE / 2)
    assert np.abs(loud[:, 20:-20].mean(axis=1).argmax() - row) <= 1
    assert loud.max() == 1 and 0 < quiet.max() < 0.2  # 54 dB below, on the same scale


def test_the_saved_page_stands_alone(stems, tmp_path):
    page = display.Player(stems, RATE, title="Tom & <Jerry>")
    path = page.save(tmp_path / "listen.html")
    text = path.read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>") and page.html in text
    assert "<title>Tom &amp; &lt;Jerry&gt;</title>" in text
    with pytest.raises(FileNotFoundError):
        page.save(tmp_path / "missing" / "listen.html")


def test_loudness_is_that_of_broadcasting():
    # EBU Tech 3341, cases 1 to 3: tones of 1 kHz, and pauses that do not count.
    time = np.arange(20 * 8000) / 8000
    tone = np.tile(sine(1000, 1.0, time)[:, None], 2)
    level = {decibels: 10 ** (decibels / 20) * tone for decibels in (-36, -23, -33, -72)}
    assert sm.display.measure_loudness(level[-23], 8000) == pytest.approx(-23, abs=0.1)
    assert sm.display.measure_loudness(level[-33], 8000) == pytest.approx(-33, abs=0.1)
    song = np.concatenate([level[-36][:80000], level[-23], level[-23], level[-36][:80000]])
    assert sm.display.measure_loudness(song, 8000) == pytest.approx(-23, abs=0.1)
    paused = np.concatenate([level[-23], 0 * tone, level[-72]])
    assert sm.display.measure_loudness(paused, 8000) == pytest.approx(-23, abs=0.1)
    assert sm.display.measure_loudness(level[-72], 8000) == -np.inf


def test_matching_makes_stems_equally_loud_and_never_clips():
    stems = {"loud": sine(440, 0.9)[:, None], "quiet": sine(880, 0.01)[:, None]}
    stems["spiky"] = stems["quiet"].copy()
    stems["spiky"][999] = 0.5
    stems["none"] = 0 * stems["loud"]
    gains = match_loudness(stems.values(), RATE)
    assert gains[3] == 0
    matched = [10 ** (gain / 20) * x for gain, x in zip(gains, stems.values(), strict=True)]
    heard = [sm.display.measure_loudness(x, RATE) for x in matched[:3]]
    np.testing.assert_allclose(heard, heard[0], atol=1e-6)
    assert max(np.abs(x).max() for x in matched) == pytest.approx(1)  # the spike sets the limit


def test_a_report_stands_the_truth_above_what_was_made_of_it(stems, tmp_path):
    truth = {name: stems[name] for name in ("vocals", "other")}
    index = pd.Index(["vocals", "bass", "<other>"], name="source")
    scores = pd.DataFrame({"SDR": [5.25, -2.5, np.nan]}, index)
    path = tmp_path / "song.html"
    page = display.write_report(path, stems["mixture"], truth, truth, RATE, scores=scores)
    tags = Tags(page.html)
    expected = ["mixture", "vocals: reference", "vocals: estimate"]
    assert tags.captions == [*expected, "other: reference", "other: estimate"]
    assert page.html in path.read_text(encoding="utf-8")
    assert re.search(r"<th>&lt;other&gt;</th>\s*<td>none</td>", page.html)
    assert "<td>\N{MINUS SIGN}2.5</td>" in page.html
    assert "FLAC, exact to 16 bits" in page.html
    # Systems side by side, and a song whose truth nobody has.
    systems = {"A": {"vocals": truth["vocals"]}, "B": {"vocals": stems["other"]}}
    page = display.write_report(path, stems["mixture"], {}, systems, RATE)
    assert list(page.key) == ["mixture", "vocals: A", "vocals: B"]


def test_a_long_report_keeps_to_its_budget(tmp_path):
    noise = np.random.default_rng(0).normal(0, 0.1, 40 * 8000).astype("float32")
    song = {"vocals": noise}
    sizes = []
    for budget in (4_000_000, 900_000, 600_000):
        page = display.write_report(tmp_path / "a.html", noise, song, song, 8000, budget=budget)
        assert page.html in (tmp_path / "a.html").read_text(encoding="utf-8")
        assert (tmp_path / "a.html").stat().st_size <= budget
        assert ("MP3 of about" in page.html) == (budget < 1_000_000)
        sizes.append(len(page.html))
    assert sizes == sorted(sizes, reverse=True)
    with pytest.raises(ValueError, match="3 stems of 40 s.*raise the budget"):
        display.write_report(tmp_path / "b.html", noise, song, song, 8000, budget=400_000)
    assert not (tmp_path / "b.html").exists()
    rows = pd.DataFrame({"SDR": range(101)})
    with pytest.raises(ValueError, match="summarize.*rows=101"):
        display.write_report(tmp_path / "b.html", noise, song, song, 8000, scores=rows)


@pytest.mark.parametrize(
    "stems, words",
    [
        ({}, "one or more"),
        ({"a": np.zeros(9), "b": np.zeros(8)}, r"\{'a': 9, 'b': 8\}"),
        ({"a": np.zeros((9, 3))}, r"stems\['a'\].*\(9, 3\)"),
        ({"a": np.zeros((0, 1))}, r"\(0, 1\)"),
        ({"a": np.full(9, np.nan)}, "NaN"),
    ],
)
def test_stems_that_cannot_be_played_are_refused(stems, words):
    with pytest.raises(ValueError, match=words):
        display.Player(stems, RATE)


def test_a_player_needs_no_matplotlib():
    code = (
        "import sys; import sepmodels as sm; sm.display.Player({'a': [0.0] * 999}, 8000); "
        "sys.exit('matplotlib' in sys.modules or 'IPython' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=sm.__path__[0] + "/..")


@pytest.mark.parametrize("frequency, amplitude", [(100, 1.0), (1000, 0.1), (5000, 0.01)])
def test_magnitudes_find_a_tone_and_its_level(frequency, amplitude):
    grid = mel_spectrogram.compute_mel_spectrogram(sine(frequency, amplitude), RATE, rows=400)
    middle = grid[:, 50:-50]
    found = librosa.mel_frequencies(400, fmin=0, fmax=RATE / 2, htk=True)[
        middle.mean(axis=1).argmax()
    ]
    assert found == pytest.approx(frequency, abs=RATE / 512)
    assert middle.max() == pytest.approx(20 * np.log10(amplitude), abs=1.5)


@pytest.mark.parametrize("length", [1, 100, RATE, 60 * RATE])
def test_magnitudes_take_any_length_in_bounded_columns(length):
    grid = mel_spectrogram.compute_mel_spectrogram(np.zeros((length, 2)), RATE, columns=300)
    assert grid.shape[0] == 160 and 1 <= grid.shape[1] <= 300
    assert (grid == -200).all()


def test_spectrograms_share_one_scale_of_loudness(stems):
    figure = display.plot_spectrograms(stems, RATE, title="The finding")
    images = [axes.images[0] for axes in figure.axes if axes.images]
    assert len({image.get_clim() for image in images}) == 1
    assert images[0].get_clim() == (-85, -5)  # half scale is -6 dB
    assert [axes.get_title(loc="left") for axes in figure.axes[:3]] == list(stems)
    assert figure.get_suptitle() == "The finding"
    ticks = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert ticks == ["0", "500", "1,000", "2,000", "4,000", "8,000"]
    assert figure.axes[2].get_xlim() == (0, 2)


def test_waveforms_lose_no_peak(stems):
    stems["vocals"][12345] = 0.9
    figure = display.plot_waveforms(stems, RATE, points=50)
    assert figure.axes[1].dataLim.ymax == pytest.approx(0.9)
    assert len({axes.get_ylim() for axes in figure.axes}) == 1


def test_a_learning_curve_marks_the_best_epoch():
    past = {"loss": [4.0, 3, 2, 1], "val_loss": [5.0, np.nan, 2, 3]}
    axes = display.plot_learning_curve(past).axes[0]
    assert axes.get_title(loc="left") == "Epoch 3 is best: validation loss 2"
    training, validation, best = axes.lines
    np.testing.assert_array_equal(training.get_ydata(), past["loss"])
    np.testing.assert_array_equal(validation.get_xdata(), [1, 2, 3, 4])
    assert (best.get_xdata(), best.get_ydata()) == ([3], [2])
    diverged = display.plot_learning_curve({"loss": [np.nan]}).axes[0]
    assert diverged.get_title(loc="left") == "loss over 1 epochs"
    with pytest.raises(ValueError, match=r"\['loss', 'val_loss'\].*metric='mse'"):
        display.plot_learning_curve(past, metric="mse")


def test_scores_lie_between_floor_and_ceiling(stems):
    truth = {name: stems[name][:, None] for name in ("vocals", "other")}
    noise = np.random.default_rng(0).normal(0, 1e-3, (len(TIME), 1)).astype("float32")
    guess = {name: samples + noise for name, samples in truth.items()}
    table = sm.evaluate(guess, truth, RATE)
    axes = display.plot_scores(table, title="Both are free").axes[0]
    medians = table[table.scope == "window"].groupby(["source", "system"])["SDR"].median()
    drawn = {
        (line.get_xdata()[0], line.get_ydata()[0]) for line in axes.lines if len(line.get_xdata())
    }
    for row, source in enumerate(truth):
        for system in ("mixture", "estimate", "oracle"):
            assert (medians[source, system], row) in drawn
    words = [text.get_text() for text in axes.texts]
    value = medians["vocals", "estimate"]
    assert words[0] == f"{value:.1f} dB ({value - medians['vocals', 'mixture']:+.1f})"
    assert axes.get_title(loc="left") == "Both are free"
    with pytest.raises(ValueError, match="score='SIR'"):
        display.plot_scores(table, score="SIR")


def test_scores_of_silence_draw_without_a_warning(stems):
    silent = {"vocals": 0 * stems["vocals"][:, None], "other": stems["other"][:, None]}
    figure = display.plot_scores(sm.evaluate(silent, silent, RATE))
    figure.canvas.draw()
    assert not figure.axes[0].texts


def test_figures_are_not_kept_and_can_be_drawn(stems, tmp_path):
    before = pyplot.get_fignums()
    for i, figure in enumerate([
        display.plot_spectrogram(stems["vocals"], RATE, title="One line"),
        display.plot_spectrograms(stems, RATE),
        display.plot_waveforms(stems, RATE, title="Even"),
        display.plot_learning_curve({"loss": [2.0, 1.0]}),
    ]):  # fmt: skip
        figure.savefig(tmp_path / f"{i}.png")
    assert pyplot.get_fignums() == before


def test_nothing_to_draw_is_refused():
    for draw in (display.plot_spectrograms, display.plot_waveforms):
        with pytest.raises(ValueError, match="must contain a sound|not empty"):
            draw({}, RATE)


def test_a_missing_matplotlib_names_the_pip_line(stems, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match="pip install matplotlib"):
        display.plot_waveforms(stems, RATE)


def test_colors_follow_the_source():
    assert theme.color_of("vocals, estimated") == theme.COLORS["vocals"]
    assert theme.color_of("vocals: reference") == theme.color_of("the vocals, filtered")
    assert len(set(theme.COLORS.values())) == len(theme.COLORS)


def test_a_name_has_one_color_in_all_figures_and_players(stems):
    names = [f"instrument {i}" for i in range(20)]
    first = [theme.color_of(name) for name in names]
    assert len({*first, *theme.COLORS.values()}) == 20 + len(theme.COLORS)
    backwards = {f"{name}: estimate": stems["vocals"] for name in reversed(names)}
    figure = display.plot_waveforms(backwards, RATE)
    drawn = [colors.to_hex(axes.collections[0].get_facecolor()[0]) for axes in figure.axes]
    assert drawn == [color.lower() for color in first[::-1]]
    page = display.Player(backwards, RATE, budget=20_000_000)
    assert [figure["data-color"] for figure in Tags(page.html).all("figure")] == first[::-1]


def test_the_theme_can_be_set_for_all_figures():
    with pyplot.rc_context():
        display.set_theme()
        assert pyplot.rcParams["axes.grid"] and not pyplot.rcParams["legend.frameon"]


def luminance(color):
    """As in WCAG 2, which asks for a contrast of 3 for large text and figures."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color[:3]]
    return np.dot(linear, (0.2126, 0.7152, 0.0722))


def contrast(*pair):
    low, high = sorted(luminance(colors.to_rgb(color)) for color in pair)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("page", ["#FFFFFF", "#111111"])
def test_a_figure_is_legible_on_light_pages_and_on_dark_ones(stems, page):
    figure = display.plot_spectrogram(stems["vocals"], RATE, title="a title")
    axes = figure.axes[0]
    assert figure.get_facecolor()[3] == 0
    inks = [figure._suptitle.get_color(), axes.xaxis.label.get_color()]
    inks += [labels[0].get_color() for labels in (axes.get_xticklabels(), axes.get_yticklabels())]
    for ink in inks:
        assert contrast(ink, page) > 3.5, ink


def test_no_color_is_lost_on_a_dark_page_or_on_a_light_one():
    for color in {*theme.COLORS.values(), *theme.SPARE}:
        assert contrast(color, "#111111") > 3, color
        assert contrast(color, "#FFFFFF") > 2.3, color


def test_no_front_end_lays_a_sheet_under_a_figure_that_suits_both_themes():
    with pyplot.rc_context():
        display.set_theme()
        figure, axes = pyplot.subplots()
        axes.plot([0, 1], [0, 1])
        figure.canvas.draw()
        assert backend_inline._fetch_figure_metadata(figure) is None
        pyplot.close(figure)


def test_scores_show_what_volume_alone_achieves():
    voice, band = sine(440)[:, None], sine(880, 0.5)[:, None]
    truth, guess = {"vocals": voice, "other": band}, {"vocals": voice, "other": 0.5 * band}
    table = sm.evaluate(guess, truth, RATE)
    axes = display.plot_scores(table).axes[0]
    (square,) = [line for line in axes.lines if line.get_label() == "volume alone"]
    floor = table[(table["system"] == "gain") & (table["scope"] == "window")]
    assert square.get_xdata()[0] == floor.groupby("source")["SDR"].median()["vocals"]
