"""The learner's half of grading: run a notebook's cells in this process, tell what its answers did.

Started by `bplib.exercises.grade`, a process for each notebook, with an edition of the package that holds
no solutions. The request, a line of JSON, comes from standard input: `cells`, those to `skip`, the `inputs`
on which answers are tried, and the limits. What the answers did goes to standard output, a line of JSON for
each; both are put out of the notebook's way before its first cell. Nothing is judged here: whatever a
notebook does to this process, the grader is in another one.
"""

from __future__ import annotations

import asyncio
import copy
import functools
import gc
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from .. import running
from ..attempt import attempt_to_json
from ..running import Attempt, Trial

OUT_OF_MEMORY = 77  # the exit status of a process that ends because its cells hold too much


def limit_memory(limit: int) -> None:
    """A cell that asks for more gets a MemoryError, where the system has such limits."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
        # where the machine itself is out of memory, this process goes first
        Path("/proc/self/oom_score_adj").write_text("1000")
    except (ImportError, ValueError, OSError):
        pass


def _held():
    """How many bytes this process holds, on Linux (else 0)."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[5]) * os.sysconf("SC_PAGESIZE")
    except (OSError, ValueError, AttributeError, IndexError):
        return 0


def allow(seconds: float) -> None:
    """Have this process killed after so many more seconds of computing, where the system can do it."""
    try:
        import resource
    except ImportError:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    soft = int(used.ru_utime + used.ru_stime + seconds) + 1
    if hard == resource.RLIM_INFINITY or soft <= hard:
        resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def _shell():
    """An IPython shell without a screen, in which a magic that fails costs nothing but itself."""
    from IPython.core.error import UsageError
    from IPython.core.interactiveshell import InteractiveShell

    class Shell(InteractiveShell):
        def enable_gui(self, gui=None):
            pass

        def enable_matplotlib(self, gui=None):
            return gui, "agg"

        def run_line_magic(self, name, line, _stack_depth=1):
            try:
                return super().run_line_magic(name, line, _stack_depth + 1)
            except Exception:
                return None

        def run_cell_magic(self, name, line, cell):
            try:
                return super().run_cell_magic(name, line, cell)
            except UsageError:
                if self.find_cell_magic(name) is None:  # of an extension that is not here
                    self.ex(self.transform_cell(cell))

    shell = Shell.instance()
    shell.history_manager.enabled = False
    shell.showtraceback = shell.showsyntaxerror = lambda *args, **kwargs: None
    shell.set_hook("show_in_pager", lambda *args, **kwargs: None)
    return shell


def _run_cell(shell, loop, source, seconds, patience):
    """Run one cell as a kernel would; return its error, or None."""
    problem = None
    try:
        transformed = shell.transform_cell(source)
    except Exception:
        transformed, problem = source, sys.exc_info()
    cell = shell.run_cell_async(
        source, store_history=False, transformed_cell=transformed, preprocessing_exc_tuple=problem
    )
    try:
        task = loop.create_task(cell)
        result, stopped = running.limited(loop.run_until_complete, (task,), seconds, patience)
        if stopped:
            task.cancel()
            return running.TimeUp()
        return result.error_before_exec or result.error_in_exec
    except BaseException as error:  # whatever comes out of a cell, the next one has its turn
        return error


def _fresh(exercise, inputs):
    """The exercise with inputs that nothing in this process knows the right answers for."""
    if exercise.name not in inputs:
        return exercise
    from .. import locked

    fresh = copy.copy(exercise)
    drawn = inputs[exercise.name]
    fresh.inputs = tuple(
        functools.partial(lambda row, rng: [locked._decode(v) for v in row], r) for r in drawn
    )
    fresh.trials = len(drawn)
    return fresh


def _attempt(exercise, answer):
    """The attempt, as JSON can hold it, whatever the answer does when it is looked at."""
    try:
        return attempt_to_json(exercise.attempt(answer, 0))
    except BaseException as error:
        return attempt_to_json(Attempt("ran", trials=[Trial(crash=running._crash(error, None))]))


def run(request: dict, send: Callable) -> None:
    """Run the cells as a kernel would, going on after an error; send new answers after each cell."""
    from .. import exercises

    seconds, patience = request["cell_seconds"], request["patience"]
    running.PASSED_ON = ()  # nobody sits here
    running.SECONDS = call = min(running.SECONDS, seconds / 4)  # that a call may take, within its cell
    grace = min(5, seconds)  # until a cell that cannot be interrupted is killed with its process
    limit_memory(request["memory"])
    shell, loop, errors = _shell(), asyncio.new_event_loop(), 0
    noted: dict[str, tuple] = {}
    asyncio.set_event_loop(loop)
    pairs = [(exercise, _fresh(exercise, request["inputs"])) for exercise in exercises()]
    sys.path.insert(0, "")  # as in a kernel, modules beside the notebook are found
    for number, source in enumerate(request["cells"]):
        if number in request["skip"]:
            continue
        send({"cell": number})
        allow(seconds + grace)
        error = _run_cell(shell, loop, source, seconds, patience)
        errors += error is not None
        for exercise, fresh in pairs:
            answer = exercise.submitted
            if answer is not None and answer is not noted.get(exercise.name):
                noted[exercise.name] = answer
                send({"trying": exercise.name})
                allow(getattr(fresh, "trials", 1) * call + grace)
                send({"exercise": exercise.name, "attempt": _attempt(fresh, answer)})
        if isinstance(error, running.TimeUp):
            send({"stopped": number})
        short = isinstance(error, MemoryError)
        error = shell.last_execution_result = None  # and with it all that its frames hold
        if short and gc.collect() >= 0 and _held() > request["memory"] / 2:
            os._exit(OUT_OF_MEMORY)
    send({"done": True, "errors": errors})


def _only_here(edition):
    """Take other copies of the package, which hold the solutions, off the search path."""

    def other(folder):
        folder = Path(folder).resolve()
        # where packages are installed there is more than this one
        return (folder / "bplib").exists() and folder != edition and not folder.name.endswith("-packages")

    sys.path[:] = [folder for folder in sys.path if not other(folder)]
    sys.meta_path[:] = [finder for finder in sys.meta_path if "editable" not in repr(finder)]
    sys.path_hooks[:] = [hook for hook in sys.path_hooks if "editable" not in repr(hook)]


def main() -> NoReturn:
    """Run the one notebook that standard input describes, and answer line by line on standard output."""
    request = json.loads(sys.stdin.buffer.readline())
    mine, own = os.getpid(), os.fdopen(os.dup(1), "w", encoding="ascii")
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    _only_here(Path(__file__).resolve().parents[3])

    def send(entry):
        if os.getpid() != mine:  # a cell has forked: the copy has nothing to say
            os._exit(0)
        own.write(json.dumps(entry) + "\n")
        own.flush()

    run(request, send)
    os._exit(0)  # threads that were left running keep nobody waiting


if __name__ == "__main__":
    # This module is __main__ here: the one that others import is asked to do the work.
    from bplib.exercises.grading import learner  # noqa: PLW0406

    learner.main()
