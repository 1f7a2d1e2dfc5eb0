"""The reading edition: every lesson as a static page that asks the network for nothing.

    python tools/reading_edition.py        (make site) writes the folder site/, for any web server

Pages are made by nbconvert from the stored outputs; nothing is executed. Formulas become MathML while the
pages are built, which browsers draw without a script. Beside the lessons stand the glossary (from
`bplib.notation`) and the reference (pdoc, from docstrings). With JupyterLite installed (extra `lite`),
site/lite holds an edition whose kernel runs in the reader's browser; that kernel is fetched from a public
address when it starts.
"""

import argparse
import base64
import functools
import html
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import jinja2
import nbformat
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from address import is_first_cell
from bplib.lessons import LESSONS
from formulas import mathml

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = Path(__file__).resolve().parent / "site_template"
COURSE = "The course that proves its own gradients"
PIECES = re.compile(r"\$\$(.+?)\$\$|\$(.+?)\$|([^$]+)", re.DOTALL)
MODULES = "layers losses network optimizers training gradcheck datasets deep_layers schedules sweep".split()
MODULES += ["derive", "notation", "plots", "live", "playgrounds", "exercises"]
NOT_IN_PYODIDE = ("anywidget", "comm", "ipywidgets", "jupyterlab_widgets", "pooch", "psygnal")
# solutions stay where a learner has to ask for them
REFERENCE = ("bplib", *(f"bplib.{name}" for name in MODULES), r"!bplib\.(exercises\.lesson_.*|faults)")


@dataclass(frozen=True)
class Lesson:
    number: str
    title: str
    stem: str
    puzzle: str

    @property
    def page(self):
        return f"{self.stem}.html"


def lessons():
    """The lessons of the course's table, with their puzzles."""
    found = [Lesson(f"{x.number:02}", x.title, x.stem, x.puzzle) for x in LESSONS]
    there = {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}
    if {lesson.stem for lesson in found} != there:
        raise ValueError(
            f"bplib/lessons.py and notebooks/ differ in {sorted({x.stem for x in found} ^ there)}"
        )
    return found


class Renderer(IPythonRenderer):
    """Markdown as nbconvert renders it, but with MathML for formulas and pages for notebooks."""

    def block_math(self, body):
        return f"<p>{mathml(body, 'block')}</p>"

    def inline_math(self, body):
        return mathml(body)

    def link(self, text, url, title=None):
        if not re.match(r"[a-z]+:", url):
            url = re.sub(r"^(?:\.\./notebooks/)?(\d\d_\w+)\.ipynb", r"\1.html", url)
        return super().link(text, url, title)

    def image(self, text, url, title=None):
        return super().image(text, url.removeprefix("../"), title)


def markdown(source):
    text = MarkdownWithMath(renderer=Renderer(escape=False, anchor_link_text="#")).render(source)
    return text.replace("<table>", '<div class="table"><table>').replace("</table>", "</table></div>")


def with_mathml(text):
    """A LaTeX output as HTML."""

    def piece(found):
        block, inline, words = found.groups()
        if words:
            return html.escape(words, quote=False)
        large = block or inline.startswith(r"\displaystyle")  # sympy's own results
        return mathml(block or inline, "block" if large else "inline")

    return PIECES.sub(piece, text)


def lesson_body(path):
    """The lesson as HTML, from its stored outputs."""
    nb = nbformat.read(path, as_version=4)
    nb.cells = [cell for cell in nb.cells if not is_first_cell(cell.source)]  # it installs: nothing to read
    for cell in nb.cells:
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if "text/latex" in data:
                data["text/html"] = f"<p>{with_mathml(data.pop('text/latex'))}</p>"
            elif "text/markdown" in data:
                data["text/html"] = markdown(data.pop("text/markdown"))
    return _exporter().from_notebook_node(nb)[0]


@functools.cache
def _exporter():
    exporter = HTMLExporter(template_name="basic", exclude_input_prompt=True, exclude_output_prompt=True)
    exporter.environment.filters["markdown2html"] = lambda source, *_: markdown(source)
    return exporter


def index_body(found):
    rows = "".join(
        f'<tr><td>{x.number}</td><td><a href="{x.page}">{html.escape(x.title)}</a></td>'
        f'<td class="puzzle">{html.escape(x.puzzle)}</td></tr>'
        for x in found
    )
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    map_text = re.search(r"!\[([^\]]+)\]\(figures/course_map\.svg\)", readme)[1]
    opening = re.search(r"\n\n(Sixteen notebooks .+?)\n\n", readme, re.DOTALL)[1]
    return (
        f"<h1>{COURSE}</h1>{markdown(opening)}"
        "<p>This is the reading edition: text, formulas, code and results. The playgrounds and the exercises "
        "need the notebooks and a kernel; here each playground shows one picture.</p>"
        f'<p><img src="figures/course_map.svg" alt="{html.escape(map_text)}"></p>'
        '<h2>The lessons</h2><div class="table"><table><thead><tr><th>No.</th><th>Lesson</th>'
        f"<th>It starts from</th></tr></thead><tbody>{rows}</tbody></table></div>"
    )


def glossary_body(found):
    from bplib import notation

    by_number = {int(x.number): x for x in found}
    rows = "".join(
        f"<tr><td>{mathml(s.tex)}</td><td>{f'<code>{html.escape(s.code)}</code>' if s.code else ''}</td>"
        f"<td>{html.escape(s.shape)}</td><td>{html.escape(s.meaning)}</td>"
        f'<td><a href="{by_number[s.lesson].page}">{by_number[s.lesson].number}</a></td></tr>'
        for s in notation.SYMBOLS
    )
    return (
        "<h1>Glossary</h1><p>The symbols of the course, as formulas, code and text use them.</p>"
        '<div class="table"><table><thead><tr><th>Symbol</th><th>In code</th><th>Shape</th>'
        f"<th>What it is</th><th>Lesson</th></tr></thead><tbody>{rows}</tbody></table></div>"
    )


