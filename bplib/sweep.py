"""Many small trainings at once: a grid or a random search, on processes, or on a cluster's executor.

    from bplib.sweep import grid, sweep
    results = sweep(run, grid(learning_rate=[0.1, 1.0], n_hidden=[2, 4], seed=range(5)), keep="sweep.jsonl")
    results.table("learning_rate", "n_hidden", "loss")     # means over the seeds, ready for plots.heat_map

`run(**setting)` returns a dict of numbers. Every result is written to `keep` the moment it arrives, so an
interrupted sweep goes on where it stopped, and a worker that dies takes nothing with it but its own run,
which is tried again. A `run` that was edited is another run: what `keep` holds of the old one does not count.
For a Dask cluster: `sweep(run, settings, executor=Client(...).get_executor(), batch=10)`. Short runs are
better sent in batches: to send one and to take its result costs a cluster some milliseconds.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import itertools
import json
import os
import queue
import sys
import types
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import checks


def grid(**values: Iterable) -> list[dict[str, Any]]:
    """Every combination: grid(a=[1, 2], b=[3]) is [{"a": 1, "b": 3}, {"a": 2, "b": 3}]."""
    for name, choices in values.items():
        if isinstance(choices, str) or not hasattr(choices, "__iter__"):
            raise TypeError(f"grid: {name} must be a list of values, got {choices!r}")
    settings = [dict(zip(values, chosen, strict=True)) for chosen in itertools.product(*values.values())]
    if not values or not settings:
        raise ValueError("grid: at least one name with at least one value is needed")
    return settings


def random_search(
    n: int, *, rng: np.random.Generator, **draws: Callable[[np.random.Generator], Any]
) -> list[dict[str, Any]]:
    """n settings, each name drawn by a function: learning_rate=lambda rng: 10 ** rng.uniform(-3, 0)."""
    checks.whole_number("random_search", "n", n)
    checks.generator("random_search", rng)
    return [{name: draw(rng) for name, draw in draws.items()} for _ in range(n)]


@dataclass(frozen=True)
class SweepResults:
    """One row for each setting, in the order of the settings: its names, what `run` returned, or "error"."""

    rows: list

    def __repr__(self):
        failed = sum("error" in row for row in self.rows)
        return f"SweepResults({len(self.rows)} runs, {failed} failed)"

    def table(self, row: str, column: str, value: str) -> tuple[list, list, np.ndarray]:
        """Return (rows, columns, means of `value` over all other names); NaN where no run succeeded."""
        for name in (row, column):
            if not all(name in r for r in self.rows):
                raise ValueError(f"table: {name!r} is not a name of every run: {', '.join(self.rows[0])}")
        rows, columns = (sorted({r[name] for r in self.rows}) for name in (row, column))
        means = np.full((len(rows), len(columns)), np.nan)
        for i, j in np.ndindex(means.shape):
            found = [
                r[value] for r in self.rows if (r[row], r[column]) == (rows[i], columns[j]) and value in r
            ]
            if found:
                means[i, j] = np.mean(found)
        return rows, columns, means


class InTurn(Executor):
    """An executor without processes or threads: what is submitted runs at once, one after the other."""

    def submit(self, function: Callable, *arguments: Any) -> Future:  # type: ignore[override]  # no keywords
        """A future that holds the result, or the error, of function(*arguments)."""
        future: Future = Future()
        try:
            future.set_result(function(*arguments))
        except Exception as error:
            future.set_exception(error)
        return future


def sweep(
    run: Callable[..., dict[str, float]],
    settings: Sequence[dict[str, Any]],
    *,
    executor: Executor | None = None,
    workers: int | None = None,
    keep: str | os.PathLike | None = None,
    attempts: int = 3,
    batch: int = 1,
) -> SweepResults:
    """Call `run(**setting)` for every setting and return `SweepResults`, behind a progress bar.

    run       a function of the names in the settings that returns a dict of numbers; what it raises becomes
              the row's "error". It runs with one BLAS thread, since the processes share the cores
    settings  a list of dicts, as from `grid` or `random_search`, of numbers and strings
    executor  anything with `submit` that gives futures; by default `workers` own processes (one a core), and
              `InTurn()` in a browser, where there are none
    keep      a file for the results, one JSON line each; runs that it already holds are not made again,
              unless the code of `run` has changed since, or a function or a number of its module that it uses
    attempts  how often a run is tried whose worker died, or whose result did not arrive
    batch     how many runs are sent to a worker together: their results arrive, and are kept, together

    Where the executor itself goes away, as a cluster whose scheduler dies, CancelledError says so; what
    arrived is in `keep`, and the same call goes on from there with another executor.
    """
    from tqdm import tqdm  # not tqdm.auto: its widget ignores `file` and stores nothing in a notebook

    tqdm.monitor_interval = 0  # its thread watches bars that stand still, and a browser has no threads

    checks.whole_number("sweep", "attempts", attempts)
    checks.whole_number("sweep", "batch", batch)
    settings = [dict(setting) for setting in settings]
    if not callable(run) or not settings:
        raise ValueError(
            f"sweep: a function and at least one setting are needed, got {run!r} and {len(settings)}"
        )
    version = fingerprint(run)
    done, stale = _read(keep, version)
    stale = {key for setting in settings if (key := _key(setting)) in stale and key not in done}
    if stale:
        file = os.path.basename(keep or "")
        print(f"{len(stale)} results in {file} are of another version of run: made again.")
    note = functools.partial(_keep, keep, version)
    if executor is None and sys.platform == "emscripten":
        executor = InTurn()
    waiting = {key: setting for setting in settings if (key := _key(setting)) not in done}
    total = len({_key(setting) for setting in settings})
    lost = dict.fromkeys(waiting, 0)
    with tqdm(total=total, initial=total - len(waiting), unit="run", file=sys.stdout) as bar:
        while waiting:
            pool: Any = executor or _processes(workers)
            try:
                keys = list(waiting)
                parts = [keys[i : i + batch] for i in range(0, len(keys), batch)]
                futures = {pool.submit(_limited, run, [waiting[key] for key in part]): part for part in parts}
                _collect(futures, waiting, done, lost, attempts, note, bar)
            except BrokenExecutor:  # raised by submit: the pool died while it was being filled
                died = _died(attempts, "the pool of workers died")
                _count_loss(dict.fromkeys(waiting, died), waiting, done, lost, attempts, note, bar)
            finally:
                if executor is None:
                    pool.shutdown(wait=True, kill_workers=True)
    return SweepResults([done[_key(setting)] for setting in settings])


def _collect(futures, waiting, done, lost, attempts, keep, bar):
    arrived = queue.SimpleQueue()
    for future in futures:  # `wait` would go through all of them for each that arrives
        future.add_done_callback(arrived.put)
    gone, broken = {}, None
    while futures:
        try:
            future = arrived.get(timeout=0.5)  # short, so that Ctrl-C works on Windows
        except queue.Empty:
            continue
        part = futures.pop(future)
        if future.cancelled():
            raise CancelledError(
                f"sweep: the executor has given up {len(waiting)} runs, as a cluster does whose scheduler is "
                "gone. Results that arrived are kept where `keep` says: call again with another executor"
            )
        error = future.exception()
        if error is None:
            for key, result in zip(part, future.result(), strict=True):
                _finish(key, result, waiting, done, keep, bar)
        elif isinstance(error, BrokenExecutor) or "Killed" in type(error).__name__:
            broken = error
        else:  # not raised by `run`, see _result: say, a result that was lost on the way with its worker
            gone |= dict.fromkeys(part, _lost(attempts, error))
    if broken is not None:  # a dead worker does not say which run it had: all that wait count an attempt
        gone = dict.fromkeys(waiting, _died(attempts, f"{type(broken).__name__}: {broken}")) | gone
    _count_loss(gone, waiting, done, lost, attempts, keep, bar)


def _failed(error):
    return {"error": f"{type(error).__name__}: {error}"}


def _died(attempts, reason):
    return {"error": f"its worker died {attempts} times ({reason})"}


def _lost(attempts, error):
    return {"error": f"its result did not arrive {attempts} times ({type(error).__name__}: {error})"}


def _count_loss(gone, waiting, done, lost, attempts, keep, bar):
    """One attempt for each run in `gone`, which holds the error of those that have no attempt left."""
    for key, error in gone.items():
        lost[key] += 1
        if lost[key] >= attempts:
            _finish(key, error, waiting, done, keep, bar)


def _finish(key, result, waiting, done, keep, bar):
    row = waiting.pop(key) | result
    done[key] = row
    if "error" not in result:
        keep(key, row)
    bar.update()


def _keep(path, version, key, row):
    if path is not None:
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps({"setting": key, "run": version, "row": row}, default=float) + "\n")


def _read(path, version):
    """What an earlier sweep kept: setting → row of this version of `run`, and the settings of others.

    A last line cut short by a crash is left out (and its run made again).
    """
    done, stale = {}, set()
    if path is not None and os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        for line in text.splitlines():
            try:
                kept = json.loads(line)
                if kept.get("run") == version:
                    done[kept["setting"]] = kept["row"]
                else:
                    stale.add(kept["setting"])
            except (ValueError, KeyError, TypeError, AttributeError):
                continue
        if text and not text.endswith("\n"):
            with open(path, "a", encoding="utf-8") as file:
                file.write("\n")
    return done, stale


def fingerprint(run: Callable) -> str:
    """A short text that changes with the code of `run`, and with that of what it uses from its own module.

    Counted are the compiled code (so neither comments nor layout), default values, and the functions,
    classes, numbers and texts that it reaches by name or closure in the module that defines it. Data are not.
    """
    digest, seen = hashlib.sha256(), set()

    def add(thing):
        if isinstance(thing, functools.partial):
            add((thing.func, thing.args, *sorted(thing.keywords.items())))
        elif isinstance(thing, types.MethodType):
            add(thing.__func__)
        elif isinstance(thing, (types.FunctionType, type)):
            if id(thing) in seen or thing.__module__ != home:
                return
            seen.add(id(thing))
            add(body(thing) if isinstance(thing, type) else parts(thing))
        elif isinstance(thing, types.CodeType):
            add((thing.co_code.hex(), thing.co_names, thing.co_consts))
        elif isinstance(thing, tuple):
            for part in thing:
                add(part)
        elif isinstance(thing, frozenset):
            add(tuple(sorted(map(repr, thing))))  # its own order changes from process to process
        elif thing is None or isinstance(thing, (bool, int, float, complex, str, bytes)):
            digest.update(f"{thing!r};".encode())

    def body(cls):  # without what Python writes there of itself, such as line numbers
        own = {
            n: v for n, v in vars(cls).items() if not n.startswith("__") or isinstance(v, types.FunctionType)
        }
        return tuple(sorted(own.items()))

    def parts(function):
        names = sorted(names_in(function.__code__))
        used = tuple(function.__globals__[name] for name in names if name in function.__globals__)
        cells = tuple(cell.cell_contents for cell in function.__closure__ or () if cell != types.CellType())
        keywords = tuple(sorted((function.__kwdefaults__ or {}).items()))
        return function.__code__, function.__defaults__, keywords, used, cells

    def names_in(code):
        return {*code.co_names}.union(*(names_in(c) for c in code.co_consts if isinstance(c, types.CodeType)))

    if not isinstance(run, (functools.partial, types.FunctionType, types.MethodType)):
        run = type(run).__call__  # an object that can be called
    inner = run
    while isinstance(inner, functools.partial):
        inner = inner.func
    home = getattr(inner, "__module__", None)
    add(run)
    return digest.hexdigest()[:16]


def _key(setting):
    return json.dumps(setting, sort_keys=True, default=float)


def _limited(run, settings):
    """In the worker: the results of these settings, with one BLAS thread, whatever started the process."""
    from threadpoolctl import threadpool_limits

    # in a browser there is one thread anyhow
    with contextlib.nullcontext() if sys.platform == "emscripten" else threadpool_limits(limits=1):
        return [_result(run, setting) for setting in settings]


def _result(run, setting):
    try:
        result = run(**setting)
        if not isinstance(result, dict):
            raise TypeError(f"run must return a dict of numbers, got {type(result).__name__}")
    except (Exception, SystemExit) as error:
        return _failed(error)
    return result


def _processes(workers):
    """Processes that start clean and take functions written in a notebook (loky, which joblib brings)."""
    from joblib.externals.loky import ProcessPoolExecutor

    return ProcessPoolExecutor(max_workers=workers or os.cpu_count())
