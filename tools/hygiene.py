"""What a stored notebook must keep to, so that it reads well on the web and its outputs can be compared.

`complaints(nb)` holds for every notebook, `lesson_complaints(nb)` for a lesson of the curriculum; both return
sentences and change nothing. tests/test_notebooks.py refuses a notebook with complaints; tools/notebooks.py
prints them after it has executed one.
"""

import base64
import re
import statistics

MAX_NOTEBOOK_KB = 500
MAX_PICTURE_KB = 60
MAX_CELL_LINES = 15
MAX_MEDIAN_LINES = 7
WORDS = range(1000, 2201)

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
PRIVATE = re.compile(
    r"(?<![\w.:/])/(?:home|Users|root|tmp|work|opt|var|private)/\w|[A-Z]:\\+Users\b|file://|index-url"
)
ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{5,}")
AMERICAN = re.compile(
    r"\b(?!(?:re|over|under|cap|down)?siz|prize|seiz|citiz)\w*[a-z]{3}iz(?:e[sdr]?|ers|ing|ations?)\b"
    r"|\b(?:analyz|paralyz)\w*|\b\w*(?:colors?|colored|behaviors?|favors?|favorites?|neighbors?|centers?|centered)\b"
    r"|\b(?:labeled|labeling|modeled|modeling|canceled|canceling|traveled|gray|catalog|meters?)\b",
    re.IGNORECASE,
)
OPENING = ("what you will see", "what you will do", "what you need")
CLOSING = ("what you can now do", "your turn", "further reading")


def prose(source):
    """The words of a markdown cell: without code, formulas, link targets, pictures and HTML tags."""
    text = re.sub(r"```.*?```", " ", source, flags=re.DOTALL)
    text = re.sub(r"`[^`\n]*`", " ", text)
    text = re.sub(r"\$\$.*?\$\$|\$[^$\n]+\$", " ", text, flags=re.DOTALL)
    text = re.sub(r"!\[[^\]]*\]\([^)]*\)", " ", text)
    text = re.sub(r"\]\([^)]*\)", "]", text)
    return re.sub(r"<[^<>]+>|https?://\S+", " ", text)


def count_words(nb):
    """Words of prose in the whole notebook; numbers and signs do not count."""
    return sum(
        bool(re.search(r"[^\W\d_]", word))
        for cell in nb.cells
        if cell.cell_type == "markdown"
        for word in prose(cell.source).split()
    )


def headings(nb):
    """Every markdown heading as (number of the cell, level, text in lower case), in order."""
    return [
        (number, len(marks), title.strip().strip("*_").lower())
        for number, cell in enumerate(nb.cells, 1)
        if cell.cell_type == "markdown"
        for marks, title in re.findall(
            r"^(#{1,6})\s+(.+?)\s*#*\s*$",
            re.sub(r"```.*?```", "", cell.source, flags=re.DOTALL),
            re.MULTILINE,
        )
    ]


def _picture(output, where):
    data = output["data"]
    for kind in ("image/svg+xml", "image/jpeg"):
        if kind in data:
            yield f"{where}: {kind} in an output; pictures are stored as PNG"
    if "image/png" not in data:
        return
    size = len(base64.b64decode(data["image/png"])) / 1000
    if size > MAX_PICTURE_KB:
        yield f"{where}: the picture has {size:.0f} kB, at most {MAX_PICTURE_KB} kB are kept"
    plain = "".join(data.get("text/plain", "")).strip()
    if len(plain) < 12 or plain.startswith("<"):
        yield f"{where}: the picture has no alternative text (use plots.show(fig, alt=…)): {plain!r}"


def _output(output, where):
    if output.output_type == "error":
        yield f"{where}: stored error {output.ename}: {output.evalue}"
        return
    if output.output_type == "stream":
        if output.name == "stderr":
            yield f"{where}: something was written to stderr: {output.text[:200]!r}"
        texts = [output.text]
    else:
        if WIDGET_VIEW in output.data:
            yield f"{where}: a widget view is stored; `make notebooks` strips it"
        yield from _picture(output, where)
        texts = [
            value if isinstance(value, str) else str(value)
            for kind, value in output.data.items()
            if kind.startswith("text/") or kind.endswith("json")
        ]
    for text in texts:
        for pattern, what in (
            (ADDRESS, "a memory address"),
            (PRIVATE, "an absolute path or an index address"),
        ):
            if found := pattern.search(text):
                yield f"{where}: {what} in the output: {found.group()!r}"


