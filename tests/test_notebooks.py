"""Every stored notebook keeps to the rules of tools/hygiene.py, and the rules notice what they are for."""

import ast
import base64
import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import hygiene

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def test_there_are_notebooks():
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_stored_notebook(path):
    nb = nbformat.read(path, as_version=4)
    nbformat.validate(nb)
    assert hygiene.complaints(nb, path.stat().st_size) == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_rhythm_of_the_lesson(path):
    nb = nbformat.read(path, as_version=4)
    assert hygiene.lesson_complaints(nb, lambda link: (FOLDER / link).exists()) == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_stored_as_make_notebooks_writes_it(path):
    """Saving from an editor changes order and indentation, and hides in a diff what was changed."""
    text = path.read_text(encoding="utf-8")
    assert text == nbformat.writes(nbformat.reads(text, as_version=4)).rstrip("\n") + "\n"


def picture(kilobytes=1, plain="Loss over steps, falling", kind="image/png"):
    data = {kind: base64.b64encode(b"x" * kilobytes * 1000).decode(), "text/plain": plain}
    return new_output("display_data", data=data)


def lesson():
    """A notebook about which there is nothing to complain."""
    words = "You see how the colour of a neighbour behaves. " * 130
    nb = new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})
    nb.cells = [
        new_markdown_cell(
            "# A lesson\n**What you will see**: a. **What you will do**: b. **What you need**: c."
        ),
        new_markdown_cell(
            words + "\n\n![a curve that falls to nothing](../figures/curve.svg) [next](05_x.ipynb)"
        ),
        new_code_cell("x = 1\nx", execution_count=1, outputs=[picture()]),
        new_code_cell(
            "print(x)", execution_count=2, outputs=[new_output("stream", name="stdout", text="1\n")]
        ),
        new_markdown_cell("## What you can now do\nMuch.\n\n## Your turn\nTry."),
        new_markdown_cell("## Further reading\n[Visualizing behavior](https://example.org), in color."),
    ]
    return nb


def both(nb, **keywords):
    return hygiene.complaints(nb) + hygiene.lesson_complaints(nb, **keywords)


def test_a_good_lesson_passes():
    assert both(lesson()) == []


def _output(cell, **output):
    cell.outputs = [new_output(**output)]


WIDGET = {hygiene.WIDGET_VIEW: {"model_id": "a"}, "text/plain": "Playground"}
FAULTS = {
    "execution count 3, expected 2": lambda nb: nb.cells[3].update(execution_count=3),
    "execution count None": lambda nb: nb.cells[2].update(execution_count=None),
    "an output is numbered 7": lambda nb: _output(
        nb.cells[3], output_type="execute_result", data={"text/plain": "1"}, execution_count=7
    ),
    "empty code cell": lambda nb: nb.cells.insert(3, new_code_cell("")),
    "stored error ValueError": lambda nb: _output(
        nb.cells[2], output_type="error", ename="ValueError", evalue="no", traceback=[]
    ),
    "written to stderr": lambda nb: _output(nb.cells[2], output_type="stream", name="stderr", text="careful"),
    "'/home/m'": lambda nb: _output(nb.cells[2], output_type="stream", text="in /home/maria/x.py"),
    "'file://'": lambda nb: nb.cells[1].update(source=nb.cells[1].source + " file:///x"),
    "a memory address": lambda nb: _output(
        nb.cells[2], output_type="display_data", data={"text/plain": "<Line at 0x7f3a12bc>"}
    ),
    "the kernelspec is 'conda'": lambda nb: nb.metadata.kernelspec.update(name="conda"),
    "widget view is stored": lambda nb: _output(nb.cells[2], output_type="display_data", data=WIDGET),
    "widget state": lambda nb: nb.metadata.update(widgets={"a": 1}),
    "attached file": lambda nb: nb.cells[1].update(attachments={"a.png": {"image/png": ""}}),
    "16 lines of code": lambda nb: nb.cells[2].update(source="x = 1\n" * 16),
    "half of the code cells": lambda nb: [nb.cells[k].update(source="x = 1\n" * 9) for k in (2, 3)],
    "the picture has 61 kB": lambda nb: nb.cells[2].update(outputs=[picture(61)]),
    "no alternative text (use": lambda nb: nb.cells[2].update(
        outputs=[picture(plain="<Figure size 640x480>")]
    ),
    "image/svg+xml in an output": lambda nb: nb.cells[2].update(outputs=[picture(kind="image/svg+xml")]),
    "words of prose": lambda nb: nb.cells[1].update(source="Short."),
    "begin with the title": lambda nb: nb.cells[0].update(source=nb.cells[0].source.lstrip("# ")),
    "lacks “what you need”": lambda nb: nb.cells[0].update(
        source=nb.cells[0].source.replace("What you need", "")
    ),
    "closing headings": lambda nb: nb.cells[4].update(source="## Your turn\n\n## What you can now do"),
    "not the last section": lambda nb: nb.cells.append(new_markdown_cell("## One more thing")),
    "'color' is not British": lambda nb: nb.cells[4].update(source=nb.cells[4].source + " A color."),
    "'Normalization' is not British": lambda nb: nb.cells[4].update(
        source=nb.cells[4].source + " Normalization."
    ),
    "the picture a.svg has no": lambda nb: nb.cells[4].update(source=nb.cells[4].source + " ![](a.svg)"),
}


