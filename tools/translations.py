"""Catalogues of other languages: what is to be said, whether it is said right, and lessons made from it.

    python tools/translations.py update [LANGUAGE]     renew locale/LANGUAGE/*.po from lessons and code
    python tools/translations.py check [LANGUAGE]      what is missing, fuzzy, or says something else
    python tools/translations.py build [LANGUAGE]      the executed lessons, in build/LANGUAGE/notebooks
    python tools/translations.py font [LANGUAGE] FILE  renew the few characters of a font that pictures need

English is the only language that is edited. A message is a paragraph of a lesson, a comment or a string of
its code, or a sentence that `bplib` says. Babel keeps the catalogues: a changed English sentence makes its
translation fuzzy, and a fuzzy one is not used.
"""

import argparse
import ast
import csv
import hashlib
import io
import json
import os
import re
import shutil
import string
import sys
import tokenize
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import nbformat
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

import notebooks
from address import is_first_cell, speaking
from bplib.language import FONT, VALUES, parts
from bplib.lessons import LESSONS

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "locale"

# ---------------------------------------------------------------- lessons

_BLOCK = re.compile(r"(\n\s*\n|\n(?=- |\d+\. )|\A- |(?<=\n)- |\A\d+\. |(?<=\n)\d+\. |\A#+ |(?<=\n)#+ )")
_FORMULA = re.compile(r"\$\$.+?\$\$|\$(?!\{)[^$]+\$(?!\{)", re.DOTALL)
_SHOWN = {"print", "title", "xlabel", "ylabel", "set_title", "set_xlabel", "set_ylabel", "suptitle", "text"}
_LABELS = {"label", "title", "xlabel", "ylabel"}


def wordy(text):
    """Whether there is anything to translate outside formulas and code."""
    text = re.sub(r"```.*?```|`[^`]+`", "", text, flags=re.DOTALL)
    text = _FORMULA.sub(lambda m: " ".join(re.findall(r"\\text\{([^}]*)\}", m[0])), text)
    return bool(re.search(r"[A-Za-z]{2}", re.sub(r"\]\([^)]*\)|<[^>]+>|https?://\S+", "", text)))


def markdown_parts(source):
    """The messages of a Markdown cell and what stands between, in turns, beginning with a message."""
    return _BLOCK.split(source)


def code_parts(source):
    """(start, end, text) of the comments and shown strings of a code cell, in order."""
    found = []
    offsets = [0]
    for line in source.splitlines(keepends=True):
        offsets.append(offsets[-1] + len(line))
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            text = token.string.lstrip("# ")
            start = offsets[token.start[0] - 1] + token.start[1] + len(token.string) - len(text)
            if wordy(text):
                found.append((start, start + len(text), text))
    encoded = [line.encode() for line in source.splitlines(keepends=True)]

    def place(line, column):  # ast counts bytes
        return offsets[line - 1] + len(encoded[line - 1][:column].decode())

    def strings(node):
        if isinstance(node, ast.JoinedStr) or (
            isinstance(node, ast.Constant) and isinstance(node.value, str)
        ):
            start, end = place(node.lineno, node.col_offset), place(node.end_lineno, node.end_col_offset)
            text = source[start:end]
            literal = "".join(p.value for p in getattr(node, "values", [node]) if isinstance(p, ast.Constant))
            if re.search(r"[A-Za-z]{3}", literal):
                found.append((start, end, text))
        elif isinstance(node, (ast.IfExp, ast.BinOp, ast.Starred, ast.Tuple, ast.List)):
            for child in ast.iter_child_nodes(node):
                strings(child)

    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            for argument in node.args if name in _SHOWN else ():
                strings(argument)
            for keyword in node.keywords:
                if keyword.arg in _LABELS | {"alt"}:
                    strings(keyword.value)
        elif isinstance(node, ast.FunctionDef) and ast.get_docstring(node):
            strings(node.body[0].value)
    return sorted(set(found))


def lesson_messages(path):
    """(message, place) of a notebook, in order."""
    nb = nbformat.read(path, as_version=4)
    for number, cell in enumerate(nb.cells, 1):
        where = f"{path.name}:{number}"
        if cell.cell_type == "markdown":
            for text in markdown_parts(cell.source)[::2]:
                if wordy(text):
                    yield text.strip(), where
        elif not is_first_cell(cell.source):
            for _, _, text in code_parts(cell.source):
                yield text, where


