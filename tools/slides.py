"""A deck of slides for each lesson, with its derivations and its pictures: `make slides`.

    python tools/slides.py [--folder FOLDER] [05 08 …]      (make slides) writes build/slides/

nbconvert makes the decks for reveal.js from the stored lessons; nothing is executed, and nothing is asked of
another host when a deck is shown: reveal.js and MathJax come from npm (see `npm`) while the decks are made.

What becomes a slide is a rule, so that a changed lesson has a changed deck:

- the opening: title, puzzle, what one can do afterwards;
- each heading with the first paragraph below it, up to *What you can now do*;
- each paragraph with a displayed formula, a table or a picture, and each **Predict**, which ends its slide;
- each code cell whose output is a formula or a picture, or that is short and uses sympy or has a function.

Below the picture of an explorer that `grids` knows stand its slider and menus, which work without a kernel.
What fits on one slide stands on one. All other text, and code that is not beside its output, is in the
speaker's notes (press S) of the slide that it follows. A code cell may say otherwise by a tag: `slide` shows
it, `skip` leaves it out.
"""

import argparse
import re
import shutil
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbconvert import SlidesExporter
from nbformat.v4 import new_markdown_cell, new_notebook, new_output
from traitlets.config import Config

import fetch_mathjax
import grids
import guide
import npm
from address import is_first_cell
from bplib.lessons import LESSONS
from notebooks import formulas_on_lines

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = ROOT / "guide"
REVEAL = npm.Package(
    "reveal.js",
    "6.0.2",
    "JYIg5D9aoxoaLeb84O+OvAwsKWdIavVgEDScxtYEXFCT6t6TQrhNtSgogcjdCpdLsWglhJn3zyE3fUOwiH5KEg==",
)
NEEDED = ("dist/reveal.js", "dist/reveal.css", "dist/plugin/notes.js", "LICENSE")
END = "## What you can now do"
PICTURES = ("image/png", "image/svg+xml", "image/jpeg")
SHOWN = (*PICTURES, "text/latex", "text/markdown")
LONGEST_CODE = 12  # lines; what is longer is in the notes
LINES = 12.5  # what a slide holds, with room to spare: the browser shrinks what does not fit
PREDICT = "**Predict**"


@dataclass
class Slide:
    """What one slide shows, cells in their order, and what is said with it."""

    cells: list
    section: str = ""  # its heading, where another slide began the section
    begins: bool = False
    notes: list = field(default_factory=list)

    @property
    def asks(self):
        """Whether it asks for a prediction: what answers it comes on the next one."""
        return any(PREDICT in cell.source for cell in self.cells if cell.cell_type == "markdown")

    @property
    def lines(self):
        """About how many lines it takes."""
        return sum(map(_lines, self.cells))


