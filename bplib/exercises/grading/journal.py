"""What has been graded so far, in a file, so that an interrupted grading goes on where it was.

A line of JSON for each notebook, after a heading that says what the verdicts rest on: the course, the limits
and the seed of the inputs. Another course or other limits begin a new journal. A notebook that has changed
since is graded again. Other lines say that one was begun, or failed and is to be graded again: whatever ended
the command, a notebook too, did so while those ran that were begun and have no later line.

Notebooks run with the rights of the teacher and could write into this file. While grading runs, whatever else
writes into it is noticed and undone; afterwards nothing of a notebook is left running.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from ... import files
from ..diagnose import Result
from .judging import MAX_NOTEBOOK

if TYPE_CHECKING:
    from .command import Report

MAX_MESSAGE = 4000  # characters kept of what is said about one answer


def digest(path: str | os.PathLike) -> str:
    """The SHA-256 of a notebook, "" for what is no file of a notebook's size: that is graded each time."""
    path = Path(path)
    try:
        if not path.is_file() or path.stat().st_size > MAX_NOTEBOOK:
            return ""
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def course_digest(package: Path) -> str:
    """The SHA-256 of the package's sources: another course gives other verdicts."""
    found = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        found.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes())
    return found.hexdigest()


class Journal:
    """The journal at `path`: `heading` is what the verdicts rest on, `seed` is for a new journal."""

    _state: tuple[int, int, int] | None

    def __init__(self, path: str | os.PathLike, heading: dict, seed: int, fresh: bool = False) -> None:
        self.path, self.meddled, self.outdated = Path(path), False, False
        self.lines, self.known, self.seed, self.unfinished = [], {}, seed, []
        self._lock, self._torn = threading.Lock(), False
        found = [] if fresh else _entries(self.path)
        if found and found[0].get("heading") == heading and isinstance(found[0].get("seed"), int):
            self.seed = found[0]["seed"]
            running = set()
            for entry in found[1:]:  # in their order: what is known of an earlier version ends no later one
                if isinstance(entry.get("began"), str):
                    running.add(entry["began"])
                elif isinstance(entry.get("failed"), str):
                    running.discard(entry["failed"])
                elif isinstance(entry.get("notebook"), str):
                    self.known[entry["notebook"]] = entry
                    running.discard(entry["notebook"])
            self.unfinished = sorted(running)
        else:
            self.outdated = bool(found)
        entries = [{"heading": heading, "seed": self.seed}, *self.known.values()]
        self.lines = [json.dumps(entry) for entry in entries]
        self._write_all()

    def recall(self, notebook: str, sha: str, report: Report) -> bool:
        """Fill `report` with what is known of this very notebook; True if there was something."""
        entry = self.known.get(notebook)
        if not sha or entry is None or entry.get("sha") != sha:
            return False
        try:
            results = {r[0]: Result(*r) for r in entry["results"]}
            language = str(entry["language"])
            report.remark, report.results, report.language = str(entry["remark"]), results, language
        except (KeyError, TypeError, IndexError):  # no entry of ours
            return False
        return True

    def begin(self, notebook: str) -> None:
        """Remember, on any thread, that a notebook is being graded."""
        self._add({"began": notebook})

    def fail(self, notebook: str) -> None:
        """Remember that one has ended and is to be graded again."""
        self._add({"failed": notebook})

    def note(self, sha: str, report: Report) -> None:
        """Remember a report."""
        results = [[r.exercise, r.status, r.message[:MAX_MESSAGE], r.slip] for r in report.results.values()]
        entry = {"notebook": report.notebook, "sha": sha, "remark": report.remark,
                 "language": report.language, "results": results}  # fmt: skip
        self._add(entry)

    def _add(self, entry):
        with self._lock:
            self.lines.append(json.dumps(entry))
            if _state(self.path) != self._state:
                self.meddled |= not self._torn
                self._write_all()
                self._torn = False
                return
            self._torn = True  # until all of the line is there: a full disk takes half of it
            with open(self.path, "a", encoding="ascii") as file:
                file.write(self.lines[-1] + "\n")
            self._state, self._torn = _state(self.path), False

    def _write_all(self):
        self.path.parent.mkdir(parents=True, exist_ok=True)  # a notebook may have removed it
        files.write(self.path, "".join(line + "\n" for line in self.lines))
        self._state = _state(self.path)


def _entries(path):
    """The entries of a journal; what an interruption has torn, and all that is no entry, is left out."""
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except (OSError, ValueError):
        return []
    found = []
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict):
            found.append(entry)
    return found


def _state(path):
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
