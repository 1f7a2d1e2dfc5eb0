"""The course on the web: pages to read, a playground that runs in them, and lessons that run in the browser.

    python tools/build_site.py             (make site) writes the folder site/, for any web server
    python tools/build_site.py --epub      (make book) writes build/backpropagation.epub

Sphinx with MyST-NB makes the pages from the stored outputs; nothing is executed. Nothing of the site asks
another host for anything: MathJax comes from npm and Pyodide from the places in `fetch_pyodide` while the
site is built. What cannot be had is left out, and said; in CI that is an error.
"""

import argparse
import base64
import html
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import nbformat

import build_lite
import fetch_mathjax
from address import is_first_cell
from bplib.lessons import LESSONS

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "pages"
COURSE = "The course that proves its own gradients"
# what the reference describes; solutions stay where a learner has to ask for them
MODULES = "bplib contracts layers losses network optimizers training gradcheck".split()
MODULES += "datasets deep_layers schedules sweep derive notation".split()
MODULES += ["plots", "playgrounds", "exercises"]
MINUTES = {"half an hour": 30, "about an hour": 60}
IMAGES = ("image/png", "image/svg+xml", "image/jpeg")


@dataclass(frozen=True)
class Lesson:
    """One lesson as the pages describe it; `time` as ISO 8601 writes it, an hour where the text has none."""

    number: str
    title: str
    stem: str
    puzzle: str
    description: str = ""
    objectives: tuple = ()
    prerequisites: str = ""
    time: str = "PT60M"

    @property
    def page(self):
        return f"{self.stem}.html"


def lessons():
    """The lessons in the order of the course's table, `bplib.lessons`, with what their own texts say."""
    there = {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}
    if differ := {lesson.stem for lesson in LESSONS} ^ there:
        raise ValueError(f"bplib.lessons and notebooks/ differ in {sorted(differ)}")
    return [_described(lesson) for lesson in LESSONS]


def _described(lesson):
    nb = nbformat.read(ROOT / "notebooks" / lesson.file, as_version=4)
    text = "\n\n".join(cell.source for cell in nb.cells if cell.cell_type == "markdown")
    opening = re.search(r"\A# .+?\n\n(.+?)\n\n", text, re.DOTALL)[1]
    needs = re.search(r"\*\*What you need\*\*\n+(.+?)(?:\n\n|\Z)", text, re.DOTALL)[1]
    minutes = next((n for words, n in MINUTES.items() if words in needs), None)
    if found := re.search(r"about (\d+) minutes", needs):
        minutes = int(found[1])
    return Lesson(
        f"{lesson.number:02}", lesson.title, lesson.stem, lesson.puzzle,
        description=plain(opening),
        objectives=tuple(map(plain, lesson.objectives)),
        prerequisites="; ".join(plain(line) for line in re.findall(r"^- (.+)$", needs, re.MULTILINE)),
        time=f"PT{minutes or 60}M",
    )  # fmt: skip


def plain(text):
    """Markdown as plain text: links keep their words, formulas their source."""
    text = re.sub(r"\[(.+?)\]\(.+?\)", r"\1", text)
    return re.sub(r"\s+", " ", re.sub(r"\*\*|`|\$|(?<!\w)\*|\*(?!\w)", "", text)).strip()


def page_source(path, playground=""):
    """The notebook as Sphinx gets it: without the cell that installs, with a text at every picture."""
    nb = nbformat.read(path, as_version=4)
    nb.cells = [cell for cell in nb.cells if not is_first_cell(cell.source)]  # it installs: nothing to read
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            cell.source = cell.source.replace("](../figures/", "](figures/")
        pictures = [
            (kind, output.metadata.get(kind, {}))
            for output in cell.get("outputs", ())
            for kind in IMAGES
            if kind in output.get("data", {})
        ]
        texts = [metadata.get("alt", "") for _, metadata in pictures]
        if not all(texts) or len(texts) > 1:
            raise ValueError(
                f"{path.name}: expected one picture in a cell, with a text, got {texts} in\n{cell.source}"
            )
        if texts:
            cell.metadata["mystnb"] = {"image": {"alt": texts[0]}}
        for output in cell.get("outputs", ()):
            if "text/latex" in output.get("data", {}):  # sympy's own results stand on lines of their own
                tex = output.data["text/latex"].strip()
                output.data["text/latex"] = re.sub(
                    r"^\$\\displaystyle (.+)\$$", r"$$\1$$", tex, flags=re.DOTALL
                )
    if playground:
        at = next(i for i, cell in enumerate(nb.cells) if "XORPlayground(XORSettings" in cell.source)
        nb.cells.insert(at, nbformat.v4.new_markdown_cell(playground))
    return nbformat.writes(nb)


