"""Pages of notebooks in a browser as narrow as a telephone."""

import importlib.util
from pathlib import Path

from chromium import browse

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
SPEC = importlib.util.spec_from_file_location("pages", NOTEBOOKS / "pages.py")
pages = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(pages)

# What is wider than its box, in a box that cuts off the rest, where nothing inside can be scrolled.
CUT = """[...document.querySelectorAll('main *')].filter(node => {
  const hidden = box => getComputedStyle(box).overflowX === 'hidden';
  const scrolls = box => ['auto', 'scroll'].includes(getComputedStyle(box).overflowX);
  return node.scrollWidth > node.clientWidth + 1 && hidden(node)
    && ![...node.querySelectorAll('*')].some(scrolls);
}).map(node => node.className + ': ' + node.innerText.slice(0, 60))"""


def test_a_telephone_reaches_all_of_a_page(tmp_path):
    path = pages.write_page(NOTEBOOKS / "23_deep_conv_sep.ipynb", tmp_path)
    with browse() as page:
        screen = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
        page.call("Emulation.setDeviceMetricsOverride", **screen)
        page.open(path)
        assert page.run("document.querySelectorAll('.jp-InputArea-editor').length") > 10
        assert page.run("document.documentElement.scrollWidth") == 390
        assert page.run(CUT) == []