def translated_lesson(path, say, language):
    """The notebook in another language, without outputs; `say` gives a translation, or the message."""
    nb = nbformat.read(path, as_version=4)
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            pieces = markdown_parts(cell.source)
            text = "".join(p if i % 2 else _say_core(say, p) for i, p in enumerate(pieces))
            cell.source = re.sub(r"(?<=\]\(\.\./figures/)(?=\w+\.svg\))", f"{language}/", text)
            continue
        cell.outputs, cell.execution_count = [], None
        if is_first_cell(cell.source):
            cell.source = speaking(language) + cell.source
            continue
        for start, end, text in reversed(code_parts(cell.source)):
            cell.source = cell.source[:start] + _say_core(say, text) + cell.source[end:]
    nb.metadata["bplib"] = {"language": language}
    return nb


# ---------------------------------------------------------------- README and pages

PAGES = ("README.md", "pages/index.md", "pages/glossary.md", "pages/playground.html",
          "pages/_templates/lesson-buttons.html", "pages/_static/site.js", "pages/_static/playground/main.js",
          "pages/_static/playground/settings.js")  # fmt: skip
# what tools/build_site.py and pages/course.py put on the pages
SITE_WORDS = ("No.", "Lesson", "It starts from", "Symbol", "In code", "Shape", "What it is",
              "Lessons", "To look up", "Reference", "Something is wrong here",
              "The course that proves its own gradients")  # fmt: skip
_FENCE = re.compile(
    r"(^ *```[^{\n][^\n]*\n.*?^ *```$|^ *```\n.*?^ *```$|^```\{toctree\}.*?^```$|"
    r"^```\{glossary\}\n|^```$|<!--.*?-->)",
    re.DOTALL | re.MULTILINE,
)
_IN_HTML = re.compile(r"((?<=>)[^<>{}]+(?=<)|(?<=aria-label=\")[^\"@]+(?=\"))")
_IN_JS = re.compile(
    r"((?<=label: \")[^\"]+|(?<=: \")(?:circles|spiral|two blobs)|(?<=[\"`])(?:Play|Pause)(?=\")|"
    r"(?<=[\"`])[A-Za-z][\w’'$]*:? [^\"`\n]*[a-z]{3}[^\"`\n]*(?=[\"`]))"
)


def page_parts(name, text):
    """What stands between messages of a page's source and the messages, in turns."""
    if not name.endswith(".md"):
        return (_IN_JS if name.endswith(".js") else _IN_HTML).split(text)
    pieces = [""]
    for i, piece in enumerate(_FENCE.split(text)):
        for n, part in enumerate([piece] if i % 2 else markdown_parts(piece)):
            if i % 2 or n % 2:
                pieces[-1] += part
            else:
                pieces += [part, ""]
    return pieces


def page_messages():
    """(message, place) of README and pages."""
    for name in PAGES:
        for text in page_parts(name, (ROOT / name).read_text(encoding="utf-8"))[1::2]:
            if wordy(text) and not re.fullmatch(r"[\s@A-Z_`{}]*", text):
                yield text.strip(), name
    for text in SITE_WORDS:
        yield text, "tools/build_site.py"


def translated_page(name, text, say):
    """The source of a page in another language; `say(message)` is its translation, or the message."""
    pieces = page_parts(name, text)
    return "".join(_say_core(say, piece) if i % 2 else piece for i, piece in enumerate(pieces))


def readme(language):
    """The README in another language; links to its own headings lead to translated ones."""
    text, say = (ROOT / "README.md").read_text(encoding="utf-8"), speaker(language, "pages", "bplib")
    made = translated_page("README.md", text, say)
    for heading in re.findall(r"^## (.+)$", text, re.MULTILINE):
        made = made.replace(f"](#{_anchor(heading)})", f"](#{_anchor(say(heading))})")
    made = re.sub(r"(?<=\]\(figures/)(?=\w+\.svg\))", f"{language}/", made)
    return re.sub(
        r"^English · \[(.+?)\]\(README\..+?\)$", r"[English](README.md) · \1", made, flags=re.MULTILINE
    )