@pytest.mark.parametrize("sentence", FAULTS)
def test_a_fault_is_noticed(sentence):
    nb = lesson()
    FAULTS[sentence](nb)
    found = both(nb)
    assert any(sentence in complaint for complaint in found), found


def test_missing_files_are_noticed():
    found = both(lesson(), exists=lambda path: False)
    assert len(found) == 2
    assert "../figures/curve.svg" in found[0]
    assert "05_x.ipynb" in found[1]


def test_a_large_file_is_noticed():
    assert "501 kB" in hygiene.complaints(lesson(), 501_000)[0]


def test_code_and_formulas_are_not_prose():
    """Identifiers keep their American spelling, and formulas do not count as words."""
    source = (
        "Set `optimizer.normalize` with $color = x$ and\n```python\ncolor\n```\n[see](https://a.org/color) 12"
    )
    nb = new_notebook(cells=[new_markdown_cell(source)])
    assert hygiene.count_words(nb) == 4
    assert not any("British" in complaint for complaint in hygiene.lesson_complaints(nb))


@pytest.mark.parametrize(
    "word", ["size", "sizes", "resized", "prize", "seize", "citizen", "metre", "centred"]
)
def test_british_words_with_a_z_pass(word):
    assert not hygiene.AMERICAN.search(word)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_stored_with_mnist(path):
    """Where MNIST is missing the lessons take other digits; what readers see on the web is the real thing."""
    assert "MNIST is not available" not in path.read_text(encoding="utf-8")


CLOCK = re.compile(r"perf_counter|\btime\.(?:time|monotonic)\b|timeit|process_time|\.seconds\b")


def asserted_times(nb):
    """Assertions that depend on the clock, directly or through a name; a busy machine would fail them."""
    trees = []
    for cell in nb.cells:
        if cell.cell_type == "code":
            code = "\n".join(line for line in cell.source.splitlines() if not line.lstrip().startswith("%"))
            trees += ast.parse(code).body
    timed = set()
    for _ in range(5):  # names made from timed names are timed, too
        for node in ast.walk(ast.Module(trees, [])):
            if isinstance(node, ast.FunctionDef):
                made = {node.name}
            elif isinstance(node, ast.Assign | ast.AugAssign | ast.For):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                made = {name.id for t in targets for name in ast.walk(t) if isinstance(name, ast.Name)}
                node = node.iter if isinstance(node, ast.For) else node.value
            else:
                continue
            if CLOCK.search(ast.unparse(node)) or timed & _names(node):
                timed |= made
    asserts = [node for node in ast.walk(ast.Module(trees, [])) if isinstance(node, ast.Assert)]
    return [ast.unparse(a) for a in asserts if timed & _names(a) or CLOCK.search(ast.unparse(a))]


def _names(node):
    return {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_nothing_is_asserted_on_time(path):
    assert asserted_times(nbformat.read(path, as_version=4)) == []


@pytest.mark.parametrize(
    "source",
    [
        "from time import perf_counter\ndef ms(s):\n    return perf_counter() - s\n"
        "times = {s: ms(s) for s in (1, 2)}\nassert max(times.values()) < 10",
        "history = fit()\nassert history.seconds < 3",
        "import time\nbegin = time.time()\nspent = time.time() - begin\nrate = 5 / spent\nassert rate > 1",
    ],
)
def test_an_asserted_time_is_noticed(source):
    assert asserted_times(new_notebook(cells=[new_code_cell(source)]))
