"""Write the course's public address where it is needed: first cells, badges, citation.

    python tools/address.py https://git.example/somebody/course     (make address ADDRESS=…)

Every lesson begins with `CELL`, which does nothing where the course is installed. Elsewhere (Colab, a kernel
of one's own in VS Code) it installs the course into that kernel's Python: from the clone around the notebook,
editable, so that it follows an update; for a notebook alone from the public address, once this tool has been
told; else it says what to do. A test keeps the cells alike.
"""

import argparse
import re
import sys
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import nbformat

ROOT = Path(__file__).resolve().parent.parent
CELL = """COURSE = ""  # where the course is published, once it is
try:
    import bplib
except ModuleNotFoundError:
    import pathlib, sys
    clone = [str(p) for p in pathlib.Path("_").resolve().parents if (p / "bplib/derive").exists()]
    sys.path, source = sys.path + clone, f'--editable "{clone[0]}"' if clone else COURSE
    assert source, "This notebook is alone: get the whole course, and open it there with `make lab`."
    print(f"Installing {source}: a minute or two. If widgets stay empty then, reload this page.")
    %pip install --quiet {source}"""
BADGES = ("<!-- badges: written by tools/address.py -->", "<!-- end of badges -->")


def first_cell(address=""):
    """The source of the first code cell of every lesson."""
    return CELL.replace('""', f'"git+{address}"', 1) if address else CELL


def speaking(language):
    """The lines with which the first cell of a lesson in another language begins."""
    return f'import os\nos.environ["BPLIB_LANGUAGE"] = "{language}"\n'


def is_first_cell(source):
    """Whether it is the first code cell of a lesson, in whatever language and with whatever address."""
    source = re.sub(r'^import os\nos\.environ\["BPLIB_LANGUAGE"\] = "\w+"\n', "", source)
    return re.sub(r'^COURSE = ".*?"', 'COURSE = ""', source) == CELL


def checked(address):
    """The address without a slash at its end; ValueError where it is none."""
    parts = urlsplit(address)
    if (
        parts.scheme != "https"
        or not parts.netloc
        or parts.path.count("/") < 2
        or re.search(r"[\s\"']", address)
    ):
        raise ValueError(f"address: expected https://host/owner/name, got {address!r}")
    return address.rstrip("/").removesuffix(".git")


def badges(address):
    """Links that open the first lesson elsewhere; Binder, Colab and nbviewer know repositories on GitHub."""
    host, path = urlsplit(address).netloc, urlsplit(address).path.strip("/")
    if host != "github.com":
        return f"The course lives at <{address}>."
    lesson = "notebooks/00_start_here.ipynb"
    links = {
        "Binder": (f"https://mybinder.org/v2/gh/{path}/HEAD?labpath={lesson}", "https://mybinder.org/badge_logo.svg"),
        "Colab": (f"https://colab.research.google.com/github/{path}/blob/main/{lesson}",
                  "https://colab.research.google.com/assets/colab-badge.svg"),
        "nbviewer": (f"https://nbviewer.org/github/{path}/tree/main/notebooks/",
                     "https://raw.githubusercontent.com/jupyter/design/main/logos/Badges/nbviewer_badge.svg"),
    }  # fmt: skip
    return "\n".join(f"[![Open in {name}]({image})]({link})" for name, (link, image) in links.items())


def published():
    """The address that `write` has put into CITATION.cff, or ""."""
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    found = re.search(r'^repository-code: "?([^"\n]+)"?$', text, re.MULTILINE)
    return found[1] if found else ""


def form(address, where):
    """A link that opens the form for a mistake in a lesson, with its place filled in.

    GitHub knows the form's fields by their names; elsewhere the place becomes the issue's title.
    """
    address, host = checked(address), urlsplit(address).netloc
    if host == "github.com":
        return f"{address}/issues/new?{urlencode({'template': 'mistake.yml', 'where': where})}"
    if "gitlab" in host:
        return f"{address}/-/issues/new?{urlencode({'issue[title]': where})}"
    return f"{address}/issues/new?{urlencode({'title': where})}"


def in_notebook(path, address):
    """The text of the notebook with the address in its first cell."""
    nb = nbformat.read(path, as_version=4)
    cell = next((cell for cell in nb.cells if cell.cell_type == "code"), None)
    if cell is None or not is_first_cell(cell.source):
        raise ValueError(f"{path.name}: its first code cell is not the one of tools/address.py")
    cell.source = first_cell(address)
    return nbformat.writes(nb).rstrip("\n") + "\n"


def in_citation(text, address):
    """The text of CITATION.cff with this address, or with none."""
    lines = [line for line in text.splitlines() if not line.startswith("repository-code:")]
    return "\n".join(lines + ([f'repository-code: "{address}"'] if address else [])) + "\n"


def write(address, root=ROOT):
    """Put the address into every place under root; nothing is written unless all places are found."""
    address = checked(address)
    texts = {path: in_notebook(path, address) for path in sorted((root / "notebooks").glob("*.ipynb"))}
    readme = (root / "README.md").read_text(encoding="utf-8")
    begin, end = BADGES
    if readme.count(begin) != 1 or readme.count(end) != 1:
        raise ValueError(f"README.md: expected one {begin} and one {end}")
    head, tail = readme.split(begin)[0], readme.split(end)[1]
    texts[root / "README.md"] = f"{head}{begin}\n{badges(address)}\n{end}{tail}"
    citation = (root / "CITATION.cff").read_text(encoding="utf-8")
    texts[root / "CITATION.cff"] = in_citation(citation, address)
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8", newline="\n")
    return list(texts)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], allow_abbrev=False)
    parser.add_argument("address", help="https://host/owner/name")
    try:
        for path in write(parser.parse_args().address):
            print(path.relative_to(ROOT))
    except ValueError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