def glossary_terms():
    """Every term of the glossary, with its other spellings: lower case → the term itself."""
    text = (PAGES / "glossary.md").read_text(encoding="utf-8")
    body = re.search(r"```\{glossary\}\n(.+?)\n```", text, re.DOTALL)[1]
    terms = [line for line in body.splitlines() if line and not line.startswith(" ")]
    return {term.lower(): term for term in terms}


def playground_block(folder, lesson):
    """The playground as Markdown, with the picture of that lesson for readers without JavaScript."""
    nb = nbformat.read(ROOT / "notebooks" / f"{lesson.stem}.ipynb", as_version=4)
    cell = next(cell for cell in nb.cells if "XORPlayground(XORSettings" in cell.source)
    picture = next(output for output in cell.outputs if "image/png" in output.get("data", {}))
    (folder / "_static" / "still.png").write_bytes(base64.b64decode(picture.data["image/png"]))
    text = html.escape(picture.metadata["image/png"]["alt"])
    block = (PAGES / "playground.html").read_text(encoding="utf-8").replace("@STILL@", text)
    return f"```{{raw}} html\n{block}```"


def lay_out(folder, found, *, mathjax, run, playground=True, address="", languages=None):
    """Write the sources that Sphinx reads into the folder."""
    shutil.copytree(PAGES, folder, ignore=shutil.ignore_patterns("__pycache__", "playground.html", "keep.js"))
    shutil.copytree(
        ROOT / "figures", folder / "figures", ignore=shutil.ignore_patterns("*.py", "__pycache__")
    )
    shutil.copy(ROOT / "figures" / "playgrounds.png", folder / "_static" / "picture.png")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    opening = re.search(r"\n\n(Sixteen notebooks .+?)\n\n", readme, re.DOTALL)[1]
    picture = re.search(r"!\[([^\]]+)\]\(figures/playgrounds\.png\)", readme)[1]
    site = {
        "course": COURSE,
        "description": plain(opening),
        "picture": picture,
        "address": f"{address.rstrip('/')}/" if address else "",
        "languages": languages or {},
        "mathjax": mathjax,
        "run": run,
        "terms": glossary_terms(),
        "lessons": [asdict(lesson) for lesson in found],
    }
    (folder / "site.json").write_text(json.dumps(site, ensure_ascii=False, indent=1), encoding="utf-8")
    rows = "\n".join(f"| {x.number} | [{x.title}]({x.stem}.ipynb) | {x.puzzle} |" for x in found)
    map_text = re.search(r"!\[([^\]]+)\]\(figures/course_map\.svg\)", readme)[1]
    values = {
        "COURSE": COURSE,
        "OPENING": opening,
        "LESSONS": f"| No. | Lesson | It starts from |\n| --- | --- | --- |\n{rows}",
        "MAP": f"![{map_text}](figures/course_map.svg)",
        "TOCTREE": "\n".join(f"{x.number} · {x.title} <{x.stem}>" for x in found),
    }
    index = (folder / "index.md").read_text(encoding="utf-8")
    for name, text in values.items():
        index = index.replace(f"@{name}@", text)
    block = playground_block(folder, found[0]) if playground else ""
    index = index.replace("@PLAYGROUND@", block.replace("@AUTOPLAY@", " data-autoplay"))
    (folder / "index.md").write_text(index, encoding="utf-8")
    for lesson in found:
        here = block.replace("@AUTOPLAY@", "") if lesson.number in ("00", "08") else ""
        source = page_source(ROOT / "notebooks" / f"{lesson.stem}.ipynb", here)
        (folder / f"{lesson.stem}.ipynb").write_text(source, encoding="utf-8")
    lay_out_reference(folder / "reference")


