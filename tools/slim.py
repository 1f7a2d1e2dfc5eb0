"""Wheels without what no lesson uses, so that a first visit in the browser loads less.

A wheel that is made smaller is another file: its lock entry gets its own SHA-256. What is left out is said
below, package by package; `tests/web/test_live_edition.py` imports, draws and proves with the rest.
"""

import hashlib
import json
import re
import zipfile
from pathlib import Path

# in the wheel of a package: what is left out (regular expressions of whole paths), and what of it stays
LEFT_OUT = {
    # fonts of other families and formats, examples, windows on a desktop, other formats than pictures
    "matplotlib": (
        [
            r"matplotlib/mpl-data/(fonts/(afm|pdfcorefonts|ttf)|sample_data|images)/.+",
            r"matplotlib/(testing|tests)/.+",
            r"matplotlib/backends/(qt_editor|web_backend)/.+",
            r"matplotlib/backends/_?(backend_)?(gtk|qt|tk|wx|web|nb|macosx|pdf|pgf|ps|svg|cairo|tkagg|Qt)\w*\..+",
            r"matplotlib/backends/_(tkagg|backend_tk|backend_gtk|backend_pdf_ps)\..+",
            r"mpl_toolkits/(axisartist|axes_grid1)/.+",
            r".+\.pyi",
        ],
        # one file of every family that formulas in pictures ask for: without it matplotlib warns
        [
            r".+/DejaVuSans(-Bold|-Oblique|Display|Mono)?\.ttf",
            r".+/STIX(General|NonUni\w*|Siz\w+Reg)\.ttf",
            r".+/cm\w+10\.ttf",
        ],
    ),
    # C headers, type stubs, Fortran but for what `from numpy import *` (in sympy's lambdify) imports
    "numpy": (
        [
            r"numpy/f2py/src/.+",
            r"numpy/_core/(include|lib)/.+",
            r"numpy/random/lib/.+",
            r".+\.(pyi|pxd|pyx|pyx\.in|h|a)",
            r"numpy/(\w+/)*tests/.+",
            r"numpy/_pyinstaller/.+",
            r"numpy/lib/.+\.pyi",
        ],
        [],
    ),
    # physics, statistics, other languages' grammars
    "sympy": (
        [
            r"sympy/physics/(?!__init__|units/|matrices).+",
            r"sympy/(stats|holonomic|categories|liealgebras|crypto)/.+",
            r"sympy/parsing/(latex|autolev|c|fortran)/.+",
            r"sympy/(\w+/)*benchmarks/.+",
        ],
        [],
    ),
    # other languages than Python, but for those that IPython's own lexer names
    "pygments": (
        [r"pygments/lexers/.+", r"pygments/styles/.+"],
        [
            r".+/(__init__|_mapping|python|shell|_css_builtins|_lilypond_builtins|_scheme_builtins|css|data|html)\.py",
            r".+/(javascript|jvm|lilypond|lisp|markup|perl|ruby|default|monokai|_?pastie|friendly|gruvbox)\.py",
        ],
    ),
    # text on pictures by FreeType (matplotlib has its own), formats that nothing here writes or reads
    "pillow": (
        [
            r"PIL/_imagingft\..+",
            r"PIL/.+\.pyi",
            r"PIL/(PdfParser|PdfImagePlugin|ImageCms|ImageQt|ImageTk|FtexImagePlugin)\.py",
        ],
        [],
    ),
    # the kernel asks for jedi by name; IPython completes by itself, which knows the values (see `CHANGED`)
    "jedi": ([r"jedi/.+"], []),
    "ipython": ([r"IPython/(sphinxext|testing/plugin)/.+"], []),
    # the widget's front ends stand in the site itself
    "anywidget": ([r"anywidget-.+\.data/.+", r"anywidget/(labextension|nbextension)/.+"], []),
    # time zones, which no lesson has
    "python-dateutil": ([r"dateutil/zoneinfo/.+\.tar\.gz"], []),
}
# in the wheel of a package: a file, its text, and the text that takes its place
CHANGED = {
    # jedi and the parser that it needs are 1.7 MB
    "pyodide-kernel": (
        "pyodide_kernel/interpreter.py",
        "Completer.use_jedi = True",
        "Completer.use_jedi = False",
    ),
}
FONTS = "matplotlib/fontlist.json"


def is_left_out(package, path):
    """Whether a file of a package's wheel is left out."""
    out, stays = LEFT_OUT.get(package, ((), ()))
    return any(re.fullmatch(one, path) for one in out) and not any(re.fullmatch(one, path) for one in stays)


def repack(package, wheel):
    """Write the wheel anew without what is left out; the same content gives the same bytes."""
    wheel = Path(wheel)
    with zipfile.ZipFile(wheel) as files:
        content = {
            info.filename: files.read(info)
            for info in files.infolist()
            if not info.is_dir() and not is_left_out(package, info.filename)
        }
    if package in CHANGED:
        name, old, new = CHANGED[package]
        text = content[name].decode()
        if text.count(old) != 1:
            raise RuntimeError(f"{wheel.name}: expected {old!r} once in {name}, got {text.count(old)}")
        content[name] = text.replace(old, new).encode()
    if FONTS in content:
        content[FONTS] = _fonts(content)
    for name in content:
        if name.endswith(".dist-info/RECORD"):
            content[name] = _record(content, name)
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as files:
        for name, data in content.items():
            files.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED, 9)


def _fonts(content):
    """Matplotlib's list of its own fonts, with those that are there."""
    fonts = json.loads(content[FONTS])
    for kind in ("afmlist", "ttflist"):
        fonts[kind] = [font for font in fonts[kind] if f"matplotlib/mpl-data/{font['fname']}" in content]
    return json.dumps(fonts).encode()


def _record(content, name):
    """The wheel's list of its files, with those that are there."""
    lines = content[name].decode().splitlines(keepends=True)
    return "".join(line for line in lines if line.split(",")[0].strip('"') in content).encode()


def wheels(folder, lock):
    """Make the wheels of a folder smaller, and write their new hashes into the lock's entries."""
    for package, entry in lock["packages"].items():
        if package in LEFT_OUT or package in CHANGED:
            path = Path(folder) / entry["file_name"]
            repack(package, path)
            entry["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
