"""A sweep of many small trainings on one process and on two: how many times as fast?

    python benchmarks/sweep.py                  processes of this machine
    python benchmarks/sweep.py --dask           the same sweep on a local Dask cluster (extra `cluster`)
    python benchmarks/sweep.py --dask --batch 1 each run sent alone: what batches save
    python benchmarks/sweep.py --rounds 5 --runs 200
    python benchmarks/sweep.py --survive        on a cluster of which a worker and the scheduler are killed

One and two workers take turns, round by round, so that what disturbs the machine disturbs both. Each count
has its pool of workers, started and warmed up (NumPy and bplib imported) before the clock runs. The ratio is
the median of the rounds'; the target is at least 1.8 on two free cores. Runs are sent in batches (`--batch`),
for a scheduler needs a few milliseconds of those cores for each thing that is sent. Beside it stands what the
machine allowed just then: how much more two workers counted than one, in loops that share nothing. Where that
is far below 2, others are using the cores, and the ratio says little.
"""

import argparse
import contextlib
import io
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time

import _results as results

TARGET = 1.8


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


def seconds(settings, executor, batch):
    from bplib.sweep import sweep

    start = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):  # the progress bars
        results = sweep(run, settings, executor=executor, batch=batch)
    if any("error" in row for row in results.rows):
        raise RuntimeError(next(row["error"] for row in results.rows if "error" in row))
    return time.perf_counter() - start


def settings_of(options):
    from bplib.sweep import grid

    return grid(
        learning_rate=[0.01, 0.03, 0.1, 0.3, 1.0],
        n_hidden=[2, 4, 8, 16],
        seed=range(max(1, options.runs // 20)),
        epochs=[options.epochs],
    )


@contextlib.contextmanager
def cluster(folder):
    """A scheduler and two workers in processes of their own: (client, scheduler, workers)."""
    from distributed import Client

    place = os.path.join(folder, f"{time.monotonic_ns()}.json")
    parts = [["scheduler", "--port", "0"]] + 2 * [["worker", "--nthreads", "1", "--local-directory", folder]]
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.dask_{name}", *options, "--no-dashboard",
             "--scheduler-file", place],
            stderr=subprocess.DEVNULL, start_new_session=True,
        )
        for name, *options in parts
    ]  # fmt: skip
    try:
        with Client(scheduler_file=place, timeout=60) as client:
            client.wait_for_workers(2, timeout=60)
            yield client, processes[0], processes[1:]
    finally:
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def survive(options):
    """After a quarter of the runs a worker is killed, after half of them the scheduler: what is lost?"""
    from concurrent.futures import CancelledError

    import psutil

    from bplib.sweep import sweep

    settings = settings_of(options)
    with tempfile.TemporaryDirectory() as folder:
        keep = os.path.join(folder, "kept.jsonl")

        def kept():
            with contextlib.suppress(FileNotFoundError), open(keep, encoding="utf-8") as file:
                return file.read().splitlines()
            return []

        def disturb(scheduler, workers):
            while len(kept()) < len(settings) / 4:
                time.sleep(0.02)
            psutil.Process(workers[0].pid).children()[-1].kill()  # the worker itself, below its nanny
            while len(kept()) < len(settings) / 2:
                time.sleep(0.02)
            scheduler.kill()

        begin = time.perf_counter()
        with cluster(folder) as (client, scheduler, workers):
            threading.Thread(target=disturb, args=(scheduler, workers), daemon=True).start()
            try:
                sweep(run, settings, executor=client.get_executor(), keep=keep, batch=options.batch)
            except CancelledError as error:
                print(error)
            first = len(kept())
        with cluster(folder) as (client, *_):
            found = sweep(run, settings, executor=client.get_executor(), keep=keep, batch=options.batch)
        failed = sum("error" in row for row in found.rows)
        lines = [
            f"Made by `python benchmarks/sweep.py --survive` on {results.machine()}:",
            f"{len(settings)} runs, two workers; one killed after a quarter, the scheduler after half.",
            f"Kept when the scheduler had gone: {first}; made on the second cluster: {len(kept()) - first};",
            f"lines together {len(kept())}, failed {failed}; {time.perf_counter() - begin:.0f} s in all.",
        ]
    print("\n".join(lines))
    if not options.print:
        results.store("A sweep whose worker and scheduler are killed", lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dask", action="store_true", help="on a local Dask cluster")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--epochs", type=int, default=40, help="of each small training")
    parser.add_argument("--batch", type=int, default=10, help="runs that are sent together")
    parser.add_argument("--survive", action="store_true", help="kill a worker and the scheduler on the way")
    parser.add_argument("--print", action="store_true", help="write no file")
    options = parser.parse_args()
    if options.survive:
        survive(options)
        return

    settings = settings_of(options)
    kind = "local Dask cluster" if options.dask else "processes of this machine"
    print(f"{len(settings)} runs, {kind}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    times, counted = {1: [], 2: []}, {1: [], 2: []}
    with workers(1, options.dask) as one, workers(2, options.dask) as two:
        pools = {1: one, 2: two}
        for n, pool in pools.items():
            seconds(settings[: 10 * n], pool, 5)
        for i in range(options.rounds):
            for n in (1, 2) if i % 2 == 0 else (2, 1):
                times[n].append(seconds(settings, pools[n], options.batch))
                counts = [pools[n].submit(count, 0.5) for _ in range(n)]
                counted[n].append(sum(future.result() for future in counts))
                print(f"round {i + 1}, workers {n}: {times[n][-1]:.2f} s", flush=True)
    alone = " --batch 1" * (options.batch == 1)
    ratios = [one / two for one, two in zip(times[1], times[2], strict=True)]
    limits = [two / one for one, two in zip(counted[1], counted[2], strict=True)]
    lines = [
        f"Made by `python benchmarks/sweep.py{' --dask' * options.dask}{alone}` on {results.machine()}:",
        f"{len(settings)} small trainings in batches of {options.batch}, "
        f"medians of {options.rounds} rounds in turns, in brackets the least and the greatest.",
        f"One worker {results.spread(times[1], '.2f')} s, two workers {results.spread(times[2], '.2f')} s,",
        f"ratio {results.spread(ratios, '.2f')} (target {TARGET}); plain loops on the same workers: "
        f"{results.spread(limits, '.2f')}.",
    ]
    print("\n".join(lines))
    if not options.print:
        results.store(f"A sweep on two workers: {kind}{', each run sent alone' * bool(alone)}", lines)


if __name__ == "__main__":
    main()
