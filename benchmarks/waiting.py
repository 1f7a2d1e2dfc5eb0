"""What a learner waits for: lessons, imports, playgrounds, and the gradient check of a large network.

    python benchmarks/waiting.py                      # some minutes, on a machine that does nothing else
    python benchmarks/waiting.py --rounds 1 --print   # what is measured once, and not kept
    python benchmarks/waiting.py --only 00 07 --cells # and the slowest cells of these lessons
    python benchmarks/waiting.py --before REVISION    # the lessons beside those of an earlier state, in turns

A lesson runs in a fresh kernel on one processor core, as Run All does, from the moment the kernel is ready
to its last cell. A playground has opened when the cell that shows it has run: its first picture is among what
that cell sent. Processor seconds stand beside the others, because they say the same on a machine that does
other things too. An import takes a process of its own, from which the time of an empty one is subtracted.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import _results as results
import nbformat
import psutil
from nbclient import NotebookClient

HOME = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((HOME / "notebooks").glob("[0-9]*.ipynb"))
WIDGET = "application/vnd.jupyter.widget-view+json"
GOAL, GOALS, FIRST_PLAYGROUND = 6, {"10_mnist": 20}, 3  # seconds
IMPORTS = (
    "bplib", "bplib.datasets", "bplib.plots", "bplib.derive", "bplib.exercises",
    "bplib.playgrounds.xor", "bplib.playgrounds.mnist", "bplib.playgrounds.xray",
)  # fmt: skip
CHECK = """
import time, numpy as np
from bplib import check_gradients, datasets, mlp
rng, data = np.random.default_rng(0), datasets.digits()
network = mlp([784, 128, 10], activation="relu", loss="softmax_cross_entropy", dtype=np.float32, rng=rng)
X, y = data.X_train[:8], data.y_train[:8]
start = time.perf_counter()
report = check_gradients(network, X, y, SETTINGS)
assert report.ok and not report.vanishing, report
print(time.perf_counter() - start)
"""


def environment(scratch):
    """One thread, no network, and nothing of whoever measures."""
    return os.environ | {
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "BPLIB_OFFLINE": "1",
        "BPLIB_PROGRESS_FILE": str(Path(scratch) / "progress.json"),
        "IPYTHONDIR": str(Path(scratch) / "ipython"),
    }


def lesson(path, **variables):
    """The notebook, and of each code cell: (index, whether it opens a playground, seconds, processor's)."""
    nb, cells = nbformat.read(path, as_version=4), []
    with tempfile.TemporaryDirectory() as scratch:
        client = NotebookClient(
            nb, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}
        )
        with client.setup_kernel(env=environment(scratch) | variables, stderr=subprocess.DEVNULL):
            kernel = psutil.Process(client.km.provisioner.pid)
            if hasattr(kernel, "cpu_affinity"):
                kernel.cpu_affinity(kernel.cpu_affinity()[:1])
            for index, cell in enumerate(nb.cells):
                begin, used = time.perf_counter(), sum(kernel.cpu_times()[:2])
                client.execute_cell(cell, index)
                if cell.cell_type == "code":
                    seconds, used = time.perf_counter() - begin, sum(kernel.cpu_times()[:2]) - used
                    shows = any(WIDGET in output.get("data", {}) for output in cell.outputs)
                    shows = shows and "ex.predict" not in cell.source  # a question, and no playground
                    cells.append((index, shows, seconds, used))
    return nb, cells


def until(cells, number):
    """Seconds and processor seconds to the end of the cell of that index, or of the last one."""
    taken = [cell for cell in cells if number is None or cell[0] <= number]
    return sum(cell[2] for cell in taken), sum(cell[3] for cell in taken)


def lessons(paths, rounds, show_cells):
    heads = ("lesson", "seconds", "of the processor", "goal", "first playground after", "of its cell")
    rows = []
    for path in paths:
        runs = [lesson(path) for _ in range(rounds)]
        nb, cells = runs[0]
        first = next((index for index, shows, *_ in cells if shows), None)
        seconds, used = (
            results.spread(values) for values in zip(*(until(cells, None) for _, cells in runs), strict=True)
        )
        row = [path.stem, seconds, used, f"{GOALS.get(path.stem, GOAL)}", "–", "–"]
        if first is not None:
            row[4] = results.spread([until(cells, first)[0] for _, cells in runs])
            row[5] = results.spread([next(c[2] for c in cells if c[0] == first) for _, cells in runs])
        rows.append(row)
        print(*row, sep="  ", flush=True)
        for index, _, seconds, used in sorted(cells, key=lambda cell: -cell[3])[: 6 * show_cells]:
            print(f"    cell {index}: {seconds:.2f} s, {used:.2f} s: {nb.cells[index].source[:70]!r}")
    return table(heads, rows)


