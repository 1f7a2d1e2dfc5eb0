"""The teacher's half of grading, apart: reads notebooks and judges attempts in a process that may be lost.

`Judge` starts it, asks it, and starts a new one when it has not answered within its limits of time and
memory: a notebook or an answer may be such that merely looking at it takes for ever. No learner's code runs
in it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from ...language import ENGLISH, languages
from ..attempt import attempt_from_json
from . import keeper, learner

SECONDS = 20  # of computing, for one question
PATIENCE = 12  # times as long on the clock
STARTING = 120  # seconds on the clock, at most, until the process is there
MEMORY = 4_000_000_000  # bytes
MAX_NOTEBOOK = 200_000_000  # bytes


class Judge:
    """Ask a process of its own; None is the answer where it has none.

    A question may take `seconds` of computing, and `PATIENCE` times as long on the clock.
    """

    def __init__(self, seconds: float = SECONDS) -> None:
        self.seconds = seconds
        self._started, self._lock, self._closed = None, threading.Lock(), False

    def read(self, path: str | Path) -> dict:
        """{"cells": sources of the code cells, "title": first heading, "language": its language}, or
        {"trouble": why not}."""
        return self._ask({"read": list(os.fsencode(path))})  # bytes: the name may be no text

    def judge(self, exercise: str, attempt: dict, seed: int) -> Any:
        """{"status", "message", "slip"} of an attempt, as JSON holds it."""
        return self._ask({"exercise": exercise, "attempt": attempt, "seed": seed})

    def close(self) -> None:
        """End the process; nothing can be asked any more."""
        with self._lock:
            self._closed = True
            if self._started:
                self._started.process.kill()

    def _ask(self, question):
        line, clock = b"", self.seconds * PATIENCE
        try:
            with self._lock:
                if self._closed:
                    return None
                if self._started is None:
                    self._started, clock = self._start(), clock + STARTING
                started = self._started
            timer = threading.Timer(clock, started.process.kill)
            timer.daemon = True
            timer.start()
            started.questions.write(json.dumps(question).encode() + b"\n")
            started.questions.flush()
            line = started.answers.readline()
            timer.cancel()
        except OSError:  # it has ended
            pass
        if line.endswith(b"\n"):
            return json.loads(line)
        with self._lock:
            if self._started:
                self._started.process.kill()
                self._started.process.wait()
                self._started.hang_up()
            self._started = None
        return None

    def _start(self):
        apart = {} if sys.platform == "win32" else {"start_new_session": True}
        command = [sys.executable, "-P", "-m", "bplib.exercises.grading.judging", str(self.seconds)]
        return keeper.Started(command, stderr=subprocess.DEVNULL, **apart)


def read(path: str | Path) -> dict:
    """The code cells of a notebook, and its first heading."""
    path = Path(path)
    try:
        if path.is_dir():
            return {"trouble": "a folder, no notebook"}
        if not path.is_file():
            path.stat()  # says what is wrong with it, if it knows
            return {"trouble": "no notebook: neither a file nor a folder"}
        if path.stat().st_size > MAX_NOTEBOOK:
            return {"trouble": f"too large to be read (more than {MAX_NOTEBOOK // 1_000_000} MB)"}
        notebook = json.loads(path.read_bytes())
        cells = notebook["cells"]
        sources = [(cell["cell_type"], "".join(cell["source"])) for cell in cells]
    except OSError as error:
        return {"trouble": f"not a notebook that can be read ({error.strerror or type(error).__name__})"}
    except (ValueError, KeyError, TypeError, RecursionError, MemoryError) as error:
        return {"trouble": f"not a notebook that can be read ({type(error).__name__})"}
    text = "\n".join(source for kind, source in sources if kind == "markdown")
    title = next((line for line in text.splitlines() if line.startswith("# ")), "")
    code = [source for kind, source in sources if kind == "code"]
    return {"cells": code, "title": title[:200], "language": language_of(notebook)}


def language_of(notebook: dict) -> str:
    """The language of a notebook, as its metadata say it; English where they name none that we have."""
    found: Any = notebook
    for name in ("metadata", "bplib", "language"):
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, str) and found in languages() else ENGLISH


def judge(exercise: str, attempt: dict, seed: int) -> dict:
    """What the grader says about an attempt from a notebook's process."""
    from .. import registry
    from ..diagnose import NOT_YET

    try:
        result = registry()[exercise].judge(attempt_from_json(attempt), seed)
        return {"status": result.status, "message": result.message, "slip": result.slip}
    except Exception as error:  # what comes from the other side may be anything
        message = f"its answer could not be read ({type(error).__name__})"
        return {"status": NOT_YET, "message": message, "slip": ""}


def main(seconds: float) -> None:
    """Answer questions, a line of JSON each."""
    from bplib import derive  # noqa: F401  loaded before the first question, whose time is its own

    from .. import registry

    registry()
    learner.limit_memory(MEMORY)
    out, sys.stdout = sys.stdout, sys.stderr  # answers only
    for line in sys.stdin.buffer:
        learner.allow(seconds)
        question = json.loads(line)
        if "read" in question:
            answer = read(os.fsdecode(bytes(question["read"])))
        else:
            answer = judge(**question)
        out.write(json.dumps(answer) + "\n")
        out.flush()


if __name__ == "__main__":
    main(float(sys.argv[1]))
