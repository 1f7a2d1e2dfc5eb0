"""The lessons with a kernel that runs in the reader's browser: JupyterLite with Pyodide, from the site.

Everything that a lesson imports is in Pyodide's own lock file, so the kernel loads it in one go when it
starts, and asks no index. Pyodide comes by `fetch_pyodide`; the rest are pure wheels from the package index.
"""

import base64
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path

import nbformat
from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version

import fetch_pyodide
import slim
from address import is_first_cell, speaking

ROOT = Path(__file__).resolve().parent.parent
# in the versions that Pyodide's own lock file names
FROM_LOCK = """asttokens decorator executing ipython jedi matplotlib-inline prompt-toolkit pure-eval
pygments stack-data tqdm traitlets wcwidth""".split()
# in the versions whose front ends and files stand in this environment
FROM_HERE = ("anywidget", "comm", "ipython-pygments-lexers", "ipywidgets", "polib", "pooch", "psygnal")
OF_THE_KERNEL = ("ipykernel", "piplite", "pyodide_kernel")
KEPT = ROOT / "build" / "wheels"
APPS = ("notebooks", "tree")


def write(folder, scratch, course, *, pyodide=None, others=None):
    """Write the edition into the folder; RuntimeError says what is missing.

    pyodide: a folder with it. others: folder → the executed lessons in another language.
    """
    for name in ("jupyterlite_core", "jupyterlite_pyodide_kernel"):
        if importlib.util.find_spec(name) is None:
            raise RuntimeError(f"{name} is not installed: pip install -e '.[lite]'")
    lite = scratch / "lite"
    static = lite / "static" / "pyodide"
    if pyodide is None:
        fetch_pyodide.write(static)
    else:
        shutil.copytree(pyodide, static)
    names = add_wheels(static, wheels(scratch / "wheels"))
    contents(lite / "contents", others)
    configuration = {
        "jupyter-config-data": {
            "appName": course,
            "faviconUrl": "./notebooks/favicon.ico",
            "exposeAppInBrowser": True,  # pages/carry.js adds a cell
            "enableServiceWorkerCache": False,  # ours keeps more, see pages/service-worker.js
            "disabledExtensions": ["@jupyterlab/apputils-extension:announcements"],
            "litePluginSettings": {
                "@jupyterlite/pyodide-kernel-extension:kernel": {
                    "disablePyPIFallback": True,
                    "loadPyodideOptions": {"packages": names},
                }
            },
        },
        "jupyter-lite-schema-version": 0,
    }
    (lite / "jupyter-lite.json").write_text(json.dumps(configuration), encoding="utf-8")
    (lite / "overrides.json").write_text(json.dumps(overrides()), encoding="utf-8")
    apps = [part for app in APPS for part in ("--apps", app)]
    quietly(
        [sys.executable, "-m", "jupyterlite_core.app", "build", "--contents", "contents",
         "--output-dir", folder, "--no-sourcemaps", "--no-unused-shared-packages", *apps],
        cwd=lite,
    )  # fmt: skip
    for name in ("keep.js", "carry.js", "_static/playground/settings.js"):
        shutil.copy(ROOT / "pages" / name, folder)
    page = folder / "notebooks" / "index.html"
    # a browser that finds no icon asks the host's root for one
    head = '<link rel="icon" href="favicon.ico">'
    head += '<script src="../keep.js"></script><script type="module" src="../carry.js"></script>'
    text = page.read_text(encoding="utf-8").replace("</head>", f"{head}</head>", 1)
    page.write_text(text, encoding="utf-8")
    add_service_worker(folder)


def add_service_worker(folder):
    """Put our service worker before JupyterLite's; its version changes with any file of the edition."""
    worker, version = folder / "service-worker.js", hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        version.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    worker.rename(folder / "jupyterlite-service-worker.js")
    text = (ROOT / "pages" / "service-worker.js").read_text(encoding="utf-8")
    worker.write_text(text.replace("@VERSION@", version.hexdigest()[:16]), encoding="utf-8")