def _anchor(heading):
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _say_core(say, text):
    core = text.strip()
    return text.replace(core, say(core), 1) if core else text


def speaker(language, *names):
    """A function from an English message to what it is in the first of these catalogues that has it."""
    found = {}
    for name in reversed(names):
        for message in read(language, name):
            if message.id and message.string and not message.fuzzy:
                found[message.id] = message.string
    return lambda text: found.get(text, text)


# ---------------------------------------------------------------- what bplib says

# rooms whose strings are said as they stand in the code; the others are collected from their objects
_ROOMS = """checks datasets deep_layers gradcheck layers lessons losses network notation optimizers plots
schedules storage sweep training files live/ playgrounds/ derive/assuming derive/gradients derive/points
derive/proving derive/registry derive/showing derive/symbolic_network exercises/__init__ exercises/attempt
exercises/diagnose exercises/keeping exercises/kinds exercises/locked exercises/predicting
exercises/progress_file exercises/recalling exercises/running exercises/grading/feedback
exercises/grading/judging exercises/grading/remarking""".split()
# calls whose strings are no sentences
_NO_SENTENCES = {"namedtuple", "compile", "search", "sub", "match", "fullmatch", "findall", "split",
                 "symbols", "getenv", "Path", "import_module", "encode", "add_class"}  # fmt: skip
_LABELLED = {"slider", "choice", "toggle", "push_button", "button", "Button", "Tab"}
_LABEL_WORDS = _LABELS | {"description", "note", "help", "alt", "tooltip", "placeholder", "heading", "text"}


# settings of libraries that look like words
_NO_TEXT = {"loc", "layout", "xycoords", "textcoords", "flex_flow"}
_NO_MESSAGES = {"row wrap", "coarse half", "Application Support", "axes fraction", "offset points"}
# words that are put into sentences
_WORDS = """Predict: and or high low passes add rows columns hidden output training test Solved NaN infinite
none set finite regression correct. reset""".split()
# legends of the lessons' pictures
_WORDS += """plain decay momentum exponential cosine straight turned clean normalised sound broken fits shapes
input loss forward validation probabilities refused zeros dead both""".split()
_WORDS += ["1 step a frame", "5 steps", "20 steps", "as fast as it can"]
_WORDS += [
    "training loss",
    "test accuracy",
    "validation accuracy",
    "half dark",
    "weights alone",
    "Still open",
    "is kept",
    "is missing",
    "a scalar",
    "not yet.",
    "not attempted yet.",
]


# HTML, styles, LaTeX, regular expressions, files, lines of Python
_NO_SENTENCE = re.compile(
    r"<style|<div|<section|</|var\(--|\\frac|\{\s*$|\\[dws](?![a-z])|\\\(|matmul: |\.ipynb$|\.html$|"
    r"^from (\{|bplib)|^import |^\{also\}"
)


def _sentence(text, label=False):
    if _NO_SENTENCE.search(text):
        return False
    words = re.findall(r"(?<![\w\\])[A-Za-z][a-z]{2,}(?![\w(])", re.sub(r"\{[^{}]*\}", " ", text))
    return bool(words) if label else len(words) >= 2 and " " in text.strip()


