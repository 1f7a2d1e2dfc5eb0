"""Grade a folder of learners' notebooks: `python -m bplib.exercises.grade FOLDER`.

    --csv FILE     also write a table with a row for each notebook and exercise, each as soon as it is known
    --seconds 300  limit for one run of a notebook, on the clock; a fifth of it, of computing, for a cell
    --memory 4     limit for one process of a notebook, in GB (on Linux)
    --jobs 1       how many notebooks at a time
    --marks DIR    also write marks for a platform, feedback and a picture of the class; see `grading.marks`.
                   The same command goes on after an interruption.

THIS RUNS OTHER PEOPLE'S CODE, with your rights: use a container or an account that has nothing to lose.

Each notebook runs from its first cell to its last in a process tree of its own, in a folder that holds only
the lessons' data, with an edition of the package without solutions; stored outputs are never looked at.
That process tells what the answers did on fresh inputs, the same for all notebooks; they are judged by a
grader that no notebook can reach. A cell that crashes, takes too long or too much memory is left out, and
the notebook runs once more without it. Of several answers to one exercise the best counts: what was solved
once stays solved, and a copied stub does no harm. An exercise of a lesson that is not answered is "not
attempted".
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import csv
import io
import json
import os
import py_compile
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ...language import ENGLISH
from .. import exercises, locked
from ..diagnose import CORRECT, NOT_ATTEMPTED, NOT_YET, Result
from ..kinds import Exercise, Function
from . import journal, keeper, remarking
from .judging import STARTING, Judge
from .learner import OUT_OF_MEMORY
from .marks import Marking, harmless

WARNING = (
    "This runs the code in these notebooks with your rights: "
    "use a container or an account that has nothing to lose."
)
PACKAGE = Path(__file__).resolve().parents[2]
WITHHELD = re.compile(
    r"__pycache__|exercises/(lesson_\d\d|grade\.py|grading/(?!__init__|learner)|locked\.json)"
)
MAX_BYTES = 50_000_000  # of what one notebook may have to say
MAX_ANSWERS = 50  # different ones to one exercise
MAX_RUNS = 4  # of one notebook: each but the first leaves out one more cell
RANK = [NOT_ATTEMPTED, NOT_YET, CORRECT]
NO_NOTEBOOK = re.compile(r"\.(zip|7z|rar|tar(\.\w+)?|tgz|html?|pdf|docx|ipynb\.\w+)$", re.IGNORECASE)


@dataclass
class Report:
    """One notebook: its results (exercise name → `Result`), what there is to remark, and its language.

    `failed` is one that could not be graded as it was handed in: the disk was full, another notebook wrote
    into it. It is tried again.
    """

    notebook: str
    results: dict = field(default_factory=dict)
    remark: str = ""
    language: str = ENGLISH
    failed: bool = False

    def count(self, status: str) -> int:
        """How many exercises have that status."""
        return sum(result.status == status for result in self.results.values())

    def take(self, result: Result) -> None:
        """The better one counts, of equal ones the later."""
        old = self.results.get(result.exercise)
        if old is None or RANK.index(result.status) >= RANK.index(old.status):
            self.results[result.exercise] = result


# ---------------------------------------------------------------- what the notebooks are given


class Course:
    """What every notebook of a grading is given: the package without solutions, inputs, the lessons' data.

    It is kept in memory, where no notebook can change it for the next.
    """

    def __init__(self, seed: int | None = None) -> None:
        self.seed = secrets.randbits(32) if seed is None else seed
        self.inputs = {
            e.name: [[locked._encode(v) for v in e.draw(self.seed, t).values()] for t in range(e.trials)]
            for e in exercises()
            if isinstance(e, Function)
        }
        places = [PACKAGE.parent / "notebooks" / "data", Path("notebooks", "data").resolve()]
        data = next((place for place in places if place.is_dir()), None)
        self.files = _zipped(_edition() | (_files(data, "cwd/data") if data else {}))

    def unpack(self, folder: Path) -> None:
        """Write the files of the course into a folder, and an empty folder `cwd` to work in."""
        (folder / "cwd").mkdir()
        with zipfile.ZipFile(io.BytesIO(self.files)) as archive:
            archive.extractall(folder)


def _files(folder, name):
    found = (path for path in folder.rglob("*") if path.is_file())
    return {f"{name}/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in found}


def _edition():
    """The package without solutions as name → bytes, with compiled modules: no notebook waits for that."""
    with tempfile.TemporaryDirectory(prefix="bplib-grade-", ignore_cleanup_errors=True) as scratch:
        target = Path(scratch) / "bplib"
        shutil.copytree(PACKAGE, target, ignore=lambda folder, names: [
            n for n in names if WITHHELD.search(Path(folder, n).relative_to(PACKAGE.parent).as_posix())
        ])  # fmt: skip
        # Sentences about slips teach; here nobody reads them, and finding inputs for them takes time.
        plain = [copy.copy(e) for e in exercises()]
        for e in plain:
            e.mutants = () if isinstance(e, Function) else e.mutants
        locked.write(target / "exercises" / "locked.json", plain)
        for path in target.rglob("*.py"):
            py_compile.compile(path, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
        return _files(target, "bplib")


def _zipped(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


# ---------------------------------------------------------------- one notebook


@dataclass
class Limits:
    """seconds for a notebook on the clock, and for a cell's computing; bytes of memory."""

    seconds: float = 300
    memory: int = 4_000_000_000

    @property
    def cell(self) -> float:
        """Seconds of computing for one cell."""
        return self.seconds / 5

    @property
    def patience(self) -> float:
        """How many times as long a cell may take on the clock: the machine may be busy."""
        return 4