def lessons_beside(paths, rounds, revision):
    """The lessons of an earlier state and of this one, in turns: seconds from the first cell to the last."""
    rows = []
    with results.earlier(revision) as course:
        for path in paths:
            old = course / "notebooks" / path.name
            if not old.exists():
                continue
            found = {"before": [], "now": []}
            for _ in range(rounds):
                for name, which, variables in (
                    ("before", old, {"PYTHONPATH": str(course)}),
                    ("now", path, {}),
                ):
                    found[name].append(until(lesson(which, **variables)[1], None)[0])
            rows.append([path.stem, *map(results.spread, found.values()), f"{GOALS.get(path.stem, GOAL)}"])
            print(*rows[-1], sep="  ", flush=True)
    return table(("lesson, seconds", revision, "now", "goal"), rows)


def process(code):
    """Seconds and processor seconds of a Python that runs `code`, and what it printed."""
    with tempfile.TemporaryDirectory() as scratch:
        before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=environment(scratch),
            cwd=HOME,
            capture_output=True,
            text=True,
            check=True,
        )
        seconds, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return seconds, used, done.stdout


def imports(rounds):
    found = {name: [] for name in ("", *IMPORTS)}
    for _ in range(rounds + 1):  # the first one fills the machine's caches
        for name, times in found.items():
            times.append(process(f"import {name}" if name else "")[:2])
    empty = [statistics.median(values) for values in zip(*found.pop("")[1:], strict=True)]
    rows = [
        [
            f"`import {name}`",
            *(
                results.spread([1000 * (value - least) for value in values], ".0f")
                for values, least in zip(zip(*times[1:], strict=True), empty, strict=True)
            ),
        ]
        for name, times in found.items()
    ]
    return table(("import", "ms", "of the processor"), rows)


def checks(rounds, full):
    ways = {"along 3 directions": "directions=3, rng=rng"} | ({"entry by entry": ""} if full else {})
    rows = []
    for name, settings in ways.items():
        times = [
            float(process(CHECK.replace("SETTINGS", settings))[2]) for _ in range(rounds if settings else 1)
        ]
        rows.append([name, results.spread(times, ".2f")])
    return table(("`check_gradients`, 784-128-10, 8 images", "seconds"), rows)


def table(heads, rows):
    lines = ["| " + " | ".join(cells) + " |" for cells in (heads, *rows)]
    lines.insert(1, "| --- " * len(heads) + "|")
    return lines


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", metavar="NN", help="these lessons, and nothing else")
    parser.add_argument("--cells", action="store_true", help="the six slowest cells of each lesson as well")
    parser.add_argument("--quick", action="store_true", help="without the gradient check entry by entry")
    parser.add_argument("--print", action="store_true", help="write no file")
    parser.add_argument("--before", metavar="REVISION", help="the lessons of this git revision too, in turns")
    options = parser.parse_args()
    paths = [p for p in NOTEBOOKS if not options.only or p.stem.split("_")[0] in options.only]
    title = "What a learner waits for" + ", before and now" * bool(options.before)
    how = f" --before {options.before}" if options.before else ""
    lines = [
        f"Made by `python benchmarks/waiting.py{how}` on {results.machine()}, load {results.load()};",
        f"one core, one thread, medians of {options.rounds}, in brackets the least and the greatest. Goals:",
        f"a lesson {GOAL} s (10_mnist {GOALS['10_mnist']} s), the first playground of lesson 00 "
        f"{FIRST_PLAYGROUND} s after Run All.",
        "",
    ]
    if options.before:
        lines += lessons_beside(paths, options.rounds, options.before)
    else:
        lines += lessons(paths, options.rounds, options.cells)
    if not options.only and not options.before:
        lines += ["", *imports(options.rounds), "", *checks(options.rounds, not options.quick)]
    print("\n".join(lines))
    if not options.print and not options.only:
        results.store(title, lines)


if __name__ == "__main__":
    main()
