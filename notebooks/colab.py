"""Make the notebooks of a published repository ready for Google Colab.

    make colab URL=https://github.com/OWNER/sepmodels    or: python notebooks/colab.py URL FOLDER

Writes a copy of each notebook that begins with a badge, which opens it in Colab, and with a cell
that installs the library there; and a copy of the README whose table links to Colab. The cell
leaves NumPy, TensorFlow and Keras as the runtime has them: its maintainers test these versions
together, and the GPU may depend on them.
"""

import argparse
import re
from pathlib import Path

import nbformat

HERE = Path(__file__).parent
INSTALL = r"""# The runtime's own NumPy, TensorFlow and Keras stay as they are.
from importlib.metadata import version
from pathlib import Path

kept = [f"{{name}}=={{version(name)}}" for name in ("numpy", "tensorflow", "keras")]
Path("kept.txt").write_text("\n".join(kept))
%pip install --quiet --constraint kept.txt "sepmodels[musdb] @ git+{url}"
"""


def find_address(name, url, branch):
    """Return the address at which Colab opens a notebook of a repository; see `for_colab`."""
    found = re.fullmatch(r"https://github\.com/([\w.-]+/[\w.-]+?)(?:\.git)?/?", url)
    if found is None:
        raise ValueError(f"url must be https://github.com/OWNER/NAME. Received: url={url!r}")
    return f"https://colab.research.google.com/github/{found[1]}/blob/{branch}/notebooks/{name}"


def link_readme(text, url, branch="main"):
    """Add a link to Colab after that to each notebook in the README's table of notebooks."""

    def add(match):
        return f"{match[0]} ([Colab]({find_address(match[1], url, branch)}))"

    return re.sub(r"^\| \[[^]]+\]\(notebooks/([\w.]+)\)", add, text, flags=re.M)


def for_colab(notebook, name, url, branch="main"):
    """Add a badge and a cell that installs the library, before all other cells.

    Args:
        notebook: nbformat notebook. It is not changed.
        name: str. File name of the notebook.
        url: str. Address of the repository, `https://github.com/OWNER/NAME`.
        branch: str. Branch that holds these copies. Defaults to `"main"`.

    Raises:
        ValueError: if the address is not on GitHub; Colab opens notebooks from there only.
    """
    image = "https://colab.research.google.com/assets/colab-badge.svg"
    badge = f"[![Open in Colab]({image})]({find_address(name, url, branch)})"
    copy = nbformat.from_dict(notebook)
    first = copy.cells[0]
    copy.cells = [
        {**first, "source": f"{badge}\n\n{first.source}"},
        nbformat.v4.new_code_cell(INSTALL.format(url=url), id="colab"),
        *copy.cells[1:],
    ]
    return nbformat.from_dict(copy)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url", help="https://github.com/OWNER/NAME")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--branch", default="main")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(HERE.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        ready = for_colab(notebook, path.name, options.url, options.branch)
        nbformat.write(ready, options.folder / path.name)
    readme = link_readme((HERE.parent / "README.md").read_text(), options.url, options.branch)
    (options.folder / "README.md").write_text(readme)
    print(
        f"{options.folder}: commit the notebooks as notebooks/, and README.md, to {options.branch}"
    )


if __name__ == "__main__":
    main()