class Run:
    """A notebook's process tree, from start to end; iterating gives what it has to say."""

    def __init__(self, folder: Path, request: dict, seconds: float) -> None:
        environment = os.environ | {
            "BPLIB_PROGRESS_FILE": "", "MPLBACKEND": "Agg", "IPYTHONDIR": str(folder), "PYTHONHASHSEED": "0",
            "PYTHONPATH": os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]).strip(os.pathsep),
        }  # fmt: skip
        # Computing is counted, and several notebooks run at once: no threads inside NumPy.
        environment = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"} | environment
        # -P: the folder it runs in is not searched for the modules of the course.
        learner = [sys.executable, "-P", "-m", "bplib.exercises.grading.learner"]
        command = [sys.executable, "-I", "-S", keeper.__file__, *learner]
        self.out_of_time = self.too_much = False
        if sys.platform == "win32":
            apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
        else:
            apart = {"start_new_session": True}
        self.keeper = keeper.Started(
            command, cwd=folder / "cwd", env=environment, stderr=subprocess.DEVNULL, **apart
        )
        self.timer = threading.Timer(0, str)
        self.clock(seconds + STARTING)
        with contextlib.suppress(OSError):
            self.keeper.questions.write(json.dumps(request).encode() + b"\n")
            self.keeper.questions.flush()

    def __iter__(self):
        left = MAX_BYTES
        while left > 0:
            try:
                line = self.keeper.answers.readline(left)
            except (OSError, ValueError):
                line = b""
            left -= len(line)
            if left > 0 and not line.endswith(b"\n"):
                return
            try:
                entry = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(entry, dict):
                yield entry
        self.too_much = True

    def clock(self, seconds: float) -> None:
        """So much time is left from now."""
        self.timer.cancel()
        self.timer = threading.Timer(seconds, self._time_is_up)
        self.timer.daemon = True
        self.timer.start()

    def _time_is_up(self):
        self.out_of_time = True
        self.end()

    def end(self) -> int | None:
        """Have everything killed; returns the status of the notebook's process, None where it is unknown."""
        self.timer.cancel()
        self.keeper.fall_silent()
        status = None
        try:
            status = self.keeper.process.wait(timeout=keeper.PATIENCE + 5)
        except subprocess.TimeoutExpired:
            self.keeper.process.kill()
        self.keeper.hang_up()
        return status


class Runs:
    """What is running, so that all of it can be ended."""

    def __init__(self) -> None:
        self._running: list[Run] = []
        self._closed, self._lock = False, threading.Lock()

    @contextlib.contextmanager
    def start(self, *settings: Any) -> Iterator[Run]:
        """A new `Run` with these settings, ended when the block is left."""
        with self._lock:
            if self._closed:
                raise RuntimeError("grading has ended")
            run = Run(*settings)
            self._running.append(run)
        try:
            yield run
        finally:
            run.end()
            self._running.remove(run)

    def close(self) -> None:
        """End every run, and let none begin."""
        with self._lock:
            self._closed = True
        for run in list(self._running):
            run.end()


