"""How fast is a training step? bplib side by side with PyTorch, JAX, scikit-learn and plain loops.

    python benchmarks/speed.py                 table and picture, into benchmarks/RESULTS.md and speed.svg
    python benchmarks/speed.py --rounds 3 --seconds 0.2 --print     a quick look, nothing written
    python benchmarks/speed.py --before REVISION                    bplib beside an earlier state of itself

Every contestant runs the same algorithm (affine and activation layers, cross-entropy, plain SGD, shuffled
epochs) on the same float32 rows, already in memory, in a process of its own with the same number of BLAS
threads. The processes stay alive and take turns, round by round, so that what disturbs the machine disturbs
all of them; the table gives the median of the rounds and, as spread, half the distance between the quartiles.
The last two are limits: the NumPy calls that bplib's step makes, one after another with nothing around them,
and the step's two large matrix products alone, XW and XᵀdZ of the first layer. Below the table stands how
many calls that are, and what so many would take if they did nothing.

PyTorch runs eager and compiled (`torch.compile`, where there is a C++ compiler); JAX with one step compiled
(`jit`), each step called from Python, and with a hundred steps compiled as one loop (`lax.scan`), which may
not be looked into (`pip install jax` first); plain loops in NumPy as the posts write them, and in
JavaScript (`plain_loops.js`, where there is Node). Whoever is not installed is left out, and it is said.
"""

import argparse
import importlib.util
import itertools
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import _results as results

TASKS = {  # name → (sizes, batch, activation)
    "XOR 2-2-1, batch 1": ((2, 2, 1), 1, "sigmoid"),
    "784-128-10, batch 1": ((784, 128, 10), 1, "sigmoid"),
    "784-128-10, batch 32": ((784, 128, 10), 32, "sigmoid"),
    "784-128-10, batch 256": ((784, 128, 10), 256, "sigmoid"),
    "784-128-10, batch 2048": ((784, 128, 10), 2048, "sigmoid"),
    "784-64-32-10, batch 200": ((784, 64, 32, 10), 200, "relu"),
}
CONTESTANTS = ("bplib", "PyTorch", "torch.compile", "JAX jit", "JAX scan", "scikit-learn", "plain loops",
               "JavaScript", "NumPy calls alone", "two products")  # fmt: skip
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


def torch_steps(sizes, batch, activation, compiled=False):
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

    def forward(x, y):
        return loss(model(x), y)

    forward = torch.compile(forward) if compiled else forward
    while True:
        for order in torch.randperm(len(X)).split(batch):
            optimizer.zero_grad()
            L = forward(X[order], Y[order])
            L.backward()
            optimizer.step()
            yield L.item()


def compiled_torch_steps(sizes, batch, activation):
    return torch_steps(sizes, batch, activation, compiled=True)


def _jax_step(sizes, activation):
    """Parameters, and a function (parameters, x, y) → (parameters after the step, loss)."""
    import jax
    import jax.numpy as jnp
    import numpy as np

    rng = np.random.default_rng(0)
    params = [
        (jnp.asarray(rng.normal(0, n_in**-0.5, (n_in, n_out)), jnp.float32), jnp.zeros(n_out, jnp.float32))
        for n_in, n_out in itertools.pairwise(sizes)
    ]
    act = {"sigmoid": jax.nn.sigmoid, "relu": jax.nn.relu}[activation]

    def loss(params, x, y):
        for W, b in params[:-1]:
            x = act(x @ W + b)
        Z = x @ params[-1][0] + params[-1][1]
        if sizes[-1] > 1:
            return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(Z), y[:, None], axis=1))
        return jnp.mean(jnp.maximum(Z, 0) - Z * y + jnp.log1p(jnp.exp(-jnp.abs(Z))))

    def step(params, x, y):
        L, grads = jax.value_and_grad(loss)(params, x, y)
        return jax.tree.map(lambda p, g: p - RATE * g, params, grads), L

    return params, step


def jax_steps(sizes, batch, activation):
    import jax
    import numpy as np

    X, Y = rows(sizes)
    params, step = _jax_step(sizes, activation)
    step, rng = jax.jit(step, donate_argnums=0), np.random.default_rng(0)
    while True:
        order = rng.permutation(len(X))
        for start in range(0, len(X), batch):
            chosen = order[start : start + batch]
            params, L = step(params, X[chosen], Y[chosen])
            yield float(L)


