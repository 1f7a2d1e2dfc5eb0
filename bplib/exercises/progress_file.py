"""What a learner has solved, predicted and recalled: one small JSON file, and the picture drawn from it.

The file lies in the user's data folder, or where BPLIB_PROGRESS_FILE says; set to "", no record is kept. It
is replaced whole, never written in place; one that cannot be read is set aside, never thrown away. Lessons
that are open at the same time write one after the other.
Trouble with the file never stops a lesson: it is said once, and the lesson goes on.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import sys
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .kinds import Exercise

from .. import files
from ..language import said

PATIENCE = 5.0  # seconds after which a lock belongs to nobody

_said: set[str] = set()


def path() -> Path | None:
    """Where the record lies (a Path), or None where none is kept."""
    named = os.environ.get("BPLIB_PROGRESS_FILE")
    if named is not None:
        return Path(named).expanduser() if named and named != os.devnull else None
    if sys.platform == "emscripten":  # in a browser only the drive outlives the page
        base = Path("/drive") if os.path.isdir("/drive") else Path.home()
    elif sys.platform == "win32":
        base = Path(os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "bplib" / "progress.json"


def load() -> dict[str, dict]:
    """Exercise name → {"solved": date or None, "tries": n}."""
    return _loaded()["exercises"]


def predictions() -> dict[str, dict]:
    """Prediction name → {"predicted": number or letter, "result": the same or None}."""
    return _loaded()["predictions"]


def reviews() -> dict[str, dict]:
    """Name of a recalled question → {"step": how often it was right in a row, "due": date}."""
    return _loaded()["reviews"]


def _loaded():
    file = path()
    try:
        return _empty() if file is None else _read(file)
    except OSError as error:
        _say(f"Your progress file {file} cannot be read ({error.strerror}); the exercises work without it.")
        return _empty()


def _empty():
    return {"exercises": {}, "predictions": {}, "reviews": {}}


def _read(file):
    """What the file holds; a damaged one is set aside. Older files lack predictions and reviews."""
    if file.exists() and not file.is_file():
        raise OSError(None, "it is no file")
    try:
        record = json.loads(file.read_bytes())
        return {
            "exercises": {
                str(name): {"solved": entry["solved"], "tries": int(entry["tries"])}
                for name, entry in record["exercises"].items()
            },
            "predictions": {
                str(name): {"predicted": _answer(entry["predicted"]), "result": _answer(entry["result"])}
                for name, entry in record.get("predictions", {}).items()
            },
            "reviews": {
                str(name): {"step": int(entry["step"]), "due": _date(entry["due"])}
                for name, entry in record.get("reviews", {}).items()
            },
        }
    except FileNotFoundError:
        return _empty()
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        _set_aside(file)
        return _empty()


def _answer(value):
    if value is None or isinstance(value, (str, int, float)):
        return value
    raise TypeError  # the file is damaged


def _date(text):
    datetime.date.fromisoformat(text)  # raises ValueError or TypeError
    return text


def note(name: str, status: str) -> None:
    """Remember a try at an exercise. Untouched stubs leave no trace; what is solved stays solved."""
    if status == "not attempted":
        return

    def change(record):
        entry = record["exercises"].setdefault(name, {"solved": None, "tries": 0})
        if entry["solved"]:
            return False
        entry["tries"] += 1
        if status == "correct":
            entry["solved"] = datetime.date.today().isoformat()
        return True

    _update(change)


def note_prediction(name: str, **parts: float | str) -> None:
    """Remember what was `predicted`, or the `result` of what was predicted before."""

    def change(record):
        entry = record["predictions"].setdefault(name, {"predicted": None, "result": None})
        entry.update(parts)
        return True

    _update(change)


def note_review(name: str, step: int, due: str) -> None:
    """Remember when a recalled question is due again."""

    def change(record):
        record["reviews"][name] = {"step": step, "due": due}
        return True

    _update(change)


def _update(change):
    """Read the record, let `change` alter it, and write it where `change` says so."""
    file = path()
    if file is None:
        return
    try:
        with _alone(file):
            record = _read(file)
            if change(record):
                text = json.dumps({"version": 1, **record}, indent=1, sort_keys=True)
                files.write(file, text + "\n")
    except OSError as error:
        _say(
            f"Your progress could not be written to {file} ({error.strerror}); the exercises work without it."
        )


@contextlib.contextmanager
def _alone(file):
    """Hold the file's lock, a file beside it, while it is read and written.

    Who comes second waits. A lock that stays the same for longer than writing takes was left by a process
    that was killed, and is removed.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    lock, seen, since = file.with_name(f".{file.name}.lock"), None, 0.0
    while True:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            break
        except FileExistsError:
            with contextlib.suppress(FileNotFoundError):
                made = lock.stat().st_mtime_ns
                if made != seen:
                    seen, since = made, time.monotonic()
                elif time.monotonic() - since > PATIENCE:
                    lock.unlink()
            time.sleep(0.005)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