def grade_notebook(
    path: Path, name: str, limits: Limits, course: Course, judge: Judge, runs: Runs | None = None
) -> Report:
    """Run one notebook and return its `Report`."""
    report = Report(printable(name))
    notebook = judge.read(path)
    if notebook is None:
        notebook = {"trouble": remarking.UNREADABLE}
    if "trouble" in notebook:
        report.remark = notebook["trouble"]
        return report
    report.language = notebook["language"]
    cells = notebook["cells"]
    known = {exercise.name: exercise for exercise in exercises()}
    answers, remarks, lost = collect(cells, limits, course, runs or Runs())
    for exercise, attempt in answers:
        if exercise not in known:  # a notebook may send anything
            continue
        found = judge.judge(exercise, attempt, course.seed)
        if found is None:
            found = {"status": NOT_YET, "message": "", "slip": ""}
            remarks.append(remarking.not_judged(exercise))
        report.take(Result(exercise, found["status"], found["message"], found["slip"]))
    for exercise in lost & set(known):
        report.take(Result(exercise, NOT_YET, remarking.LOST))
    answered = {e for e, result in report.results.items() if result.status != NOT_ATTEMPTED}
    checked = {exercise for source in cells for exercise in checks(source) if exercise in known}
    lessons = {known[exercise].lesson for exercise in answered | checked}
    if not checked and not answered:
        lessons = lesson_of(name, notebook, known)
        remarks.insert(0, remarking.NO_CHECK if lessons else remarking.NO_LESSON)
    report.results = {
        e.name: report.results.get(e.name, Result(e.name, NOT_ATTEMPTED, ""))
        for e in known.values()
        if e.lesson in lessons
    }
    report.remark = printable("; ".join(remarks))
    return report


def checks(source: str) -> list[str]:
    """The names of exercises that a cell checks."""
    return re.findall(r"\.(\w+)\.check\(", source)


def lesson_of(name: str, notebook: dict, known: dict[str, Exercise]) -> set[int]:
    """The lesson (a set of one, or empty) of a notebook without checks: its heading, file name, or names."""
    numbers = {e.lesson for e in known.values()}
    for pattern, text in ((r"# *(\d\d)\b", notebook["title"]), (r"(?<!\d)(\d\d)(?!\d)", Path(name).stem)):
        found = [int(number) for number in re.findall(pattern, text) if int(number) in numbers]
        if found:
            return {found[0]}
    named = re.findall(r"^(?:def )?(\w+)\s*[(=]", "\n".join(notebook["cells"]), re.MULTILINE)
    found = [known[word].lesson for word in named if word in known]
    return {max(found, key=found.count)} if found else set()


def collect(cells: list, limits: Limits, course: Course, runs: Runs) -> tuple[list, list[str], set[str]]:
    """Run the cells, again without those that end everything; returns what the answers did, as pairs
    (exercise, attempt), the remarks, and the exercises whose cells were stopped."""
    answers: dict = {}
    remarks: list[str] = []
    lost: set[str] = set()
    left_out: set[int] = set()
    for _ in range(MAX_RUNS):
        request = {"cells": cells, "skip": sorted(left_out), "inputs": course.inputs, "memory": limits.memory,
                   "cell_seconds": limits.cell, "patience": limits.patience}  # fmt: skip
        with tempfile.TemporaryDirectory(prefix="bplib-grade-", ignore_cleanup_errors=True) as scratch:
            course.unpack(Path(scratch))
            # each run has its whole time: on a busy machine it needs it
            with runs.start(Path(scratch), request, limits.seconds) as run:
                done, cell, trying = _listen(run, cells, limits, answers, remarks, lost)
                status = run.end()
        if done is not None:
            if done:
                remarks.append(remarking.errors(done))
            break
        how = _how(run, status, limits)
        remarks.append(how if cell is None else remarking.in_cell(how, cell + 1))
        if cell is None:  # nothing that could be left out
            break
        lost.update([trying] if trying else checks(cells[cell]))
        left_out.add(cell)
    return list(answers.values()), remarks, lost


