"""Grade 100 submissions as a class hands them in: time, memory, whether each verdict is the expected one.

    python benchmarks/grading.py [--count 100] [--jobs 2] [--keep FOLDER]

The submissions are made here: shipped lessons with answers put in. Most hold wrong answers of the catalogue,
lessons 01 to 07, each another one; some are right, some crash, never end, ask for too much memory, or attack
the grader. Memory is that of all processes of the command together, looked at each half second.
"""

import argparse
import csv
import itertools
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from _results import machine, store

import bplib.exercises as ex
from bplib import lessons
from bplib.exercises.grading.keeper import descendants
from bplib.exercises.kinds import Choice, Expression, Function

HOME = Path(__file__).resolve().parent.parent
LESSONS = range(1, 8)

# What stands in a cell before the last exercise's answer.
TROUBLES = {
    "crash: an error in a cell": "1 / 0",
    "crash: the process ends": "import os; os._exit(3)",
    "crash: killed": "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
    "crash: recursion": "def f(): return f()\nf()",
    "endless: a loop": "while True: pass",
    "endless: it catches everything": """
while True:
    try:
        while True: pass
    except BaseException: pass
""",
    "endless: inside C": "sum(iter(int, 1))",
    "endless: asleep": "import time\nwhile True: time.sleep(1)",
    "memory: a list that grows": "hoard = []\nwhile True: hoard.append(bytearray(10**8))",
    "memory: one array": "import numpy\nhoard = numpy.ones((40_000, 40_000, 10))",
    "hostile: a patched grader": "import bplib.exercises.diagnose as d\nd.close = lambda *a: True",
    "hostile: kills its parent": "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)",
    "hostile: children that stay": """
import subprocess
for _ in range(20): subprocess.Popen(["sleep", "600"], start_new_session=True)
""",
    "hostile: floods its output": """
import os
for n in range(3, 32):
    try: os.write(n, b"x" * 60_000_000)
    except OSError: pass
""",
    "hostile: writes into the marks": """
import glob
for path in glob.glob({marks!r} + "/*"):
    try: open(path, "a").write("nonsense")
    except OSError: pass
""",
}


def answers(e, number=None):
    """(a cell that answers the exercise, the slip to expect): right, or with wrong answer `number`."""
    mutant = None if number is None else e.mutants[number % len(e.mutants)]
    check = f"ex.{e.name}.check({{}})"
    if isinstance(e, Function):
        source = e.solution_text if mutant is None else mutant.apply(e.solution_text)
        return f"{e.name} = None\n{source}\n{check.format(e.name)}", mutant.name if mutant else ""
    if isinstance(e, Expression):
        text = e.answer_text if mutant is None else mutant[0]
        names = "{" + ", ".join(f"{s!r}: sympy.Symbol({s!r}, real=True)" for s in e.symbols) + "}"
        given = f"sympy.sympify({text!r}, locals={names})"
        return f"import sympy\n{check.format(given)}", mutant[0] if mutant else ""
    if isinstance(e, Choice):
        letter = e.answer if mutant is None else mutant[0]
        return check.format(repr(letter)), mutant[0] if mutant else ""
    value = e.answer if mutant is None else mutant[0]
    if isinstance(value, tuple):
        whole = [right if part is None else part for part, right in zip(value, e.answer, strict=True)]
        return check.format(", ".join(map(repr, whole))), str(mutant[0]) if mutant else ""
    return check.format(repr(value)), str(mutant[0]) if mutant else ""


def submissions(count, marks):
    """(name, lesson, cells added, {exercise: slip to expect, "" for correct, None for anything}, kind)."""
    troubles = itertools.cycle(TROUBLES.items())
    kinds = ["slip"] * 14 + ["right"] * 2 + ["trouble"] * 4  # of twenty
    made = Counter()
    for n in range(count):
        lesson = LESSONS[n % len(LESSONS)]
        tasks, kind = ex.exercises(lesson), kinds[n % len(kinds)]
        number = made[lesson] if kind == "slip" else None
        made[lesson] += kind == "slip"
        cells, expected = [], {}
        for e in tasks:
            cell, expected[e.name] = answers(e, number)
            cells.append(cell)
        if kind == "trouble":
            kind, source = next(troubles)
            cells.insert(len(cells) - 1, source.replace("{marks!r}", repr(str(marks))))
        yield f"learner{n:03}", lesson, cells, expected, kind