def wheels(folder):
    """Every pure wheel that Pyodide lacks, the course's own included, in the folder."""
    folder.mkdir(parents=True)
    KEPT.mkdir(parents=True, exist_ok=True)
    lock = json.loads((fetch_pyodide.npm.unpacked(fetch_pyodide.PYODIDE) / fetch_pyodide.LOCK).read_text())
    wanted = [f"{name}=={lock['packages'][name]['version']}" for name in FROM_LOCK]
    wanted += [f"{name}=={version(name)}" for name in FROM_HERE]
    missing = [one for one in wanted if not _kept(one)]
    run = [sys.executable, "-m"]
    if missing:
        quietly(
            [*run, "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--platform=any",
             "--implementation=py", "--abi=none", "--python-version=3.14", "--dest", KEPT, *missing]
        )  # fmt: skip
    for one in wanted:
        shutil.copy(_kept(one), folder)
    building = [*run, "pip", "wheel", "--no-deps", "--wheel-dir"]
    if importlib.util.find_spec("uv"):
        building = [*run, "uv", "build", "--wheel", "--out-dir"]
    quietly([*building, folder, ROOT])
    shipped = Path(importlib.util.find_spec("jupyterlite_pyodide_kernel").origin).parent
    for name in OF_THE_KERNEL:
        shutil.copy(next(_kernel_files(shipped).glob(f"{name}-*.whl")), folder)
    return sorted(folder.glob("*.whl"))


def _kernel_files(package):
    """Where the kernel's extension keeps its wheels: with the shared data of the environment."""
    inside = "share/jupyter/labextensions/@jupyterlite/pyodide-kernel-extension/static/pypi"
    return next(path for base in (Path(sys.prefix), package) if (path := base / inside).is_dir())


def _kept(requirement):
    """The wheel of name==version among those that were fetched before, or None."""
    name, _, number = requirement.partition("==")
    wanted = (canonicalize_name(name), Version(number))
    return next((path for path in KEPT.glob("*.whl") if parse_wheel_filename(path.name)[:2] == wanted), None)


def add_wheels(folder, found):
    """Copy wheels beside Pyodide's and write them into its lock file; returns the names of all packages."""
    path = folder / fetch_pyodide.LOCK
    lock = json.loads(path.read_text(encoding="utf-8"))
    for wheel in found:
        name, number = parse_wheel_filename(wheel.name)[:2]
        with zipfile.ZipFile(wheel) as files:
            entries = [entry for entry in files.namelist() if not slim.is_left_out(name, entry)]
        tops = {re.sub(r"\.py$", "", entry.split("/")[0]) for entry in entries}
        lock["packages"][name] = {
            "name": name,
            "version": str(number),
            "file_name": wheel.name,
            "install_dir": "site",
            "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
            "package_type": "package",
            "imports": sorted(top for top in tops if top.isidentifier()),
            "depends": [],
            "unvendored_tests": False,
        }
        shutil.copy(wheel, folder)
    slim.wheels(folder, lock)
    path.write_text(json.dumps(lock), encoding="utf-8")
    return sorted(lock["packages"])


def contents(folder, others=None):
    """The lessons as they are opened there, and a part of MNIST where it can be had; others as in `write`."""
    from bplib import datasets

    lessons(folder, ROOT / "notebooks")
    places = {folder / name: path for name, path in (others or {}).items()}
    for place, path in places.items():
        lessons(place, path)
    try:
        datasets.write_mnist_part(folder / "data")
    except datasets.DatasetUnavailable as error:
        print(f"Left out: a part of MNIST; lessons in the browser use the bundled digits. {error.reason}")
        return
    for place in places:
        shutil.copy(folder / "data" / datasets.PART, place / "data")


def lessons(folder, notebooks):
    """The lessons of one language."""
    shutil.copytree(notebooks, folder, ignore=shutil.ignore_patterns(".*"))
    for path in folder.glob("*.ipynb"):
        nb = nbformat.read(path, as_version=4)
        first = next((cell for cell in nb.cells if is_first_cell(cell.source)), None)
        if language := nb.metadata.get("bplib", {}).get("language"):
            first.source = speaking(language).rstrip()
        else:
            nb.cells.remove(first)  # the kernel brings the course
        for cell in nb.cells:
            if cell.cell_type == "markdown":
                cell.source = with_figures(cell.source)
        # whole strings: the table of contents there does not join the lines of a cell
        path.write_text(json.dumps(nb, ensure_ascii=False), encoding="utf-8")


def with_figures(source):
    """Markdown with its figures inside: JupyterLite shows no SVG file."""

    def inside(found):
        picture = base64.b64encode((ROOT / "figures" / found[1]).read_bytes()).decode()
        return f"(data:image/svg+xml;base64,{picture})"

    return re.sub(r"\(\.\./figures/([\w/]+\.svg)\)", inside, source)


def overrides():
    """Settings of the interface there."""
    return {
        "@jupyterlab/apputils-extension:notification": {"fetchNews": "false"},
        "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
    }


def quietly(command, cwd=ROOT):
    """Run a command; RuntimeError with its last words where it fails."""
    environment = os.environ | {"NO_COLOR": "1"}
    done = subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))} failed:\n{(done.stdout + done.stderr)[-3000:]}")