def _listen(run, cells, limits, answers, remarks, lost):
    """Take down what a run says; returns the number of errors (None: it did not reach its end), the cell that
    is to blame for an early end, and the exercise whose answer was being tried."""
    done = cell = trying = None
    began, took = time.monotonic(), {}
    for entry in run:
        took[cell], began = took.get(cell, 0) + time.monotonic() - began, time.monotonic()
        exercise = entry.get("exercise")
        if isinstance(exercise, str) and "attempt" in entry:
            answer, trying = entry["attempt"], None
            key = exercise, json.dumps(answer)
            if sum(e == exercise for e, _ in answers) < MAX_ANSWERS or key in answers:
                answers.pop(key, None)  # the same again: it counts as the later one
                answers[key] = exercise, answer
        elif isinstance(entry.get("trying"), str):
            trying = entry["trying"]
        elif _number(entry, "cell", cells):
            if cell is None:  # starting the process is not the notebook's time
                run.clock(limits.seconds)
            cell, trying = entry["cell"], None
        elif _number(entry, "stopped", cells):
            remark = remarking.stopped(entry["stopped"] + 1)
            remarks += [remark] if remark not in remarks else []
            lost.update(checks(cells[entry["stopped"]]))
        elif "done" in entry:
            done = entry["errors"] if isinstance(entry.get("errors"), int) else 0
            break
    took[cell] = took.get(cell, 0) + time.monotonic() - began
    if done is None and run.out_of_time and cell is not None:
        cell, trying = max(took.keys() - {None}, key=took.get), None  # not the last, but the longest
    return done, cell, trying


def _number(entry, name, cells):
    return isinstance(entry.get(name), int) and 0 <= entry[name] < len(cells)


def _how(run, status, limits):
    """How a notebook's process ended before its last cell."""
    if run.out_of_time:
        return remarking.after(limits.seconds)
    if run.too_much:
        return remarking.too_much(MAX_BYTES // 1_000_000)
    if status == OUT_OF_MEMORY:
        return remarking.memory(limits.memory / 1e9)
    number = (status or 0) - 128
    if number == getattr(signal, "SIGXCPU", None):
        return remarking.computing(limits.cell)
    if number in set(signal.Signals):
        return remarking.crashed(signal.Signals(number).name)
    return remarking.crashed(f"status {status}") if status else remarking.ENDED


# ---------------------------------------------------------------- the folder and the table


def printable(text: str) -> str:
    r"""Text that can be printed in one line anywhere: what is no letter or sign is written as \n or \xfc."""
    return "".join(
        c if c.isprintable() else f"\\x{ord(c) - 0xDC00:02x}" if "\udc80" <= c <= "\udcff"
        else c.encode("unicode_escape").decode() for c in text
    )  # fmt: skip


def notebooks(folder: Path) -> list[Path]:
    """Every notebook below `folder`, without Jupyter's copies; links to folders are not followed."""
    found = []
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name != ".ipynb_checkpoints"]
        found += [Path(place, name) for name in folders + files if name.lower().endswith(".ipynb")]
    return sorted(found)


def passed_over(folder: Path, marks: Path | None = None) -> list[str]:
    """A sentence for each file that may have been handed in for a notebook and is none: a ZIP, 05.ipynb.txt.

    Marks that are written below the folder have pages, too.
    """
    theirs = [path for path in folder.rglob("*") if not path.is_dir()]
    if marks:
        ours = os.path.abspath(marks)
        theirs = [path for path in theirs if not Path(os.path.abspath(path)).is_relative_to(ours)]
    found = (path.relative_to(folder).as_posix() for path in theirs)
    return [
        f"{name} is no notebook, so nothing of it is graded: unpack it, or ask for the .ipynb"
        for name in sorted(printable(name) for name in found if NO_NOTEBOOK.search(name))
    ]


def table(reports: Sequence[Report]) -> str:
    """The reports as text."""
    width = max([len(report.notebook) for report in reports] + [8])
    lines = [f"{'notebook':{width}}  solved   not yet  open  remarks"]
    for report in reports:
        solved = f"{report.count(CORRECT)} of {len(report.results)}"
        slips = [f"{r.exercise}{f' ({r.slip})' if r.slip else ''}"
                 for r in report.results.values() if r.status == NOT_YET]  # fmt: skip
        remarks = "; ".join(filter(None, [report.remark, ", ".join(slips)]))
        counts = f"{solved:8} {report.count(NOT_YET):7}  {report.count(NOT_ATTEMPTED):4}"
        lines.append(f"{report.notebook:{width}}  {counts}  {remarks}".rstrip())
    return "\n".join(lines)


