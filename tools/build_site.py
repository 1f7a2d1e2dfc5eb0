"""The course on the web: pages to read, a playground that runs in them, and lessons that run in the browser.

    python tools/build_site.py             (make site) writes the folder site/, for any web server: the pages
                                           in each language, and one edition that runs in the browser
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
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import nbformat

import build_lite
import fetch_mathjax
import grids
import guide
import npm
import slides
import translations
from address import checked, form, is_first_cell, published
from bplib.lessons import LESSONS
from notebooks import formulas_on_lines

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "pages"
COURSE = "The course that proves its own gradients"
# what the reference describes; solutions stay where a learner has to ask for them
MODULES = "bplib contracts layers losses network optimizers training gradcheck".split()
MODULES += "datasets deep_layers schedules sweep derive notation".split()
MODULES += ["plots", "playgrounds", "exercises"]
# language -> (its folder, as HTML names it, its own name)
LANGUAGES = {"en": ("en", "en", "English"), "zh_CN": ("zh", "zh-Hans", "中文")}
MINUTES = {"half an hour": 30, "about an hour": 60}
OF_LITE = ("keep.js", "carry.js", "service-worker.js")
IMAGES = ("image/png", "image/svg+xml", "image/jpeg")


# the guide is there in English alone
TEACHERS = "```{toctree}\n:hidden:\n:caption: For teachers\n\nguide/index\n```"


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


def lessons(language="en", say=str):
    """The lessons in the order of the course's table, `bplib.lessons`, with what their own texts say.

    In another language than English the texts are translated ones; `say` translates a sentence.
    """
    there = {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}
    if differ := {lesson.stem for lesson in LESSONS} ^ there:
        raise ValueError(f"bplib.lessons and notebooks/ differ in {sorted(differ)}")
    return [_described(lesson, language, say) for lesson in LESSONS]


def speaker(language):
    """A function from an English sentence of the pages to the same in that language."""
    return translations.speaker(language, "pages", "bplib", LESSONS[0].stem) if language != "en" else str


def _described(lesson, language, say):
    nb = nbformat.read(ROOT / "notebooks" / lesson.file, as_version=4)
    english = "\n\n".join(cell.source for cell in nb.cells if cell.cell_type == "markdown")
    needs = re.search(r"\*\*What you need\*\*\n+(.+?)(?:\n\n|\Z)", english, re.DOTALL)[1]
    minutes = next((n for words, n in MINUTES.items() if words in needs), None)
    if found := re.search(r"about (\d+) minutes", needs):
        minutes = int(found[1])
    need = say("**What you need**")
    if language != "en":
        nb = translations.translated_lesson(
            ROOT / "notebooks" / lesson.file, translations.speaker(language, lesson.stem), language
        )
    text = "\n\n".join(cell.source for cell in nb.cells if cell.cell_type == "markdown")
    opening = re.search(r"\A# .+?\n\n(.+?)\n\n", text, re.DOTALL)[1]
    needs = re.search(rf"{re.escape(need)}\n+(.+?)(?:\n\n|\Z)", text, re.DOTALL)[1]
    return Lesson(
        f"{lesson.number:02}", say(lesson.title), lesson.stem, say(lesson.puzzle),
        description=plain(opening),
        objectives=tuple(plain(say(text)) for text in lesson.objectives),
        prerequisites="; ".join(plain(line) for line in re.findall(r"^- (.+)$", needs, re.MULTILINE)),
        time=f"PT{minutes or 60}M",
    )  # fmt: skip


def plain(text):
    """Markdown as plain text: links keep their words, formulas their source."""
    text = re.sub(r"\[(.+?)\]\(.+?\)", r"\1", text)
    return re.sub(r"\s+", " ", re.sub(r"\*\*|`|\$|(?<!\w)\*|\*(?!\w)", "", text)).strip()


def page_source(path, playground="", below=None):
    """The notebook as Sphinx gets it: without the cell that installs, with a text at every picture.

    below: the end of a cell's code → a block that stands below it.
    """
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
        formulas_on_lines(cell)
    for call, block in (below or {}).items():
        at = next(i for i, cell in enumerate(nb.cells) if cell.source.rstrip().endswith(call))
        nb.cells.insert(at + 1, nbformat.v4.new_markdown_cell(block))
    if playground:
        at = next(i for i, cell in enumerate(nb.cells) if "XORPlayground(XORSettings" in cell.source)
        nb.cells.insert(at, nbformat.v4.new_markdown_cell(playground))
    return nbformat.writes(nb)


def glossary_terms(text=None):
    """Every term of the glossary, with its other spellings: lower case → the term itself."""
    text = text or (PAGES / "glossary.md").read_text(encoding="utf-8")
    body = re.search(r"```\{glossary\}\n(.+?)\n```", text, re.DOTALL)[1]
    terms = [line for line in body.splitlines() if line and not line.startswith(" ")]
    return {term.lower(): term for term in terms}


def playground_block(folder, notebooks, lesson, say=str, live=""):
    """The playground as Markdown, with the picture of that lesson for readers without JavaScript.

    live: the address of lesson 08 with a kernel, to which an experiment is carried; else to its page.
    """
    nb = nbformat.read(notebooks / f"{lesson.stem}.ipynb", as_version=4)
    cell = next(cell for cell in nb.cells if "XORPlayground(XORSettings" in cell.source)
    picture = next(output for output in cell.outputs if "image/png" in output.get("data", {}))
    (folder / "_static" / "still.png").write_bytes(base64.b64decode(picture.data["image/png"]))
    text = html.escape(picture.metadata["image/png"]["alt"])
    block = translations.translated_page(
        "pages/playground.html", (PAGES / "playground.html").read_text(encoding="utf-8"), say
    )
    if live:
        block = block.replace('"08_xor.html"', f'"{live}"').replace('"08_xor.html#playground"', f'"{live}"')
    return f"```{{raw}} html\n{block.replace('@STILL@', text)}```"


def lay_out(folder, *, language="en", notebooks=None, mathjax, run, playground=True, address="", others=None,
            repository="", decks=False, teachers=True):  # fmt: skip
    """Write the sources that Sphinx reads into the folder, in one language; returns its lessons.

    notebooks: the folder of the executed lessons in that language. others: language → where its pages are.
    repository: where the course is published, for the link to its form. decks: whether there are slides.
    teachers: whether the guide is a part of it.
    """
    notebooks = notebooks or ROOT / "notebooks"
    say = speaker(language)
    found = lessons(language, say)
    shutil.copytree(PAGES, folder, ignore=shutil.ignore_patterns("__pycache__", "playground.html", *OF_LITE))
    if language != "en":
        for name in translations.PAGES:
            if name.startswith("pages/") and (path := folder / name.removeprefix("pages/")).exists():
                text = translations.translated_page(name, path.read_text(encoding="utf-8"), say)
                path.write_text(text, encoding="utf-8")
    shutil.copytree(
        ROOT / "figures", folder / "figures", ignore=shutil.ignore_patterns("*.py", "__pycache__")
    )
    shutil.copy(ROOT / "figures" / "playgrounds.png", folder / "_static" / "picture.png")
    readme = translations.translated_page("README.md", (ROOT / "README.md").read_text(encoding="utf-8"), say)
    opening = re.search(r"end of badges -->\n\n(.+?)\n\n", readme, re.DOTALL)[1]
    picture = re.search(r"!\[([^\]]+)\]\(figures/playgrounds\.png\)", readme)[1]
    code, course = LANGUAGES[language][1], say(COURSE)
    site = {
        "course": course,
        "language": language,
        "code": code,
        "description": plain(opening),
        "picture": picture,
        "address": f"{address.rstrip('/')}/{LANGUAGES[language][0]}/" if address else "",
        "languages": others or {},
        "names": {code: name for _, code, name in LANGUAGES.values()},
        "mathjax": mathjax,
        "run": run,
        "terms": glossary_terms((folder / "glossary.md").read_text(encoding="utf-8")),
        "folder": LANGUAGES[language][0],
        "form": form(repository, "WHERE") if repository else "",
        "words": {word: say(word) for word in translations.SITE_WORDS},
        "lessons": [asdict(lesson) for lesson in found],
    }
    (folder / "site.json").write_text(json.dumps(site, ensure_ascii=False, indent=1), encoding="utf-8")
    rows = "\n".join(f"| {x.number} | [{x.title}]({x.stem}.ipynb) | {x.puzzle} |" for x in found)
    map_text = re.search(r"!\[([^\]]+)\]\(figures/course_map\.svg\)", readme)[1]
    map_file = f"figures/{'' if language == 'en' else f'{language}/'}course_map.svg"
    headings = " | ".join(map(say, ("No.", "Lesson", "It starts from")))
    # the reference is there in English alone, and a table of contents takes no page of another site
    link = f'<p><a href="../en/reference/index.html" hreflang="en">{say("Reference")}</a></p>'
    values = {
        "COURSE": course,
        "OPENING": opening,
        "LESSONS": f"| {headings} |\n| --- | --- | --- |\n{rows}",
        "MAP": f"![{map_text}]({map_file})",
        "TOCTREE": "\n".join(f"{x.number} · {x.title} <{x.stem}>" for x in found),
        "TO_LEARN": say("Lessons"),
        "TO_LOOK_UP": say("To look up"),
        "REFERENCE": "reference/index" if language == "en" else "",
        "MORE": "" if language == "en" else link,
        "TEACHERS": TEACHERS if language == "en" and teachers else "",
    }
    index = (folder / "index.md").read_text(encoding="utf-8")
    for name, text in values.items():
        index = index.replace(f"@{name}@", text)
    live = run.get("08_xor", "")
    block = playground_block(folder, notebooks, found[0], say, live) if playground else ""
    index = index.replace("@PLAYGROUND@", block.replace("@AUTOPLAY@", " data-autoplay"))
    (folder / "index.md").write_text(index, encoding="utf-8")
    for lesson in found:
        here = block.replace("@AUTOPLAY@", "") if lesson.number in ("00", "08") else ""
        below = grids.blocks(lesson.stem, folder / "_static" / "grids", language) if playground else {}
        source = page_source(notebooks / f"{lesson.stem}.ipynb", here, below)
        (folder / f"{lesson.stem}.ipynb").write_text(source, encoding="utf-8")
    if language == "en":
        lay_out_reference(folder / "reference")
    if language == "en" and teachers:
        guide.lay_out(folder / "guide", slides=decks)
    return found


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
    command = [sys.executable, "-m", "sphinx", "-b", builder, "-q", "-W", "--keep-going"]
    environment = os.environ | {"NO_COLOR": "1", "PYTHONPATH": str(ROOT)}
    doctrees = source.parent / f"doctrees-{builder}-{target.name}"
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


FRONT = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{course}</title>
<meta http-equiv="refresh" content="1; url=en/index.html">
<script>
const chinese = navigator.languages.findIndex(name => name.startsWith("zh"));
const english = navigator.languages.findIndex(name => name.startsWith("en"));
const first = chinese >= 0 && (english < 0 || chinese < english) ? "zh" : "en";
location.replace(first + "/index.html" + location.search + location.hash);
</script>
</head>
<body>
{links}
</body>
</html>
"""


