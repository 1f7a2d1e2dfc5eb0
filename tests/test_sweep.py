"""Sweeps: every run once, results kept at once, dead workers survived, notebook functions welcome."""

import contextlib
import functools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from bplib.sweep import InTurn, SweepResults, fingerprint, grid, random_search, sweep

SETTINGS = grid(a=[1, 2, 3], b=[10, 20])


def product(a, b):
    if a == 13:
        raise ValueError("unlucky")
    return {"product": a * b, "threads": threads()}


def threads():
    from threadpoolctl import threadpool_info

    return max((pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"), default=1)


def dies_once(a, b, folder):
    """Kills its own process the first time it sees a = 2, as a machine out of memory would."""
    mark = Path(folder) / f"died-{a}-{b}"
    if a == 2 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    (Path(folder) / f"ran-{a}-{b}-{os.getpid()}").touch()
    return {"product": a * b}


def always_dies(a, b):
    if a == 2:
        os._exit(1)
    return {"product": a * b}


def test_processes_by_default_with_one_blas_thread_each():
    results = sweep(product, SETTINGS, workers=2)
    assert [row["product"] for row in results.rows] == [10, 20, 20, 40, 30, 60]
    assert {row["threads"] for row in results.rows} == {1}


def test_any_executor_and_functions_that_cannot_be_imported():
    with ThreadPoolExecutor(2) as executor:
        results = sweep(lambda a, b: {"sum": a + b}, SETTINGS, executor=executor)
    assert [row["sum"] for row in results.rows] == [11, 21, 12, 22, 13, 23]
    assert sweep(lambda a, b: {"sum": a + b}, SETTINGS[:1], workers=1).rows[0]["sum"] == 11


def test_in_turn_needs_neither_processes_nor_threads(monkeypatch):
    """What a browser has, where it is the default too."""
    monkeypatch.setattr(threading.Thread, "start", lambda self: pytest.fail("a thread was started"))
    monkeypatch.setattr(subprocess.Popen, "__init__", lambda *_, **__: pytest.fail("a process was started"))
    first = sweep(product, grid(a=[1, 13], b=[10, 20]), executor=InTurn())
    assert [row.get("product") for row in first.rows] == [10, 20, None, None]
    assert first.rows[2]["error"] == "ValueError: unlucky"
    monkeypatch.setattr(sys, "platform", "emscripten")
    assert sweep(product, grid(a=[1], b=[10])).rows[0]["product"] == 10


def test_errors_become_rows_and_the_table_has_gaps():
    with ThreadPoolExecutor(1) as executor:
        results = sweep(product, grid(a=[1, 13], b=[10, 20]), executor=executor)
    assert repr(results) == "SweepResults(4 runs, 2 failed)"
    assert results.rows[2] == {"a": 13, "b": 10, "error": "ValueError: unlucky"}
    rows, columns, means = results.table("a", "b", "product")
    assert (rows, columns) == ([1, 13], [10, 20])
    np.testing.assert_array_equal(means, [[10, 20], [np.nan, np.nan]])


def test_a_killed_worker_loses_no_result(tmp_path):
    keep = tmp_path / "kept.jsonl"
    settings = grid(a=[1, 2, 3], b=[10, 20], folder=[str(tmp_path)])
    results = sweep(dies_once, settings, workers=2, keep=keep, attempts=5)
    assert [row["product"] for row in results.rows] == [10, 20, 20, 40, 30, 60]
    assert len(list(tmp_path.glob("died-*"))) == 2
    assert len(keep.read_text().splitlines()) == 6


def test_a_run_that_always_kills_its_worker_is_given_up():
    results = sweep(always_dies, grid(a=[2], b=[1]), workers=1, attempts=2)
    assert "its worker died 2 times" in results.rows[0]["error"]


def test_an_interrupted_sweep_goes_on_where_it_stopped(tmp_path):
    keep, calls = tmp_path / "kept.jsonl", []

    def counted(a, b):
        calls.append((a, b))
        return {"sum": a + b}

    with ThreadPoolExecutor(1) as executor:
        first = sweep(counted, SETTINGS[:3], executor=executor, keep=keep)
        with open(keep, "a") as file:
            file.write('{"setting": "cut sho')
        second = sweep(counted, SETTINGS, executor=executor, keep=keep)
        third = sweep(counted, SETTINGS, executor=executor, keep=keep)
    assert second.rows[:3] == first.rows
    assert third.rows == second.rows
    assert calls == [(s["a"], s["b"]) for s in SETTINGS]
    good = [line for line in keep.read_text().splitlines() if line.endswith("}")]
    assert len([json.loads(line) for line in good]) == 6


def versions(*sources):
    """The function `run` of each source, as a notebook would define it again and again in one module."""
    for source in sources:
        module = {"__name__": "__main__"}
        exec(source, module)
        yield module["run"]


ORIGINAL = """
epochs = 2
def helper(a):
    return a * epochs
def run(a, *, offset=0):
    return {"value": helper(a) + offset}
"""
EDITED = {
    "itself": ORIGINAL.replace("helper(a) + offset", "helper(a) + offset + 1"),
    "a number in it": ORIGINAL.replace('"value": helper(a)', '"value": 3 * helper(a)'),
    "a default": ORIGINAL.replace("offset=0", "offset=1"),
    "a helper": ORIGINAL.replace("a * epochs", "a + epochs"),
    "a number of the module": ORIGINAL.replace("epochs = 2", "epochs = 3"),
    "a nested function": ORIGINAL.replace("return a * epochs", "return (lambda: a * epochs + 1)()"),
}


@pytest.mark.parametrize("what", EDITED)
def test_an_edited_run_is_another_run(tmp_path, capsys, what):
    """And comments, layout and what other functions say are not."""
    keep = tmp_path / "kept.jsonl"
    original, same, edited = versions(
        ORIGINAL, "# a comment\n\n" + ORIGINAL + "\ndef other(): pass", EDITED[what]
    )
    with ThreadPoolExecutor(1) as executor:
        first = sweep(original, grid(a=[1, 5]), executor=executor, keep=keep)
        sweep(same, grid(a=[1, 5]), executor=executor, keep=keep)
        assert len(keep.read_text().splitlines()) == 2
        assert "another version" not in capsys.readouterr().out
        second = sweep(edited, grid(a=[1, 5]), executor=executor, keep=keep)
        assert "2 results in kept.jsonl are of another version of run: made again." in capsys.readouterr().out
        again = sweep(original, grid(a=[1, 5]), executor=executor, keep=keep)
    assert [row["value"] for row in first.rows] == [2, 10]
    assert second.rows != first.rows == again.rows
    assert len(keep.read_text().splitlines()) == 4


def test_results_of_unknown_make_do_not_count(tmp_path, capsys):
    """Files of before, which do not say which version made them."""
    keep = tmp_path / "kept.jsonl"
    keep.write_text('{"setting": "{\\"a\\": 1}", "row": {"a": 1, "value": 99}}\n')
    (run,) = versions(ORIGINAL)
    with ThreadPoolExecutor(1) as executor:
        assert sweep(run, grid(a=[1]), executor=executor, keep=keep).rows == [{"a": 1, "value": 2}]
    assert "1 results" in capsys.readouterr().out


def test_a_fingerprint_is_the_same_in_another_process():
    """A set of texts among the constants has another order in each process."""
    code = (
        "from bplib.sweep import fingerprint\n"
        "def run(a):\n    return {'in': a in {'x', 'y', 'z', 'w'}}\n"
        "print(fingerprint(run))"
    )
    found = {
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                       env=os.environ | {"PYTHONHASHSEED": str(seed)}).stdout
        for seed in range(4)
    }  # fmt: skip
    assert len(found) == 1


def test_fingerprints_of_other_callables():
    def made(factor):
        def run(a):
            return {"value": factor * a}

        return run

    class Run:
        def __call__(self, a):
            return {"value": a}

        def method(self, a):
            return {"value": 2 * a}

    runs = [
        made(1),
        made(2),
        functools.partial(product, b=1),
        functools.partial(product, b=2),
        Run(),
        Run().method,
    ]
    assert len({fingerprint(run) for run in runs}) == len(runs)
    assert fingerprint(made(1)) == fingerprint(made(1))


def test_means_over_the_other_names():
    rows = [{"a": a, "seed": s, "b": 0, "loss": a + s} for a in (1, 2) for s in (0, 4)]
    _, _, means = SweepResults(rows).table("a", "b", "loss")
    np.testing.assert_array_equal(means, [[3], [4]])
    with pytest.raises(ValueError, match="'eta' is not a name of every run"):
        SweepResults(rows).table("eta", "b", "loss")


def test_random_search_draws_what_it_is_told(rng):
    settings = random_search(50, rng=rng, learning_rate=lambda rng: float(10 ** rng.uniform(-3, 0)))
    rates = [s["learning_rate"] for s in settings]
    assert len(set(rates)) == 50
    assert 1e-3 <= min(rates) <= max(rates) <= 1


@pytest.mark.parametrize(
    ("call", "kind", "sentence"),
    [
        (lambda: grid(), ValueError, "at least one name with at least one value"),
        (lambda: grid(a=[]), ValueError, "at least one name with at least one value"),
        (lambda: grid(a=3), TypeError, "grid: a must be a list of values, got 3"),
        (
            lambda: random_search(0, rng=np.random.default_rng(0)),
            ValueError,
            "n must be a whole number of at least 1",
        ),
        (lambda: random_search(1, rng=0), TypeError, "rng must be a NumPy Generator"),
        (lambda: sweep(product, []), ValueError, "a function and at least one setting are needed"),
        (lambda: sweep(product, SETTINGS, attempts=0), ValueError, "attempts must be"),
        (lambda: sweep(product, SETTINGS, batch=0), ValueError, "batch must be"),
    ],
)
def test_bad_use_is_named(call, kind, sentence):
    with pytest.raises(kind, match=sentence):
        call()


def test_a_run_must_return_a_dict():
    with ThreadPoolExecutor(1) as executor:
        results = sweep(lambda a: a, grid(a=[1]), executor=executor)
    assert results.rows[0]["error"] == "TypeError: run must return a dict of numbers, got int"


def test_runs_in_batches_are_the_same_runs(tmp_path):
    """One that fails costs the others of its batch nothing, and what is kept is kept run by run."""
    keep, settings = tmp_path / "kept.jsonl", grid(a=[1, 13, 3], b=[10, 20])
    results = sweep(product, settings, executor=InTurn(), keep=keep, batch=4)
    assert [row.get("product") for row in results.rows] == [10, 20, None, None, 30, 60]
    assert results.rows[2]["error"] == "ValueError: unlucky"
    assert len(keep.read_text().splitlines()) == 4
    sent = []

    class Noted(InTurn):
        def submit(self, function, run, settings):
            sent.append(len(settings))
            return super().submit(function, run, settings)

    sweep(product, grid(a=range(5), b=[1, 2]), executor=Noted(), batch=4)
    assert sent == [4, 4, 2]


class KilledWorker(Exception):
    """As Dask calls it."""


def failed(error):
    future = Future()
    future.set_exception(error)
    return future


def test_one_killed_run_counts_though_others_arrive_after_it():
    """A cluster gives up a run that kills its workers, and goes on with the others."""
    tried = []

    class Cluster(InTurn):
        def submit(self, function, run, settings):
            tried.extend(setting["a"] for setting in settings)
            if settings == [{"a": 1, "b": 1}]:
                return failed(KilledWorker("three times"))
            return super().submit(function, run, settings)

    results = sweep(product, grid(a=[1, 2, 3], b=[1]), executor=Cluster(), attempts=2)
    assert "its worker died 2 times (KilledWorker: three times)" in results.rows[0]["error"]
    assert [row.get("product") for row in results.rows[1:]] == [2, 3]
    assert tried == [1, 2, 3, 1]


def test_a_result_lost_on_the_way_is_asked_for_again(tmp_path):
    """As a cluster loses one whose worker dies after the run: an error then, though the run had none."""
    calls = []

    class Losing(InTurn):
        def __init__(self, often):
            self.often = often

        def submit(self, function, run, settings):
            future = super().submit(function, run, settings)
            if settings[0]["a"] == 2 and calls.count(2) <= self.often:
                return failed(ValueError("not enough values to unpack"))
            return future

    def counted(a, b):
        calls.append(a)
        return {"sum": a + b}

    settings, keep = grid(a=[1, 2, 3], b=[10]), tmp_path / "kept.jsonl"
    results = sweep(counted, settings, executor=Losing(2), keep=keep)
    assert [row["sum"] for row in results.rows] == [11, 12, 13]
    assert calls == [1, 2, 3, 2, 2], "the others are not made again"
    assert len(keep.read_text().splitlines()) == 3
    calls.clear()
    results = sweep(counted, settings, executor=Losing(9), keep=tmp_path / "other.jsonl", attempts=2)
    error = "its result did not arrive 2 times (ValueError: not enough values to unpack)"
    assert results.rows[1] == {"a": 2, "b": 10, "error": error}
    assert (calls, "error" in results.rows[0]) == ([1, 2, 3, 2], False)


def test_a_round_counts_one_attempt_whatever_was_lost_in_it():
    """A dying worker may cost one run its result and kill another at once."""
    sent = []

    class Dying(InTurn):
        def submit(self, function, run, settings):
            sent.append(settings[0]["a"])
            future = super().submit(function, run, settings)
            return {1: failed(ValueError("gone")), 2: failed(KilledWorker("gone"))}.get(len(sent), future)

    results = sweep(lambda a: {"a": a}, grid(a=[1, 2]), executor=Dying(), attempts=2)
    assert [row.get("error") for row in results.rows] == [None, None]
    assert sent == [1, 2, 1, 2]


def test_a_run_that_ends_its_process_by_hand_is_an_error_of_its_own():
    results = sweep(lambda a: sys.exit(3), grid(a=[1]), executor=InTurn())
    assert results.rows == [{"a": 1, "error": "SystemExit: 3"}]


def test_an_executor_that_gives_up_is_said_and_the_sweep_goes_on_with_another(tmp_path):
    keep = tmp_path / "kept.jsonl"

    class Gone(InTurn):
        def submit(self, function, run, settings):
            if settings[0]["a"] < 3:
                return super().submit(function, run, settings)
            future = Future()
            future.cancel()
            return future

    with pytest.raises(CancelledError, match=r"has given up 2 runs.*call again with another executor"):
        sweep(product, SETTINGS, executor=Gone(), keep=keep)
    assert len(keep.read_text().splitlines()) == 4
    assert len(sweep(product, SETTINGS, executor=InTurn(), keep=keep).rows) == 6
    assert len(keep.read_text().splitlines()) == 6


@pytest.mark.thorough
@pytest.mark.skipif(os.name != "posix", reason="needs POSIX: Windows has no process groups")
def test_a_killed_scheduler_loses_nothing_that_arrived(tmp_path):
    """A scheduler and a worker in processes of their own; the scheduler is killed, and others go on."""
    distributed = pytest.importorskip("distributed", reason="needs distributed: pip install 'bplib[cluster]'")
    keep, settings = tmp_path / "kept.jsonl", grid(a=range(10), b=range(4))

    def kept():
        return keep.read_text().splitlines() if keep.exists() else []

    def slow_product(a, b):  # inside, so that the worker need not find this file
        time.sleep(0.05)
        return {"product": a * b}

    def cluster(name):
        for part in (
            ["scheduler", "--port", "0"],
            ["worker", "--nthreads", "1", "--local-directory", tmp_path],
        ):
            command = [sys.executable, "-m", f"distributed.cli.dask_{part[0]}", *part[1:], "--no-dashboard"]
            yield subprocess.Popen(
                [*command, "--scheduler-file", tmp_path / name],
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )

    def run(name, watch):
        processes = list(cluster(name))
        try:
            with distributed.Client(scheduler_file=str(tmp_path / name), timeout=60) as client:
                client.wait_for_workers(1, timeout=60)
                threading.Thread(target=watch, args=processes[:1], daemon=True).start()
                return sweep(slow_product, settings, executor=client.get_executor(), keep=keep, batch=2)
        finally:
            for process in processes:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def kill(scheduler):
        while len(kept()) < 6:
            time.sleep(0.01)
        scheduler.kill()

    with pytest.raises(CancelledError, match="whose scheduler is gone"):
        run("first.json", kill)
    before = kept()
    assert 6 <= len(before) < 40
    results = run("second.json", lambda scheduler: None)
    assert [row["product"] for row in results.rows] == [s["a"] * s["b"] for s in settings]
    assert kept()[: len(before)] == before
    assert len(kept()) == 40


def test_the_same_call_on_a_dask_cluster(tmp_path):
    """Two workers of a local cluster; one is killed on the way, and no result is missing."""
    distributed = pytest.importorskip("distributed", reason="needs distributed: pip install 'bplib[cluster]'")
    settings = grid(a=[1, 2, 3], b=[10, 20], folder=[str(tmp_path)])
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        keep = tmp_path / "kept.jsonl"
        results = sweep(dies_once, settings, executor=client.get_executor(), keep=keep, batch=2)
    assert [row["product"] for row in results.rows] == [10, 20, 20, 40, 30, 60]
