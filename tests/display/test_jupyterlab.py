"""Notebook 00 as a student meets it: opened, run, heard and answered in JupyterLab."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from chromium import browse

pytestmark = pytest.mark.notebooks

ROOT = Path(__file__).parents[2]
NOTEBOOK = "notebooks/00_start_here.ipynb"
PATIENCE = 600  # seconds; a minute will do on two idle cores
CELLS = "[...document.querySelectorAll('.jp-CodeCell')]"
EXERCISE = f"{CELLS}.at(-1)"
PLAYERS = "[...document.querySelectorAll('.sepmodels-player')]"
IDLE = "document.querySelector('#jp-main-statusbar')?.innerText.includes('| Idle')"
# What the tests ask for, and a student's machine does not have.
OURS = ("MPLBACKEND", "TF_CPP_MIN_LOG_LEVEL", "JUPYTER_PATH", "JUPYTER_TOKEN")
SOLUTION = """def my_sdr(reference, estimate):
    error = estimate - reference
    return 10 * np.log10((reference**2).sum() / (error**2).sum())


check("00.1", my_sdr)"""


@contextlib.contextmanager
def serve(folder, private):
    """Yield the address of a JupyterLab in `folder`, which keeps its files in `private`."""
    news = private / "config/lab/user-settings/@jupyterlab/apputils-extension"
    news.mkdir(parents=True)
    answers = {"fetchNews": "false", "checkForUpdates": False}  # it would ask, and go online
    (news / "notification.jupyterlab-settings").write_text(json.dumps(answers))
    places = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "IPYTHONDIR": "ipython"}
    environment = {name: value for name, value in os.environ.items() if name not in OURS}
    environment |= {name: str(private / place) for name, place in places.items()}
    environment |= {
        "JUPYTER_RUNTIME_DIR": str(private),
        "JUPYTER_PREFER_ENV_PATH": "1",
        "PYTHONPATH": os.pathsep.join([str(ROOT / "notebooks"), str(ROOT)]),
    }
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--port=0"]
    command += ["--ServerApp.ip=127.0.0.1", f"--ServerApp.root_dir={folder}"]
    with open(private / "log", "w") as log:
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        end = time.monotonic() + PATIENCE
        told = private / f"jpserver-{server.pid}.json"  # written when the port is known
        while not told.exists() or not told.read_text().endswith("}"):
            said = (private / "log").read_text()
            assert server.poll() is None and time.monotonic() < end, said
            time.sleep(0.1)
        found = json.loads(told.read_text())
        yield f"{found['url']}lab/tree/{NOTEBOOK}?token={found['token']}"
    finally:
        server.terminate()  # it ends its kernels
        try:
            server.wait(60)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A course folder with one notebook."""
    folder = tmp_path_factory.mktemp("course")
    (folder / "notebooks").mkdir()
    shutil.copy(ROOT / NOTEBOOK, folder / NOTEBOOK)
    return folder


@pytest.fixture(scope="module")
def page(folder, tmp_path_factory):
    """The notebook in JupyterLab, all cells run from the menu."""
    count = len(read_code(folder / NOTEBOOK))
    private = tmp_path_factory.mktemp("jupyter")
    with serve(folder, private) as address, browse() as page:
        size = {"width": 1280, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        page.call("Emulation.setDeviceMetricsOverride", **size)
        page.call("Page.navigate", url=address)
        page.wait(f"{IDLE} && {CELLS}.length === {count}", PATIENCE)
        for entry in (".lm-MenuBar-itemLabel", "Run"), (".lm-Menu-itemLabel", "Run All Cells"):
            label = "[...document.querySelectorAll({!r})].find(x => x.innerText === {!r})"
            label = label.format(*entry)
            page.wait(f"Boolean({label})")
            page.mouse("Moved", page.middle(label))
            page.click(label)
        prompts = f"{CELLS}.map(x => x.querySelector('.jp-InputPrompt').textContent)"
        page.wait(f"{prompts}.every(x => /\\d/.test(x)) && {IDLE}", PATIENCE)
        yield page
        here = address.partition("lab/tree")[0]
        assert not [x for x in page.complaints if "network for http" in x and here not in x]


def read_code(notebook):
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def show(page, node):
    """Scroll to a node until it stays: JupyterLab lays out only what is seen."""
    page.wait(f"""new Promise(go => {{
        const scroll = () => {{
            {node}.scrollIntoView({{ block: 'center' }});
            return {node}.getBoundingClientRect().top;
        }};
        const top = scroll();
        setTimeout(() => go(scroll() === top), 200);
    }})""")


def test_it_runs_without_errors_or_warnings(page, folder):
    kinds = page.run(
        f"{CELLS}.flatMap(x => [...x.querySelectorAll('[data-mime-type]')]"
        ".map(y => y.dataset.mimeType))"
    )
    assert "application/vnd.jupyter.stdout" in kinds
    assert not {"application/vnd.jupyter.error", "application/vnd.jupyter.stderr"} & set(kinds)
    assert "Ready: this machine can separate songs." in page.run("document.body.textContent")
    assert (folder / "runs/00_start_here.csv").exists()


def test_figures_are_seen(page):
    figures = "[...document.querySelectorAll('.jp-RenderedImage img')]"
    count = page.run(f"{figures}.length")
    assert count == 3
    for i in range(count):
        show(page, f"{figures}[{i}]")
        natural, shown, room = page.run(
            f"(x => [x.naturalWidth, x.offsetWidth, x.closest('.jp-OutputArea').offsetWidth])"
            f"({figures}[{i}])"
        )
        assert natural >= shown > 0.5 * room and shown <= room


def test_players_play_and_keep_the_keys_to_themselves(page, folder):
    player = f"{PLAYERS}.find(x => x.querySelectorAll('figure').length === 5)"
    made = sum("sm.display.Player(" in code for code in read_code(folder / NOTEBOOK))
    assert page.run(f"{PLAYERS}.length") == made > 1
    assert page.run(f"{PLAYERS}.every(x => x.shadowRoot.querySelector('.card'))")
    play = f"{player}.shadowRoot.querySelector('.play')"
    show(page, play)
    page.click(play)
    page.wait(f"{player}.transport.position > 0.5")
    page.wait(f"{player}.transport.heard().decibels > -40")
    cells = "document.querySelectorAll('.jp-Cell').length"
    before = page.run(cells)
    page.press("b")  # elsewhere in JupyterLab: a new cell below
    page.press("3")
    page.wait(f"{player}.shadowRoot.querySelector('.stem:nth-child(3)').matches('[data-on]')")
    page.press(" ")
    page.wait(f"!{player}.transport.playing")
    assert page.run(cells) == before


def test_an_exercise_is_answered(page):
    answer = f"{EXERCISE}.querySelector('.jp-OutputArea').textContent"
    assert page.run(answer).strip() == "00.1: not attempted yet"
    lines = f"{EXERCISE}.querySelector('.cm-content')"
    show(page, lines)
    page.click(lines)
    page.press("a", held=2)
    page.call("Input.insertText", text=SOLUTION)
    page.press("Enter", held=8)
    page.wait(f"{answer}.trim() === '00.1: correct'", PATIENCE)