def said_in(path):
    """(message, has values, line) of a module: its labels and sentences, without docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skip, labels = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
            if ast.get_docstring(node, clean=False) is not None:
                skip.add(node.body[0].value)
        elif isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in _NO_SENTENCES:
                skip.update(ast.walk(node))
            elif name in _LABELLED:
                for argument in node.args[:2]:
                    labels.update(ast.walk(argument))
            elif name in _SHOWN | {"say", "legend", "annotate"}:
                for argument in node.args:
                    labels.update(ast.walk(argument))
            for keyword in node.keywords:
                if keyword.arg in _LABEL_WORDS:
                    labels.update(ast.walk(keyword.value))
                elif keyword.arg in _NO_TEXT:
                    skip.update(ast.walk(keyword.value))
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in ("alt", "LESSONS"):
            labels.update(ast.walk(node.value))
        elif isinstance(node, ast.For) and _LABELLED & {
            getattr(n.func, "id", "") for n in ast.walk(node) if isinstance(n, ast.Call)
        }:
            labels.update(ast.walk(node.iter))
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            skip.update(node.values)
            text = "".join(
                p.value.replace("{", "{{").replace("}", "}}") if isinstance(p, ast.Constant)
                else "{" + re.sub(r"[{}]", "", ast.unparse(p.value)) + "}"
                for p in node.values
            )  # fmt: skip
            if node not in skip and _sentence(text, label=True):
                yield text.strip(), True, node.lineno
    for node in ast.walk(tree):
        said = isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in skip
        if said and _sentence(node.value, node in labels) and node.value not in _NO_MESSAGES:
            yield node.value.strip(), bool(re.search(r"\{\d?\}", node.value)), node.lineno


def bplib_messages():
    """(message, has values, place) of everything that `bplib` says to a learner."""
    from bplib import derive, faults
    from bplib.exercises import questions, registry

    for claim in derive.claims():
        where = f"bplib/derive/lesson_{claim.lesson:02}.py"
        yield claim.statement, False, where
        for _, reason in claim.equation.steps or ():
            if wordy(reason):
                yield reason, False, where
    for asked in questions.ALL:
        yield asked.text, False, f"bplib/exercises/questions.py lesson {asked.lesson}"
        for text in (asked.options or {}).values():
            if wordy(text):
                yield text, False, f"bplib/exercises/questions.py lesson {asked.lesson}"
    for exercise in registry().values():
        where = f"bplib/exercises/lesson_{exercise.lesson:02}.py {exercise.name}"
        texts = [exercise.task, *exercise.hints, exercise.after]
        texts += [m.teaches if hasattr(m, "teaches") else m[1] for m in exercise.mutants]
        if not isinstance(exercise.returns, str) or " " in exercise.returns:
            names = exercise.returns if isinstance(exercise.returns, tuple) else (exercise.returns,)
            texts += [name for name in names if " " in name]
        for text in texts:
            for part in parts(text)[::2]:
                if wordy(part):
                    yield part.strip(), False, where
    for text in _WORDS:
        yield text, False, "tools/translations.py"
    figures = ROOT / "figures" / "make_figures.py"
    for node in ast.parse(figures.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and any(ast.unparse(d) == "figure" for d in node.decorator_list):
            title, _, rest = ast.get_docstring(node).partition("\n")
            yield title, False, "figures/make_figures.py"
            yield " ".join(rest.split()), False, "figures/make_figures.py"
    for text, values, line in said_in(figures):
        if not text.startswith(("role=", "round,")) and not text.endswith(".svg"):
            yield text, values, f"figures/make_figures.py:{line}"
    for fault in faults.lab():
        for text in (fault.name, fault.teaches):
            yield text, False, "bplib/faults.py"
    for room in _ROOMS:
        paths = sorted((ROOT / "bplib" / room).rglob("*.py")) if room.endswith("/") else [
            ROOT / "bplib" / f"{room}.py"]  # fmt: skip
        for path in paths:
            for text, values, line in said_in(path):
                yield text, values, f"{path.relative_to(ROOT)}:{line}"


# ---------------------------------------------------------------- catalogues


def template(name):
    """A catalogue of all messages of a domain: `bplib`, or a lesson's stem."""
    made = Catalog(project="bplib", charset="utf-8")
    if name == "pages":
        for text, where in page_messages():
            made.add(text, locations=[(where, None)])
    elif name == "bplib":
        for text, values, where in bplib_messages():
            made.add(
                text,
                locations=[(where.partition(":")[0].replace(" ", "#"), None)],
                flags=[VALUES] if values else [],
            )
    else:
        for text, where in lesson_messages(ROOT / "notebooks" / f"{name}.ipynb"):
            made.add(text, locations=[(where, None)])
    return made


def domains():
    return ["bplib", "pages", *(lesson.stem for lesson in LESSONS)]


def read(language, name):
    path = LOCALE / language / f"{name}.po"
    if not path.exists():
        return Catalog(locale=language, project="bplib", charset="utf-8")
    with path.open("rb") as file:
        return read_po(file, locale=language)