def lay_out_reference(folder):
    """A page for each module of the reference."""
    folder.mkdir()
    names = [name if name == "bplib" else f"bplib.{name}" for name in MODULES]
    for name in names:
        options = "" if name == "bplib" else ":members:\n"
        if name in ("bplib.derive", "bplib.playgrounds"):
            options += ":imported-members:\n"
        (folder / f"{name}.md").write_text(
            f"# {name}\n\n```{{eval-rst}}\n.. automodule:: {name}\n"
            + "".join(f"   {line}\n" for line in options.splitlines())
            + "```\n",
            encoding="utf-8",
        )
    listed = "\n".join(names)
    (folder / "index.md").write_text(
        "# Reference\n\nEvery public function and class, with its formula, shapes and errors.\n\n"
        f"```{{toctree}}\n:maxdepth: 1\n\n{listed}\n```\n",
        encoding="utf-8",
    )


def sphinx(builder, source, target):
    """Run Sphinx; RuntimeError with what it said where it warns."""
    command = [sys.executable, "-m", "sphinx", "-b", builder, "-j", "2", "-q", "-W", "--keep-going"]
    environment = os.environ | {"NO_COLOR": "1", "PYTHONPATH": str(ROOT)}
    doctrees = source.parent / f"doctrees-{builder}"
    done = subprocess.run(
        [*command, "-d", doctrees, source, target], capture_output=True, text=True, env=environment
    )
    if done.returncode:
        raise RuntimeError(f"Sphinx could not make the pages:\n{(done.stdout + done.stderr)[-4000:]}")


def left_out(what, error):
    """Say that a part is missing; in CI that ends the build."""
    if os.environ.get("CI", "").lower() not in ("", "0", "false"):
        raise RuntimeError(f"{what} may not be missing in CI: {error}") from error
    print(f"Left out: {what}. {error}", file=sys.stderr)


def build(folder, *, lite=True, pyodide=None, address="", languages=None):
    """Write the whole site into folder (made anew); returns how many pages Sphinx made of our own sources."""
    folder, found = Path(folder), lessons()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".site-") as scratch:  # nothing half-written
        source, new = Path(scratch) / "source", Path(scratch) / "site"
        new.mkdir()
        try:
            fetch_mathjax.write(Path(scratch) / "mathjax")
            mathjax = True
        except RuntimeError as error:
            left_out("MathJax, formulas stay TeX", error)
            mathjax = False
        run = {}
        if lite:
            try:
                build_lite.write(new / "lite", Path(scratch), COURSE, pyodide=pyodide)
                run = {x.stem: f"lite/notebooks/index.html?path={x.stem}.ipynb" for x in found}
            except RuntimeError as error:
                left_out("the lessons that run in the browser", error)
                shutil.rmtree(new / "lite", ignore_errors=True)
        lay_out(source, found, mathjax=mathjax, run=run, address=address, languages=languages)
        if mathjax:
            (Path(scratch) / "mathjax").rename(source / "_static" / "mathjax")
        sphinx("html", source, new)
        for path in [new / ".buildinfo", *(new / "_static").glob("*webpack-macros.html")]:
            path.unlink(missing_ok=True)  # notes and templates of Sphinx and the theme
        (new / ".nojekyll").touch()  # some hosts hide folders that begin with _ unless told
        if folder.exists():
            shutil.rmtree(folder)
        new.rename(folder)
    return len(found) + 2


def book(path):
    """Write the lessons, the glossary and the reference as an EPUB."""
    with tempfile.TemporaryDirectory(prefix="book-") as scratch:
        source = Path(scratch) / "source"
        lay_out(source, lessons(), mathjax=False, run={}, playground=False)
        sphinx("epub", source, Path(scratch) / "epub")
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(next((Path(scratch) / "epub").glob("*.epub")), path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], allow_abbrev=False)
    parser.add_argument("--folder", type=Path, default=ROOT / "site", help="where to (default site/)")
    parser.add_argument(
        "--no-lite", action="store_true", help="leave the lessons that run in the browser out"
    )
    parser.add_argument("--pyodide", type=Path, help="a folder that holds Pyodide, instead of fetching it")
    parser.add_argument("--address", default="", help="where the site will stand: sitemap and links need it")
    parser.add_argument("--epub", action="store_true", help="the book instead of the site")
    options = parser.parse_args()
    if options.epub:
        path = ROOT / "build" / "backpropagation.epub"
        book(path)
        print(f"{path}, {path.stat().st_size / 1e6:.1f} MB")
        return
    n = build(options.folder, lite=not options.no_lite, pyodide=options.pyodide, address=options.address)
    size = sum(path.stat().st_size for path in options.folder.rglob("*") if path.is_file())
    print(f"{n} pages and the reference in {options.folder}, {size / 1e6:.1f} MB: open index.html")


if __name__ == "__main__":
    main()
