"""A sweep of 200 small trainings on one process and on two: how many times as fast?

    python benchmarks/sweep.py                  processes of this machine
    python benchmarks/sweep.py --dask           the same sweep on a local Dask cluster (extra `cluster`)
    python benchmarks/sweep.py --rounds 5 --runs 200

One and two workers take turns, round by round, so that what disturbs the machine disturbs both. Each count
has its pool of workers, started and warmed up (NumPy and bplib imported) before the clock runs. The ratio is
that of the medians; the target is at least 1.7 on two free cores. Beside it stands what the machine allowed
just then: how much more two workers counted than one, in loops that share nothing. Where that is far below 2,
others are using the cores, and the ratio says little.
"""

import argparse
import contextlib
import io
import os
import statistics
import time

import _results as results

TARGET = 1.7


def run(learning_rate, n_hidden, seed, epochs):
    """Train 2-n-n-1 on the spiral; return its loss."""
    import numpy as np

    from bplib import SGD, datasets, mlp, train

    rng = np.random.default_rng(seed)
    data = datasets.spiral(100, 2, rng=rng)
    network = mlp([2, n_hidden, n_hidden, 1], activation="tanh", loss="binary_cross_entropy", rng=rng)
    steps = train(
        network,
        data.X_train,
        data.y_train,
        optimizer=SGD(learning_rate),
        batch_size=20,
        epochs=epochs,
        rng=rng,
    )
    *_, last = steps
    return {"loss": float(last.loss)}


def count(for_seconds):
    """How far a plain loop counts: what a worker can do when it waits for nobody."""
    end, n = time.perf_counter() + for_seconds, 0
    while time.perf_counter() < end:
        n += 1
    return n


@contextlib.contextmanager
def workers(n, dask):
    """An executor of n processes with one thread each: of this machine, or of a local Dask cluster."""
    if dask:
        from distributed import Client, LocalCluster

        with (
            LocalCluster(n_workers=n, threads_per_worker=1, dashboard_address=":0") as cluster,
            Client(cluster) as client,
        ):
            yield client.get_executor()
    else:
        from joblib.externals.loky import ProcessPoolExecutor

        with ProcessPoolExecutor(max_workers=n) as executor:
            yield executor


def seconds(settings, executor):
    from bplib.sweep import sweep

    start = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):  # the progress bars
        results = sweep(run, settings, executor=executor)
    if any("error" in row for row in results.rows):
        raise RuntimeError(next(row["error"] for row in results.rows if "error" in row))
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dask", action="store_true", help="on a local Dask cluster")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--epochs", type=int, default=40, help="of each small training")
    options = parser.parse_args()

    from bplib.sweep import grid

    n_seeds = max(1, options.runs // 20)
    settings = grid(
        learning_rate=[0.01, 0.03, 0.1, 0.3, 1.0],
        n_hidden=[2, 4, 8, 16],
        seed=range(n_seeds),
        epochs=[options.epochs],
    )
    kind = "local Dask cluster" if options.dask else "processes of this machine"
    print(f"{len(settings)} runs, {kind}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    times, counted = {1: [], 2: []}, {1: [], 2: []}
    with workers(1, options.dask) as one, workers(2, options.dask) as two:
        pools = {1: one, 2: two}
        for n, pool in pools.items():
            seconds(settings[: 10 * n], pool)
        for i in range(options.rounds):
            for n in (1, 2) if i % 2 == 0 else (2, 1):
                times[n].append(seconds(settings, pools[n]))
                counts = [pools[n].submit(count, 0.5) for _ in range(n)]
                counted[n].append(sum(future.result() for future in counts))
                print(f"round {i + 1}, workers {n}: {times[n][-1]:.2f} s", flush=True)
    one, two = (statistics.median(times[n]) for n in (1, 2))
    limit = statistics.median(counted[2]) / statistics.median(counted[1])
    lines = [
        f"Made by `python benchmarks/sweep.py{' --dask' * options.dask}` on {results.machine()}:",
        f"{len(settings)} small trainings, medians of {options.rounds} rounds in turns.",
        f"One worker {one:.2f} s, two workers {two:.2f} s,",
        f"ratio {one / two:.2f} (target {TARGET}); plain loops on the same workers: {limit:.2f}.",
    ]
    print("\n".join(lines))
    results.store(f"A sweep on two workers: {kind}", lines)


if __name__ == "__main__":
    main()