def write(language, name, catalogue):
    path = LOCALE / language / f"{name}.po"
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    write_po(buffer, catalogue, width=0, omit_header=False, sort_output=False, include_lineno=False)
    text = re.sub(r'^"(POT-Creation-Date|PO-Revision-Date|Generated-By|Last-Translator|Report-Msgid).*\n', "",
                  buffer.getvalue().decode(), flags=re.MULTILINE)  # fmt: skip
    # what Babel takes for formats of Python are braces of LaTeX
    text = re.sub(r"^#, python(?:-brace)?-format\n|, python(?:-brace)?-format", "", text, flags=re.MULTILINE)
    path.write_text(text, encoding="utf-8")


def update(language):
    """Renew the catalogues: new messages come in, changed ones become fuzzy, old ones go."""
    for name in domains():
        catalogue = read(language, name)
        catalogue.update(template(name), no_fuzzy_matching=not len(catalogue))
        catalogue.obsolete.clear()
        write(language, name, catalogue)


def write_readme(language):
    (ROOT / f"README.{language.replace('_', '-')}.md").write_text(readme(language), encoding="utf-8")


# ---------------------------------------------------------------- checks

_CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
_LINK = re.compile(r"\]\(([^)]+)\)")
_JS_VALUE = re.compile(r"\$\{[^}]*\}")
_VALUE = re.compile(r"(?<!\{)\{([^{}]*)\}(?!\})")
_PLURAL = re.compile(r"\{('\w*' \* [^{}]*|'[^{}']*' if [^{}]*)\}")  # English needs it, others may not
_NUMBER = r"(?<![\w.])[−-]?\d+(?:[.,]\d+)*(?:e[−-]?\d+)?%?"
_TIMES = {"million": 1e6, "billion": 1e9, "百万": 1e6, "万": 1e4, "亿": 1e8}
_HAN = r"[\u3400-\u9fff]"
_HALF = re.compile(rf"{_HAN}\s*[,;:?!](?!\w*://)|[,;:?!]\s*{_HAN}|{_HAN}\.(?!\w)|{_HAN}\(|\){_HAN}")
_WORDS_LEFT = re.compile(r"[A-Za-z]{3,}.*\s[A-Za-z]{3,}")


class Glossary(list):
    """[(pattern of an English term, the term, its translations)]; `kept`: messages of code and names."""

    kept: frozenset = frozenset()


def terms(language):
    """The `Glossary` of a language: terms.csv, and names.txt, the messages of names and code."""
    found = Glossary()
    names = LOCALE / language / "names.txt"
    found.kept = frozenset(names.read_text(encoding="utf-8").splitlines() if names.exists() else ())
    with (LOCALE / language / "terms.csv").open(encoding="utf-8", newline="") as file:
        for english, allowed, _ in list(csv.reader(file))[1:]:
            pattern = re.compile(rf"(?<![\w-]){re.escape(english)}s?(?![\w-])", re.IGNORECASE)
            found.append((pattern, english, allowed.split("|")))
    return found


def _untexted(text):
    """Without the words in formulas, which are translated."""
    return re.sub(r"\\text\{[^}]*\}", r"\\text{}", text)


def _without(text):
    return _LINK.sub("]", _FORMULA.sub(" ", _CODE.sub(" ", text)))


def _numbers(text):
    """Every number of a text, 16 million and 1600 万 being the same one."""
    found = Counter()
    for number, times in re.findall(rf"({_NUMBER})(?:\s*({'|'.join(_TIMES)}))?", text):
        found[str(float(number) * _TIMES[times]) if times else number] += 1
    return found


def _of_python(english, other):
    """What a string literal of a lesson's code has otherwise."""
    try:
        trees = [ast.parse(text.strip(), mode="eval") for text in (english, other)]
    except SyntaxError:
        return ["no string of Python any more"]
    values = [
        sorted(ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.FormattedValue))
        for tree in trees
    ]
    return [] if values[0] == values[1] else [f"values {values[0]}, got {values[1]}"]


