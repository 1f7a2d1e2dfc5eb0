"""Grade a folder of learners' notebooks: `python -m bplib.exercises.grade FOLDER`

    --csv FILE     also write a table with a row for each notebook and exercise
    --seconds 300  hard limit for one notebook, with all it started
    --jobs 1       how many notebooks at a time

THIS RUNS OTHER PEOPLE'S CODE, with your rights: use a container or an account that has nothing to lose.

Each notebook runs in a process tree of its own, in an empty folder, from the first cell to the last; stored
outputs are never looked at. That process only writes down what the answers did on fresh inputs; they are
judged here, by a grader that the notebook cannot reach. A crash or an endless loop costs one notebook what
comes after it, and no other notebook anything. What it cannot tell is who wrote an answer: the solutions come
with the course.
"""

import argparse
import csv
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from . import attempts, exercises
from .diagnose import CORRECT, NOT_ATTEMPTED, NOT_YET, Result

WARNING = (
    "This runs the code in these notebooks with your rights: "
    "use a container or an account that has nothing to lose."
)
MAX_BYTES = 50_000_000  # of what one notebook may have to say


@dataclass
class Report:
    """One notebook: its results (exercise name → `Result`), and what there is to remark."""

    notebook: str
    results: dict
    remark: str = ""

    def count(self, status):
        return sum(result.status == status for result in self.results.values())


def grade_notebook(path, name, seconds):
    """Run one notebook and return its `Report`."""
    seed = secrets.randbits(32)
    try:
        sources = attempts.cells(path)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return Report(name, {}, f"not a notebook that can be read ({type(error).__name__})")
    with tempfile.TemporaryDirectory(prefix="bplib-grade-", ignore_cleanup_errors=True) as scratch:
        home, out = Path(scratch) / "cwd", Path(scratch) / f"{secrets.token_hex(8)}.jsonl"
        home.mkdir()
        ended = _run(path, out, seed, seconds, home)
        entries = _read(out)
    results, done = {}, {}
    known = {exercise.name: exercise for exercise in exercises()}
    for entry in entries:
        if entry.get("exercise") in known:
            results[entry["exercise"]] = _judge(known[entry["exercise"]], entry, seed)
        done = entry if "done" in entry else done
    checked = {name for name in known if any(f".{name}.check(" in source for source in sources)}
    lessons = {known[name].lesson for name in checked | set(results)}
    for exercise in known.values():
        if exercise.lesson in lessons:
            results.setdefault(exercise.name, Result(exercise.name, NOT_ATTEMPTED, ""))
    remark = ended or ("" if done else "ended before its last cell")
    errors = f"cells with errors: {done['errors']}" if done.get("errors") else ""
    return Report(name, results, remark or errors)


def _judge(exercise, entry, seed):
    try:
        return exercise.judge(attempts.attempt_from_json(entry["attempt"]), seed)
    except Exception as error:  # what comes from the other side may be anything
        return Result(exercise.name, NOT_YET, f"its answer could not be read ({type(error).__name__})")


def _run(path, out, seed, seconds, home):
    """Run the notebook to its end or to the limit; return what there is to remark about its end."""
    mark = secrets.token_hex(16)
    environment = os.environ | {
        "BPLIB_PROGRESS_FILE": "", "BPLIB_GRADING": mark, "MPLBACKEND": "Agg", "IPYTHONDIR": str(home.parent),
    }  # fmt: skip
    # -P: the empty folder it runs in is not searched for modules.
    command = [sys.executable, "-P", "-m", "bplib.exercises.attempts", str(Path(path).resolve()), str(out)]
    command.append(str(seed))
    if sys.platform == "win32":
        apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    else:
        apart = {"start_new_session": True}
    quiet = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
    process = subprocess.Popen(command, cwd=home, env=environment, **quiet, **apart)
    try:
        status = process.wait(timeout=seconds)
        return f"crashed (status {status})" if status else ""
    except subprocess.TimeoutExpired:
        return f"stopped after {seconds:g} seconds"
    finally:
        _kill_tree(process, mark)


def _kill_tree(process, mark):
    """End the notebook's process and all it started, also those in sessions of their own (on Linux)."""
    if sys.platform == "win32":
        subprocess.run(["taskkill", "/T", "/F", "/PID", str(process.pid)], capture_output=True)
    else:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        for entry in Path("/proc").glob("[0-9]*/environ"):
            try:
                if f"BPLIB_GRADING={mark}".encode() in entry.read_bytes():
                    os.kill(int(entry.parent.name), signal.SIGKILL)
            except OSError:  # gone already, or somebody else's
                pass
    process.wait()


def _read(out):
    """The entries of what the notebook's process has written; a broken last line is left out."""
    entries = []
    if out.exists() and out.stat().st_size <= MAX_BYTES:
        for line in out.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            entries += [entry] if isinstance(entry, dict) else []
    return entries


def notebooks(folder):
    """Every notebook below `folder`, sorted, without Jupyter's own copies."""
    found = sorted(Path(folder).rglob("*.ipynb"))
    return [path for path in found if ".ipynb_checkpoints" not in path.parts]


def table(reports):
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


def write_csv(reports, path):
    """A row for each notebook and exercise; one without exercise for a notebook that has none."""
    lessons = {exercise.name: exercise.lesson for exercise in exercises()}
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["notebook", "lesson", "exercise", "status", "slip", "remark"])
        for report in reports:
            rows = [[lessons[r.exercise], r.exercise, r.status, r.slip] for r in report.results.values()]
            for row in rows or [["", "", "", ""]]:
                writer.writerow([report.notebook, *row, report.remark])


def main(arguments=None):
    parser = argparse.ArgumentParser(
        prog="python -m bplib.exercises.grade",
        description="Grade a folder of learners' notebooks.",
        epilog=WARNING,
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--csv", type=Path, help="also write a table with a row for each notebook and exercise"
    )
    parser.add_argument("--seconds", type=float, default=300, help="hard limit for one notebook (300)")
    parser.add_argument("--jobs", type=int, default=1, help="how many notebooks at a time (1)")
    options = parser.parse_args(arguments)
    if not options.folder.is_dir():
        parser.error(f"there is no folder {options.folder}")
    if options.seconds <= 0 or options.jobs < 1:
        parser.error("--seconds must be above 0, and --jobs at least 1")
    found = notebooks(options.folder)
    if not found:
        parser.error(f"there is no notebook below {options.folder}")
    print(WARNING, file=sys.stderr)
    reports = []

    def job(path):
        return grade_notebook(path, path.relative_to(options.folder).as_posix(), options.seconds)

    with ThreadPoolExecutor(options.jobs) as pool:
        for report in pool.map(job, found):
            reports.append(report)
            print(f"{len(reports)} of {len(found)}: {report.notebook}", file=sys.stderr)
    print(table(reports))
    if options.csv:
        write_csv(reports, options.csv)
    return 0


if __name__ == "__main__":
    sys.exit(main())
