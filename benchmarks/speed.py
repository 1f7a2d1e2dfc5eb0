"""How fast is a training step? bplib side by side with PyTorch eager, scikit-learn and plain loops.

    python benchmarks/speed.py                 the table, printed and written to benchmarks/RESULTS.md
    python benchmarks/speed.py --rounds 3 --seconds 0.2 --print     a quick look, nothing written

Every contestant runs the same algorithm (affine and activation layers, cross-entropy, plain SGD, shuffled
epochs) on the same float32 rows, already in memory, in a process of its own with the same number of BLAS
threads. The processes stay alive and take turns, round by round, so that what disturbs the machine disturbs
all of them; the table gives the median of the rounds and, as spread, half the distance between the quartiles.
The last contestant is the limit: the step's two large matrix products alone, XW and XᵀdZ of the first layer.
"""

import argparse
import importlib.util
import itertools
import json
import os
import resource
import statistics
import subprocess
import sys
import time

import _results as results

TASKS = {  # name → (sizes, batch, activation)
    "XOR 2-2-1, batch 1": ((2, 2, 1), 1, "sigmoid"),
    "784-128-10, batch 1": ((784, 128, 10), 1, "sigmoid"),
    "784-128-10, batch 32": ((784, 128, 10), 32, "sigmoid"),
    "784-128-10, batch 256": ((784, 128, 10), 256, "sigmoid"),
    "784-128-10, batch 2048": ((784, 128, 10), 2048, "sigmoid"),
    "784-64-32-10, batch 200": ((784, 64, 32, 10), 200, "relu"),
}
CONTESTANTS = ("bplib", "PyTorch", "scikit-learn", "plain loops", "two products")
RATE = 0.1


def rows(sizes):
    """XOR's four rows, or 10 240 rows like handwritten digits: four fifths of the pixels black."""
    import numpy as np

    if sizes[0] == 2:
        return np.array([[1, 1], [0, 1], [1, 0], [0, 0]], np.float32), np.array(
            [[0], [1], [1], [0]], np.float32
        )
    rng = np.random.default_rng(0)
    X = np.maximum(rng.random((10_240, sizes[0])) - 0.8, 0) * 5
    return X.astype(np.float32), rng.integers(10, size=len(X))


def bplib_steps(sizes, batch, activation):
    import numpy as np

    from bplib import SGD, mlp, train

    X, Y = rows(sizes)
    loss = "softmax_cross_entropy" if Y.ndim == 1 else "binary_cross_entropy"
    rng = np.random.default_rng(0)
    network = mlp(sizes, activation=activation, loss=loss, dtype=np.float32, rng=rng)
    return train(network, X, Y, optimizer=SGD(RATE), batch_size=batch, epochs=10**6, rng=rng)


def torch_steps(sizes, batch, activation):
    import torch

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    X, Y = (torch.from_numpy(Q) for Q in rows(sizes))
    activations = {"sigmoid": torch.nn.Sigmoid, "relu": torch.nn.ReLU}
    modules = [
        m for a, b in itertools.pairwise(sizes) for m in (torch.nn.Linear(a, b), activations[activation]())
    ]
    model = torch.nn.Sequential(*modules[:-1])
    loss = torch.nn.CrossEntropyLoss() if Y.ndim == 1 else torch.nn.BCEWithLogitsLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE)
    while True:
        for order in torch.randperm(len(X)).split(batch):
            optimizer.zero_grad()
            L = loss(model(X[order]), Y[order])
            L.backward()
            optimizer.step()
            yield L.item()


