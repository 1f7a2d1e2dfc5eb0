"""Open the lessons in JupyterLab: `make lab`.

Learners work on copies in lessons/, so that what they change never meets an update of notebooks/. The folder
is brought up to date first, by these rules: a lesson that is missing is copied; one whose cells were not
changed (running it changes nothing that counts) follows the update; one that was changed stays as it is, and
a newer version is put beside it as NN_idea.new.ipynb. To start a lesson afresh, delete it and run `make lab`.

    python tools/lab.py --prepare      only brings lessons/ up to date (for VS Code and other editors)
    python tools/lab.py --language zh_CN   the lessons in another language, in lessons-zh_CN/
    python tools/lab.py --no-browser   anything else is passed on to JupyterLab
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from bplib import files

HOME = Path(__file__).resolve().parent.parent
SETTINGS = {
    # no question about news, and no question to the network, at the first start
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    # keep every cell in the page: live widgets stay alive when they are scrolled out of sight
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
    # a copy opened again without its kernel shows its pictures as last seen (bplib_server sets it elsewhere)
    "@jupyter-widgets/jupyterlab-manager:plugin": {"saveState": True},
}


def fingerprint(path):
    """What counts as a lesson's content: kinds and sources of its cells; the bytes of any other file."""
    data = path.read_bytes()
    if path.suffix == ".ipynb":
        try:
            cells = [
                (cell["cell_type"], "".join(cell["source"]).strip()) for cell in json.loads(data)["cells"]
            ]
            data = json.dumps([cell for cell in cells if cell[1]]).encode()
        except (ValueError, KeyError, TypeError, RecursionError):
            pass  # not a notebook any more: its bytes are all there is to compare
    return hashlib.sha256(data).hexdigest()


def _copy(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    if source.suffix == ".ipynb":
        # stored outputs of a notebook that nobody signed on this machine are partly hidden
        import nbformat
        from nbformat.sign import NotebookNotary

        NotebookNotary().sign(nbformat.read(source, as_version=4))


def _beside(target, content):
    """A free name for the new version beside a changed lesson; None when the new version is there already."""
    number = 1
    while True:
        name = f"{target.stem}.new{'' if number == 1 else f'-{number}'}{target.suffix}"
        candidate = target.with_name(name)
        if not candidate.exists():
            return candidate
        if fingerprint(candidate) == content:
            return None
        number += 1


def _manifest(file):
    """What the manifest says, and what to tell the learner about it; a damaged one is set aside."""
    if not file.exists():
        return {}, []
    try:
        manifest = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(manifest, dict) or not all(isinstance(v, str) for v in manifest.values()):
            raise ValueError("a manifest maps names to fingerprints")
        return manifest, []
    except (ValueError, RecursionError):
        aside = file.with_suffix(".damaged")
        file.replace(aside)
        return {}, [
            f"{file.parent.name}/{file.name} was damaged: it is kept as {aside.name}, and a new one is made. "
            "No lesson of yours is replaced; one that differs from the course's gets that one beside it."
        ]


def update(source, lessons):
    """Bring the folder `lessons` up to date with the folder `source`; returns what to tell the learner.

    The manifest remembers, for each file, the version last offered to the learner.
    """
    manifest_file = lessons / ".course" / "manifest.json"
    manifest_file.parent.mkdir(parents=True, exist_ok=True)
    first_time = not manifest_file.exists()
    manifest, told = _manifest(manifest_file)
    for path in sorted(source.rglob("*")):
        parts = path.relative_to(source).parts
        if not path.is_file() or any(part.startswith(".") or part == "__pycache__" for part in parts):
            continue
        name, target, content = "/".join(parts), lessons.joinpath(*parts), fingerprint(path)
        offered = manifest.get(name)
        if not target.exists():
            _copy(path, target)
            if not first_time:
                told.append(f"{name}: {'a fresh copy' if offered else 'new'}")
        elif (mine := fingerprint(target)) != content and mine == offered:
            _copy(path, target)
            told.append(f"{name}: updated")
        elif mine != content and offered != content:
            beside = _beside(target, content)
            if beside:
                _copy(path, beside)
                told.append(
                    f"{name}: you changed it, so it stays; the new version is beside it, {beside.name}"
                )
        manifest[name] = content
    files.write(manifest_file, json.dumps(manifest, indent=1, sort_keys=True))
    if first_time:
        told.append(f"The lessons are in {lessons.name}/: work there, they are your copies.")
    return told


def command(home, lessons, extra=()):
    """The command line of JupyterLab: serves `home`, so that ../figures is found, opens in `lessons`."""
    settings = lessons / ".course" / "lab"
    settings.mkdir(parents=True, exist_ok=True)
    (settings / "overrides.json").write_text(json.dumps(SETTINGS, indent=1), encoding="utf-8")
    first = min((path.name for path in lessons.glob("*.ipynb")), default="")
    line = [
        sys.executable,
        "-m",
        "jupyterlab",
        f"--ServerApp.root_dir={home}",
        f"--ServerApp.preferred_dir={lessons}",
        f"--LabApp.default_url=/lab/tree/{lessons.name}/{first}",
        f"--LabApp.app_settings_dir={settings}",
        "--LabApp.news_url=",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        line.append("--allow-root")  # a container: there is nobody else to run as
    return [*line, *extra]


def main(arguments=None, home=HOME):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--prepare", action="store_true", help="bring lessons/ up to date and stop")
    parser.add_argument("--language", default="en", help="a language that has a folder in locale/")
    options, extra = parser.parse_known_args(arguments)
    source, lessons = home / "notebooks", home / "lessons"
    if options.language != "en":
        there = sorted(path.name for path in (home / "locale").iterdir())
        if options.language not in there:
            parser.error(f"--language: expected en or {', '.join(there)}, got {options.language}")
        import translations

        source, lessons = home / "build" / options.language / "plain", home / f"lessons-{options.language}"
        translations.write_lessons(options.language, source)
        os.environ["BPLIB_LANGUAGE"] = options.language
    for sentence in update(source, lessons):
        print(sentence, flush=True)
    if options.prepare:
        return 0
    server = subprocess.Popen(command(home, lessons, extra))
    while True:
        try:
            return server.wait()
        except KeyboardInterrupt:
            pass  # JupyterLab has received it too, and asks whether to stop


if __name__ == "__main__":
    sys.exit(main())
