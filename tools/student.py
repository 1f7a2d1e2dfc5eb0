"""Make the edition of the course that a class gets, without solutions: `make student`.

    python tools/student.py [FOLDER]       FOLDER is student/ when left out; what it held is replaced
    python tools/student.py --language zh_CN   its lessons and its README in that language

Lessons, figures and package are the same, but that exercises come from a sheet (bplib/exercises/locked.py):
without solution, third hint, or anything to read the right answer from. Tests and the teacher's tools are
left out, and so is the public address, where the solutions are. The teacher grades with the full edition.
"""

import argparse
import re
import shutil
import sys
from pathlib import Path

import polib

import address
import translations
from bplib.language import languages, speaking

HOME = Path(__file__).resolve().parent.parent
MARK = ".student-edition"
KEPT = ["LICENSE", "LICENSE-TEXT", "pyproject.toml", "requirements.txt", ".gitignore",
        "tools/environment.sh", "tools/lab.py"]  # fmt: skip
FOLDERS = [("notebooks", "*.ipynb"), ("notebooks/data", "*"), ("figures", "*.svg"), ("figures", "*.png"),
           (".binder", "*"), ("bplib", "*"), ("bplib_server", "*"),
           ("locale", "*/bplib.po"), ("locale", "*/font*"), ("figures", "*/*.svg")]  # fmt: skip
TEACHERS = r"exercises/(lesson_\d\d\.py$|grade\.py$|grading/)"
LEFT_OUT = re.compile(rf"__pycache__|\.pyc$|ipynb_checkpoints|{TEACHERS}")
SECTIONS = ("Two commands", "The lessons", "What is in `bplib`", "Data", "Licences")
NOTICE = """
This is the edition for a class: the same course without its tests, and without the solutions of its
exercises: your teacher has them. Checks answer as you work; hand in your notebooks from `lessons/`.
"""
MAKEFILE = """# The edition for a class: `make lab` sets everything up in .venv and opens the lessons.
.PHONY: lab clean
lab: .venv/.ready
	@.venv/bin/python tools/lab.py $(ARGS)

clean:
	rm -rf .venv

.venv/.ready: requirements.txt pyproject.toml tools/environment.sh
	@sh tools/environment.sh "$(PYTHON)"
"""


def readme(text):
    """README without badges and without what is for teachers and authors."""
    text = re.sub(rf"{address.BADGES[0]}.*{address.BADGES[1]}\n\n", "", text, flags=re.DOTALL)
    title, *sections = re.split(r"^## ", text, flags=re.MULTILINE)
    kept = [s for s in sections if s.splitlines()[0] in SECTIONS]
    if len(kept) != len(SECTIONS):
        raise ValueError(f"README.md: expected the sections {', '.join(SECTIONS)}")
    text = "## ".join([title.rstrip() + "\n" + NOTICE + "\n", *kept])
    text = re.sub(r"^English · .*\n\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"^`make lab LANGUAGE.*?\n\n", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"^- To (?:teach|cite).*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"^make test .*\n", "", text, flags=re.MULTILINE)
    return re.sub(r"^The tests without `make`.*\n\n?", "", text, flags=re.MULTILINE)


def files(home):
    """What is copied, as paths inside the course."""
    found = {Path(name) for name in KEPT}
    for folder, pattern in FOLDERS:
        paths = (
            (home / folder).rglob(pattern) if folder.startswith("bplib") else (home / folder).glob(pattern)
        )
        found |= {path.relative_to(home) for path in paths if path.is_file()}
    return sorted(path for path in found if not LEFT_OUT.search(path.as_posix()))


def without_solutions(path):
    """Take out of a catalogue what the exercises say: it is in the sheet, locked where it must be."""
    catalogue = polib.pofile(str(path), encoding="utf-8", wrapwidth=0)
    for entry in list(catalogue):
        places = [place for place, _ in entry.occurrences]
        if places and all(place.startswith("bplib/exercises/lesson_") for place in places):
            catalogue.remove(entry)
    catalogue.save()


def make(target, home=HOME, language="en"):
    """Write the edition into the folder `target`, which is new, empty, or an earlier edition."""
    from bplib.exercises import locked

    if target.exists() and any(target.iterdir()) and not (target / MARK).exists():
        raise ValueError(f"{target} is no edition made by this tool: choose another folder, or empty it")
    if target.exists():
        shutil.rmtree(target)
    for path in files(home):
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(home / path, target / path)  # with its mode: postBuild is run
    for path in (target / "notebooks").glob("*.ipynb"):
        path.write_text(address.in_notebook(path, ""), encoding="utf-8", newline="\n")
    texts = {
        MARK: "Made by tools/student.py: make student replaces this folder.\n",
        "Makefile": MAKEFILE,
        "README.md": readme((home / "README.md").read_text(encoding="utf-8")),
        "CITATION.cff": address.in_citation((home / "CITATION.cff").read_text(encoding="utf-8"), ""),
    }
    for name, text in texts.items():
        (target / name).write_text(text, encoding="utf-8", newline="\n")
    sheet = target / "bplib" / "exercises" / "locked.json"
    with speaking(language):  # the sentences of the exercises are locked as they will be said
        locked.write(sheet)
    for path in (target / "locale").glob("*/bplib.po"):
        without_solutions(path)
    if language != "en":
        say = translations.speaker(language, "pages", "bplib")
        text = translations.translated_page("README.md", texts["README.md"], say)
        (target / "README.md").write_text(text, encoding="utf-8", newline="\n")
        translations.write_lessons(language, target / "notebooks")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], allow_abbrev=False)
    parser.add_argument("folder", nargs="?", type=Path, default=HOME / "student")
    parser.add_argument("--language", default="en", choices=["en", *languages()])
    options = parser.parse_args()
    folder = options.folder
    try:
        make(folder, language=options.language)
    except ValueError as error:
        sys.exit(str(error))
    print(f"The edition for a class is in {folder}: give it away as a folder or as a repository of its own.")


if __name__ == "__main__":
    main()