def sklearn_steps(sizes, batch, activation):
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    warnings.simplefilter("ignore", ConvergenceWarning)
    X, Y = rows(sizes)
    names = {"sigmoid": "logistic", "relu": "relu"}
    settings = {"solver": "sgd", "momentum": 0, "alpha": 0, "learning_rate_init": RATE, "random_state": 0}
    model = MLPClassifier(
        sizes[1:-1], activation=names[activation], batch_size=min(batch, len(X)), **settings
    )
    while True:  # partial_fit is one epoch; its steps are counted when it returns
        model.partial_fit(X, Y.ravel(), classes=sorted(set(Y.ravel().tolist())))
        yield from (model.loss_ for _ in range(-(-len(X) // batch)))


def loop_steps(sizes, batch, activation):
    """As the posts write it: one sample at a time, in columns, outer products, a step after each sample."""
    import numpy as np

    X, Y = rows(sizes)
    rng = np.random.default_rng(0)
    W = [
        rng.normal(0, n_in**-0.5, (n_out, n_in)).astype(np.float32)
        for n_in, n_out in itertools.pairwise(sizes)
    ]
    b = [np.zeros((n_out, 1), np.float32) for n_out in sizes[1:]]
    while True:
        for n in range(len(X)):
            a = [X[n][:, None]]
            for w, c in zip(W, b, strict=True):
                a.append(1 / (1 + np.exp(-(w @ a[-1] + c))))
            y = np.eye(sizes[-1], dtype=np.float32)[Y[n]][:, None] if Y.ndim == 1 else Y[n][:, None]
            delta = a[-1] - y
            for i in reversed(range(len(W))):
                back = (W[i].T @ delta) * a[i] * (1 - a[i])
                W[i] -= RATE * (delta @ a[i].T)
                b[i] -= RATE * delta
                delta = back
            if n % batch == batch - 1:  # a step of this table is a batch
                yield 0.0


def product_steps(sizes, batch, activation):
    import numpy as np

    X, _ = rows(sizes)
    X, W = X[:batch], np.ones(sizes[:2], np.float32)
    dZ = np.ones((len(X), sizes[1]), np.float32)
    while True:
        X @ W
        yield np.dot(X.T, dZ)[0, 0]  # for one row ten times as fast as @


STEPS = dict(
    zip(CONTESTANTS, (bplib_steps, torch_steps, sklearn_steps, loop_steps, product_steps), strict=True)
)


def contestant(name, task):
    """The process of one contestant: for each line with seconds, train that long; answer steps a second."""
    steps = STEPS[name](*TASKS[task])
    next(steps)
    for line in sys.stdin:
        seconds, count, begin = float(line), 0, time.perf_counter()
        while (now := time.perf_counter()) - begin < seconds:
            for _ in itertools.islice(steps, 8):
                count += 1
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps([count / (now - begin), peak]), flush=True)


class Process:
    def __init__(self, name, task, threads):
        limits = {f"{library}_NUM_THREADS": str(threads) for library in ("OMP", "OPENBLAS", "MKL")}
        self.process = subprocess.Popen(
            [sys.executable, __file__, "--contestant", name, "--task", task],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | limits,
        )  # fmt: skip

    def run(self, seconds):
        self.process.stdin.write(f"{seconds}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def measure(task, threads, names, rounds, seconds):
    """Steps a second and peak memory in MB of each contestant, one value a round, taken in turns."""
    processes = {name: Process(name, task, threads) for name in names}
    try:
        for process in processes.values():
            process.run(seconds / 2)  # warm up: caches, lazy imports, thread pools
        found = {name: [] for name in names}
        for turn in range(rounds):
            order = names if turn % 2 else names[::-1]
            for name in order:
                found[name].append(processes[name].run(seconds))
    finally:
        for process in processes.values():
            process.close()
    return found


def row(task, threads, found):
    ours = statistics.median(rate for rate, _ in found["bplib"])
    cells = []
    for name in CONTESTANTS:
        if name not in found:
            cells.append("–")
            continue
        rates = [rate for rate, _ in found[name]]
        low, median, high = statistics.quantiles(rates, n=4) if len(rates) > 1 else rates * 3
        spread = f"{median:,.0f} ± {(high - low) / 2:,.0f}".replace(",", " ")
        cells.append(spread if name == "bplib" else f"{spread} ({ours / median:.2f}×)")
    return (
        f"| {task} | {threads} | " + " | ".join(cells) + f" | {max(peak for _, peak in found['bplib']):.0f} |"
    )


def table(rounds, seconds):
    have_torch = importlib.util.find_spec("torch") is not None
    yield "| task | threads | " + " | ".join(CONTESTANTS) + " | peak MB of bplib |"
    yield "| --- " * (len(CONTESTANTS) + 3) + "|"
    for threads in (1, 2):
        for task, (sizes, batch, _) in TASKS.items():
            names = [
                name
                for name in CONTESTANTS
                if (name != "PyTorch" or have_torch)
                and (name != "plain loops" or batch <= 32)
                and (name != "two products" or sizes[0] > 2)
            ]
            yield row(task, threads, measure(task, threads, names, rounds, seconds))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--print", action="store_true", help="write no file")
    parser.add_argument("--contestant", choices=CONTESTANTS, help=argparse.SUPPRESS)
    parser.add_argument("--task", choices=list(TASKS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.contestant:
        contestant(options.contestant, options.task)
        return
    lines = [
        f"Made by `python benchmarks/speed.py --rounds {options.rounds} --seconds {options.seconds:g}` on",
        f"{results.machine()}.",
        "Medians of alternating rounds ± half the distance between the quartiles; in brackets, how many",
        "times as many steps bplib makes. `plain loops` take one sample at a time (a step here is a batch);",
        "`two products` are the step's two large matrix products alone, a limit for any NumPy program.",
        "",
    ]
    print("\n".join(lines))
    for line in table(options.rounds, options.seconds):
        print(line, flush=True)
        lines.append(line)
    if not options.print:
        results.store("Steps a second", lines)


if __name__ == "__main__":
    main()