def front_page():
    """The page that leads to the language that the reader's browser asks for."""
    links = (f'<p><a lang="{code}" href="{folder}/index.html">{name}</a></p>' for folder, code, name in
             LANGUAGES.values())  # fmt: skip
    return FRONT.format(course=COURSE, links="\n".join(links))


def lite_addresses(site, inside=""):
    """Stem → where the lesson runs in the browser, seen from a folder of the site."""
    if not (site / "lite").is_dir():
        return {}
    return {x.stem: f"../lite/notebooks/index.html?path={inside}{x.stem}.ipynb" for x in LESSONS}


def build(folder, *, lite=True, pyodide=None, address="", languages=tuple(LANGUAGES), repository=None):
    """Write the whole site into folder (made anew); returns how many pages Sphinx made of our own sources."""
    folder, number = Path(folder), 0
    repository = published() if repository is None else repository
    folder.parent.mkdir(parents=True, exist_ok=True)
    executed = {"en": ROOT / "notebooks"}
    executed |= {name: translations.executed_lessons(name) for name in languages if name != "en"}
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".site-") as scratch:  # nothing half-written
        scratch = Path(scratch)
        new = scratch / "site"
        new.mkdir()
        try:
            fetch_mathjax.write(scratch / "mathjax")
            mathjax = True
        except RuntimeError as error:
            left_out("MathJax, formulas stay TeX", error)
            mathjax = False
        if lite:
            try:
                others = {LANGUAGES[name][0]: path for name, path in executed.items() if name != "en"}
                build_lite.write(new / "lite", scratch, COURSE, pyodide=pyodide, others=others)
            except RuntimeError as error:
                left_out("the lessons that run in the browser", error)
                shutil.rmtree(new / "lite", ignore_errors=True)
        decks = False
        if mathjax:
            try:
                npm.unpacked(slides.REVEAL)
                decks = True
            except RuntimeError as error:
                left_out("the slides", error)
        base = f"{address.rstrip('/')}/" if address else "../"
        # Sphinx is a process of its own: what comes after it is made meanwhile. MyST-NB writes a folder
        # beside its target, so each language has a place to itself.
        with ThreadPoolExecutor(len(languages)) as beside:
            made = {}
            for language in languages:
                short = LANGUAGES[language][0]
                source = scratch / f"source-{short}"
                others = {LANGUAGES[name][1]: f"{base}{LANGUAGES[name][0]}/" for name in languages}
                inside = "" if language == "en" else f"{short}/"
                run = lite_addresses(new, inside)
                found = lay_out(
                    source, language=language, notebooks=executed[language], mathjax=mathjax, run=run,
                    address=address, others=others if len(languages) > 1 else None,
                    repository=repository, decks=decks,
                )  # fmt: skip
                if mathjax:
                    shutil.copytree(scratch / "mathjax", source / "_static" / "mathjax")
                made[short] = beside.submit(sphinx, "html", source, scratch / f"made-{short}" / short)
                number += len(found) + 2
            if decks:
                run = lite_addresses(new)
                slides.write(new / "slides", pages="../en/", live=run, mathjax="../en/_static/mathjax")
            for short, pages in made.items():
                pages.result()
                (scratch / f"made-{short}" / short).rename(new / short)
                for path in [
                    new / short / ".buildinfo",
                    *(new / short / "_static").glob("*webpack-macros.html"),
                ]:
                    path.unlink(missing_ok=True)  # notes and templates of Sphinx and the theme
        (new / "index.html").write_text(front_page(), encoding="utf-8")
        (new / ".nojekyll").touch()  # some hosts hide folders that begin with _ unless told
        if folder.exists():
            shutil.rmtree(folder)
        new.rename(folder)
    return number


def book(path):
    """Write the lessons, the glossary and the reference as an EPUB."""
    with tempfile.TemporaryDirectory(prefix="book-") as scratch:
        source = Path(scratch) / "source"
        lay_out(source, mathjax=False, run={}, playground=False, teachers=False)
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
    parser.add_argument(
        "--repository", help="where the course is published, for links to its forms (what make address wrote)"
    )
    parser.add_argument("--epub", action="store_true", help="the book instead of the site")
    options = parser.parse_args()
    if options.epub:
        path = ROOT / "build" / "backpropagation.epub"
        book(path)
        print(f"{path}, {path.stat().st_size / 1e6:.1f} MB")
        return
    try:
        repository = checked(options.repository) if options.repository else None
    except ValueError as error:
        parser.error(str(error))
    n = build(
        options.folder, lite=not options.no_lite, pyodide=options.pyodide, address=options.address,
        repository=repository,
    )  # fmt: skip
    size = sum(path.stat().st_size for path in options.folder.rglob("*") if path.is_file())
    print(f"{n} pages and the reference in {options.folder}, {size / 1e6:.1f} MB: open index.html")


if __name__ == "__main__":
    main()