class Table:
    """The CSV: a row for each notebook and exercise, one without exercise for a notebook that has none."""

    def __init__(self, path: str | Path) -> None:
        # With a byte order mark, by which spreadsheets know that it is UTF-8.
        self.file = open(path, "w", newline="", encoding="utf-8-sig")  # noqa: SIM115 (open as long as it grades)
        self.rows = csv.writer(self.file)
        self.lessons = {exercise.name: exercise.lesson for exercise in exercises()}
        self._write(["notebook", "lesson", "exercise", "status", "slip", "remark"])

    def add(self, report: Report) -> None:
        """Write the rows of one notebook."""
        rows = [[self.lessons[r.exercise], r.exercise, r.status, r.slip] for r in report.results.values()]
        for row in rows or [["", "", "", ""]]:
            self._write([report.notebook, *row, report.remark])

    def _write(self, row):
        self.rows.writerow(map(harmless, row))
        self.file.flush()  # an interruption loses nothing that is known


def main(arguments: Sequence[str] | None = None) -> int:
    """The command: grade the folder, print the reports, and give the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m bplib.exercises.grade",
        description="Grade a folder of learners' notebooks.",
        epilog=f"Of several answers to one exercise the best counts. {WARNING}",
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--csv", type=Path, help="also write a table with a row for each notebook and exercise"
    )
    parser.add_argument(
        "--seconds",
        type=float,
        default=300,
        help="limit for one run of a notebook (300); a fifth of it for a cell",
    )
    parser.add_argument("--memory", type=float, default=4, help="limit for one process, in GB (4; on Linux)")
    parser.add_argument("--jobs", type=int, default=1, help="how many notebooks at a time (1)")
    marks = parser.add_argument_group("marks", "Marks for a learning platform; the README says more.")
    marks.add_argument(
        "--marks", type=Path, metavar="DIR", help="write points, gradebooks, feedback, a picture"
    )
    marks.add_argument("--roster", type=Path, help="CSV of the learners, as a platform exports it")
    marks.add_argument(
        "--learner", metavar="REGEX", help="finds a learner in a notebook's path: (?P<learner>…)"
    )
    marks.add_argument("--points", type=Path, help="CSV with exercise and points (1 where it says nothing)")
    marks.add_argument("--lessons", type=_numbers, help="those that count, as 4,5 (all that were handed in)")
    marks.add_argument("--fresh", action="store_true", help="grade all again, also what is known already")
    options = parser.parse_args(arguments)
    if not options.folder.is_dir():
        parser.error(f"there is no folder {options.folder}")
    if not options.seconds > 0 or not options.memory > 0 or options.jobs < 1:
        parser.error("--seconds and --memory must be above 0, and --jobs at least 1")
    if not options.marks and (options.roster or options.learner or options.points or options.lessons):
        parser.error("--roster, --learner, --points and --lessons need --marks DIR, where marks are written")
    found, others = notebooks(options.folder), passed_over(options.folder, options.marks)
    if not found:
        nothing = f"there is no notebook below {options.folder}"
        parser.error("; ".join([nothing, *others]))
    limits = Limits(options.seconds, int(options.memory * 1e9))
    try:
        marking = Marking(options, limits, PACKAGE) if options.marks else None
    except ValueError as error:
        parser.error(str(error))
    except OSError as error:
        parser.error(f"{options.marks} cannot be written: {error.strerror}")
    try:
        rows = Table(options.csv) if options.csv else None
    except OSError as error:
        parser.error(f"{options.csv} cannot be written: {error.strerror}")
    for stream in (sys.stdout, sys.stderr):  # a remark may hold what the terminal has no sign for
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    print(WARNING, file=sys.stderr)
    reports, shas, status = {}, {}, 0
    for path in found:
        if marking is None:
            break
        report = Report(printable(path.relative_to(options.folder).as_posix()))
        shas[path] = journal.digest(path)
        if marking.journal.recall(report.notebook, shas[path], report):
            reports[path] = report
    if reports and marking:
        print(f"{len(reports)} of {len(found)} are known from {marking.journal.path}", file=sys.stderr)
    elif marking and marking.journal.outdated:
        print("The course or the limits have changed: all are graded again.", file=sys.stderr)
    if marking and marking.journal.unfinished:
        print(
            f"The last run ended while it graded {', '.join(marking.journal.unfinished)}. Should it end "
            "there again, leave those out.",
            file=sys.stderr,
        )
    if rows:
        for report in reports.values():
            rows.add(report)
    rest = [path for path in found if path not in reports]
    seed = marking.journal.seed if marking else None
    bar = tqdm(total=len(found), initial=len(reports), unit="notebook", file=sys.stderr, disable=None)
    try:
        begin = marking.journal.begin if marking else None
        what = rest, options.folder, limits, options.jobs, seed, begin
        for path, report in grade_all(*what) if rest else ():
            reports[path] = report
            if marking and journal.digest(path) != shas[path]:
                report.remark = "; ".join(filter(None, [report.remark, remarking.CHANGED]))
                report.failed = True
            bar.write(f"{len(reports)} of {len(found)}: {report.notebook}", file=sys.stderr)
            bar.update()
            if rows:
                rows.add(report)
            if marking and report.failed:
                marking.journal.fail(report.notebook)
            elif marking:
                marking.journal.note(shas[path], report)
    except KeyboardInterrupt:
        status = 130
        print("Interrupted: the rest was not graded.", file=sys.stderr)
    except OSError as error:
        status = 1
        print(f"{trouble(error)}: the rest was not graded.", file=sys.stderr)
    bar.close()
    tell(table([reports[path] for path in found if path in reports]))
    if rows:
        with contextlib.suppress(OSError):  # its rows were written one by one
            rows.file.close()
    if marking and status:
        print("No marks are written yet; the same command goes on from here.", file=sys.stderr)
    elif marking:
        status = finish(marking, [reports[path] for path in found], others)
    else:
        for sentence in others:
            tell(sentence)
    return status


def finish(marking: Marking, reports: Sequence[Report], others: Sequence[str]) -> int:
    """Write the marks and say what there is to say; returns the exit status."""
    try:
        said = marking.finish(reports, others)
    except KeyboardInterrupt:
        status, why = 130, "Interrupted"
    except OSError as error:
        status, why = 1, trouble(error)
    else:
        tell("\n".join(map(printable, said)))
        return 0
    print(
        f"{why}: not all marks are written. Nothing graded is lost: the same command writes them.",
        file=sys.stderr,
    )
    return status


def tell(text: str) -> None:
    """Print to standard output; who has stopped reading (`| head`) still gets the files."""
    try:
        print(text, flush=True)
    except OSError:  # Windows calls a pipe that nobody reads an invalid argument; the disk may be full
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 (until the end)


def trouble(error: OSError) -> str:
    """What the system says about a file, as a sentence."""
    return f"{error.filename or 'A file'} cannot be written ({error.strerror or type(error).__name__})"


def _numbers(text: str) -> list[int]:
    """The numbers in a text like 4,5."""
    if not re.fullmatch(r"\d+(,\d+)*", text):
        raise argparse.ArgumentTypeError(f"expected numbers of lessons like 4,5, got {text!r}")
    return [int(number) for number in text.split(",")]


def grade_all(
    found: Sequence[Path],
    folder: Path,
    limits: Limits,
    jobs: int,
    seed: int | None = None,
    begin: Callable[[str], None] | None = None,
) -> Iterator[tuple[Path, Report]]:
    """Yield (path, report) of the notebooks, each as soon as it is known; `begin` hears which has begun."""
    course, mine, open_ones = Course(seed), threading.local(), [runs := Runs()]

    def job(path):
        if not hasattr(mine, "judge"):
            mine.judge = Judge()
            open_ones.append(mine.judge)
        name = path.relative_to(folder).as_posix()
        try:
            if begin:
                begin(printable(name))
            return grade_notebook(path, name, limits, course, mine.judge, runs)
        except Exception as error:  # one notebook never ends the others
            why = getattr(error, "strerror", None) or type(error).__name__
            return Report(printable(name), remark=remarking.not_graded(why), failed=True)

    pool = ThreadPoolExecutor(jobs)
    try:
        waiting = {pool.submit(job, path): path for path in found}
        for future in as_completed(waiting):
            yield waiting[future], future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for thing in list(open_ones):  # noqa: PERF101 (threads may still add to it)
            thing.close()
        pool.shutdown()


if __name__ == "__main__":
    sys.exit(main())