def differences(english, other, glossary=None, values=False, code=False):
    """What a translation has otherwise than its English message, as sentences."""
    glossary = Glossary() if glossary is None else glossary
    if code and re.fullmatch(r"f?(['\"]).*\1", english, re.DOTALL):
        try:
            ast.parse(english, mode="eval")
        except SyntaxError:
            pass  # a sentence that begins and ends with quotation marks
        else:
            return _of_python(english, other)
    found, kept = [], english in glossary.kept

    def same(what, of):
        ours, theirs = of(english), of(other)
        if ours != theirs:
            more, less = list((ours - theirs).elements()), list((theirs - ours).elements())
            found.append(f"{what}: only in English {more}, only in the translation {less}")

    def all_of(pattern, group=0, before=str):
        return lambda text: Counter(m[group] for m in pattern.finditer(before(text)))

    if values:
        same("values", lambda text: Counter(set(_VALUE.findall(_PLURAL.sub("", text).replace("}{", "")))))
        english, other = (_VALUE.sub(" ", text) for text in (english, other))
    same("values", all_of(_JS_VALUE))
    english, other = (_JS_VALUE.sub(" ", text) for text in (english, other))
    same("formulas", all_of(_FORMULA, before=_untexted))
    same("code", all_of(_CODE))
    same("links", all_of(_LINK, 1))
    same("numbers", lambda text: _numbers(_without(text)))
    same("emphasis", all_of(re.compile(r"\*\*"), before=_without))
    if half := _HALF.search(_without(other)):
        found.append(f"half-width punctuation in {half[0]!r}")
    if kept:
        return found
    if not re.search(_HAN, other) and _WORDS_LEFT.search(_without(english)):
        found.append("it is still English")
    for title in re.findall(r"\[([^\]]+)\]\(|\*([A-Z][^*]+)\*", english):  # a foreign title may stay
        english = english.replace(max(title), "") if max(title) in other else english
    for pattern, term, allowed in glossary:
        if pattern.search(_without(english)) and not any(a.lower() in other.lower() for a in allowed):
            found.append(f"the term {term!r} is {' or '.join(allowed)}")
    return found


def problems(language, names=None):
    """Everything wrong with a language's catalogues, as lines."""
    glossary, found = terms(language), []
    for name in names or domains():
        catalogue, wanted = read(language, name), template(name)
        for message in wanted:
            if not message.id:
                continue
            there = catalogue.get(message.id)
            where = f"{name}: {message.id[:80]!r}"
            if there is None or not there.string:
                found.append(f"{where} has no translation")
            elif there.fuzzy:
                found.append(f"{where}: the English sentence has changed")
            else:
                values, code = VALUES in message.flags, name not in ("bplib", "pages")
                differ = differences(message.id, there.string, glossary, values, code)
                found += [f"{where}: {what}" for what in differ]
    return found


def write_lessons(language, folder):
    """The lessons in a language, without outputs, and their data, in a folder that is made where it lacks."""
    folder.mkdir(parents=True, exist_ok=True)
    for lesson in LESSONS:
        nb = translated_lesson(ROOT / "notebooks" / lesson.file, speaker(language, lesson.stem), language)
        text = nbformat.writes(nb).rstrip("\n") + "\n"
        path = folder / lesson.file
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
    shutil.copytree(ROOT / "notebooks" / "data", folder / "data", dirs_exist_ok=True)


def executed_lessons(language):
    """The folder of the executed lessons in a language, renewed where anything has changed."""
    folder = ROOT / "build" / language
    plain, executed = folder / "plain", folder / "notebooks"
    write_lessons(language, plain)
    shutil.copytree(plain / "data", executed / "data", dirs_exist_ok=True)
    (folder / "benchmarks").mkdir(exist_ok=True)  # lesson 12 prints figures from there
    shutil.copy(ROOT / "benchmarks" / "RESULTS.md", folder / "benchmarks")
    course = hashlib.sha256()
    for path in sorted([*(ROOT / "bplib").rglob("*.[pj][ys]"), LOCALE / language / "bplib.po"]):
        course.update(path.read_bytes())
    marks, wanted = folder / "made.json", {}
    made = json.loads(marks.read_text()) if marks.exists() else {}
    for lesson in LESSONS:
        content = course.copy()
        content.update((plain / lesson.file).read_bytes())
        wanted[lesson.file] = content.hexdigest()
    problems = []
    late = [name for name in wanted if made.get(name) != wanted[name] or not (executed / name).exists()]
    with ProcessPoolExecutor(max_workers=2) as workers:
        for name, (text, problem) in zip(late, workers.map(_execute, [plain / n for n in late]), strict=True):
            if problem:
                problems.append(f"{name}: {problem}")
                continue
            (executed / name).write_text(text, encoding="utf-8")
            made[name] = wanted[name]
            marks.write_text(json.dumps(made, indent=1))
    if problems:
        raise RuntimeError(f"{language}: {len(problems)} lessons do not run\n" + "\n\n".join(problems))
    return executed