def jax_scan_steps(sizes, batch, activation):
    """A hundred steps a call; rows that no whole batch is left for wait for the next epoch."""
    import jax
    import numpy as np

    X, Y = (jax.device_put(Q) for Q in rows(sizes))
    params, step = _jax_step(sizes, activation)

    @jax.jit
    def hundred(params, chosen):
        return jax.lax.scan(lambda params, rows: step(params, X[rows], Y[rows]), params, chosen)

    size, rng = min(batch, len(X)), np.random.default_rng(0)

    def batches():
        while True:
            order = rng.permutation(len(X))
            yield from order[: len(X) // size * size].reshape(-1, size)

    drawn = batches()
    while True:
        params, L = hundred(params, np.stack(list(itertools.islice(drawn, 100))))
        yield from np.asarray(L)


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


def call_steps(sizes, batch, activation, kind=None):
    """The calls of bplib's layers, loss and SGD, written out; the arrays are of the class `kind`."""
    import numpy as np

    kind = kind or np.ndarray
    X, Y = (Q.view(kind) for Q in rows(sizes))
    rng = np.random.default_rng(0)
    shapes = list(itertools.pairwise(sizes))
    W = [rng.normal(0, n_in**-0.5, (n_in, n_out)).astype(np.float32).view(kind) for n_in, n_out in shapes]
    b = [np.zeros(n_out, np.float32).view(kind) for n_out in sizes[1:]]
    while True:
        order = rng.permutation(len(X))
        for start in range(0, len(X), batch):
            chosen = order[start : start + batch]
            A, y = [X.take(chosen, axis=0)], Y.take(chosen, axis=0)
            for w, c in zip(W, b, strict=True):
                Z = np.dot(A[-1], w)
                Z += c
                A.append(
                    Z if w is W[-1] else np.maximum(Z, 0) if activation == "relu" else 1 / (1 + np.exp(-Z))
                )
            if Y.ndim == 1:
                S = Z - np.maximum.reduce(Z, axis=1, keepdims=True)
                P = np.exp(S)
                total = np.add.reduce(P, axis=1, keepdims=True)
                P /= total
                losses = np.log(total[:, 0]) - S[np.arange(len(y)), y]
                dZ = P / len(P)
                dZ[np.arange(len(y)), y] -= 1 / len(P)
            else:
                losses = np.maximum(Z, 0) - Z * y + np.log1p(np.exp(-np.abs(Z)))
                dZ = (1 / (1 + np.exp(-Z)) - y) / len(y)
            L = np.add.reduce(losses, axis=None) / len(y)
            grads = []
            for i in reversed(range(len(W))):
                grads += [(W[i], np.dot(A[i].T, dZ)), (b[i], np.add.reduce(dZ, axis=0))]
                if i:
                    dA = dZ @ W[i].T
                    dZ = dA * (A[i] > 0 if activation == "relu" else A[i] * (1 - A[i]))
            for p, g in grads:
                p -= RATE * g
            yield L


def counted_calls(sizes, batch, activation):
    """How many calls of NumPy `call_steps` makes in a step, and microseconds of one that does nothing."""
    import numpy as np

    count = [0]

    class Counted(np.ndarray):
        def __array_ufunc__(self, ufunc, method, *inputs, **keywords):
            count[0] += 1
            plain = [Q.view(np.ndarray) if isinstance(Q, Counted) else Q for Q in inputs]
            if keywords.get("out"):
                keywords["out"] = tuple(Q.view(np.ndarray) for Q in keywords["out"])
            found = getattr(ufunc, method)(*plain, **keywords)
            return found.view(Counted) if isinstance(found, np.ndarray) else found

        def __array_function__(self, function, types, arguments, keywords):
            count[0] += 1
            plain = [Q.view(np.ndarray) if isinstance(Q, Counted) else Q for Q in arguments]
            return function(*plain, **keywords).view(Counted)

        def take(self, *arguments, **keywords):
            count[0] += 1
            return super().take(*arguments, **keywords)

    steps = call_steps(sizes, batch, activation, Counted)
    next(steps)
    before = count[0]
    next(steps)
    x, calls = np.zeros(1, np.float32), 100_000
    begin = time.perf_counter()
    for _ in range(calls):
        np.positive(x, out=x)
    return count[0] - before, 1e6 * (time.perf_counter() - begin) / calls


def product_steps(sizes, batch, activation):
    import numpy as np

    X, _ = rows(sizes)
    X, W = X[:batch], np.ones(sizes[:2], np.float32)
    dZ = np.ones((len(X), sizes[1]), np.float32)
    while True:
        X @ W
        yield np.dot(X.T, dZ)[0, 0]  # for one row ten times as fast as @


STEPS = {
    "bplib": bplib_steps, "before": bplib_steps, "PyTorch": torch_steps,
    "torch.compile": compiled_torch_steps, "JAX jit": jax_steps, "JAX scan": jax_scan_steps,
    "scikit-learn": sklearn_steps, "plain loops": loop_steps, "NumPy calls alone": call_steps,
    "two products": product_steps,
}  # fmt: skip


def absent():
    """Contestant → what it needs and is not here."""
    found = {
        name: f"no {module}"
        for name, module in (("PyTorch", "torch"), ("torch.compile", "torch"), ("JAX jit", "jax"),
                             ("JAX scan", "jax"), ("scikit-learn", "sklearn"))
        if importlib.util.find_spec(module) is None
    }  # fmt: skip
    if not shutil.which("g++"):
        found.setdefault("torch.compile", "no C++ compiler")
    if not shutil.which("node"):
        found["JavaScript"] = "no Node"
    return found


def takes_part(name, sizes, batch):
    """Whether a contestant has this task: loops over samples are hopeless on large batches of pictures."""
    if name == "two products":
        return sizes[0] > 2
    return name not in ("plain loops", "JavaScript") or batch <= 32


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
    def __init__(self, name, task, threads, **variables):
        limits = {f"{library}_NUM_THREADS": str(threads) for library in ("OMP", "OPENBLAS", "MKL")}
        if threads == 1:
            limits["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
        command = [sys.executable, __file__, "--contestant", name, "--task", task]
        if name == "JavaScript":
            settings = dict(zip(("sizes", "batch", "activation"), TASKS[task], strict=True))
            command = ["node", Path(__file__).with_name("plain_loops.js"), json.dumps(settings)]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | limits | variables,
        )  # fmt: skip

    def run(self, seconds):
        self.process.stdin.write(f"{seconds}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def measure(task, threads, names, rounds, seconds, course=None):
    """Steps a second and peak memory in MB of each contestant, one value a round, taken in turns."""
    earlier = {"before": {"PYTHONPATH": str(course)}}
    processes = {name: Process(name, task, threads, **earlier.get(name, {})) for name in names}
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


def quartiles(values):
    return statistics.quantiles(values, n=4) if len(values) > 1 else values * 3


def row(task, threads, found):
    """A row of the table, and the ratios of each round: contestant → [ours / theirs, …]."""
    cells, ratios = [], {}
    for name in CONTESTANTS:
        if name not in found:
            cells.append("–")
            continue
        low, median, high = quartiles([rate for rate, _ in found[name]])
        spread = f"{median:,.0f} ± {(high - low) / 2:,.0f}".replace(",", " ")
        pairs = zip(found["bplib"], found[name], strict=True)
        ratios[name] = [ours / theirs for (ours, _), (theirs, _) in pairs]
        low, median, high = quartiles(ratios[name])
        cells.append(spread if name == "bplib" else f"{spread} ({median:.2f} ± {(high - low) / 2:.2f}×)")
    peak = max(peak for _, peak in found["bplib"])
    return f"| {task} | {threads} | " + " | ".join(cells) + f" | {peak:.0f} |", ratios


def table(rounds, seconds, picture):
    """The lines of the table; `picture` gets the ratios of one thread by task."""
    yield "| task | threads | " + " | ".join(CONTESTANTS) + " | peak MB of bplib |"
    yield "| --- " * (len(CONTESTANTS) + 3) + "|"
    missing = absent()
    for threads in (1, 2):
        for task, (sizes, batch, _) in TASKS.items():
            names = [name for name in CONTESTANTS if name not in missing and takes_part(name, sizes, batch)]
            line, ratios = row(task, threads, measure(task, threads, names, rounds, seconds))
            if threads == 1:
                picture[task] = ratios
            yield line
    counts = [counted_calls(*TASKS[task]) for task in ("XOR 2-2-1, batch 1", "784-128-10, batch 1")]
    yield (
        f"\nNumPy calls a step: XOR {counts[0][0]}, 784-128-10 {counts[1][0]}. As many that do nothing take "
        f"{counts[0][0] * counts[0][1]:.1f} and {counts[1][0] * counts[1][1]:.1f} µs."
    )
    for name, reason in missing.items():
        yield f"\n{name} took no part: {reason}."


def table_beside(rounds, seconds, revision):
    """The lines of the table of an earlier state and this one, on one thread."""
    yield f"| task | steps a second, {revision} | now | ratio of the rounds |"
    yield "| --- | --- | --- | --- |"
    with results.earlier(revision) as course:
        for task in TASKS:
            found = measure(task, 1, ["bplib", "before"], rounds, seconds, course)
            rates = {name: [rate for rate, _ in values] for name, values in found.items()}
            ratios = [now / before for now, before in zip(rates["bplib"], rates["before"], strict=True)]
            cells = [results.spread(rates["before"], ".0f"), results.spread(rates["bplib"], ".0f")]
            yield "| " + " | ".join([task, *cells, results.spread(ratios, ".2f")]) + " |"


def draw(picture, file):
    """How many times as many steps bplib makes, one thread: medians and quartiles by task."""
    from matplotlib.figure import Figure

    from bplib import plots

    with plots.style():
        fig = Figure(figsize=(8, 4.6), layout="constrained")
        ax = fig.subplots()
        names = [name for name in CONTESTANTS[1:] if any(name in ratios for ratios in picture.values())]
        for k, name in enumerate(names):
            height = 0.8 * (k / max(len(names) - 1, 1) - 0.5)
            rows = [(t + height, *quartiles(r[name])) for t, r in enumerate(picture.values()) if name in r]
            y, low, median, high = zip(*rows, strict=True)
            color = plots.CLASS_COLORS[k % 8]  # of eight: the ninth has the first one's, and another marker
            ax.hlines(y, low, high, color=color, lw=2)
            style = {"color": color, "marker": plots.CLASS_MARKERS[(k + k // 8) % 8], "ms": 5}
            ax.plot(median, y, ls="", label=name, **style)
        ax.axvline(1, color=plots.BLACK, lw=0.8)
        ax.set(xscale="log", xlabel="steps of bplib for one of theirs (right of the line bplib is faster)",
               yticks=range(len(picture)), yticklabels=picture)  # fmt: skip
        ax.invert_yaxis()
        ax.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))
        fig.savefig(file, metadata={"Date": None})


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--print", action="store_true", help="write no file")
    parser.add_argument(
        "--before", metavar="REVISION", help="bplib of this git revision instead of the others"
    )
    parser.add_argument("--contestant", choices=STEPS, help=argparse.SUPPRESS)
    parser.add_argument("--task", choices=list(TASKS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.contestant:
        contestant(options.contestant, options.task)
        return
    if options.before:
        lines = [
            f"Made by `python benchmarks/speed.py --before {options.before}` on {results.machine()}.",
            f"One thread; medians of {options.rounds} rounds in turns, in brackets least and greatest.",
            "",
            *table_beside(options.rounds, options.seconds, options.before),
        ]
        print("\n".join(lines))
        if not options.print:
            results.store("Steps a second, before and now", lines)
        return
    lines = [
        f"Made by `python benchmarks/speed.py --rounds {options.rounds} --seconds {options.seconds:g}` on",
        f"{results.machine()}.",
        "Medians of alternating rounds ± half the distance between the quartiles; in brackets, how many",
        "times as many steps bplib makes (medians of the rounds' ratios, and spread). `plain loops` and",
        "`JavaScript` take one sample at a time (a step here is a batch); `NumPy calls alone` are those",
        "of bplib's step with nothing around them, `two products` its two large matrix products: limits.",
        "",
        "![Steps of bplib for one of each contestant's, by task](speed.svg)",
        "",
    ]
    print("\n".join(lines))
    picture = {}
    for line in table(options.rounds, options.seconds, picture):
        print(line, flush=True)
        lines.append(line)
    if not options.print:
        results.store("Steps a second", lines)
        draw(picture, Path(__file__).with_name("speed.svg"))


if __name__ == "__main__":
    main()
