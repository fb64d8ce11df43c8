"""What a listener does, done in a real browser: click, switch, loop, judge blindly."""

import html
import json
import time

import numpy as np
import pandas as pd
import pytest
from chromium import browse
from scipy import stats

import sepmodels as sm

RATE = 16000
TIME = np.arange(4 * RATE) / RATE
# Every stem is a tone of its own, so that what sounds says which stem it is.
TONES = {
    "mixture": (300, 0.5),
    "vocals: reference": (600, 0.5),
    "vocals: estimate": (900, 0.4),
    "other: reference": (1200, 0.05),
    "other: estimate": (1500, 0.05),
}
HERTZ = [frequency for frequency, _ in TONES.values()]
HOST = "document.querySelector('.sepmodels-player')"
SOUND = f"{HOST}.transport"
HEARD = f"{SOUND}.heard().hertz"


def node(selector):
    return f"{HOST}.shadowRoot.querySelector({selector!r})"


def row(i):
    return node(f".stem:nth-child({i + 1}) .name")


def sounds(hertz):
    return f"Math.abs({HEARD} - {hertz}) < 15 && {SOUND}.heard().decibels > -60"


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A report of tones, on disk."""
    tones = {
        name: (level * np.sin(2 * np.pi * frequency * TIME)).astype("float32")
        for name, (frequency, level) in TONES.items()
    }
    path = tmp_path_factory.mktemp("report") / "tones.html"
    references, estimates = (
        {source: tones[f"{source}: {kind}"] for source in ("vocals", "other")}
        for kind in ("reference", "estimate")
    )
    sm.display.write_report(path, tones["mixture"], references, estimates, RATE, title="Tones")
    return path


@pytest.fixture(scope="module")
def browser():
    with browse() as page:
        yield page


@pytest.fixture
def page(browser, written):
    """The report, opened anew; afterwards nothing has been complained about or fetched."""
    browser.complaints.clear()
    browser.open(written)
    yield browser
    assert browser.complaints == []


def test_every_stem_sounds_when_it_is_switched_to(page):
    page.click(node(".play"))
    page.wait(sounds(HERTZ[0]))
    for i, hertz in reversed(list(enumerate(HERTZ))):
        page.click(row(i))
        page.wait(sounds(hertz))
    for i, hertz in enumerate(HERTZ):
        page.press(str(i + 1))
        page.wait(sounds(hertz))
        assert page.run(f"{row(i)}.getAttribute('aria-pressed')") == "true"
    page.press("ArrowUp")
    page.wait(sounds(HERTZ[3]))
    page.press(" ")
    page.wait(f"!{SOUND}.playing")


def test_switching_leaves_no_gap_and_goes_on_in_step(page):
    page.click(node(".play"))
    page.wait(sounds(HERTZ[0]))
    quietest, jump = page.run(f"""(async () => {{
        const sound = {SOUND}, wave = new Float32Array(8192);
        let quietest = 1, last = sound.position, jump = 0;
        for (let i = 0; i < 60; i++) {{
            if (i % 5 == 0) {row(0)}.parentNode.children[0].getRootNode()
                .querySelectorAll('.name')[i / 5 % 3].click();
            await new Promise(go => setTimeout(go, 5));
            sound.meter.getFloatTimeDomainData(wave);
            const tail = wave.slice(-512);
            quietest = Math.min(quietest, Math.sqrt(tail.reduce((sum, x) => sum + x * x, 0) / 512));
            const now = sound.position;
            if (now < last - 0.01 && last < 3.5) jump = last - now;
            last = now;
        }}
        return [quietest, jump];
    }})()""")
    assert quietest > 0.1  # the tones alone have 0.28 and more
    assert jump == 0


def test_levels_are_those_of_the_files_until_loudness_is_asked_for(page):
    def level(i):
        page.click(row(i))
        page.wait(sounds(HERTZ[i]))
        page.run("new Promise(go => setTimeout(go, 300))")  # the meter looks back 0.2 s
        return page.run(f"{SOUND}.heard().decibels")

    page.click(node(".play"))
    before = np.array([level(1), level(3)])
    assert before[0] - before[1] == pytest.approx(20, abs=1.5)  # 0.5 and 0.05; bins scallop
    page.click(node(".match"))
    assert page.run(f"{node('.match')}.textContent") == "Loudness: matched"
    change = np.array(page.run(f"{SOUND}.matches"))[[1, 3]]
    assert change[1] - change[0] == pytest.approx(20, abs=1.5)  # an ear weighs the pitches
    page.wait(f"Math.abs({SOUND}.gains[3].gain.value - 10 ** ({change[1]} / 20)) < 0.01")
    after = np.array([level(1), level(3)])
    np.testing.assert_allclose(after - before, change, atol=0.5)
    shown = page.run(f"{node('.stem:nth-child(4) .level')}.textContent")
    assert shown == f"+{change[1]:.1f} dB"


def test_a_drag_loops_a_part(page):
    page.drag(node(".view"), 0.25, 0.375)
    part = page.run(f"{SOUND}.part")
    assert part == pytest.approx([1, 1.5], abs=0.03)
    page.click(node(".play"))
    page.wait(f"{SOUND}.playing")
    seen = page.run(f"""(async () => {{
        const seen = [];
        for (let i = 0; i < 60; i++) {{
            seen.push({SOUND}.position);
            await new Promise(go => setTimeout(go, 20));
        }}
        return seen;
    }})()""")
    assert part[0] <= min(seen) and max(seen) <= part[1]
    assert min(np.diff(seen)) < -0.3  # it came round
    width = page.run(f"parseFloat({node('.stem .part')}.style.width)")
    assert width == pytest.approx(12.5, abs=1)
    page.press("Escape")
    assert page.run(f"{SOUND}.part") is None


def test_keys_seek_and_loop(page):
    page.run(f"{node('.card')}.focus()")
    for _ in range(5):
        page.press("ArrowRight")
    page.press("i")
    assert page.run(f"{SOUND}.part") == pytest.approx([1, 4])
    for _ in range(3):
        page.press("ArrowRight")
    page.press("o")
    assert page.run(f"{SOUND}.part") == pytest.approx([1, 1.6])
    page.press("l")
    assert page.run(f"[{SOUND}.looping, {SOUND}.part]") == [False, None]
    assert page.run(f"{node('.loop')}.getAttribute('aria-pressed')") == "false"
    page.click(node(".ruler"), 0.5)
    assert page.run(f"{SOUND}.position") == pytest.approx(2, abs=0.02)
    assert float(page.run(f"{node('.ruler')}.ariaValueNow")) == pytest.approx(2, abs=0.1)


def test_the_ring_around_a_focused_play_button_has_the_color_of_text(page):
    """The color of a stem may hardly differ from a dark page, or from a light one."""
    page.run(f"{node('.card')}.focus()")
    page.press("Tab")
    assert page.run(f"{node('.play')}.matches(':focus-visible')")
    ring, text = (
        page.run(f"getComputedStyle({where}).{what}")
        for where, what in ((node(".play"), "outlineColor"), (HOST, "color"))
    )
    assert ring == text
    assert page.run(f"getComputedStyle({node('.play svg')}).fill") == "rgb(255, 255, 255)"


def blind_test(page, a, b, trials, say):
    """Run a test to its end; `say` gives the answers, 0 for A. Returns what was reported."""
    page.run(f"""(() => {{
        const menus = {HOST}.shadowRoot.querySelectorAll('.panel select');
        [{a}, {b}, {trials}].forEach((value, i) => {{ menus[i].value = value; }});
        menus[2].onchange();
        addEventListener('sepmodels-abx', event => {{ window.found = event.detail; }});
        window.found = null;
    }})()""")
    page.click(node(".panel .strong"))
    for number in range(trials):
        heading = page.run(f"{node('.panel h3')}.textContent")
        assert heading == f"Trial {number + 1} of {trials}"
        answer = say()
        page.click(node(f".panel [data-native]:nth-child({answer + 1})"))
    return page.run("window.found")


def test_a_blind_test_counts_what_was_heard(page):
    page.click(node(".play"))
    page.click(node(".test"))
    text = page.run(f"{node('.panel')}.textContent")
    assert "12 right answers of 16" in text  # binomial table: 11 would have p = 0.105

    def listen():
        for key, hertz in (("a", HERTZ[1]), ("b", HERTZ[2])):
            page.press(key)
            page.wait(sounds(hertz))
        page.press("x")
        page.run("new Promise(go => setTimeout(go, 250))")  # the meter looks back 0.2 s
        return int(page.run(sounds(HERTZ[2])))

    ear = blind_test(page, 1, 2, 8, listen)
    assert (ear["a"], ear["b"]) == ("vocals: reference", "vocals: estimate")
    assert (ear["right"], ear["trials"], ear["p"]) == (8, 8, 1 / 256)
    assert page.run(f"{node('.panel h3')}.textContent") == "8 of 8 right, p = 0.004"

    page.click(node(".panel .strong"))
    deaf = blind_test(page, 3, 4, 8, lambda: 0)
    drawn = [trial["x"] for trial in deaf["given"]]
    assert deaf["right"] == drawn.count(0)
    expected = stats.binomtest(deaf["right"], 8, alternative="greater").pvalue
    assert deaf["p"] == pytest.approx(expected, rel=1e-12)

    page.click(node(".panel .strong"))
    page.click(node(".panel .strong"))
    page.click(node(".panel [data-native]:nth-child(3)"))  # give up
    tests = page.run(f"[...{HOST}.shadowRoot.querySelectorAll('.panel li')].map(x => x.innerText)")
    assert len(tests) == 3 and tests[2] == "given up after 0 of 8 answers"
    assert tests[0].endswith("| 8 of 8 right, p = 0.004, levels as they are")


def test_a_blind_test_shows_nothing_that_tells(page):
    page.click(node(".test"))
    page.click(node(".panel .strong"))
    shown = page.run(f"{node('.card')}.innerText")
    assert "Trial 1 of 16" in shown
    assert not any(name in shown for name in TONES)
    assert page.run(f"{node('.stems')}.offsetHeight + {node('.stage')}.offsetHeight") == 0
    looks = set()
    for key in "abx":
        page.press(key)
        looks.add(page.run(f"getComputedStyle({node('.play')}).backgroundColor"))
        page.press("1")  # the keys of the stems are off
    assert len(looks) == 1
    assert page.run(f"{node('.match')}.disabled")


@pytest.mark.parametrize("budget", [400_000, 90_000])
def test_decoded_stems_stay_in_step(page, tmp_path, budget):
    """FLAC and MP3 alike: a click at 1 s is at one sample in all, and at 1 s."""
    rng = np.random.default_rng(0)
    stems = {name: rng.normal(0, 0.01, (2 * RATE, 1)) for name in "abc"}
    for i, samples in enumerate(stems.values()):
        samples[RATE - 8 * i : RATE + 8 * i + 1] += 0.5  # of different widths, around 1 s
    player = sm.display.Player(stems, RATE, budget=budget)
    assert ("audio/mpeg" in player.html) == (budget < 100_000)
    page.open(player.save(tmp_path / "clicks.html"))
    page.click(node(".play"))
    page.wait(f"{SOUND}.playing")
    centres, lengths = page.run(f"""(() => {{
        const buffers = {SOUND}.buffers;
        return [buffers.map(buffer => {{
            const wave = buffer.getChannelData(0);
            let top = 0, sum = 0, weight = 0;
            wave.forEach((x, i) => {{ if (Math.abs(x) > Math.abs(wave[top])) top = i; }});
            for (let i = top - 400; i < top + 400; i++) {{
                sum += i * wave[i] ** 2;
                weight += wave[i] ** 2;
            }}
            return sum / weight / buffer.sampleRate;
        }}), buffers.map(buffer => buffer.duration)];
    }})()""")
    np.testing.assert_allclose(centres, 1, atol=1 / RATE)
    np.testing.assert_allclose(lengths, 2, atol=1 / RATE)


def test_a_player_works_where_notebooks_put_it(page, tmp_path):
    """In a foreign frame (Colab, VS Code), and written into the page that runs (JupyterLab)."""
    tone = 0.5 * np.sin(2 * np.pi * HERTZ[1] * TIME)
    fragment = sm.display.Player({"vocals": tone, "silence": 0 * tone}, RATE).html
    tell = (
        f"<script>setInterval(() => parent.postMessage({HEARD}, '*'), 50);"
        "addEventListener('mousedown', () => parent.postMessage('pressed', '*'))</script>"
    )
    frame = tmp_path / "frame.html"
    frame.write_text(
        "<script>addEventListener('message', ({data}) => {"
        "if (data === 'pressed') window.pressed = true; else window.heard = data; })</script>"
        '<iframe sandbox="allow-scripts" width="700" height="300" srcdoc="'
        f'{html.escape(fragment + tell)}"></iframe><div id="cell"></div>',
        encoding="utf-8",
    )
    page.open(frame)
    page.wait("window.heard === 0")
    left, top = page.run(
        "(({left, top}) => [left, top])(document.querySelector('iframe').getBoundingClientRect())"
    )
    # A click is lost while Chromium still places a frame of another process.
    for _ in range(20):
        for kind in ("Pressed", "Released"):
            page.mouse(kind, (left + 46, top + 56))
        time.sleep(0.5)
        if page.run("window.pressed === true"):
            break
    page.wait(f"Math.abs(window.heard - {HERTZ[1]}) < 15")

    page.run(f"""(() => {{
        document.querySelector('iframe').remove();
        const cell = document.getElementById('cell');
        cell.innerHTML = {json.dumps(fragment)};
        for (const old of cell.querySelectorAll('script')) {{
            const script = document.createElement('script');
            script.textContent = old.textContent;
            old.replaceWith(script);
        }}
    }})()""")
    page.click(node(".play"))
    page.wait(sounds(HERTZ[1]))
    page.run("document.getElementById('cell').innerHTML = ''")


HOSTILE = (
    "<script>window.owned = 1</script>",
    "</figcaption></script><img src=x onerror='window.owned = 1'>",
    "\" onload='window.owned = 1' x=\"",
    "<!--<script>",
    "</title><svg onload=window.owned=1>",
    "<a href='javascript:window.owned=1'>https://example.org/x.png</a>",
    "\u2028${window.owned = 1}`",
)


def test_hostile_names_execute_nothing_and_ask_for_nothing(page, tmp_path):
    """Names of songs and sources come from files of strangers."""
    tone = 0.1 * np.sin(TIME)
    stems = dict.fromkeys(HOSTILE, tone)
    scores = pd.DataFrame(
        {name: [1.0] for name in HOSTILE}, pd.Index([HOSTILE[0]], name=HOSTILE[1])
    )
    for title in HOSTILE:
        path = tmp_path / "hostile.html"
        sm.display.write_report(path, tone, stems, stems, RATE, scores=scores, title=title)
        page.open(path)
        page.click(node(".play"))
        page.wait(f"{SOUND}.playing")
        assert page.run(f"{node('.title')}.textContent") == title
        names = page.run(
            f"[...{HOST}.shadowRoot.querySelectorAll('.label > :first-child')]"
            ".map(label => label.textContent)"
        )
        assert names[1] == f"{HOSTILE[0]}: reference"
        page.click(node(".test"))
        page.click(node(".panel .strong"))
        assert page.run("typeof window.owned") == "undefined"
        assert page.run("document.querySelectorAll('script').length") == 1
    assert page.complaints == []


def test_one_stem_has_nothing_to_switch_to(page, tmp_path):
    player = sm.display.Player({"vocals": 0.1 * np.sin(TIME)}, RATE)
    page.open(player.save(tmp_path / "one.html"))
    assert "switch" not in page.run(f"{node('.hint')}.textContent")
    assert page.run(f"[{node('.test')}, {node('.match')}, {node('kbd')}]") == [None] * 3
    assert page.run(f"{node('.stage')}.offsetHeight") == 0


def test_the_page_fits_a_phone_and_every_button_has_a_name(page):
    for width in (320, 390, 1200):
        size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
        page.call("Emulation.setDeviceMetricsOverride", **size)
        assert page.run("document.documentElement.scrollWidth") <= width
    unnamed = page.run(f"""[...{HOST}.shadowRoot.querySelectorAll('button')]
        .filter(x => !x.innerText.trim() && !x.ariaLabel).length""")
    assert unnamed == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_stand_out_from_the_page(page, theme):
    wanted = {"name": "prefers-color-scheme", "value": theme}
    page.call("Emulation.setEmulatedMedia", features=[wanted])
    # The browser itself mixes the colour of the words over that of the page.
    ratio = page.run(f"""(() => {{
        const often = {{ willReadFrequently: true }};
        const pen = document.createElement('canvas').getContext('2d', often);
        const light = (...colors) => {{
            for (const color of colors) {{ pen.fillStyle = color; pen.fillRect(0, 0, 9, 9); }}
            const [r, g, b] = [...pen.getImageData(4, 4, 1, 1).data].map(x => (x / 255) ** 2.2);
            return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
        }};
        const probe = document.body.appendChild(document.createElement('p'));
        probe.style.background = 'Canvas';
        const ground = getComputedStyle(probe).backgroundColor;
        const words = ['.title', '.clock', '.tool', '.label', '.ruler', '.hint'].map(name =>
            getComputedStyle({HOST}.shadowRoot.querySelector(name)).color);
        return Math.min(...words.map(word => {{
            const [a, b] = [light(ground, word), light(ground)];
            return Math.max(a, b) / Math.min(a, b);
        }}));
    }})()""")
    assert ratio >= 4.5  # WCAG 2.2, 1.4.3