def write_reference(folder, modules):
    """The reference of these modules, by pdoc."""
    import pdoc
    import pdoc.render

    pdoc.render.configure(
        docformat="markdown", show_source=True, math=False, mermaid=False, search=False,
        template_directory=TEMPLATE / "pdoc",
    )  # fmt: skip
    pdoc.pdoc(*modules, output_directory=folder)
    for path in folder.rglob("*.html"):  # a link needs a name
        text = path.read_text(encoding="utf-8")
        text = re.sub(r'(<a class="headerlink" href="#([^"]+)")>', r'\1 aria-label="Link to \2">', text)
        path.write_text(text, encoding="utf-8", newline="\n")


def build(folder, *, lite=None, reference=REFERENCE):
    """Write the whole site into folder (made anew); returns how many pages of our own it has."""
    folder, found = Path(folder), lessons()
    lite = importlib.util.find_spec("jupyterlite_core") is not None if lite is None else lite
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATE), autoescape=False, trim_blocks=True
    )
    page = environment.get_template("page.html")
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".site-") as scratch:  # nothing half-written
        new = Path(scratch) / "site"
        shutil.copytree(
            ROOT / "figures", new / "figures", ignore=shutil.ignore_patterns("*.py", "__pycache__")
        )
        for name in ("style.css", "site.js"):
            shutil.copy(TEMPLATE / name, new / name)
        if lite:
            try:
                write_lite(new / "lite", Path(scratch))
            except RuntimeError as error:
                shutil.rmtree(new / "lite", ignore_errors=True)
                lite = False
                print(f"Left out: the edition that runs in the browser. {error}", file=sys.stderr)
        common = {"course": COURSE, "lite": lite}
        pages = {
            "index.html": {"title": "Lessons", "body": index_body(found)},
            "glossary.html": {"title": "Glossary", "body": glossary_body(found)},
        }
        for i, lesson in enumerate(found):
            notebook = f"{lesson.stem}.ipynb"
            pages[lesson.page] = {
                "title": lesson.title,
                "body": lesson_body(ROOT / "notebooks" / notebook),
                "notebook": notebook,
                "previous": found[i - 1] if i else None,
                "next": found[i + 1] if i + 1 < len(found) else None,
            }
        for name, values in pages.items():
            (new / name).write_text(page.render(**common, **values), encoding="utf-8", newline="\n")
        write_reference(new / "reference", reference)
        if folder.exists():
            shutil.rmtree(folder)
        new.rename(folder)
    return len(pages)


def write_lite(folder, scratch):
    """JupyterLite: lessons, wheels, and a kernel that the browser fetches when it starts."""
    wheels, contents = scratch / "wheels", scratch / "contents"
    run = [sys.executable, "-m"]
    building = [*run, "pip", "wheel", "--no-deps", "--wheel-dir"]
    if importlib.util.find_spec("uv"):
        building = [*run, "uv", "build", "--wheel", "--out-dir"]
    _quietly([*building, str(wheels), str(ROOT)])
    # what Pyodide lacks; the widgets must be of the versions whose front ends stand in this environment
    _quietly(
        [*run, "pip", "download", "--no-deps", "--only-binary=:all:", "--platform=any", "--implementation=py",
         "--abi=none", "--dest", str(wheels), *(f"{name}=={version(name)}" for name in NOT_IN_PYODIDE)]
    )  # fmt: skip
    shutil.copytree(ROOT / "notebooks", contents)
    for path in contents.glob("*.ipynb"):
        nb = nbformat.read(path, as_version=4)
        for cell in nb.cells:
            if is_first_cell(cell.source):
                cell.source = "%pip install -q bplib"  # from the wheel beside the page
            elif cell.cell_type == "markdown":
                cell.source = _with_figures(cell.source)
        nbformat.write(nb, path)
    settings = {"jupyter-config-data": {"appName": COURSE}}
    (scratch / "jupyter-lite.json").write_text(json.dumps({"jupyter-lite-schema-version": 0, **settings}))
    _quietly(
        [*run, "jupyterlite_core.app", "build", "--contents", str(contents), "--output-dir", str(folder),
         "--no-sourcemaps", *(f"--piplite-wheels={wheel}" for wheel in sorted(wheels.glob("*.whl")))],
        cwd=scratch,
    )  # fmt: skip


def _with_figures(source):
    """Markdown with its figures inside: JupyterLite shows no SVG file."""

    def inside(found):
        picture = base64.b64encode((ROOT / "figures" / found[1]).read_bytes()).decode()
        return f"(data:image/svg+xml;base64,{picture})"

    return re.sub(r"\(\.\./figures/(\w+\.svg)\)", inside, source)


def _quietly(command, cwd=ROOT):
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, env=os.environ | {"NO_COLOR": "1"}
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))} failed:\n{(done.stdout + done.stderr)[-3000:]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], allow_abbrev=False)
    parser.add_argument("--folder", type=Path, default=ROOT / "site", help="where to (default site/)")
    parser.add_argument("--no-lite", action="store_true", help="leave the edition with a kernel out")
    options = parser.parse_args()
    n = build(options.folder, lite=False if options.no_lite else None)
    size = sum(path.stat().st_size for path in options.folder.rglob("*") if path.is_file())
    print(f"{n} pages and the reference in {options.folder}, {size / 1e6:.1f} MB: open index.html")


if __name__ == "__main__":
    main()