def _set_aside(file):
    copies = (file.with_name(f"{file.name}.damaged-{n}") for n in range(1, 1000))
    copy = next((c for c in copies if not c.exists()), file.with_name(f"{file.name}.damaged"))
    try:
        os.replace(file, copy)
        _say(f"Your progress file was damaged: it is kept as {copy}, and a new one is begun.")
    except OSError as error:
        _say(f"Your progress file {file} is damaged and cannot be set aside ({error.strerror}).")


def _say(sentence):
    if sentence not in _said:
        _said.add(sentence)
        print(said(sentence))


def summary(exercises: Sequence[Exercise], solved: Collection[str], lesson: int | None) -> str:
    """The picture in words: this lesson by name, the course by number."""
    here = [e.name for e in exercises if e.lesson == lesson]
    done = [name for name in here if name in solved]
    total = sum(e.name in solved for e in exercises)
    words = f"Course: {total} of {len(exercises)} exercises solved."
    if here:
        still = [name for name in here if name not in solved]
        names = "".join(f" {label}: {', '.join(group)}." for label, group in
                        (("Solved", done), ("Still open", still)) if group)  # fmt: skip
        words = f"Lesson {lesson}: {len(done)} of {len(here)} exercises solved.{names} {words}"
    return words


def draw(exercises: Sequence[Exercise], lesson: int | None) -> None:
    """Draw a row of squares for each lesson, one for each exercise; beside them, this lesson's by name."""
    from bplib import plots

    known = load()
    solved = {name for name, entry in known.items() if entry["solved"]}
    lessons = sorted({e.lesson for e in exercises})
    widest = max(sum(e.lesson == number for e in exercises) for number in lessons)
    fig, ax = plots.figure(5.1 + 0.26 * widest, 0.9 + 0.26 * len(lessons))

    def square(x, y, name):
        filled = plots.GREEN if name in solved else "white"
        ax.plot(x, y, "s", markersize=11, markerfacecolor=filled, markeredgecolor=plots.INK)
        if name in known:
            mark = r"$\checkmark$" if name in solved else "."
            ax.plot(x, y, marker=mark, color=plots.INK, markersize=7)

    for row, number in enumerate(lessons):
        here = [e.name for e in exercises if e.lesson == number]
        for column, name in enumerate(here):
            square(column, row, name)
        bold = "bold" if number == lesson else "normal"
        ax.text(-0.8, row, f"lesson {number:02d}", ha="right", va="center", fontweight=bold)
        count = f"{len(solved & set(here))} of {len(here)}"
        ax.text(widest + 1.6, row, count, ha="right", va="center", fontweight=bold)
    for row, name in enumerate(e.name for e in exercises if e.lesson == lesson):
        square(widest + 2.6, row, name)
        ax.text(widest + 3.1, row, name, va="center")
    total = sum(e.name in solved for e in exercises)
    ax.set_title(
        f"{total} of {len(exercises)} exercises solved   (✓ solved, · tried)", fontsize=10, loc="left"
    )
    ax.set(xlim=(-3, widest + 8), ylim=(len(lessons) - 0.4, -0.8))
    ax.set_axis_off()
    plots.show(fig, alt=summary(exercises, solved, lesson))