def _execute(path):
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # two lessons run at a time
    return notebooks.execute(path)


# ---------------------------------------------------------------- pictures

_IN_PICTURES = re.compile(
    r"bplib/(plots|playgrounds|live|lessons|exercises/(questions|progress|predicting))|figures/"
)


def characters(language):
    """Every character that a picture in that language may show."""
    texts = []
    for name in domains():
        for message in read(language, name):
            place = message.locations[0][0] if message.id else ""
            code = re.match(r"f?['\"]", str(message.id)) if name not in ("bplib", "pages") else False
            if code or _IN_PICTURES.match(place):
                texts.append(message.string)
    return {character for text in texts for character in text if character.isprintable()}


def write_font(language, source):
    """A font with those characters alone, from a large one (a TTC's face for Simplified Chinese)."""
    from fontTools import subset, ttLib

    with open(source, "rb") as file:
        collection = ttLib.TTCollection(file) if file.read(4) == b"ttcf" else None
    faces = collection.fonts if collection else [ttLib.TTFont(source)]
    face = next((f for f in faces if " SC" in str(f["name"].getDebugName(4))), faces[0])
    options = subset.Options(layout_features=[], name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14], hinting=False)
    subsetter = subset.Subsetter(options)
    subsetter.populate(text="".join(sorted(characters(language) | set(string.printable))))
    subsetter.subset(face)
    for number in (1, 4, 6, 16):
        face["name"].removeNames(nameID=number)
    for number, text in ((1, FONT), (4, FONT), (6, FONT.replace(" ", ""))):
        face["name"].setName(text, number, 3, 1, 0x409)
    face.save(LOCALE / language / "font.otf")


# ---------------------------------------------------------------- outputs in two languages

_ANY_NUMBER = re.compile(r"(?<![A-Za-z_])[−-]?\d+(?:\.\d+)?(?:e[−+-]?\d+)?")


def output_differences(english, other):
    """Where the outputs of a lesson in two languages differ in more than words: (cell, what)."""
    found = []
    codes = [[cell for cell in nb.cells if cell.cell_type == "code"] for nb in (english, other)]
    if len(codes[0]) != len(codes[1]):
        return [(0, f"{len(codes[0])} cells of code, got {len(codes[1])}")]
    for number, pair in enumerate(zip(*codes, strict=True), 1):
        if is_first_cell(pair[0].source) or "nbval-ignore-output" in pair[0].metadata.get("tags", ()):
            continue
        kinds = [[(o.output_type, *sorted(o.get("data", {}))) for o in cell.outputs] for cell in pair]
        if kinds[0] != kinds[1]:
            found.append((number, f"outputs {kinds[0]}, got {kinds[1]}"))
            continue
        for ours, theirs in zip(pair[0].outputs, pair[1].outputs, strict=True):
            for text, said in _output_texts(ours, theirs):
                a, b = (sorted(_ANY_NUMBER.findall(_untexted(t))) for t in (text, said))
                if a != b:
                    found.append((number, f"{text!r}, got {said!r}"))
    return found


def _output_texts(ours, theirs):
    if ours.output_type == "stream":
        return [(ours.text, theirs.text)]
    kinds = [kind for kind in ours.get("data", {}) if kind in ("text/plain", "text/markdown", "text/latex")]
    return [(ours.data[kind], theirs.data[kind]) for kind in kinds]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], allow_abbrev=False)
    parser.add_argument("command", choices=["update", "check", "build", "font"])
    parser.add_argument("language", nargs="?", default="zh_CN")
    parser.add_argument("file", nargs="?", help="for font: one with all characters")
    options = parser.parse_args()
    if options.command == "update":
        update(options.language)
        write_readme(options.language)
    elif options.command == "check":
        found = problems(options.language)
        print("\n".join(found) or "Nothing is missing.")
        return bool(found)
    elif options.command == "font":
        write_font(options.language, options.file)
    else:
        print(executed_lessons(options.language))
    return 0


if __name__ == "__main__":
    sys.exit(main())