def _lines(cell):
    if cell.cell_type == "markdown":
        found = re.findall(r"\$\$.*?\$\$", cell.source, flags=re.DOTALL)
        text = re.sub(r"\$\$.*?\$\$", "", cell.source, flags=re.DOTALL)
        rows = sum(1 + len(row) // 62 for row in text.splitlines() if row)
        return rows + 0.4 + sum(1.6 * (1 + formula.count(r"\\")) for formula in found) + 8 * text.count("![")
    lines = 0 if "remove_input" in cell.metadata.tags else 0.5 + 0.8 * len(cell.source.splitlines())
    for output in cell.outputs:
        data = output.get("data", {})
        if any(kind in data for kind in PICTURES):
            lines += 10
        elif "text/latex" in data or "text/markdown" in data:
            tex = data.get("text/latex") or data["text/markdown"]
            lines += 1.6 * (1 + tex.count(r"\\")) if "text/latex" in data else 1.2 * len(tex.split("\n"))
        else:
            lines += 0.8 * len((output.get("text") or data.get("text/plain", "")).splitlines())
    return lines


def blocks(text):
    """The paragraphs of Markdown; what stands between $$ or ``` may hold empty lines."""
    found, inside = [], ""
    for piece in re.split(r"\n\s*\n", text.strip()):
        if inside:
            found[-1] += f"\n\n{piece}"
        else:
            found.append(piece)
        for sign in ("$$", "```"):
            if piece.count(sign) % 2 and inside in ("", sign):
                inside = "" if inside else sign
    return found


def has(cell, kinds):
    """Whether a code cell has an output of one of these kinds."""
    return any(kind in output.get("data", {}) for output in cell.outputs for kind in kinds)


def code_beside(cell):
    """The code that stands beside an output: drawing, asking and showing say nothing by theirs."""
    lines = [line for line in cell.source.splitlines() if not re.search(r"\bex\.", line)]
    source = "\n".join(lines).strip()
    if has(cell, PICTURES) or re.fullmatch(r"(derive\.(show|steps)\([^\n]*\)\s*)*", source):
        return ""
    return source


def is_shown(cell):
    """Whether a code cell belongs on a slide."""
    tags = cell.metadata.get("tags", [])
    if "skip" in tags or "slide" in tags:
        return "skip" not in tags
    if is_first_cell(cell.source):
        return False
    if not cell.outputs:
        is_stub = re.search(r"^ +\.\.\.", cell.source, re.MULTILINE)
        return (
            cell.source.startswith("def ") and not is_stub and len(cell.source.splitlines()) <= LONGEST_CODE
        )
    if has(cell, SHOWN):
        return True
    proves = re.search(r"\b(sp|derive)\.\w+\(", cell.source)
    return bool(proves) and len(code_beside(cell).splitlines()) <= LONGEST_CODE


def belongs(block):
    """Whether a paragraph is shown: a displayed formula, a table, a picture, a prediction."""
    return PREDICT in block or bool(re.search(r"\$\$|^\|.*\|$|!\[", block, re.MULTILINE))


def question(cell):
    """The prediction that a code cell asks for, as Markdown; "" where it asks for none."""
    if not re.search(r"\bex\.predict\(", cell.source) or not cell.outputs:
        return ""
    text = cell.outputs[-1].get("data", {}).get("text/plain", "")
    return f"{PREDICT}: {guide.escaped(text.removeprefix('Predict:'))}"


def pieces(nb, lesson):
    """The slides of a lesson by the rule above, each thing that is shown on one of its own."""
    aims = "\n".join(f"- {aim}" for aim in lesson.objectives)
    puzzle = f"*{lesson.puzzle[0].upper()}{lesson.puzzle[1:]}*"
    title = f"# {lesson.number:02} · {lesson.title}\n\n{puzzle}\n\nAfterwards you can\n\n{aims}"
    slides = [Slide([new_markdown_cell(title)], begins=True)]
    waiting, section = [], ""  # waiting: text that is on no slide yet
    fresh = False  # whether a heading was the last thing

    def rest():
        slides[-1].notes += waiting
        waiting.clear()

    def lead():
        """The paragraph before, where it is short enough to introduce what follows."""
        return [new_markdown_cell(waiting.pop())] if waiting and len(waiting[-1]) < 300 else []

    def show(*cells):
        rest()
        slides.append(Slide(list(cells), section))

    for cell in nb.cells:
        if cell.cell_type == "markdown":
            for block in blocks(cell.source):
                if block.startswith(END):
                    rest()
                    return slides
                if block.startswith("##"):
                    rest()
                    section = block.lstrip("# ")
                    slides.append(Slide([new_markdown_cell(f"## {section}")], begins=True))
                    fresh = True
                elif fresh:
                    slides[-1].cells.append(new_markdown_cell(block))
                    fresh = False
                elif belongs(block):
                    before = lead() if "$$" in block else []
                    show(*before, new_markdown_cell(block))
                elif not block.startswith("# "):
                    waiting.append(block)
        elif asked := question(cell):
            if not slides[-1].asks:  # the text has asked already
                show(*lead(), new_markdown_cell(asked))
        elif is_shown(cell):
            shown, beside = nbformat.from_dict(cell), code_beside(cell)
            is_short = 0 < len(beside.splitlines()) <= LONGEST_CODE
            shown.metadata.tags = [] if is_short else ["remove_input"]
            shown.source = beside if is_short else cell.source
            show(*lead(), shown)
            if not is_short:
                waiting.append(f"```python\n{cell.source}\n```")
                rest()
        fresh = fresh and cell.cell_type == "markdown"
    raise ValueError(f"{lesson.file}: expected a heading {END}")


def chosen(nb, lesson):
    """The slides of a lesson: what fits together on one stands on one, but for the answer to a prediction."""
    slides = []
    for piece in pieces(nb, lesson):
        last = slides[-1] if slides else None
        if (
            last
            and len(slides) > 1
            and not piece.begins
            and not last.asks
            and last.lines + piece.lines <= LINES
        ):
            last.cells += piece.cells
            last.notes += piece.notes
        else:
            slides.append(piece)
    return slides


def deck(nb, lesson, pages="", explorers=None):
    """The slides as a notebook that nbconvert makes a deck of.

    pages: where the lessons' pages are, for links to them; without it such links are plain text. explorers:
    what to show below the picture of a cell that ends with this call.
    """
    cells = []
    for slide in chosen(nb, lesson):
        heading = [] if slide.begins else [new_markdown_cell(f"### {slide.section}")]
        for n, cell in enumerate(heading + slide.cells):
            kind = ("slide" if slide.begins else "subslide") if n == 0 else "-"
            cell.metadata["slideshow"] = {"slide_type": kind}
            cells.append(cell)
        if slide.notes:
            notes = new_markdown_cell("\n\n".join(slide.notes))
            notes.metadata["slideshow"] = {"slide_type": "notes"}
            cells.append(notes)
    for cell in cells:
        if cell.cell_type == "markdown":
            link = rf"[\1]({pages}\2.html)" if pages else r"\1"
            cell.source = re.sub(r"\[([^\]]+)\]\((\d\d_\w+)\.ipynb\)", link, cell.source)
            cell.source = cell.source.replace("](../figures/", "](figures/")
        else:
            cell.outputs += [
                new_output("display_data", {"text/html": below})
                for call, below in (explorers or {}).items()
                if cell.source.rstrip().endswith(call)
            ]
        formulas_on_lines(cell)
    made = new_notebook(cells=cells)
    made.metadata = nb.metadata
    return made


def html(nb, lesson, *, pages="", live="", mathjax="mathjax", explorers=None):
    """One deck as HTML. live: where the lesson runs; mathjax: the folder of MathJax, seen from the deck;
    explorers as for `deck`."""
    config = Config()
    config.TagRemovePreprocessor.enabled = True
    config.TagRemovePreprocessor.remove_input_tags = {"remove_input"}
    exporter = SlidesExporter(
        config=config,
        extra_template_basedirs=[str(TEMPLATES)],
        template_name="slides",
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        exclude_anchor_links=True,
    )
    title = f"{lesson.number:02} · {lesson.title}"
    resources = {
        "metadata": {"name": lesson.stem},
        "deck": {"title": title, "mathjax": mathjax, "page": f"{pages}{lesson.stem}.html" if pages else "",
                 "live": live},
    }  # fmt: skip
    return exporter.from_notebook_node(deck(nb, lesson, pages, explorers), resources)[0]


CONTENTS = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Slides</title>
<link rel="stylesheet" href="slides.css">
</head>
<body class="contents">
<h1>Slides</h1>
<p>Derivations and pictures of each lesson. Arrow keys and space lead on, S opens the notes of the speaker, O
shows all slides, F fills the screen. Append <code>?view=print</code> to the address to print a deck.</p>
<ul>
{rows}
</ul>
</body>
</html>
"""


def write(folder, *, lessons=LESSONS, pages="", live=None, mathjax=None):
    """Write the decks, what they need, and a page that lists them; RuntimeError says what cannot be had.

    live: stem → where the lesson runs. mathjax: a folder of MathJax that is there, seen from `folder`;
    without it MathJax is written beside the decks. Returns stem → number of slides.
    """
    folder = Path(folder)
    reveal = npm.unpacked(REVEAL)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "reveal").mkdir(exist_ok=True)
    for name in NEEDED:
        shutil.copy(reveal / name, folder / "reveal" / Path(name).name)
    for name in ("slides.css", "slides.js"):
        shutil.copy(TEMPLATES / "slides" / name, folder / name)
    shutil.copy(ROOT / "pages" / "_static" / "grids.js", folder)
    shutil.copytree(
        ROOT / "figures",
        folder / "figures",
        ignore=shutil.ignore_patterns("*.py", "__pycache__"),
        dirs_exist_ok=True,
    )
    if mathjax is None:
        fetch_mathjax.write(folder / "mathjax")
    count = {}
    for lesson in lessons:
        nb = nbformat.read(ROOT / "notebooks" / lesson.file, as_version=4)
        count[lesson.stem] = len(chosen(nb, lesson))
        text = html(
            nb,
            lesson,
            pages=pages,
            live=(live or {}).get(lesson.stem, ""),
            mathjax=mathjax or "mathjax",
            explorers=grids.of(lesson.stem, folder / "grids", seen="grids"),
        )
        (folder / f"{lesson.stem}.html").write_text(text, encoding="utf-8")
    rows = "\n".join(
        f'<li><a href="{x.stem}.html">{x.number:02} · {x.title}</a>, {count[x.stem]} slides</li>'
        for x in lessons
    )
    (folder / "index.html").write_text(CONTENTS.format(rows=rows), encoding="utf-8")
    return count


def main():
    parser = argparse.ArgumentParser(description=__doc__.split(":")[0], allow_abbrev=False)
    parser.add_argument(
        "lessons", nargs="*", type=int, metavar="NN", help="numbers of lessons; all when left out"
    )
    parser.add_argument(
        "--folder", type=Path, default=ROOT / "build" / "slides", help="where to (build/slides)"
    )
    options = parser.parse_args()
    wanted = options.lessons or [lesson.number for lesson in LESSONS]
    if unknown := sorted(set(wanted) - {lesson.number for lesson in LESSONS}):
        parser.error(f"there is no lesson {', '.join(map(str, unknown))}")
    options.folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=options.folder.parent, prefix=".slides-") as scratch:
        try:
            count = write(Path(scratch) / "slides", lessons=[x for x in LESSONS if x.number in wanted])
        except RuntimeError as error:
            sys.exit(f"The decks cannot be made: {error}")
        shutil.rmtree(options.folder, ignore_errors=True)
        (Path(scratch) / "slides").rename(options.folder)
    print(f"{len(count)} decks, {sum(count.values())} slides, in {options.folder}: open index.html")


if __name__ == "__main__":
    main()
