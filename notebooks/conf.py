"""Settings of Sphinx, with which `make book` builds a site of the notebooks."""

import os
import sys
from pathlib import Path

import sepmodels

project = "sepmodels"
author = "the sepmodels authors"
version = release = sepmodels.__version__
sys.path.insert(0, str(Path(__file__).parent))
extensions = [
    "myst_nb",
    "sphinx-mathjax-offline",  # formulas work without a network
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "reference",  # beside this file
]
napoleon_custom_sections = ["Input shape", "Output shape", "Reference"]
autodoc_inherit_docstrings = False
add_module_names = False
maximum_signature_line_length = 120  # in a longer one, each argument has its own line
html_static_path = ["_static"]
html_css_files = ["book.css"]
toc_object_entries = False
exclude_patterns = ["jupyter_execute", "README.md"]
myst_enable_extensions = ["amsmath", "dollarmath"]
html_theme = "sphinx_book_theme"
html_title = "sepmodels: music source separation"
CLIP = (  # what the pages contain that others made
    "six seconds of <i>Falcon 69</i> by The Easton Ellises, under "
    '<a href="https://creativecommons.org/licenses/by-nc-sa/3.0/">CC BY-NC-SA 3.0</a>: name the '
    "artists, share under the same licence, and for non-commercial purposes only; and"
)
if os.environ.get("SEPMODELS_SAMPLE") == "lithium":
    CLIP = "no sound but"
html_theme_options = {
    "show_toc_level": 2,
    "navbar_persistent": [],  # no second search field
    "extra_footer": f"Text and code are under the MIT licence. The pages contain {CLIP} "
    "<i>Lithium</i> by Software-Entwicklungskit, in the public domain (CC0), and synthetic songs.",
}

# Every page shows the outputs of its notebook: a cell that fails ends the build.
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 600
nb_execution_show_tb = True
os.environ["PYTHONPATH"] = str(Path(__file__).parents[1])  # the kernels work in other folders