def write(folder, name, lesson, cells):
    """The shipped lesson with the cells at its end."""
    nb = json.loads((HOME / "notebooks" / lessons.lesson(lesson).file).read_text(encoding="utf-8"))
    for source in cells:
        nb["cells"].append({"cell_type": "code", "metadata": {}, "source": source, "outputs": [],
                            "execution_count": None, "id": f"added{len(nb['cells'])}"})  # fmt: skip
    path = folder / name / lessons.lesson(lesson).file
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(nb), encoding="utf-8")


class Memory(threading.Thread):
    """The most memory that a process and all below it held together, and that it held itself, in bytes."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.together, self.alone, self.ended = pid, 0, 0, threading.Event()
        self.start()

    def run(self):
        while not self.ended.wait(0.5):
            own = _resident(self.pid)
            below = sum(map(_resident, descendants(self.pid)))
            self.alone, self.together = max(self.alone, own), max(self.together, own + below)


def _resident(pid):
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")
    except (OSError, IndexError):
        return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="a new folder for submissions and marks, left behind")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        home = (options.keep or Path(scratch)).resolve()
        folder, marks = home / "class", home / "marks"
        made = list(submissions(options.count, marks))
        for name, lesson, cells, _, _ in made:
            write(folder, name, lesson, cells)
        (home / "roster.csv").write_text("learner\n" + "".join(f"{m[0]}\n" for m in made), encoding="utf-8")
        command = [sys.executable, "-m", "bplib.exercises.grade", folder, "--marks", marks, "--csv",
                   home / "all.csv", "--roster", home / "roster.csv", "--jobs", options.jobs]  # fmt: skip
        began = time.monotonic()
        process = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL)
        memory = Memory(process.pid)
        status = process.wait()
        seconds = time.monotonic() - began
        memory.ended.set()
        if status:
            sys.exit(f"grading ended with status {status}")
        with open(home / "all.csv", encoding="utf-8-sig", newline="") as file:
            rows = {(row["notebook"].partition("/")[0], row["exercise"]): row for row in csv.DictReader(file)}
    lines = report(made, rows)
    lines.append(
        f"Together {seconds / 60:.1f} minutes with --jobs {options.jobs}; the command held at most "
        f"{memory.alone / 1e6:.0f} MB, all of its processes together {memory.together / 1e9:.2f} GB."
    )
    print("\n".join(lines))
    if options.count == parser.get_default("count"):
        store("Grading a class", ["`benchmarks/grading.py` on " + machine() + ".", "", *lines])


def report(made, rows):
    """What was handed in and how many answers got the verdict to expect, as a table in Markdown."""
    lines = ["| submissions | how many | answers | as expected |", "| --- | --- | --- | --- |"]
    groups, everything = {}, [0, 0]
    for name, _, _, expected, kind in made:
        groups.setdefault(kind.partition(":")[0], []).append((name, expected, kind))
    for kind, members in groups.items():
        answered = right = 0
        for name, expected, what in members:
            for position, (exercise, slip) in enumerate(expected.items()):
                row = rows.get((name, exercise), {"status": "no row", "slip": ""})
                got = row["slip"].lstrip("'") if row["status"] == "not yet" else row["status"]
                fine = got in ([slip] if slip else ["correct"])
                answered, right = answered + 1, right + fine
                if not fine:
                    print(f"{name} ({what}), answer {position + 1}, {exercise}: expected "
                          f"{slip or 'correct'!r}, got {row['status']!r} {row['slip']!r}")  # fmt: skip
        lines.append(f"| {kind} | {len(members)} | {answered} | {right} |")
        everything = [everything[0] + answered, everything[1] + right]
    return [*lines, f"| together | {len(made)} | {everything[0]} | {everything[1]} |", ""]


if __name__ == "__main__":
    main()