def complaints(nb, size=0):
    """What is wrong with a stored notebook (an nbformat node); `size` is that of its file in bytes."""
    found = []
    if size > MAX_NOTEBOOK_KB * 1000:
        found.append(f"the file has {size / 1000:.0f} kB, at most {MAX_NOTEBOOK_KB} kB are kept")
    if nb.metadata.get("kernelspec", {}).get("name") != "python3":
        found.append(f"the kernelspec is {nb.metadata.get('kernelspec', {}).get('name')!r}, not 'python3'")
    if "widgets" in nb.metadata:
        found.append("widget state is stored in the metadata; `make notebooks` strips it")
    expected = 0
    for number, cell in enumerate(nb.cells, 1):
        where = f"cell {number}"
        if cell.get("attachments"):
            found.append(f"{where}: an attached file; pictures of the text belong into figures/")
        if path := PRIVATE.search(cell.source):
            found.append(f"{where}: an absolute path or an index address: {path.group()!r}")
        if cell.cell_type != "code":
            continue
        if not cell.source.strip():
            found.append(f"{where}: an empty code cell")
            continue
        expected += 1
        if cell.execution_count != expected:
            found.append(
                f"{where}: execution count {cell.execution_count}, expected {expected}; run `make notebooks`"
            )
        lines = sum(bool(line.strip()) for line in cell.source.splitlines())
        if lines > MAX_CELL_LINES:
            found.append(f"{where}: {lines} lines of code, at most {MAX_CELL_LINES}")
        for output in cell.outputs:
            found.extend(_output(output, where))
            if output.get("execution_count", expected) != expected:
                found.append(f"{where}: an output is numbered {output.execution_count}, expected {expected}")
    return found


def lesson_complaints(nb, exists=lambda path: True):
    """What a lesson lacks of the course's rhythm and language; `exists` says if a linked file is there."""
    found = []
    words = count_words(nb)
    if words not in WORDS:
        found.append(f"{words} words of prose, {WORDS.start} to {WORDS.stop - 1} are asked for")
    lengths = [
        sum(bool(line.strip()) for line in c.source.splitlines()) for c in nb.cells if c.cell_type == "code"
    ]
    if lengths and statistics.median(lengths) > MAX_MEDIAN_LINES:
        found.append(f"half of the code cells have more than {MAX_MEDIAN_LINES} lines")
    if not nb.cells or not nb.cells[0].source.startswith("# "):
        found.append("the first cell does not begin with the title, `# …`")
    opening = " ".join(cell.source.lower() for cell in nb.cells[:4] if cell.cell_type == "markdown")
    found.extend(f"the opening lacks “{phrase}”" for phrase in OPENING if phrase not in opening)
    titles = headings(nb)
    closing = [title for _, _, title in titles if title in CLOSING]
    if tuple(closing) != CLOSING:
        found.append(f"the closing headings must be {CLOSING} in this order, found {tuple(closing)}")
    elif [title for _, level, title in titles if level <= 2][-1] != CLOSING[-1]:
        found.append(f"“{CLOSING[-1]}” is not the last section")
    last = next((number for number, _, title in titles if title == CLOSING[-1]), len(nb.cells) + 1)
    for number, cell in enumerate(nb.cells, 1):
        if cell.cell_type != "markdown":
            continue
        # the titles of other people's works keep their own spelling
        for word in AMERICAN.findall(prose(cell.source)) if number < last else ():
            found.append(f"cell {number}: {word!r} is not British spelling")
        for alt, path in re.findall(r"!\[([^\]]*)\]\(([^)\s]+)[^)]*\)", cell.source):
            if len(alt) < 12:
                found.append(f"cell {number}: the picture {path} has no alternative text")
            if not path.startswith("http") and not exists(path):
                found.append(f"cell {number}: there is no {path}")
        for path in re.findall(r"(?<!!)\[[^\]]*\]\((?!https?:|mailto:|#)([^)\s#]+)[^)]*\)", cell.source):
            if not exists(path):
                found.append(f"cell {number}: the link leads to {path}, which is not there")
    return found
