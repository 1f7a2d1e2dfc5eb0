"""How the time of a training step grows with hidden size, batch, depth and rows, and what memory it takes.

    python benchmarks/growth.py                        the table, written to RESULTS.md, and growth.svg
    python benchmarks/growth.py --rounds 3 --print     a quick look, nothing written

Sizes take turns, round by round, in one process with one BLAS thread; a value is the median of its rounds.
The exponent is the slope of the line through the points on log-log paper: 1 means that twice as much takes
twice as long. Beside stand the step's matrix products alone, on the same machine at the same time. Peak
memory is that of a process that trains 784-128-10 for an epoch on as many images as MNIST has.
"""

import os

for library in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")

# ruff: noqa: E402, as NumPy reads the limit on threads when it is imported
import argparse
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import _results as results
import numpy as np

from bplib import SGD, datasets, fit, mlp, train

HERE = Path(__file__).resolve().parent
# what grows → (its values, what a value means: sizes, batch, rows)
GROWTH = {
    "hidden size": ((64, 128, 256, 512, 1024), lambda n: ([784, n, 10], 256, 2048)),
    "batch": ((16, 64, 256, 1024, 4096), lambda n: ([784, 128, 10], n, 4096)),
    "depth": ((1, 2, 4, 8, 16), lambda n: ([128] * (n + 1) + [10], 256, 2048)),
    "rows": ((1024, 4096, 16384, 60000), lambda n: ([784, 32, 10], 256, n)),
}
EPOCH = {"rows"}  # here the time is that of an epoch, elsewhere of a step
SETTINGS = {"activation": "relu", "loss": "softmax_cross_entropy", "dtype": np.float32}


def step_time(sizes, batch, rows, whole_epoch):
    """A function that trains a little and returns seconds a step, or an epoch."""
    rng = np.random.default_rng(0)
    X, y = rng.random((rows, sizes[0]), dtype=np.float32), rng.integers(10, size=rows)
    network = mlp(sizes, rng=rng, **SETTINGS)
    steps = train(network, X, y, optimizer=SGD(0.01), batch_size=batch, epochs=10**6, rng=rng)
    next(steps)

    def run():
        least = -(-rows // batch) if whole_epoch else 1
        begin, count = time.perf_counter(), 0
        while count < least or (not whole_epoch and time.perf_counter() - begin < 0.1):
            next(steps)
            count += 1
        return (time.perf_counter() - begin) / (1 if whole_epoch else count)

    return run


def product_time(sizes, batch):
    """A function that does the matrix products of one step and returns their seconds."""
    rng = np.random.default_rng(0)
    A = [rng.random((batch, n), dtype=np.float32) for n in sizes]
    W = [rng.random(pair, dtype=np.float32) for pair in pairwise(sizes)]

    def run():
        begin, count = time.perf_counter(), 0
        while count == 0 or time.perf_counter() - begin < 0.1:
            for i, w in enumerate(W):
                A[i] @ w
                A[i].T @ A[i + 1]
                if i:
                    A[i + 1] @ w.T
            count += 1
        return (time.perf_counter() - begin) / count

    return run


def in_turns(functions, rounds):
    """Of each function the median of its values, and half the distance of the quartiles over it, in turns."""
    found = [[] for _ in functions]
    for _ in range(rounds):
        for values, function in zip(found, functions, strict=True):
            values.append(function())
    low, middle, high = np.quantile(found, [0.25, 0.5, 0.75], axis=1)
    return middle, (high - low) / 2 / middle


def exponent(x, y):
    return np.polyfit(np.log(x), np.log(y), 1)[0]


def peak_memory(what):
    """Megabytes at the peak of a process that trains, or that only imports."""
    command = [sys.executable, __file__, "--memory", what]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1])


def memory(what):
    """That process."""
    if what == "training":
        rng = np.random.default_rng(0)
        images = datasets.Images(rng.integers(256, size=(60_000, 784), dtype=np.uint8))
        y = rng.integers(10, size=60_000)
        network = mlp([784, 128, 10], rng=rng, **SETTINGS)
        held_out = datasets.Images(images.pixels[:5000]), y[:5000]
        fit(network, images, y, optimizer=SGD(0.1), batch_size=64, epochs=1, rng=rng, validation=held_out)
    # not getrusage: on Linux a child inherits the peak of the process that started it
    with open("/proc/self/status") as status:
        print(next(int(line.split()[1]) / 1000 for line in status if line.startswith("VmHWM")))


def picture(table, file):
    """A log-log plot for each row of the table."""
    from bplib import plots

    figure, axes = plots.figure(11, 2.8, ncols=len(table))
    for ax, (what, (x, ours, products)) in zip(axes, table.items(), strict=True):
        ax.loglog(x, 1e3 * ours, "o-", color=plots.TRAINING, label="bplib")
        if products is not None:
            ax.loglog(x, 1e3 * products, "s--", color=plots.BLACK, label="its matrix products")
        ax.loglog(x, 1e3 * ours[-1] * np.array(x) / x[-1], ":", color="gray", label="in proportion")
        ax.set(xlabel=what, ylabel="ms an epoch" if what in EPOCH else "ms a step")
    axes[0].legend(fontsize=7)
    figure.savefig(file, metadata={"Date": None})


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--print", action="store_true", help="write no file")
    parser.add_argument("--memory", choices=("training", "importing"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.memory:
        memory(options.memory)
        return
    lines = [
        f"Made by `python benchmarks/growth.py --rounds {options.rounds}` on {results.machine()}.",
        "One thread, float32, medians of rounds in turns. Widest spread of a row: half the distance of the",
        "quartiles, over the median. Exponent 1: twice as much takes twice as long.",
        "",
        "| what grows | sizes | milliseconds | widest spread | exponent | of the matrix products alone |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    table = {}
    for what, (values, meaning) in GROWTH.items():
        whole = what in EPOCH
        ours, wide = in_turns([step_time(*meaning(n), whole) for n in values], options.rounds)
        products, slope = None, "–"
        if not whole:
            products, _ = in_turns([product_time(*meaning(n)[:2]) for n in values], options.rounds)
            slope = f"{exponent(values, products):.2f}"
        table[what] = values, ours, products
        cells = [f"{what}, time of {'an epoch' if whole else 'a step'}"]
        cells += [" · ".join(f"{v:g}" for v in values), " · ".join(f"{1e3 * t:.3g}" for t in ours)]
        cells.append(f"{max(wide):.0%}")
        lines.append("| " + " | ".join([*cells, f"{exponent(values, ours):.2f}", slope]) + " |")
        print(lines[-1], flush=True)
    if Path("/proc/self/status").exists():
        training, importing = peak_memory("training"), peak_memory("importing")
        lines += [
            "",
            f"Peak memory of training 784-128-10 on 60 000 images (47 MB of pixels): {training:.0f} MB, of",
            f"which Python, NumPy and `bplib` take {importing:.0f} MB before anything is done.",
        ]
        print("\n".join(lines[-2:]))
    lines += ["", "![Time against hidden size, batch, depth and rows, on log-log paper](growth.svg)"]
    if not options.print:
        picture(table, HERE / "growth.svg")
        results.store("How time grows, and memory", lines)


if __name__ == "__main__":
    main()
